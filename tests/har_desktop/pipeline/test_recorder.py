import json
import shutil
import sys
import threading
from collections import namedtuple
from dataclasses import replace

import cv2
import msgspec
import numpy as np
import pytest

from har_desktop.errors import OutputError
from har_desktop.heat_style import HeatStyle
from har_desktop.overlay import annotate
from har_desktop.pipeline import recorder as recorder_module
from har_desktop.pipeline.recorder import CAPACITY, RESERVE, Recorder, save_snapshot
from har_desktop.sinks.constant_rate import ConstantRateVideo
from har_desktop.sinks.frames_jsonl import FramesJsonl
from tests.har_desktop.pipeline.takes import FPS, START, feed, lines, video_frames
from tests.limits import largest_file


@pytest.fixture
def ends():
    return []


@pytest.fixture
def record(tmp_path, run, ends):
    """The function that starts a recording called `take`."""
    made = []

    def start(folder=tmp_path, **options):
        made.append(Recorder(folder / "take", run, ends.append, **options))
        return made[-1]

    yield start
    for one in made:
        one.stop(20.0)


def wait_until(predicate):
    while not predicate():
        threading.Event().wait(0.005)


def check(stats):
    assert stats.fed == stats.written + stats.dropped + stats.waiting


def test_time_starts_with_the_first_result(record, results, tmp_path, ends):
    recorder, given = record(), results(30)
    feed(recorder, given)
    video, jsonl = recorder.stop()
    assert (video, jsonl) == (tmp_path / "take.mp4", tmp_path / "take.frames.jsonl")
    header, *rows = lines(jsonl)
    assert (header["source"], header["model"], header["provider"]) == ("camera", "live", "cpu")
    assert (header["source_sha256"], header["drawn"]) == (None, True)
    assert [row["index"] for row in rows] == list(range(30))
    assert [row["time"] for row in rows] == pytest.approx([i / FPS for i in range(30)])
    assert [row["label"] for row in rows] == [result.decision.label for result in given]
    frames, fps = video_frames(video)
    assert (len(frames), fps) == (30, FPS)
    stats = recorder.stats()
    assert (stats.fed, stats.written, stats.dropped) == (30, 30, 0)
    assert stats.seconds == pytest.approx(29 / FPS)
    assert ends == []
    assert recorder.stop() == (video, jsonl)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["take.frames.jsonl", "take.mp4"]


def test_a_plain_recording_shows_nothing_but_the_pictures(record, results):
    recorder, given = record(plain=True), results(30)
    feed(recorder, given)
    video, jsonl = recorder.stop()
    assert lines(jsonl)[0]["drawn"] is False
    frames, _ = video_frames(video)
    assert len(frames) == 30
    for frame, result in zip(frames, given, strict=True):
        picture = result.recognition.frame.image
        drawn = annotate(result.recognition, result.decision, result.manifest.classes)
        assert cv2.absdiff(frame, picture).mean() < cv2.absdiff(frame, drawn).mean() / 2


def test_the_video_goes_on_while_the_camera_is_lost(record, results, monkeypatch):
    monkeypatch.setattr(recorder_module, "SLOW_S", 0.1)
    recorder = record()
    feed(recorder, results(25))
    wait_until(lambda: recorder.stats().written == 25)
    wait_until(lambda: recorder._tape._video._video._frames > 40)
    video, jsonl = recorder.stop()
    assert len(video_frames(video)[0]) > 40
    assert len(lines(jsonl)) == 26


def test_recording_ends_complete_where_the_computer_slept(record, results, ends):
    recorder, before = record(), results(25)
    feed(recorder, [*before, *results(5, start=START + 3600.0, first=2025)])
    recorder._thread.join(20.0)
    assert ends == ["take: the recording ended, for nothing ran for 3599 s"]
    video, jsonl = recorder.stop()
    assert len(lines(jsonl)) - 1 == len(video_frames(video)[0]) == 25


