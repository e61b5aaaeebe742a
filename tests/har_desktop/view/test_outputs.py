"""Snapshots and recordings of the live session, from the buttons to the files."""

import re
import shutil
import time

import cv2
import msgspec
import numpy as np
import pytest
from PySide6.QtCore import Qt

from har_desktop.pipeline.recorder import Recorder
from har_desktop.sinks.leftovers import partial_of
from har_desktop.view import recording as recording_module
from har_desktop.view.recording import Recording, fresh_target
from tests.sessions import full


def test_a_snapshot_is_the_picture_with_its_heat_map(in_window, camera_server, qtbot, settings):
    def body(window):
        assert not window.stage.snapshot.isEnabled()
        qtbot.waitUntil(lambda: full(window))
        qtbot.waitUntil(window.stage.snapshot.isEnabled)
        qtbot.mouseClick(window.stage.snapshot, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: "Saved" in window.banner.text)

    in_window(body, camera_server.url)
    (picture,) = settings.folder.iterdir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d 127\.0\.0\.1_\d+\.png", picture.name)
    assert cv2.imread(str(picture)).shape == (96, 128, 3)


def test_a_snapshot_shows_no_heat_where_none_is_shown(in_window, camera_server, qtbot, monkeypatch):
    styles = []
    whole = recording_module.save_snapshot

    def save(path, result, style):
        styles.append(style)
        return whole(path, result, style)

    monkeypatch.setattr(recording_module, "save_snapshot", save)

    def body(window):
        qtbot.waitUntil(window.stage.snapshot.isEnabled)
        window.commands.colors.trigger()
        window.commands.heat.trigger()
        assert window.stage.explained_text == "Heat-map off"
        window.commands.snapshot.trigger()
        qtbot.waitUntil(lambda: "Saved" in window.banner.text)
        window.commands.heat.trigger()
        assert window.stage.explained_text != "Heat-map off"

    in_window(body, camera_server.url)
    assert [(style.shown, style.colormap) for style in styles] == [(False, "Viridis")]


def test_two_snapshots_in_one_second_are_two_files(in_window, camera_server, qtbot, settings):
    def body(window):
        qtbot.waitUntil(lambda: full(window))
        qtbot.waitUntil(window.stage.snapshot.isEnabled)
        window.commands.snapshot.trigger()
        window.commands.snapshot.trigger()
        qtbot.waitUntil(lambda: len(list(settings.folder.glob("*.png"))) == 2)

    in_window(body, camera_server.url)


def test_a_recording_is_seen_while_it_runs_and_gives_video_and_results(
    in_window, camera_server, qtbot, settings, monkeypatch
):
    styles, start = [], Recording.start

    def noting(self, folder, name, run, *, plain):
        styles.append(run.style)
        return start(self, folder, name, run, plain=plain)

    monkeypatch.setattr(Recording, "start", noting)

    def body(window):
        qtbot.waitUntil(lambda: full(window))
        window.stage.heat.next_method()
        window.commands.colors.trigger()
        qtbot.mouseClick(window.stage.record, Qt.MouseButton.LeftButton)
        assert window.stage.video.recording == "0:00"
        assert window.commands.record.isChecked()
        assert window.stage.record.text() == "Stop recording"
        assert styles == [window.stage.heat.style_shown]
        qtbot.waitUntil(lambda: window.outputs.recording.stats.written > 20)
        qtbot.mouseClick(window.stage.record, Qt.MouseButton.LeftButton)
        assert window.stage.video.recording is None
        assert not window.commands.record.isChecked()
        qtbot.waitUntil(lambda: "Recorded" in window.banner.text)

    in_window(body, camera_server.url)
    results, video = sorted(settings.folder.iterdir(), key=lambda path: path.suffix)
    capture = cv2.VideoCapture(str(video))
    frames = 0
    while capture.read()[0]:
        frames += 1
    capture.release()
    lines = [msgspec.json.decode(line) for line in results.read_bytes().splitlines()]
    assert lines[0]["model"] == "two_stream"
    assert lines[0]["method"] == "hires-cam"
    times = [line["time"] for line in lines[1:]]
    assert len(times) >= 20
    assert times[0] == 0.0
    assert np.all(np.diff(times) > 0)
    assert frames > 10


def test_the_plain_picture_is_recorded_on_demand(in_window, camera_server, qtbot, jpegs, settings):
    def body(window):
        qtbot.waitUntil(lambda: full(window))
        window.commands.plain.trigger()
        window.commands.record.trigger()
        assert window.stage.video.recording.startswith("plain 0:0")
        assert not window.commands.plain.isEnabled()
        qtbot.waitUntil(lambda: window.outputs.recording.stats.written > 5)
        window.commands.record.trigger()
        assert window.commands.plain.isEnabled()
        qtbot.waitUntil(lambda: "Recorded" in window.banner.text)

    in_window(body, camera_server.url)
    assert settings.plain  # at the next start, too
    (video,) = settings.folder.glob("*.mp4")
    capture = cv2.VideoCapture(str(video))
    shown = capture.read()[1]
    capture.release()
    sent = [cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) for jpeg in jpegs]
    # A shade lies behind the words of any other recording.
    assert min(cv2.absdiff(shown, picture).mean() for picture in sent) < 8


