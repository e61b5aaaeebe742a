import os
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from har_desktop.decision.decision import State
from har_desktop.errors import OutputError
from har_desktop.overlay import annotate
from har_desktop.sinks.atomic import AtomicFile
from har_desktop.sinks.constant_rate import FRAGMENTED, ConstantRateVideo
from har_desktop.sinks.video import AnnotatedVideo
from har_desktop.sources.base import believed_rate
from har_desktop.sources.video import VideoFile

HEIGHT, WIDTH = 96, 128
# Where a picture shows its number in black and white: clear of all that is drawn onto it.
BITS, TOP, SIDE = 7, 40, 16


def numbered(number, height=HEIGHT, width=WIDTH):
    image = np.full((height, width, 3), (120, 100, 80), np.uint8)
    for bit in range(BITS):
        block = image[TOP : TOP + SIDE, bit * SIDE : (bit + 1) * SIDE]
        block[:] = 235 if number >> bit & 1 else 20
    return image


def number_of(image):
    blocks = (image[TOP + 4 : TOP + 12, bit * SIDE + 4 : bit * SIDE + 12] for bit in range(BITS))
    return sum((block.mean() > 128) << bit for bit, block in enumerate(blocks))


def film(path, run_info, result, times, state=State.NO_ACTION, image=numbered):
    """Write one picture for each time; return the frames of the file, and its info."""
    sink = AnnotatedVideo(path, run_info)
    for index, time in enumerate(times):
        sink.write(*result(image(index), index, time, state, heat=0.0), [])
        assert not path.exists()
    assert sink.finish() == path
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    source = VideoFile(path)
    info = source.open()
    frames = list(source)
    source.close()
    return frames, info


def seen_at(frames, fps, time):
    """The number of the picture that a player shows at `time`."""
    return number_of(frames[min(int(time * fps + 1e-6), len(frames) - 1)].image)


def test_a_constant_rate_keeps_every_picture(tmp_path, run_info, result):
    times = [index / 25.0 for index in range(60)]
    frames, info = film(tmp_path / "clip.mp4", run_info, result, times)
    assert info.fps == 25.0
    assert [number_of(frame.image) for frame in frames] == list(range(60))
    assert [frame.time for frame in frames] == pytest.approx(times)


@pytest.mark.parametrize("fps", [23.976, 24000 / 1001, 30000 / 1001, 60.0, 119.88, 12.5, 0.5])
def test_other_rates_do_so_too(tmp_path, run_info, result, fps):
    run = replace(run_info, source=replace(run_info.source, fps=fps))
    frames, info = film(tmp_path / "clip.mp4", run, result, [i / fps for i in range(20)])
    assert info.fps == pytest.approx(fps, abs=1e-3)
    assert [number_of(frame.image) for frame in frames] == list(range(20))


@pytest.mark.parametrize("fps", [1.0009, 10.0009, 12.509, 24.9995, 29.9709, 52.693, 66.669, 119.88])
def test_the_rate_of_the_file_is_the_one_that_pictures_are_laid_onto(tmp_path, fps):
    file = AtomicFile(tmp_path / "clip.mp4", FRAGMENTED)
    video = ConstantRateVideo(file, fps, (HEIGHT, WIDTH))
    for number in range(5):
        video.show(number / video.fps, numbered(number))
    video.close()
    with VideoFile(file.commit()) as film:
        assert film.open().fps == pytest.approx(video.fps, rel=1e-5)
    assert video.fps == pytest.approx(fps, abs=2e-3)


def test_times_in_whole_milliseconds_do_not_unsettle_a_good_rate(tmp_path, run_info, result):
    run = replace(run_info, source=replace(run_info.source, fps=30.0))
    times = [round(index / 30.0, 3) for index in range(40)]
    frames, info = film(tmp_path / "clip.mp4", run, result, times)
    assert info.fps == pytest.approx(30.0, abs=1e-5)
    assert [number_of(frame.image) for frame in frames] == list(range(40))


@pytest.mark.parametrize(
    ("fps", "true"),
    [(None, 50.0), (None, 24.0), (10.0, 20.0)],
    ids=["no rate", "no rate, of a film", "a mean much too low"],
)
def test_without_a_good_rate_it_is_measured(tmp_path, run_info, result, fps, true):
    run = replace(run_info, source=replace(run_info.source, fps=fps))
    frames, info = film(tmp_path / "clip.mp4", run, result, [i / true for i in range(30)])
    assert info.fps == true
    assert [number_of(frame.image) for frame in frames] == list(range(30))


@pytest.mark.parametrize(("true", "frames_each"), [(20.0, 2), (15.0, 2), (5.0, 5)])
def test_without_a_rate_slow_pictures_stand_equally_long(
    tmp_path, run_info, result, true, frames_each
):
    run = replace(run_info, source=replace(run_info.source, fps=None))
    frames, info = film(tmp_path / "clip.mp4", run, result, [i / true for i in range(20)])
    assert info.fps == pytest.approx(true * frames_each)
    shown = [number_of(frame.image) for frame in frames]
    assert shown == [n for n in range(19) for _ in range(frames_each)] + [19]


