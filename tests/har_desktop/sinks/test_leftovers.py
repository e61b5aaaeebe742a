import os
import subprocess
import sys
import time

import numpy as np
import pytest

from har_desktop.sinks.atomic import AtomicFile, AtomicText
from har_desktop.sinks.constant_rate import FRAGMENTED, ConstantRateVideo
from har_desktop.sinks.leftovers import describe, find_leftovers, partial_of, rescue
from har_desktop.sources.video import VideoFile

KILLED = """
import os, signal, sys
from pathlib import Path
from har_desktop.sinks.atomic import AtomicFile, AtomicText

folder = Path(sys.argv[1])
AtomicText(folder / "whole.csv").commit()
AtomicFile(folder / "empty.vtt")
AtomicFile(folder / "11.02 cam.mp4", ".ismv").partial.write_bytes(b"pictures")
lines = AtomicText(folder / "11.02 cam.frames.jsonl")
lines.write("{}\\n")
lines.write("half a li")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def leftovers(tmp_path):
    """What a killed process has left in `tmp_path`."""
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert killed.returncode != 0
    return find_leftovers(tmp_path)


def test_a_killed_process_leaves_what_it_had_written(leftovers, tmp_path):
    assert [path.suffix for path in leftovers] == [".jsonl", ".ismv"]
    assert (tmp_path / "whole.csv").exists()
    line = describe(leftovers)
    assert line.startswith(f"{tmp_path}: an earlier run was interrupted and left .11.02 cam")
    assert "\n" not in line
    # a line has reached the system when it is complete
    assert leftovers[0].read_text() == "{}\n"


def test_it_is_given_names_that_say_so_and_overwrites_nothing(leftovers, tmp_path):
    (tmp_path / "11.02 cam (interrupted).mp4").write_text("of yesterday")
    names = [rescue(path).name for path in leftovers]
    assert names == ["11.02 cam (interrupted).frames.jsonl", "11.02 cam (interrupted 2).mp4"]
    assert (tmp_path / names[1]).read_bytes() == b"pictures"
    assert (tmp_path / "11.02 cam (interrupted).mp4").read_text() == "of yesterday"
    assert find_leftovers(tmp_path) == ()


def test_what_a_living_process_writes_is_left_alone(tmp_path):
    program = "import sys; sys.stdout.write('up'); sys.stdout.flush(); sys.stdin.read()"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.read(2)
        mine = partial_of(tmp_path / "clip.mp4", ".mp4").name
        theirs = tmp_path / mine.replace(f".{os.getpid()}.", f".{other.pid}.")
        theirs.write_bytes(b"pictures")
        if os.name != "nt":  # there, what counts is whether the file is open
            assert find_leftovers(tmp_path) == ()
        other.stdin.close()
        other.wait()
        assert find_leftovers(tmp_path) == (theirs,)


@pytest.mark.skipif(os.name == "nt", reason="there, what counts is whether the file is open")
def test_what_somebody_elses_process_writes_is_left_alone(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    (tmp_path / f".a.vtt.{os.getppid()}.1.partial.vtt").write_text("WEBVTT")
    monkeypatch.setattr(os, "kill", refuse)
    assert find_leftovers(tmp_path) == ()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it is not known")
def test_a_process_that_began_later_has_not_written_it(tmp_path):
    program = (
        "import sys; open('/proc/self/comm', 'wb').write(b'\\xfcber'); sys.stdout.write('up');"
        " sys.stdout.flush(); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.read(2)
        mine = partial_of(tmp_path / "clip.mp4", ".mp4").name
        left = tmp_path / mine.replace(f".{os.getpid()}.", f".{other.pid}.")
        left.write_bytes(b"pictures")
        assert find_leftovers(tmp_path) == ()
        before = time.time() - 3600  # of before the last start of the computer, say
        os.utime(left, (before, before))
        assert find_leftovers(tmp_path) == (left,)
        other.stdin.close()


def test_a_video_without_a_fragment_holds_nothing(tmp_path):
    file = AtomicFile(tmp_path / "clip.mp4", FRAGMENTED)
    video = ConstantRateVideo(file, 10.0, (240, 320))
    rng = np.random.default_rng(1)
    seen = set()
    for number in range(60):  # noise, so that what waits in FFmpeg gets full
        video.show(number / 10, rng.integers(0, 256, (240, 320, 3), dtype=np.uint8))
        size = file.partial.stat().st_size
        seen.add(size)
        found = find_leftovers(tmp_path) != ()
        assert found is (b"moof" in file.partial.read_bytes())
    assert min(seen) < 100 < max(seen)
    video.release()
    assert find_leftovers(tmp_path) == (file.partial,)
    with VideoFile(file.rescue()) as source:
        assert len(list(source)) > 40


@pytest.mark.parametrize("name", ["clip.mp4", ".hidden", ".clip.partial.mp4", ".x.12.1.partial"])
def test_other_files_are_none_of_ours(tmp_path, name):
    (tmp_path / name).write_text("something")
    assert find_leftovers(tmp_path) == ()


def test_a_folder_that_is_not_there_holds_nothing(tmp_path):
    assert find_leftovers(tmp_path / "gone") == ()


def test_one_that_may_not_be_read_hides_no_others(mere_user, foreign_folder):
    ours, foreign = (foreign_folder / f".{n}.vtt.99999999.1.partial.vtt" for n in ("a", "b"))
    for path in (ours, foreign):
        path.write_text("WEBVTT")
    foreign.chmod(0o000)
    with mere_user():
        assert find_leftovers(foreign_folder) == (ours,)


def test_an_unfinished_file_is_rescued_by_its_writer(tmp_path):
    text = AtomicText(tmp_path / "a.events.csv")
    text.write("start,end\n1.0,")
    rescued = text.rescue()
    assert rescued.name == "a (interrupted).events.csv"
    assert rescued.read_text() == "start,end\n1.0,"
    empty = AtomicFile(tmp_path / "b.mp4")
    assert empty.rescue() is None
    empty.discard()
    assert empty.rescue() is None
    assert list(tmp_path.iterdir()) == [rescued]
