"""The window on a recorded video: play, step, seek, keep, export."""

import os
import signal
import time
from itertools import pairwise

import cv2
import numpy as np
import psutil
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent

from har_desktop.errors import BundleError
from har_desktop.pipeline.player import PlayState
from har_desktop.sources.figure import RenderedFigure
from har_desktop.view import model_keeper
from har_desktop.view.replay_session import ReplaySession

FPS, FRAMES = 20.0, 60


def until(qtbot, condition):
    """Wait for a condition that may also be None."""
    qtbot.waitUntil(lambda: bool(condition()))


def opened(window, qtbot):
    """The session, once it was seen that the file may be a video."""
    until(qtbot, lambda: window.director.session)
    return window.director.session


def played(window, qtbot):
    """Play to the end, four times as fast."""
    session = opened(window, qtbot)
    window.stage.controls.change_speed(2)
    until(qtbot, lambda: session.status and session.status.state is PlayState.ENDED)
    until(qtbot, lambda: len(window.stage.timeline.course) == session.status.frames)
    return session


def paused_at_start(window, qtbot):
    """Pause, and go to the first frame."""
    session = opened(window, qtbot)
    until(qtbot, lambda: session.status is not None and session.status.state is PlayState.PLAYING)
    window.commands.play.trigger()
    until(qtbot, lambda: session.status.state is not PlayState.PLAYING)
    session.seek(0.0)
    until(qtbot, lambda: session.position == 0.0)
    return session


def test_a_file_plays_to_its_end_and_every_frame_is_kept(in_window, clip, qtbot):
    def body(window):
        stage, session = window.stage, played(window, qtbot)
        assert isinstance(session, ReplaySession)
        assert session.status.frames == FRAMES
        assert stage.timeline.course.span == (0.0, pytest.approx((FRAMES - 1) / FPS, abs=0.01))
        assert stage.video.heat_shown
        assert stage.strip.maps == 10
        assert stage.video.caption.filled is None
        assert stage.controls.time_text == "0:02.9 / 0:02.9"
        assert window.windowTitle().startswith("squats & more.mp4")
        assert window.settings.recent == (clip,)

    in_window(body, str(clip))


def test_the_timeline_ends_where_the_file_does(in_window, clip, qtbot):
    def body(window):
        session = played(window, qtbot)
        until(qtbot, lambda: session.status.analysed == session.status.frames)
        timeline = window.stage.timeline
        drawn = timeline.grab().toImage()
        timeline._redraw()
        assert timeline.grab().toImage() == drawn
        assert len(timeline.course.events()) == 1

    in_window(body, str(clip))


def test_seeking_back_shows_the_kept_result(in_window, clip, qtbot):
    def body(window):
        stage, session = window.stage, played(window, qtbot)
        field = stage.timeline._field()
        place = QPoint(round(field.x(2.0)), round(field.plot.center().y()))
        qtbot.mouseClick(stage.timeline, Qt.MouseButton.LeftButton, pos=place)
        until(qtbot, lambda: abs(session.position - 2.0) < 0.06)
        assert session.result is not None
        assert session.result.recognition.frame.time == session.position
        assert stage.video.recognition is session.result.recognition
        assert stage.timeline.position == session.position
        assert len(stage.timeline.course) == FRAMES
        shown = session.result.decision.probabilities
        assert np.allclose(stage.timeline.course.at(session.position)[1], shown)

    in_window(body, str(clip))


def test_steps_go_by_single_frames(in_window, clip, qtbot):
    def body(window):
        session = paused_at_start(window, qtbot)
        window.commands.forward.trigger()
        until(qtbot, lambda: session.position == pytest.approx(1 / FPS, abs=1e-3))
        window.stage.controls._forward.click()
        until(qtbot, lambda: session.position == pytest.approx(2 / FPS, abs=1e-3))
        window.commands.back.trigger()
        until(qtbot, lambda: session.position == pytest.approx(1 / FPS, abs=1e-3))
        window.commands.later.trigger()
        until(qtbot, lambda: session.position == pytest.approx(1 + 1 / FPS, abs=0.03))
        window.commands.earlier.trigger()
        until(qtbot, lambda: session.position == pytest.approx(1 / FPS, abs=0.03))

    in_window(body, str(clip))


def test_speed_and_loop(in_window, clip, qtbot):
    def body(window):
        session, controls = opened(window, qtbot), window.stage.controls
        window.commands.loop.trigger()
        assert controls.loops
        for _ in range(4):
            window.commands.faster.trigger()
        assert controls.factor == 4.0
        seen = []
        session.changed.connect(lambda: seen.append(session.position))
        until(qtbot, lambda: any(b < a - 1 for a, b in pairwise(seen)))
        assert session.status.state is PlayState.PLAYING
        assert len(window.stage.timeline.course) <= FRAMES

    in_window(body, str(clip))


