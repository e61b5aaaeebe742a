"""`kill -9` at random moments: finished files are whole, unfinished ones can be played and read."""

import csv
import random
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest
import webvtt

from har_desktop.opencv import cv2
from har_desktop.sinks.behind import WAITING
from har_desktop.sinks.leftovers import find_leftovers, rescue
from har_desktop.sources.video import VideoFile

BUSY = Path(__file__).with_name("busy.py")
FPS, FRAMES, SIZE = 25.0, 120, (240, 320)
# The kill comes after so many results, in the second clip at the latest, or a moment later.
MOST_RESULTS, MOMENT_S = 2 * FRAMES, 0.1
# What the encoder (early pictures, a fragment) and FFmpeg (a block of 256 KB, 14 of these pictures)
# may hold back; and results that wait for the video's thread, while their lines are written. Of a
# video that was only just begun that is everything.
HELD_FRAMES = 10 + 12 + 14 + WAITING + 1


def picture(number):
    """Noise that moves, so that there is something to encode."""
    noise = np.random.default_rng(number % 7).integers(0, 200, (60, 80, 3), np.uint8)
    return cv2.resize(noise, SIZE[::-1], interpolation=cv2.INTER_NEAREST)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, SIZE[::-1])
    for number in range(FRAMES):
        writer.write(picture(number))
    writer.release()
    return path


def pictures_of(path):
    """How many pictures can be played, one for each result."""
    with VideoFile(path) as source:
        times = [frame.time for frame in source]
    assert times == pytest.approx(np.arange(len(times)) / FPS, abs=2e-3)
    return len(times)


def lines_of(data):
    """Results in the full lines of a file; the first of them is the header."""
    header, *lines = [msgspec.json.decode(line) for line in data.splitlines(keepends=True)]
    assert header["type"] == "header"
    assert [line["index"] for line in lines] == list(range(len(lines)))
    return len(lines)


def results_in(folder):
    """How many results have reached the disk so far; the first line of each file is no result."""
    try:
        files = [path.read_bytes() for path in folder.iterdir() if path.suffix == ".jsonl"]
    except FileNotFoundError:  # it was just given its name
        return 0
    return sum(max(0, data.count(b"\n") - 1) for data in files)


def check_finished(path):
    if path.suffix == ".mp4":
        assert pictures_of(path) == FRAMES
    elif path.suffix == ".jsonl":
        assert path.read_bytes().endswith(b"\n")
        assert lines_of(path.read_bytes()) == FRAMES
    elif path.suffix == ".csv":
        assert list(csv.DictReader(path.read_text().splitlines()))
    else:
        assert len(webvtt.read(path))


def begun(path):
    """Whether a picture, or a line, has reached the disk."""
    return b"moof" in path.read_bytes() if path.suffix == ".ismv" else path.stat().st_size > 0


def check_unfinished(leftovers):
    """How many pictures of the told results are lost: only what was held back; None: no video."""
    told = played = size = 0
    for path in leftovers:
        if path.suffix == ".jsonl":
            data = path.read_bytes()
            told = lines_of(data[: data.rindex(b"\n") + 1])
        elif path.suffix == ".ismv":
            size = path.stat().st_size
            played = pictures_of(rescue(path))
    assert told - played <= HELD_FRAMES, f"{told} results, {played} pictures in {size} bytes"
    return told - played if size else None


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
@pytest.mark.parametrize("mode", ["record", "replay"])
def test_killed_at_random(mode, clip, bundle_folder, tmp_path, pytestconfig):
    kills = pytestconfig.getoption("kills") // 2
    moments, finished, unfinished = random.Random(mode), 0, []
    for number in range(kills):
        out = tmp_path / str(number)
        command = [sys.executable, str(BUSY), mode, str(bundle_folder), str(out), str(clip)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as busy:
            assert busy.stdout.readline() == b"at work\n", busy.stderr.read().decode()
            # Every other time around the end of a clip, when its files are completed.
            count = moments.choice([FRAMES, moments.randrange(MOST_RESULTS)])
            while results_in(out) < count:
                assert busy.poll() is None, busy.stderr.read().decode()
                time.sleep(0.002)
            time.sleep(moments.uniform(0.0, MOMENT_S))
            busy.kill()
        whole = [path for path in out.iterdir() if not path.name.startswith(".")]
        for path in whole:
            check_finished(path)
        finished += len(whole)
        leftovers = find_leftovers(out)
        assert {path for path in out.iterdir() if begun(path)} == {*whole, *leftovers}
        unfinished.append(check_unfinished(leftovers))
    lost = [pictures for pictures in unfinished if pictures is not None]
    assert finished + len(lost)  # else it was killed before it did anything
    sys.stdout.write(
        f"\n{mode}: {kills} kills; {finished} finished files, all whole; {len(lost)} unfinished"
        f" videos, which play but for their last {sorted(lost)} pictures\n"
    )