def test_the_second_half_of_a_double_click_ends_no_recording(in_window, camera_server, qtbot):
    def body(window):
        qtbot.waitUntil(lambda: full(window))
        for _ in range(2):
            qtbot.mouseClick(window.stage.record, Qt.MouseButton.LeftButton)
        assert window.outputs.recording.recorder is not None
        assert window.commands.record.isChecked()
        window.outputs._clicked -= 10
        for _ in range(2):
            qtbot.mouseClick(window.stage.record, Qt.MouseButton.LeftButton)
        assert window.outputs.recording.recorder is None

    in_window(body, camera_server.url)


def test_what_was_recorded_is_kept_when_the_window_closes(
    in_window, camera_server, qtbot, settings
):
    def body(window):
        qtbot.waitUntil(lambda: full(window))
        window.commands.record.trigger()
        qtbot.waitUntil(lambda: window.outputs.recording.stats.written > 5)

    in_window(body, camera_server.url)
    assert {path.suffix for path in settings.folder.iterdir()} == {".mp4", ".jsonl"}


def test_another_source_ends_the_recording(in_window, camera_server, qtbot, settings):
    def body(window):
        qtbot.waitUntil(lambda: full(window))
        window.commands.record.trigger()
        qtbot.waitUntil(lambda: window.outputs.recording.stats.written > 5)
        window.director.open_stream(camera_server.url)
        assert window.outputs.recording.recorder is None
        qtbot.waitUntil(lambda: "Recorded" in window.banner.text)
        qtbot.waitUntil(lambda: full(window))

    in_window(body, camera_server.url)
    assert {path.suffix for path in settings.folder.iterdir()} == {".mp4", ".jsonl"}


def test_a_folder_that_cannot_be_is_told(in_window, camera_server, qtbot, settings, tmp_path):
    (tmp_path / "file").touch()
    settings.folder = tmp_path / "file" / "recordings"

    def body(window):
        qtbot.waitUntil(lambda: full(window))
        window.commands.record.trigger()
        assert window.banner.failure
        assert "recordings" in window.banner.text
        assert not window.commands.record.isChecked()
        assert window.stage.video.recording is None
        settings.folder = tmp_path / "recordings"
        window.commands.record.trigger()
        assert not window.banner.failure  # which would hide what comes of it
        qtbot.waitUntil(lambda: window.outputs.recording.stats.written > 5)
        window.commands.record.trigger()
        qtbot.waitUntil(lambda: "Recorded" in window.banner.text)

        settings.folder = tmp_path / "file" / "recordings"
        window.commands.snapshot.trigger()
        qtbot.waitUntil(lambda: window.banner.failure)
        settings.folder = tmp_path / "recordings"
        window.commands.snapshot.trigger()
        assert not window.banner.failure
        qtbot.waitUntil(lambda: "Saved" in window.banner.text)

    in_window(body, camera_server.url)


@pytest.mark.parametrize(
    ("kind", "words"), [("full", "disk is nearly full"), ("read-only", "Read-only file system")]
)
def test_a_disk_that_takes_nothing_is_told_once_and_the_session_goes_on(
    in_window, camera_server, qtbot, settings, request, kind, words
):
    if kind == "full":
        settings.folder = request.getfixturevalue("disk")(2**20)
    else:
        settings.folder = request.getfixturevalue("read_only_disk")

    def body(window):
        qtbot.waitUntil(lambda: full(window))
        told = []
        window.outputs.recording.failed.connect(told.append)
        window.commands.record.trigger()
        qtbot.waitUntil(lambda: words in window.banner.text)
        assert window.banner.failure
        assert len(told) <= 1
        assert window.stage.video.recording is None
        assert not window.commands.record.isChecked()
        line, count = window.banner.text, len(window.stage.timeline.course)
        qtbot.waitUntil(lambda: len(window.stage.timeline.course) > count + 10)
        assert window.banner.text == line

    in_window(body, camera_server.url)


def test_a_recording_that_breaks_is_told_and_the_session_goes_on(
    in_window, camera_server, qtbot, monkeypatch
):
    def broken(*_):
        raise OSError(28, "No space left on device")

    def body(window):
        qtbot.waitUntil(lambda: full(window))
        monkeypatch.setattr(Recorder, "_write", broken)
        window.commands.record.trigger()
        qtbot.waitUntil(lambda: window.banner.failure)
        assert "No space" in window.banner.text
        assert window.stage.video.recording is None
        count = len(window.stage.timeline.course)
        qtbot.waitUntil(lambda: len(window.stage.timeline.course) > count)

    in_window(body, camera_server.url)