def test_the_explanation_can_be_pinned_while_paused(in_window, clip, qtbot):
    def body(window):
        session = played(window, qtbot)

        def explained():
            answer = session.result.recognition.window if session.result else None
            return None if answer is None else answer.explained

        until(qtbot, lambda: explained() is not None)
        bars = window.stage.bars.bars
        other = (explained() + 1) % len(bars)
        qtbot.mouseClick(bars[other], Qt.MouseButton.LeftButton)
        until(qtbot, lambda: explained() == other)
        until(qtbot, lambda: bars[other].explained)
        qtbot.mouseClick(bars[other], Qt.MouseButton.LeftButton)
        until(qtbot, lambda: explained() not in (None, other))

    in_window(body, str(clip))


def test_another_model_sees_the_same_place_anew(in_window, clip, qtbot, shipped):
    def body(window):
        session = played(window, qtbot)
        session.seek(2.0)
        until(qtbot, lambda: abs(session.position - 2.0) < 0.06)
        until(qtbot, lambda: window.stage.video.heat_shown)
        assert window.stage.controls.time_text.startswith("0:02.0")
        seen = []
        window.keeper.changed.connect(lambda _: seen.append(window.stage.video.heat_shown))
        window.models.chosen.emit(shipped / "other_gru")
        until(qtbot, lambda: len(window.stage.bars.bars) == 2)
        assert seen == [False]  # no heat of the model before on the picture
        until(qtbot, lambda: session.result and session.result.manifest.name == "other_gru")
        assert session.position == pytest.approx(2.0, abs=0.06)
        assert window.stage.timeline.course.classes == ("walk", "run")
        window.director.open_file(clip)
        until(qtbot, lambda: window.director.session is not session)
        assert window.stage.controls.time_text.startswith("0:00.0 / 0:00.0")
        assert not window.stage.controls.playing

    in_window(body, str(clip))


def test_a_file_that_is_no_video_is_told_in_the_window(
    in_window, clip, qtbot, tmp_path, monkeypatch
):
    path = tmp_path / "broken.mp4"
    path.write_bytes(clip.read_bytes()[:200])

    def refuse(_):
        raise BundleError("no memory")

    def body(window):
        until(qtbot, lambda: window.banner.failure)
        assert "broken.mp4" in window.banner.text
        assert "\n" not in window.banner.text
        assert "broken.mp4" in window.stage.video.notice
        assert window.stage.controls.note == ""
        assert not window.commands.snapshot.isEnabled()
        assert window.banner._button.text() == "Try again"
        with monkeypatch.context() as patch:  # no recogniser to try it with
            patch.setattr(model_keeper, "Recognizer", refuse)
            window.banner._button.click()
            until(qtbot, lambda: "no memory" in window.banner.text)
        window.banner.dismiss()
        assert window.banner._button.text() == "Try again"
        path.write_bytes(clip.read_bytes())
        window.banner._button.click()
        until(qtbot, lambda: window.director.session.result is not None)
        assert window.stage.video.notice == ""
        assert window.banner.text == ""

    in_window(body, str(path))


@pytest.mark.parametrize("content", [b"", b"no video at all" * 100])
def test_what_cannot_be_a_video_is_told_and_not_remembered(in_window, qtbot, tmp_path, content):
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)

    def body(window):
        until(qtbot, lambda: window.banner.failure)
        assert "broken.mp4" in window.banner.text
        assert window.pages.currentWidget() is window.welcome
        assert window.settings.recent == ()

    in_window(body, str(path))


@pytest.mark.skipif(os.name == "nt", reason="Windows lacks the signal")
def test_a_decoder_that_crashes_does_not_take_the_window_with_it(in_window, clip, qtbot):
    def body(window):
        paused_at_start(window, qtbot)
        for decoder in psutil.Process().children():
            decoder.send_signal(signal.SIGSEGV)
        window.director.session.seek(FRAMES / FPS)
        until(qtbot, lambda: window.banner.failure)
        assert "the decoder crashed on it (SIGSEGV); convert it" in window.banner.text
        window.banner.fail("something else")
        window.banner.dismiss()
        assert window.banner._button.text() == "Try again"
        window.director.restart()  # as the button does, which takes the line away by itself
        until(qtbot, lambda: window.banner.text == "")
        assert window.director.session.told is None
        window.commands.play.trigger()
        played(window, qtbot)

    in_window(body, str(clip))
    assert not psutil.Process().children()