@pytest.mark.parametrize("live", [False, True])
def test_a_slow_beginning_is_no_rate(tmp_path, run_info, result, live):
    source = replace(run_info.source, fps=believed_rate(None, 2.0) if live else None, live=live)
    slow = [i * 0.52 for i in range(12)]
    times = slow + [slow[-1] + i / 25.0 for i in range(1, 60)]
    frames, info = film(tmp_path / "clip.mp4", replace(run_info, source=source), result, times)
    assert info.fps >= 24.0
    shown = {number_of(frame.image) for frame in frames}
    assert len(shown) > 0.95 * len(times)  # and not one or two a second


@pytest.mark.parametrize("every", [5, 12, 20])
def test_a_nominal_rate_that_is_a_mean_drops_no_pictures(tmp_path, run_info, result, every):
    """As of a phone that leaves out one frame of so many in the dark."""
    times = [index / 30.0 for index in range(100) if index % every]
    mean = (len(times) - 1) / (times[-1] - times[0])
    run = replace(run_info, source=replace(run_info.source, fps=mean))
    frames, info = film(tmp_path / "clip.mp4", run, result, times)
    assert info.fps == pytest.approx(30.0)
    assert {number_of(frame.image) for frame in frames} == set(range(len(times)))


@pytest.mark.parametrize("early", [0.005, 0.5], ids=["burst", "hiccup"])
def test_how_a_live_source_begins_says_nothing_of_its_rate(tmp_path, run_info, result, early):
    source = replace(run_info.source, fps=20.0, live=True)
    begun = [i * early for i in range(10)]
    times = [*begun, *(begun[-1] + i / 20.0 for i in range(1, 40))]
    frames, info = film(tmp_path / "clip.mp4", replace(run_info, source=source), result, times)
    assert info.fps == 20.0
    assert [number_of(frame.image) for frame in frames[-39:]] == list(range(10, 49))


def test_a_picture_that_is_held_is_in_the_file(tmp_path, run_info, result):
    sink = AnnotatedVideo(tmp_path / "clip.mp4", run_info)
    for number in range(3):
        sink.write(*result(numbered(number), number, number / 25.0, heat=0.0), [])
    sink.hold(2.0)
    sink.write(*result(numbered(3), 3, 3.0, heat=0.0), [])
    with VideoFile(sink.finish()) as video:
        shown = [number_of(frame.image) for frame in video]
    assert shown == [0, 1, *(73 * [2]), 3]


def test_a_rate_too_low_for_the_encoder(tmp_path, run_info, result):
    run = replace(run_info, source=replace(run_info.source, fps=0.0005))
    frames, info = film(tmp_path / "clip.mp4", run, result, [2000.0 * i for i in range(12)])
    assert info.fps == pytest.approx(0.01)
    assert len(frames) == 1 + 11 * 20


@pytest.mark.parametrize("count", [1, 2, 9, 10, 11])
def test_short_sources_are_written_too(tmp_path, run_info, result, count):
    times = [index / 25.0 for index in range(count)]
    frames, _ = film(tmp_path / "clip.mp4", run_info, result, times)
    assert [number_of(frame.image) for frame in frames] == list(range(count))


def test_a_variable_rate_is_laid_onto_the_clock(tmp_path, run_info, result):
    rng = np.random.default_rng(3)
    times = np.r_[0.0, np.cumsum(rng.choice([0.004, 0.03, 0.04, 0.05, 0.4], 99))]
    frames, info = film(tmp_path / "clip.mp4", run_info, result, list(times))
    frame = 1.0 / info.fps
    for moment in np.arange(0.0, times[-1], 0.01):
        number = seen_at(frames, info.fps, moment)
        end = times[number + 1] if number + 1 < len(times) else np.inf
        assert times[number] - frame < moment < end + frame
    assert len(frames) * frame == pytest.approx(times[-1] + frame, abs=frame)


