"""The same files as `VideoFile`, and a decoder that dies, hangs, or is left behind."""

import io
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from itertools import islice
from pathlib import Path

import numpy as np
import psutil
import pytest

from har_desktop.errors import SourceError
from har_desktop.opencv import cv2
from har_desktop.sources import contained, decoder
from har_desktop.sources.base import SourceInfo
from har_desktop.sources.contained import ContainedVideo, Decoder
from har_desktop.sources.video import VideoFile

FRAMES = 60
pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills by signals that Windows lacks")


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Sixty pictures of noise."""
    path = tmp_path_factory.mktemp("films") / "film.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (96, 64))
    rng = np.random.default_rng(0)
    for _ in range(FRAMES):
        writer.write(rng.integers(0, 256, (64, 96, 3), np.uint8))
    writer.release()
    return path


@pytest.fixture
def no_process_left():
    """Fails a test that leaves a process, a thread or a handle behind."""
    me = psutil.Process()
    before = me.num_threads(), me.num_fds()
    yield
    assert not me.children(recursive=True)
    deadline = time.monotonic() + 5
    while (me.num_threads(), me.num_fds()) > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert me.num_threads() <= before[0]
    assert me.num_fds() <= before[1]


@pytest.fixture
def source(film, no_process_left):  # noqa: ARG001, it must look first and last
    source = ContainedVideo(film)
    yield source
    source.close()


def pid_of(source):
    return source._decoder.start().pid


def test_gives_what_the_file_gives(film, source):
    with VideoFile(film) as plain:
        expected = list(plain)
    info = source.open()
    assert (info.name, info.width, info.height, info.fps) == ("film.avi", 96, 64, 25.0)
    assert (info.frames, info.live) == (FRAMES, False)
    frames = list(source)
    assert source.read() is None
    assert [(f.index, f.time) for f in frames] == [(f.index, f.time) for f in expected]
    for frame, plain in zip(frames, expected, strict=True):
        assert np.array_equal(frame.image, plain.image)
        assert frame.image.flags.writeable == plain.image.flags.writeable


def test_can_be_opened_again_at_any_place_by_the_same_process(source):
    source.close()
    source.open()
    pid = pid_of(source)
    for place in (0, 1, 30, FRAMES):
        assert [frame.index for frame in islice(source, place)] == list(range(place))
        source.open()
    assert pid_of(source) == pid
    source.close()
    source.close()
    assert source.read() is None
    assert not psutil.pid_exists(pid)


@pytest.mark.usefixtures("no_process_left")
def test_one_decoder_for_many_files(film, tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    with closing(Decoder()) as decoder:
        pids = set()
        for path in (film, tmp_path / "text.mp4", tmp_path / "gone.mp4", film):
            source = ContainedVideo(path, decoder)
            try:
                source.open()
                assert source.read().index == 0
            except SourceError as error:
                assert str(path) in str(error)  # noqa: PT017, the other files have none
                assert path != film
            source.close()
            assert source.read() is None
            pids.add(decoder.start().pid)
        assert len(pids) == 1


@pytest.mark.usefixtures("no_process_left")
def test_a_lent_decoder_lets_go_of_the_file(film):
    with closing(Decoder()) as decoder:
        source = ContainedVideo(film, decoder)
        source.open()
        process = psutil.Process(decoder.start().pid)
        assert str(film) in [file.path for file in process.open_files()]
        source.close()
        decoder.forget()  # so it has answered
        assert str(film) not in [file.path for file in process.open_files()]


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGKILL", "SIGABRT"])
def test_a_decoder_that_dies_is_an_error_of_the_file_and_the_next_one_works(name, source, film):
    source.open()
    assert source.read().index == 0
    os.kill(pid_of(source), getattr(signal, name))
    with pytest.raises(SourceError) as caught:
        list(source)
    assert str(caught.value) == (
        f"{film}: the decoder crashed on it ({name}); convert it with another program, or choose"
        " another file"
    )
    assert source.read() is None
    source.open()
    assert len(list(source)) == FRAMES


def test_a_decoder_that_hangs_is_given_up(source, monkeypatch):
    source.open()
    os.kill(pid_of(source), signal.SIGSTOP)
    monkeypatch.setattr(contained, "PICTURE_S", 0.2)
    with pytest.raises(SourceError, match=r"film\.avi: the decoder has not got on with it for 0.2"):
        list(source)
    monkeypatch.setattr(contained, "PICTURE_S", 10.0)
    assert source.open().frames == FRAMES


@pytest.mark.usefixtures("no_process_left")
def test_a_file_on_which_it_hangs_at_once(film, monkeypatch):
    monkeypatch.setattr(contained, "OPENING_S", 0.2)
    with closing(Decoder()) as decoder:
        os.kill(decoder.start().pid, signal.SIGSTOP)
        source = ContainedVideo(film, decoder)
        with pytest.raises(SourceError, match=r"has not got on with it for 0\.2 s"):
            source.open()


@pytest.mark.skipif(sys.platform != "linux", reason="others have no such settings")
def test_it_leaves_no_core_and_goes_first_where_memory_is_short(source):
    import resource  # which Windows has not

    limits = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (limits[1], limits[1]))
    try:
        source.open()
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, limits)
    assert psutil.Process(pid_of(source)).rlimit(psutil.RLIMIT_CORE) == (0, 0)
    assert int(Path(f"/proc/{pid_of(source)}/oom_score_adj").read_text()) == 1000


def test_a_ctrl_c_is_none_of_its_business(source):
    source.open()
    os.kill(pid_of(source), signal.SIGINT)
    assert len(list(source)) == FRAMES


OWNER = """
import sys, time
from pathlib import Path
from har_desktop.sources.contained import ContainedVideo
source = ContainedVideo(Path(sys.argv[1]))
source.open()
print(source._decoder.start().pid, flush=True)
time.sleep(600)
"""


def test_a_decoder_dies_with_its_owner_even_if_that_one_is_killed(film):
    command = [sys.executable, "-c", OWNER, str(film)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        decoder = psutil.Process(int(owner.stdout.readline()))
        os.kill(decoder.pid, signal.SIGINT)  # as of a Ctrl-C: it is the owner's to decide
        owner.kill()
    decoder.wait(10.0)


def test_a_picture_for_which_there_is_no_memory_is_told_as_such(source, monkeypatch):
    def starve(*_):
        raise MemoryError

    monkeypatch.setattr("har_desktop.sources.decoder_process.np.empty", starve)
    source.open()
    with pytest.raises(SourceError, match="there is not enough memory for its pictures"):
        source.read()


@pytest.mark.usefixtures("no_process_left")
def test_no_process_no_film(film, monkeypatch):
    def refuse(*_, **__):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(SourceError, match=r"film\.avi: no decoder can be started: Resource temp"):
        ContainedVideo(film).open()


def test_what_fails_in_the_middle_names_its_file(monkeypatch):
    class Failing(VideoFile):
        def open(self):
            return SourceInfo("film.avi", 4, 2, 25.0, None, live=False)

        def read(self):
            raise MemoryError("no room")

    class Answers(io.BytesIO):
        def flush(self):
            if b"error" in self.getvalue():
                raise BrokenPipeError  # nobody takes any more

    def listen(_, waiting):
        for wish in ("/films/film.avi", decoder.NEXT):
            waiting.put(wish)

    monkeypatch.setattr(decoder, "VideoFile", Failing)
    monkeypatch.setattr(decoder, "_listen", listen)
    answers = Answers()
    decoder.serve(io.BytesIO(), answers)
    assert b'"/films/film.avi: cannot be decoded: MemoryError: no room"' in answers.getvalue()