@pytest.mark.parametrize("again", [False, True])
def test_a_recording_that_cannot_be_completed_says_why_and_ends_no_other(
    in_window, camera_server, qtbot, settings, tmp_path, again
):
    def body(window):
        qtbot.waitUntil(lambda: full(window))
        told = []
        recording = window.outputs.recording
        recording.failed.connect(told.append)
        window.commands.record.trigger()
        qtbot.waitUntil(lambda: recording.stats.written > 5)
        shutil.rmtree(settings.folder)
        window.commands.record.trigger()
        if again:
            settings.folder = tmp_path / "another folder"
            window.commands.record.trigger()
        _, ending = recording._ending[0]
        qtbot.waitUntil(lambda: bool(told) and not ending.running)
        qtbot.wait(100)
        (line,) = told
        assert "the folder is gone" in line
        if again:
            assert recording.recorder is not None
            qtbot.waitUntil(lambda: recording.stats.written > 5)

    in_window(body, camera_server.url)


def test_drops_of_the_recording_are_counted_and_shown(in_window, camera_server, qtbot, monkeypatch):
    write = Recorder._write

    def slowly(self, result):
        time.sleep(0.2)
        return write(self, result)

    monkeypatch.setattr(Recorder, "_write", slowly)
    monkeypatch.setattr("har_desktop.pipeline.recorder.CAPACITY", 3)

    def body(window):
        qtbot.waitUntil(lambda: full(window))
        window.commands.record.trigger()
        qtbot.waitUntil(lambda: window.outputs.recording.stats.dropped > 3)
        window.commands.details.trigger()
        assert "dropped" in window.details.rows["Recording"]
        window.commands.record.trigger()
        qtbot.waitUntil(lambda: "dropped" in window.banner.text)

    in_window(body, camera_server.url)


def test_what_a_killed_run_has_left_is_told_and_can_be_recovered(
    in_window, camera_server, qtbot, settings, tmp_path
):
    settings.folder.mkdir()
    left = partial_of(settings.folder / "take.frames.jsonl", ".jsonl")
    settings.exports = tmp_path / "exports"  # as it was when the run was killed
    settings.exports.mkdir()
    gone = partial_of(settings.exports / "another.frames.jsonl", ".jsonl")
    for partial in (left, gone):
        partial.write_text("{}\n")

    def body(window):
        qtbot.waitUntil(lambda: "was interrupted" in window.banner.text)
        assert "take.frames.jsonl" in window.banner.text
        qtbot.waitUntil(lambda: full(window))
        assert left.exists()
        assert "was interrupted" in window.banner.text  # until the person has answered
        gone.unlink()
        qtbot.mouseClick(window.banner._button, Qt.MouseButton.LeftButton)
        assert "another.frames.jsonl" in window.banner.text
        assert "cannot be recovered: No such file or directory" in window.banner.text
        window.banner.dismiss()
        assert "Recovered take (interrupted).frames.jsonl" in window.banner.text

    in_window(body, camera_server.url)
    assert [path.name for path in settings.folder.iterdir()] == ["take (interrupted).frames.jsonl"]


@pytest.mark.parametrize("name", ["../../etc", "a/b:c*?", "\u00dcbung 1", "." * 300, ""])
def test_names_of_files_are_safe_and_new(tmp_path, name):
    target = fresh_target(tmp_path, name)
    assert target.parent == tmp_path
    assert len(target.name) < 120
    assert not re.search(r"[/\\:*?]", target.name)
    for file in (
        target.with_name(f"{target.name}.png"),
        partial_of(target.with_name(f"{target.name}.mp4"), ".mp4"),  # which is being written
    ):
        file.touch()
        assert fresh_target(tmp_path, name) != target
        file.unlink()


def test_the_folder_for_recordings_can_be_looked_at(in_window, settings, monkeypatch, tmp_path):
    opened = []
    works = True

    def open_url(url):
        opened.append(url.toLocalFile())
        return works

    monkeypatch.setattr("har_desktop.view.banner.QDesktopServices.openUrl", open_url)

    def body(window):
        nonlocal works
        window.commands.look.trigger()
        assert opened == [str(settings.folder)]
        assert settings.folder.is_dir()
        assert not window.banner.text
        works = False
        window.commands.look.trigger()
        assert window.banner.text == f"{settings.folder}: no program of the system opens it"
        window.commands.log.trigger()
        assert window.banner.text == f"{opened.pop()}: no program of the system opens it"
        opened.pop()
        (tmp_path / "file").touch()
        settings.folder = tmp_path / "file"
        window.commands.look.trigger()
        assert "cannot be made" in window.banner.text
        assert len(opened) == 1

    in_window(body)