def test_a_file_that_is_gone_is_told(in_window, qtbot, tmp_path):
    def body(window):
        until(qtbot, lambda: window.banner.failure)
        assert "gone.mp4" in window.banner.text

    in_window(body, str(tmp_path / "gone.mp4"))


def test_a_dropped_file_is_opened_and_remembered(in_window, clip, qtbot, tmp_path):
    def body(window):
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in (tmp_path, clip)])
        rest = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton)
        none = Qt.KeyboardModifier.NoModifier
        enter = QDragEnterEvent(QPoint(50, 50), *rest, none)
        window.dragEnterEvent(enter)
        assert enter.isAccepted()
        window.dropEvent(QDropEvent(QPointF(50, 50), *rest, none))
        until(qtbot, lambda: window.director.source is not None)
        assert window.director.source.name == clip.name
        menu = [action.text() for action in window.commands.recent.actions()]
        assert menu[0] == "squats && more.mp4"
        window.commands.close.trigger()
        window.commands.recent.actions()[0].trigger()
        opened(window, qtbot)
        assert window.director.source.name == clip.name

    in_window(body)


def test_recent_files_are_offered_at_once_until_they_are_forgotten(
    in_window, clip, settings, qtbot, tmp_path
):
    settings.remember_file(tmp_path / "gone.mp4")
    settings.remember_file(tmp_path / f"{'long' * 100}.mp4")  # no system knows such names
    settings.remember_file(clip)

    def offered(window):
        files = window.welcome._files
        return [files.itemAt(place).widget().text() for place in range(files.count())]

    def body(window):
        until(qtbot, lambda: offered(window) == ["squats && more.mp4"])
        window.opener.drop([QUrl.fromLocalFile(f"/tmp/{'long' * 100}.mp4")])
        until(qtbot, lambda: window.banner.failure)
        assert "long" in window.banner.text
        window.commands.recent.actions()[-1].trigger()
        until(qtbot, lambda: offered(window) == [])

    in_window(body)


def test_a_replay_waits_for_the_model(in_window, clip, qtbot, monkeypatch):
    from har_desktop.view import model_keeper

    load = model_keeper.load_bundle

    def slowly(folder):
        time.sleep(0.5)
        return load(folder)

    monkeypatch.setattr(model_keeper, "load_bundle", slowly)

    def body(window):
        opened(window, qtbot)
        assert "Opening" in window.stage.video.notice
        until(qtbot, lambda: window.stage.video.notice == "")
        until(qtbot, lambda: window.director.session.result is not None)

    in_window(body, str(clip))


def test_the_demo_runs_over_and_over(in_window, qtbot, monkeypatch):
    monkeypatch.setattr(
        "har_desktop.view.director.Demo", lambda: RenderedFigure("Lunges", 1, 1.0, 20.0, (96, 128))
    )

    def body(window):
        window.welcome.demo.emit()
        session = window.director.session
        assert window.stage.controls.loops
        assert window.windowTitle().startswith("Demo")
        seen = []
        session.changed.connect(lambda: seen.append(session.position))
        until(qtbot, lambda: any(b < a - 0.5 for a, b in pairwise(seen)))

    in_window(body)


def test_closing_in_the_middle_of_everything_is_clean(in_window, clip, qtbot, tmp_path):
    def body(window):
        until(qtbot, lambda: opened(window, qtbot).result is not None)
        window.outputs.export_to(tmp_path / "exported")
        window.commands.about.trigger()
        window.commands.details.trigger()

    in_window(body, str(clip))
    left = list((tmp_path / "exported").iterdir()) if (tmp_path / "exported").exists() else []
    assert not [path for path in left if path.name.startswith(".")]


@pytest.mark.parametrize(
    ("fps", "frames", "why"),
    [(20.0, 12, "shorter than a window"), (3.0, 12, "pictures too far apart for the model")],
)
def test_a_video_that_fills_no_window_is_told_to_be_such(
    in_window, qtbot, tmp_path, fps, frames, why
):
    path = tmp_path / "film.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, (128, 96))
    for _ in range(frames):
        writer.write(np.zeros((96, 128, 3), np.uint8))
    writer.release()

    def body(window):
        session = played(window, qtbot)
        caption = window.stage.video.caption
        assert (caption.words, caption.filled) == (why.capitalize(), None)
        assert why in session.figures().state
        window.stage.timeline.seek.emit(0.0)
        until(qtbot, lambda: session.position == 0.0)
        assert window.stage.video.caption.words == why.capitalize()

    in_window(body, str(path))
