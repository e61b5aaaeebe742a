"""The window on a live source: a camera on loopback, and what happens to it."""

import re
import threading
import time

import pytest
from PySide6.QtCore import Qt, QUrl

from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.state import State
from har_desktop.sources.cameras import CameraId
from har_desktop.sources.stream import NetworkStream
from har_desktop.view.live_session import LiveSession
from tests.sessions import full


def test_a_stream_is_shown_recognised_and_explained(in_window, camera_server, qtbot):
    def body(window):
        stage = window.stage
        assert window.pages.currentWidget() is stage
        qtbot.waitUntil(lambda: stage.video.caption is not None)
        assert stage.video.caption.filled is not None
        qtbot.waitUntil(lambda: full(window))
        result = window.director.session.result
        assert stage.video.caption.filled is None
        assert [bar.share for bar in stage.bars.bars] == pytest.approx(
            result.decision.probabilities.tolist()
        )
        assert stage.strip.maps == len(stage.strip.ages) == 10
        explained = stage.bars.bars[result.recognition.window.explained]
        assert explained.explained
        assert explained.text() in stage.explained_text
        assert len(stage.timeline.course) > 10

    in_window(body, camera_server.url)


def test_a_model_that_keeps_up_shows_each_frame_with_its_own_map(in_window, camera_server, qtbot):
    def body(window):
        video = window.stage.video
        qtbot.waitUntil(lambda: video.heat_shown)
        assert video.recognition is not None
        assert video.recognition.window is not None

    in_window(body, camera_server.url)


def test_a_slow_model_leaves_the_picture_alone_and_shows_its_map_beside_it(
    in_window, camera_server, qtbot, monkeypatch
):
    push, pictures, counting = Recognizer.push, [], threading.Event()

    def slowly(self, frame):
        """As long as three pictures take, however long that is."""
        shown = len(pictures)
        while counting.is_set() and len(pictures) < shown + 3:
            time.sleep(0.01)
        return push(self, frame)

    monkeypatch.setattr(Recognizer, "push", slowly)

    def watch(window):
        video, course = window.stage.video, window.stage.timeline.course
        results = len(course)
        qtbot.waitUntil(lambda: len(pictures) >= 40)
        assert len(course) - results < 0.75 * len(pictures)
        stats = window.director.session._live.stats()
        assert stats.captured == stats.processed + stats.dropped + stats.pending
        assert stats.dropped > 0
        qtbot.waitUntil(lambda: video.inset_words != "")
        assert "ago" in video.inset_words
        assert not video.heat_shown
        assert window.stage.strip.maps == 10
        window.stage.heat.toggle()
        assert video.inset_words == ""

    def body(window):
        qtbot.waitUntil(lambda: full(window))
        window.stage.video.painted.connect(lambda: pictures.append(1))
        counting.set()
        try:
            watch(window)
        finally:
            counting.clear()

    in_window(body, camera_server.url)


def test_a_click_on_a_bar_pins_the_explanation_and_another_frees_it(
    in_window, camera_server, qtbot
):
    def body(window):
        qtbot.waitUntil(lambda: full(window))
        session, bars = window.director.session, window.stage.bars.bars

        def explained():
            answer = session.result.recognition.window
            return None if answer is None else answer.explained

        def is_top():
            answer = session.result.recognition.window
            return answer is not None and answer.explained == int(answer.logits.argmax())

        qtbot.waitUntil(lambda: explained() is not None)
        other = next(index for index in range(len(bars)) if index != explained())
        qtbot.mouseClick(bars[other], Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: explained() == other and bars[other].explained)
        assert "pinned" in window.stage.explained_text
        qtbot.mouseClick(bars[other], Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: explained() not in (None, other))
        assert "pinned" not in window.stage.explained_text
        qtbot.waitUntil(is_top)

    in_window(body, camera_server.url)


def test_a_lost_camera_is_told_no_label_survives_and_it_comes_back(in_window, camera_server, qtbot):
    def body(window):
        stage = window.stage
        qtbot.waitUntil(lambda: full(window))
        camera_server.stop()
        qtbot.waitUntil(lambda: "lost" in stage.video.notice)
        assert "Stream lost" in stage.video.notice
        assert stage.video.caption is None
        assert stage.timeline._field().last == "last"
        assert window.director.session.result is None
        assert all(bar.share is None for bar in stage.bars.bars)
        assert stage.strip.ages == ()
        assert not window.commands.snapshot.isEnabled()
        qtbot.wait(100)
        assert stage.video.caption is None
        camera_server.start()
        qtbot.waitUntil(lambda: stage.video.notice == "")
        qtbot.waitUntil(lambda: full(window))
        assert stage.video.caption.filled is None
        assert stage.timeline._field().last == "now"

    in_window(body, camera_server.url)


def test_a_source_that_does_not_answer_is_given_up_when_the_window_closes(
    in_window, camera_server, qtbot
):
    url = camera_server.url
    camera_server.stop()

    def body(window):
        session = window.director.session
        qtbot.waitUntil(lambda: session.status.state is State.LOST)
        assert "Trying again" in window.stage.video.notice
        window.close()

    in_window(body, url)