@pytest.mark.parametrize("goes_on", [True, False])
def test_recording_ends_though_the_clock_stood_still_with_the_computer(
    record, results, ends, monkeypatch, goes_on
):
    monkeypatch.setattr(recorder_module, "SLOW_S", 0.1)
    slept = [0.0]
    monkeypatch.setattr(recorder_module, "slept_s", lambda: slept[0])
    recorder, whole = record(), results(30)
    feed(recorder, whole[:25])
    wait_until(lambda: recorder.stats().written == 25)
    slept[0] = 3600.0
    if goes_on:
        feed(recorder, whole[25:])
    recorder._thread.join(20.0)
    assert ends == ["take: the recording ended, for nothing ran for 3600 s"]
    video, jsonl = recorder.stop()
    assert len(lines(jsonl)) == 26
    assert len(video_frames(video)[0]) >= 25


def test_recording_waits_for_its_first_result_and_naps_do_not_add_up(
    record, results, ends, monkeypatch
):
    monkeypatch.setattr(recorder_module, "SLOW_S", 0.05)
    monkeypatch.setattr(recorder_module, "LONGEST_S", 0.5)
    slept = [0.0]
    monkeypatch.setattr(recorder_module, "slept_s", lambda: slept[0])
    recorder = record()
    recorder._thread.join(1.5)
    assert not ends
    for number, result in enumerate(results(4)):
        slept[0] = 0.4 * number
        feed(recorder, [result])
        wait_until(lambda number=number: recorder.stats().written == number + 1)
    assert not ends


def test_whoever_is_in_a_hurry_does_not_read_what_was_written(record, results, monkeypatch):
    counted = []
    whole = ConstantRateVideo._count_arrived
    monkeypatch.setattr(
        ConstantRateVideo, "_count_arrived", lambda video: counted.append(1) or whole(video)
    )
    for hurried in (False, True):
        recorder = record()
        feed(recorder, results(25))
        wait_until(lambda recorder=recorder: recorder.stats().written == 25)
        if hurried:
            recorder.hurry()
        video, _ = recorder.stop()
        assert len(video_frames(video)[0]) == 25
        assert counted == [1]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file's size")
def test_recording_ends_complete_before_the_file_is_too_large(record, results, monkeypatch, ends):
    monkeypatch.setattr(recorder_module, "FAT_LIMIT", RESERVE + 1)
    recorder = record()
    with largest_file(RESERVE):
        feed(recorder, results(60))
        recorder._thread.join(20.0)
    (reason,) = ends
    assert "take: the recording ended, for the disk takes no larger file; record anew" in reason
    video, jsonl = recorder.stop()
    assert len(lines(jsonl)) - 1 == len(video_frames(video)[0]) >= 31


def test_flood_is_dropped_and_counted(record, results, monkeypatch):
    gate, write = threading.Event(), FramesJsonl.write

    def slow(self, *given):
        gate.wait()
        write(self, *given)

    monkeypatch.setattr(FramesJsonl, "write", slow)
    recorder, given = record(), results(100)
    for result in given:
        recorder.feed(result)
        check(recorder.stats())
    stats = recorder.stats()
    assert (stats.fed, stats.written, stats.dropped) == (100, 0, 100 - CAPACITY)
    gate.set()
    recorder.stop(20.0)
    stats = recorder.stats()
    assert (stats.written, stats.dropped, stats.waiting) == (CAPACITY, 100 - CAPACITY, 0)


