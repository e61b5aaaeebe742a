"""What a live session does while there is no model, no camera, or a fault of either."""

import threading
from itertools import count

from PySide6.QtCore import Qt

from har_desktop.pipeline.state import State
from har_desktop.sources.stream import NetworkStream
from har_desktop.view import model_keeper
from har_desktop.view.director import Opened
from tests.sessions import full


def test_nothing_is_explained_before_there_is_a_model(in_window, camera_server, qtbot, monkeypatch):
    load, loading = model_keeper.load_bundle, threading.Event()

    def slowly(folder):
        loading.wait()
        return load(folder)

    monkeypatch.setattr(model_keeper, "load_bundle", slowly)

    def body(window):
        session, top = window.director.session, window.commands.explain_top
        qtbot.waitUntil(lambda: session.status.state is State.RUNNING)
        try:
            assert not top.isEnabled()
            session.explain(-1)
            session.explain(1)
            assert session.pinned == -1
        finally:
            loading.set()
        qtbot.waitUntil(lambda: full(window))
        assert top.isEnabled()
        top.trigger()
        assert window.banner.text == ""

    in_window(body, camera_server.url)


def test_a_model_chosen_while_the_camera_is_lost_is_the_one_that_is_shown(
    in_window, camera_server, qtbot, shipped
):
    def body(window):
        qtbot.waitUntil(lambda: full(window))
        session, bars = window.director.session, window.stage.bars
        camera_server.stop()
        qtbot.waitUntil(lambda: session.status.state is State.LOST)
        window.models.chosen.emit(shipped / "other_gru")
        qtbot.waitUntil(lambda: len(bars.bars) == 2)
        qtbot.mouseClick(bars.bars[1], Qt.MouseButton.LeftButton)
        assert session.pinned == 1
        camera_server.start()
        qtbot.waitUntil(lambda: full(window))
        assert session.result.manifest.name == "other_gru"
        assert session.result.recognition.window.explained == 1

    in_window(body, camera_server.url)


def test_no_result_of_the_model_before_is_shown_beside_the_classes_of_another(
    in_window, camera_server, qtbot, gate, shipped
):
    def body(window):
        qtbot.waitUntil(lambda: full(window))
        session, bars = window.director.session, window.stage.bars
        late = session.result
        gate.clear()
        window.models.chosen.emit(shipped / "other_gru")
        qtbot.waitUntil(lambda: len(bars.bars) == 2)
        session._result_came.emit(late)
        assert session.result is None
        assert window.stage.video.caption is None
        gate.set()
        qtbot.waitUntil(lambda: full(window))
        assert session.result.manifest.name == "other_gru"

    in_window(body, camera_server.url)


def test_a_fault_of_the_source_is_told_until_it_is_mended(in_window, camera_server, qtbot):
    opened = count()

    def open_source():
        if next(opened) == 0:
            raise RuntimeError("a driver's fault")
        return NetworkStream(camera_server.url)

    def body(window):
        qtbot.waitUntil(lambda: window.keeper.model is not None)
        window.director._start_live(Opened("camera"), open_source)
        session = window.director.session
        qtbot.waitUntil(lambda: "a driver's fault" in window.banner.text)
        session.restart()
        qtbot.waitUntil(lambda: full(window))
        assert window.banner.text == ""

    in_window(body)


def test_a_model_that_answers_again_after_a_loss_is_told_of_no_more(
    in_window, camera_server, qtbot, gate
):
    def body(window):
        qtbot.waitUntil(lambda: full(window))
        session = window.director.session
        gate.clear()
        qtbot.waitUntil(lambda: "has not answered" in window.banner.text)
        camera_server.stop()
        qtbot.waitUntil(lambda: session.status.state is State.LOST)
        gate.set()
        camera_server.start()
        qtbot.waitUntil(lambda: full(window))
        assert window.banner.text == ""

    in_window(body, camera_server.url)
