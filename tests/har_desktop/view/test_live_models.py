"""Models in the window of a live source: another one, a bad one, one that fails or is slow."""

from PySide6.QtCore import Qt

from har_desktop.inference.recognizer import Recognizer
from har_desktop.view.caption import STOPPED
from tests.sessions import full


def test_another_model_takes_over_while_the_camera_runs(in_window, camera_server, qtbot, shipped):
    def body(window):
        qtbot.waitUntil(lambda: full(window))
        window.models.chosen.emit(shipped / "other_gru")
        qtbot.waitUntil(lambda: len(window.stage.bars.bars) == 2)
        qtbot.waitUntil(lambda: full(window))
        assert window.director.session.result.manifest.name == "other_gru"
        assert "other_gru" in window.status.texts
        assert window.settings.model == shipped / "other_gru"

    in_window(body, camera_server.url)


def test_a_bad_model_is_refused_and_the_last_good_one_stays(
    in_window, camera_server, qtbot, tmp_path, shipped
):
    def body(window):
        qtbot.waitUntil(lambda: full(window))
        window.models.chosen.emit(tmp_path)
        qtbot.waitUntil(lambda: window.banner.failure)
        assert "manifest.json" in window.banner.text
        assert "two_stream stays in use" in window.banner.text
        count = len(window.stage.timeline.course)
        qtbot.waitUntil(lambda: len(window.stage.timeline.course) > count)
        assert window.settings.model is None
        window.models.chosen.emit(shipped / "other_gru")
        qtbot.waitUntil(lambda: window.keeper.model.manifest.name == "other_gru")
        assert window.banner.text == ""

    in_window(body, camera_server.url)


def test_a_model_that_fails_is_told_and_can_be_tried_again(
    in_window, camera_server, qtbot, monkeypatch
):
    push, broken = Recognizer.push, []

    def failing(self, frame):
        if broken:
            raise RuntimeError("the graphics card has gone")
        return push(self, frame)

    monkeypatch.setattr(Recognizer, "push", failing)

    def body(window):
        qtbot.waitUntil(lambda: full(window))
        broken.append(True)
        qtbot.waitUntil(lambda: window.banner.failure)
        assert "graphics card" in window.banner.text
        assert window.stage.video.caption in (None, STOPPED)  # the next picture may be there
        qtbot.waitUntil(lambda: window.stage.video.notice == "")
        pictures = []
        window.stage.video.painted.connect(lambda: pictures.append(1))
        qtbot.waitUntil(lambda: len(pictures) > 5)
        assert window.stage.video.caption.words == "Recognition stopped"
        window.banner.fail("something else has failed")
        window.banner.dismiss()
        assert "graphics card" in window.banner.text
        broken.clear()
        qtbot.mouseClick(window.banner._button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: full(window))
        broken.append(True)
        qtbot.waitUntil(lambda: window.banner.failure)
        window.banner.fail("something else has failed")
        window.director.close()
        window.banner.dismiss()
        assert window.banner.text == ""  # what has failed is closed

    in_window(body, camera_server.url)


def test_a_model_that_does_not_answer_is_told_and_the_picture_goes_on(
    in_window, camera_server, qtbot, gate
):
    def body(window):
        stage = window.stage
        qtbot.waitUntil(lambda: full(window))
        gate.clear()
        qtbot.waitUntil(lambda: "has not answered" in window.banner.text)
        assert stage.video.caption is None
        assert all(bar.share is None for bar in stage.bars.bars)
        pictures = []
        stage.video.painted.connect(lambda: pictures.append(1))
        qtbot.waitUntil(lambda: len(pictures) > 5)
        qtbot.waitUntil(lambda: "does not answer" in window.director.session.figures().state)
        gate.set()
        qtbot.waitUntil(lambda: full(window))
        qtbot.waitUntil(lambda: window.banner.text == "")  # told after the result
        gate.clear()
        qtbot.waitUntil(lambda: "has not answered" in window.banner.text)
        qtbot.mouseClick(window.banner._button, Qt.MouseButton.LeftButton)
        assert window.pages.currentWidget() is window.welcome
        assert window.banner.text == ""
        gate.set()

    in_window(body, camera_server.url)


def test_another_source_does_not_hide_what_is_the_matter_with_the_model(
    in_window, qtbot, monkeypatch, tmp_path
):
    monkeypatch.setattr("har_desktop.models.shipped_folder", lambda: tmp_path)

    def body(window):
        qtbot.waitUntil(lambda: window.banner.failure)
        line = window.banner.text
        window.director.open_demo()
        assert window.banner.text == line

    in_window(body)