def test_of_large_pictures_fewer_wait(record, results, monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr(FramesJsonl, "write", lambda *_: gate.wait())
    given = results(40)
    monkeypatch.setattr(
        recorder_module, "CAPACITY_BYTES", 5 * given[0].recognition.frame.image.nbytes
    )
    recorder = record()
    for result in given:
        recorder.feed(result)
    assert recorder.stats().waiting == 5
    gate.set()
    recorder.stop(20.0)


def test_in_a_hurry_what_waits_is_left_out_and_the_files_are_complete(record, results, monkeypatch):
    gate, begun, write = threading.Event(), threading.Event(), FramesJsonl.write

    def slow(self, *given):
        begun.set()
        gate.wait()
        write(self, *given)

    monkeypatch.setattr(FramesJsonl, "write", slow)
    recorder = record()
    for result in results(20):
        recorder.feed(result)
    assert begun.wait(10)
    recorder.hurry()
    gate.set()
    video, jsonl = recorder.stop(20.0)
    assert len(lines(jsonl)) - 1 == len(video_frames(video)[0]) == 1
    stats = recorder.stats()
    assert (stats.fed, stats.written, stats.dropped, stats.waiting) == (20, 1, 19, 0)


def test_failure_to_write_is_one_message_and_keeps_what_was_recorded(
    record, results, monkeypatch, tmp_path, ends
):
    write = FramesJsonl.write

    def full(self, recognition, decision, events):
        if recognition.frame.index == 10:
            raise OutputError("take.frames.jsonl: cannot be written: No space left on device")
        write(self, recognition, decision, events)

    monkeypatch.setattr(FramesJsonl, "write", full)
    recorder, given = record(), results(40)
    feed(recorder, given[:20])
    recorder._thread.join(20.0)
    assert ends == [
        "take.frames.jsonl: cannot be written: No space left on device;"
        " what was recorded is kept as take (interrupted).mp4"
    ]
    recorder.feed(given[20])
    check(recorder.stats())
    assert recorder.stats().written == 10
    assert recorder.stats().dropped == 11
    assert recorder.stop() == ()
    video, jsonl = tmp_path / "take (interrupted).mp4", tmp_path / "take (interrupted).frames.jsonl"
    assert sorted(tmp_path.iterdir()) == sorted([video, jsonl])
    assert len(lines(jsonl)) == 11
    # The encoder starts with the tenth picture; the eleventh lies in its hands when writing fails.
    assert len(video_frames(video)[0]) == 10
    assert len(ends) == 1


def test_recording_ends_complete_before_the_disk_is_full(record, results, monkeypatch, ends):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(
        recorder_module.shutil, "disk_usage", lambda _: usage(10**12, 10**12, RESERVE - 1)
    )
    recorder = record()
    feed(recorder, results(5))
    recorder._thread.join(20.0)
    monkeypatch.setattr(recorder_module.shutil, "disk_usage", shutil.disk_usage)
    (reason,) = ends
    assert "the disk is nearly full; free some space" in reason
    video, jsonl = recorder.stop()
    assert len(lines(jsonl)) == 2
    assert len(video_frames(video)[0]) == 1


def test_recording_on_a_disk_that_fills_up_ends_complete(record, results, ends, disk):
    folder = disk(RESERVE + 2**20)
    recorder = record(folder)
    feed(recorder, results(5))
    wait_until(lambda: recorder.stats().waiting == 0)
    (folder / "other").write_bytes(bytes(2**20))  # somebody else fills it up
    feed(recorder, results(60, start=START + 5 / FPS, first=2005))
    recorder._thread.join(20.0)
    (reason,) = ends
    assert "the disk is nearly full; free some space" in reason
    video, jsonl = recorder.stop()
    assert len(lines(jsonl)) - 1 == len(video_frames(video)[0]) == 31


def test_recording_on_a_disk_that_is_suddenly_full_keeps_what_is_there(
    record, results, ends, disk, monkeypatch
):
    monkeypatch.setattr(recorder_module, "RESERVE", 0)
    folder = disk(2**20)
    recorder, given = record(folder), results(25)
    feed(recorder, given)
    wait_until(lambda: recorder.stats().waiting == 0)
    room = shutil.disk_usage(folder).free
    (folder / "other").write_bytes(bytes(room))
    feed(recorder, results(400, first=2025, start=START + 25 / FPS))
    recorder._thread.join(60.0)
    (reason,) = ends
    assert "cannot be written: No space left on device; free some space" in reason
    assert "what was recorded is kept as take (interrupted)" in reason
    kept = folder / "take (interrupted).frames.jsonl"
    assert kept.exists()
    whole = kept.read_text().rpartition("\n")[0].splitlines()
    assert len([json.loads(line) for line in whole]) >= 26
    assert recorder.stop() == ()


def test_recording_on_a_disk_that_takes_no_files(record, read_only_disk):
    with pytest.raises(OutputError, match="Read-only file system; choose a folder that you may"):
        record(read_only_disk)


@pytest.mark.parametrize("change", ["name", "calibration"])
def test_recording_ends_complete_with_the_swap_of_the_model(
    record, results, ends, recognizer, change
):
    recorder, given, manifest = record(), results(12), recognizer.manifest
    warmer = msgspec.structs.replace(manifest.calibration, temperature=7.0)
    changed = {"name": "other", "calibration": warmer}[change]  # the latter: exported anew
    other = msgspec.structs.replace(manifest, **{change: changed})
    feed(recorder, [*given[:10], replace(given[10], manifest=other), given[11]])
    recorder._thread.join(20.0)
    assert ends == ["take: the recording ended with the swap of the model"]
    assert len(lines(recorder.stop()[1])) == 11
    assert recorder.stats().dropped == 2
    check(recorder.stats())


def test_nothing_fed_leaves_nothing(record, tmp_path, ends):
    recorder = record()
    assert recorder.stop() == ()
    assert (list(tmp_path.iterdir()), ends) == ([], [])


def test_existing_files_stay_until_the_recording_is_complete(record, results, tmp_path):
    for name in ("take.mp4", "take.frames.jsonl"):
        (tmp_path / name).write_text("old")
    recorder = record()
    feed(recorder, results(3))
    assert (tmp_path / "take.mp4").read_text() == "old"
    recorder.stop()
    assert (tmp_path / "take.frames.jsonl").read_text() != "old"


def test_folder_that_is_not_there(record, tmp_path):
    with pytest.raises(OutputError, match=r"take\.mp4: cannot be written"):
        record(tmp_path / "missing")
    assert not [t for t in threading.enumerate() if t.name == "recorder"]


def test_disk_that_does_not_answer(record, results, monkeypatch):
    gate = threading.Event()
    monkeypatch.setattr(FramesJsonl, "write", lambda *_: gate.wait())
    recorder = record()
    feed(recorder, results(3))
    with pytest.raises(OutputError, match=r"take: no answer from the disk for 0\.2 s"):
        recorder.stop(0.2)
    gate.set()


def test_snapshot_is_what_is_shown(results, tmp_path):
    result = results(25)[-1]
    path = save_snapshot(tmp_path / "shot.png", result)
    assert path == tmp_path / "shot.png"
    picture = cv2.imread(str(path))
    assert np.array_equal(
        picture, annotate(result.recognition, result.decision, result.manifest.classes)
    )
    assert not np.array_equal(picture, result.recognition.frame.image)
    styles = [HeatStyle(method="hires-cam"), HeatStyle(colormap="Viridis"), HeatStyle(opacity=0.2)]
    for style in [*styles, HeatStyle(shown=False)]:
        save_snapshot(path, result, style)
        other = annotate(result.recognition, result.decision, result.manifest.classes, style)
        assert np.array_equal(cv2.imread(str(path)), other)
        assert not np.array_equal(picture, other)
    assert [p.name for p in tmp_path.iterdir()] == ["shot.png"]


def test_snapshot_into_nowhere(results, tmp_path):
    (result,) = results(1)
    with pytest.raises(OutputError, match=r"shot\.png: cannot be written: No such file"):
        save_snapshot(tmp_path / "missing" / "shot.png", result)
    (tmp_path / "shot.png").mkdir()
    with pytest.raises(OutputError, match=r"shot\.png: cannot be written"):
        save_snapshot(tmp_path / "shot.png", result)
    assert [p.name for p in tmp_path.iterdir()] == ["shot.png"]