def test_the_status_line_tells_what_is_achieved(in_window, camera_server, qtbot):
    def body(window):
        window.resize(1400, 800)
        qtbot.waitUntil(lambda: any(re.search(r"screen \d", text) for text in window.status.texts))
        qtbot.waitUntil(lambda: any("label" in t for t in window.status.texts))
        texts = " | ".join(window.status.texts)
        assert "127.0.0.1" in texts
        assert "running" in texts
        assert "dropped" in texts
        assert "two_stream" in texts
        assert "CPU" in texts
        assert "not available" in window.status.badge_tip or "as asked" in window.status.badge_tip
        qtbot.mouseClick(window.status._rates, Qt.MouseButton.LeftButton)
        assert window.details.isVisible()
        rows = window.details.rows
        assert rows["Source"].startswith("127.0.0.1")
        assert "per second" in rows["Camera rate"]
        assert rows["Window"] == "10 frames, 0.1 s apart"

    in_window(body, camera_server.url)


def test_cameras_come_and_go_by_name_and_the_last_one_is_remembered(
    in_window, camera_server, qtbot, settings, monkeypatch
):
    plugged = [CameraId("usb-1 046d:0825", "Front & centre", 0), CameraId("usb-2", "Side", 2)]
    opened = []

    def camera(*given):
        opened.append(given)
        return NetworkStream(camera_server.url)

    monkeypatch.setattr("har_desktop.view.director.Camera", camera)
    settings.camera_size, settings.camera_rate = (720, 1280), 30.0

    def choose(window):
        monkeypatch.setattr("har_desktop.view.camera_watch.list_cameras", lambda: tuple(plugged))
        assert window.welcome.camera_names == ()
        assert window.welcome.hint
        window.watch.look()
        qtbot.waitUntil(lambda: len(window.welcome.camera_names) == 2)
        assert window.welcome.hint == ""
        assert window.cameras.names == ("Front && centre", "Side")
        window.welcome.camera.emit(plugged[1])
        qtbot.waitUntil(lambda: full(window))
        assert opened[0] == (plugged[1], (720, 1280), 30.0, {"usb-1 046d:0825"})
        assert isinstance(window.director.session, LiveSession)
        del plugged[0]
        window.watch.look()
        qtbot.waitUntil(lambda: window.cameras.names == ("Side",))

    in_window(choose)
    assert settings.camera == plugged[0]
    plugged[0] = CameraId("usb-2", "Side", 5)

    def remembered(window):
        monkeypatch.setattr("har_desktop.view.camera_watch.list_cameras", lambda: tuple(plugged))
        window.watch.look()
        qtbot.waitUntil(lambda: window.director.source is not None)
        assert window.director.source.camera == plugged[0]
        count, (width, height) = len(opened), (1280, 720)
        menus = {a.text(): a.menu() for a in window.commands.camera.actions() if a.menu()}
        for action in menus["Picture &size"].actions():
            if action.isChecked():
                assert action.text() == f"{width} \u00d7 {height}"
                action.trigger()  # which changes nothing
        assert len(opened) == count
        window.commands.close.trigger()

    in_window(remembered)
    assert settings.camera is None  # who closes a camera does not want to be seen at the next start


def test_a_camera_that_is_too_slow_for_the_window_is_told_so(in_window, slow_camera_server, qtbot):
    def body(window):
        qtbot.waitUntil(lambda: any(text.endswith("too slow") for text in window.status.texts))
        assert window.stage.video.caption.filled is not None
        more = dict(window.director.session.figures().more)
        assert more["Reason"].startswith("the model needs 10 pictures a second")

    in_window(body, slow_camera_server.url)


def test_trouble_of_another_source_leaves_the_running_one_alone(in_window, camera_server, qtbot):
    def body(window):
        qtbot.waitUntil(lambda: full(window))
        window.opener.drop([QUrl("rtsps://127.0.0.1/live")])
        assert window.banner.failure
        assert not window.banner._button.isVisible()  # which would close the one that runs
        assert window.director.source is not None
        window.opener.drop([QUrl(f"{camera_server.url}/my%20camera.mjpg")])
        assert window.banner.text == ""
        assert window.director.source is not None

    in_window(body, camera_server.url)


def test_what_is_no_video_leaves_the_running_source_alone(
    in_window, camera_server, qtbot, tmp_path, settings
):
    (tmp_path / "notes.txt").write_text("no video")
    wrong = [QUrl.fromLocalFile(str(path)) for path in (tmp_path, tmp_path / "notes.txt")]

    def body(window):
        qtbot.waitUntil(lambda: full(window))
        session = window.director.session
        window.opener.drop([])
        assert window.banner.text == ""
        for url, words in (
            *zip(wrong, ("is a folder", "text"), strict=True),
            (QUrl("mailto:a@b"), "no such"),
        ):
            window.opener.drop([url])
            qtbot.waitUntil(lambda words=words: words in window.banner.text)
            window.banner.dismiss()
        assert window.director.session is session
        assert settings.recent == ()

    in_window(body, camera_server.url)


def test_closing_the_source_leads_back_to_the_first_page(in_window, camera_server, qtbot):
    def body(window):
        qtbot.waitUntil(lambda: full(window))
        window.commands.close.trigger()
        assert window.pages.currentWidget() is window.welcome
        assert window.director.session is None
        assert not window.commands.record.isEnabled()
        assert window.windowTitle() == "HAR Desktop"

    in_window(body, camera_server.url)


def test_an_address_that_is_none_is_told_in_one_line(in_window):
    def body(window):
        window.director.open_stream("gopher://example.org/")
        assert window.banner.failure
        assert "\n" not in window.banner.text
        assert window.director.session is None

    in_window(body)