def test_each_frame_is_the_annotated_picture(tmp_path, run_info, result):
    path = tmp_path / "clip.mp4"
    sink = AnnotatedVideo(path, run_info)
    states = [State.FILLING] * 4 + [State.NO_ACTION] * 4 + [State.ACTION] * 4
    expected = []
    for index, state in enumerate(states):
        recognition, decision = result(numbered(index), index, index / 25.0, state)
        if recognition.window is not None:
            recognition.window.heatmaps[-1, 1, index // 2] = 2.5
        sink.write(recognition, decision, [])
        expected.append(annotate(recognition, decision, run_info.classes))
    sink.finish()
    with VideoFile(path) as source:
        frames = list(source)
    for frame, picture in zip(frames, expected, strict=True):
        assert np.abs(frame.image.astype(int) - picture).mean() < 8
    for one, other in pairwise(expected):
        assert np.abs(one.astype(int) - other).mean() > 0


def test_odd_sizes_are_padded(tmp_path, run_info, result):
    def odd(index):
        return numbered(index, 97, 129)

    frames, info = film(tmp_path / "clip.mp4", run_info, result, [0.0, 0.04, 0.08], image=odd)
    assert (info.height, info.width) == (98, 130)
    assert [number_of(frame.image) for frame in frames] == [0, 1, 2]
    assert np.abs(frames[1].image[20:36, 129].astype(int) - (120, 100, 80)).max() < 12


def test_a_size_that_changes_is_scaled_to_the_first(tmp_path, run_info, result):
    def growing(index):
        image = numbered(index)
        return np.kron(image, np.ones((2, 2, 1), np.uint8)) if index >= 2 else image

    frames, info = film(
        tmp_path / "clip.mp4", run_info, result, [i / 25.0 for i in range(5)], image=growing
    )
    assert (info.height, info.width) == (HEIGHT, WIDTH)
    assert [number_of(frame.image) for frame in frames] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("count", [0, 3, 30])
def test_an_aborted_film_is_gone_and_the_old_one_stays(tmp_path, run_info, result, count):
    path = tmp_path / "clip.mp4"
    path.write_text("old")
    sink = AnnotatedVideo(path, run_info)
    for index in range(count):
        sink.write(*result(numbered(index), index, index / 25.0), [])
    sink.abort()
    sink.abort()
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["old"]


def test_no_picture_is_no_film(tmp_path, run_info):
    sink = AnnotatedVideo(tmp_path / "clip.mp4", run_info)
    with pytest.raises(OutputError, match=r"clip\.mp4: there is not one picture to write"):
        sink.finish()


def test_a_folder_without_permission(foreign_folder, mere_user, run_info):
    with mere_user(), pytest.raises(OutputError, match=r"clip\.mp4: cannot be written: Permission"):
        AnnotatedVideo(foreign_folder / "clip.mp4", run_info)


@pytest.mark.parametrize("count", [1, 30])
def test_a_folder_that_is_gone_is_told(tmp_path, run_info, result, count):
    folder = tmp_path / "stick"
    folder.mkdir()
    sink = AnnotatedVideo(folder / "clip.mp4", run_info)
    for index in range(count):
        sink.write(*result(numbered(index), index, index / 25), [])
    shutil.rmtree(folder)
    with pytest.raises(OutputError, match=r"clip\.mp4: .* for the folder is gone; choose another"):
        sink.finish()
    sink.abort()


@pytest.mark.parametrize("size", [(160, 9000), (9001, 170)])
def test_what_is_too_large_for_the_codec_is_scaled(tmp_path, size):
    file = AtomicFile(tmp_path / "clip.mp4", FRAGMENTED)
    video = ConstantRateVideo(file, 25.0, size)
    for index in range(3):
        video.show(index / 25, np.full((*size, 3), 90, np.uint8))
    video.close()
    with VideoFile(file.commit()) as source:
        shapes = {frame.size for frame in source}
    ((height, width),) = shapes
    assert max(height, width) == 8190
    assert width / height == pytest.approx(size[1] / size[0], rel=0.01)  # whole and even pixels


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a name be any bytes")
def test_a_folder_whose_name_is_not_utf8(tmp_path, run_info, result):
    folder = tmp_path / os.fsdecode(b"bad\xff")
    folder.mkdir()
    sink = AnnotatedVideo(folder / "clip.mp4", run_info)
    sink.write(*result(numbered(0), 0, 0.0), [])
    with pytest.raises(OutputError, match=r"bad\\udcff.*not valid UTF-8; choose another folder"):
        sink.finish()
    sink.abort()
    assert list(folder.iterdir()) == []


FULL_DISK = """
import resource, sys
from pathlib import Path
import numpy as np
from har_desktop.errors import OutputError
from har_desktop.sinks.atomic import AtomicFile
from har_desktop.sinks.constant_rate import ConstantRateVideo

limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
file, rng = AtomicFile(Path(sys.argv[1])), np.random.default_rng(0)
try:
    video = ConstantRateVideo(file, 25.0, (96, 128))
    for index in range(50):
        video.show(index / 25.0, rng.integers(0, 255, (96, 128, 3), np.uint8))
    video.close()
except OutputError as error:
    print(error)
    file.discard()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
@pytest.mark.parametrize(
    ("limit", "message"),
    [(0, "the encoder does not start"), (100_000, "only 0 of 50 frames could be written")],
)
def test_a_full_disk_is_noticed(tmp_path, limit, message):
    script = [sys.executable, "-c", FULL_DISK, str(tmp_path / "clip.mp4"), str(limit)]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    assert f"clip.mp4: {message}" in done.stdout
    assert "MB left on the disk; free some space, or choose another folder" in done.stdout
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_a_claimed_pause_of_an_hour_can_be_interrupted(run_info, result, tmp_path):
    sink = AnnotatedVideo(tmp_path / "film.mp4", run_info)
    for index in range(12):
        sink.write(*result(numbered(index), index, index / 25), [])
    sink.interrupt()
    sink.write(*result(numbered(12), 12, 3600.0), [])  # 90,000 pictures of video
    with VideoFile(sink.finish()) as video:
        assert len(list(video)) < 13
