"""The replay in its thread, with real files and the real demo."""

import gc
import logging
import os
import signal
import threading
import weakref
from itertools import pairwise
from time import perf_counter

import cv2
import numpy as np
import pytest

from har_desktop.errors import SourceError
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.recognizer import Recognizer
from har_desktop.inference.session import GraphError
from har_desktop.pipeline import player as player_module
from har_desktop.pipeline.player import Player, PlayState
from har_desktop.sources.contained import ContainedVideo
from har_desktop.sources.figure import Demo
from har_desktop.sources.video import VideoFile
from tests.bundles import slow_encoder

LENGTH, FPS = 40, 25.0


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (64, 48))
    rng = np.random.default_rng(0)
    for _ in range(LENGTH):
        small = rng.integers(0, 256, (6, 8, 3), np.uint8)
        writer.write(cv2.resize(small, (64, 48), interpolation=cv2.INTER_NEAREST))
    writer.release()
    return path


@pytest.fixture
def start(log, recognizer):
    """The function that makes a player."""
    players = []

    def make(open_source):
        players.append(Player(open_source, recognizer, log.on_frame, log.on_result, log.on_status))
        return players[-1]

    yield make
    for player in players:
        player.stop()


def shown(player, log, index, explained=None):
    """Wait until a moment with all that belongs to it is there."""
    found = [None]

    def complete():
        found.append(player.take_moment() or found[-1])
        moment = found[-1]
        if not moment or moment.frame.index != index or moment.result is None:
            return False
        recognition = moment.result.recognition
        if recognition.filled < 5:
            return True
        window = recognition.window
        return window is not None and explained in (None, window.explained)

    log.wait(complete)
    return found[-1]


@pytest.mark.parametrize("kind", ["file", "demo"])
def test_whole_tour(kind, clip, start, log):
    player = start(Demo if kind == "demo" else lambda: ContainedVideo(clip))
    shown(player, log, 0)
    assert player.status.state is PlayState.PAUSED
    assert player.info.name == ("demo" if kind == "demo" else "clip.avi")
    assert player.status.duration == pytest.approx(player.info.frames / FPS - 1 / FPS)
    player.step()
    shown(player, log, 1)
    player.seek(1.0)
    moment = shown(player, log, 25)
    assert moment.frame.time == pytest.approx(1.0)
    assert moment.result.recognition.frame is moment.frame
    assert moment.result.recognition.window.times[-1] == moment.frame.time
    player.explain(2)
    shown(player, log, 25, explained=2)
    player.seek(0.8)
    moment = shown(player, log, 20)
    assert moment.result.recognition.window.explained == 2
    player.loop(True)  # it does not come to its end before it is told to pause
    player.speed(4.0)
    player.play()
    log.wait(lambda: player.status.analysed > 35)
    player.pause()
    log.wait(lambda: player.status.state is PlayState.PAUSED)
    indices = [result.recognition.frame.index for result in log.results]
    assert indices == list(range(len(indices)))


def test_plays_at_its_own_pace_to_the_end(clip, start, log):
    player = start(lambda: VideoFile(clip))
    shown(player, log, 0)
    player.speed(2.0)
    began = perf_counter()
    player.play()
    log.wait(lambda: player.status.state is PlayState.ENDED)
    assert perf_counter() - began > 0.9 * LENGTH / FPS / 2.0
    assert player.take_moment().frame.index == LENGTH - 1
    assert player.status.frames == player.status.analysed == LENGTH
    assert player.status.duration == pytest.approx((LENGTH - 1) / FPS, abs=1e-3)
    states = [a for a, b in pairwise([*log.states, None]) if a is not b]
    assert states == [PlayState.PAUSED, PlayState.PLAYING, PlayState.ENDED]
    assert len(log.results) == LENGTH


def test_view_is_called_once_until_it_takes_the_newest_moment(clip, start, log):
    player = start(lambda: VideoFile(clip))
    log.wait(lambda: log.calls)
    player.speed(4.0)
    player.play()
    log.wait(lambda: player.status.state is PlayState.ENDED)
    assert log.calls == ["frame"]
    assert player.take_moment().frame.index == LENGTH - 1
    assert player.take_moment() is None


def test_numbers_that_make_no_sense(clip, start):
    player = start(lambda: VideoFile(clip))
    for factor in (0.2, 5.0, float("nan")):
        with pytest.raises(ValueError, match="not within"):
            player.speed(factor)
    for index in (-2, 3):
        with pytest.raises(ValueError, match="no class"):
            player.explain(index)


def test_file_that_is_not_there(tmp_path, start, log):
    player = start(lambda: VideoFile(tmp_path / "gone.mp4"))
    log.wait(lambda: player.status.state is PlayState.FAULTED)
    assert player.status.message.endswith("gone.mp4: no such file; check the path")
    player.play()
    player.seek(1.0)
    player.stop()
    assert player.status.state is PlayState.STOPPED


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (GraphError("head.onnx: fails on cpu"), "head.onnx: fails on cpu"),
        (ZeroDivisionError("two\nlines"), "the replay failed: ZeroDivisionError: two lines"),
    ],
)
def test_model_that_fails(error, words, clip, start, log, recognizer, monkeypatch):
    push, pushed = recognizer.push, []

    def fail(frame):
        if len(pushed) == 10:
            raise error
        pushed.append(frame)
        return push(frame)

    monkeypatch.setattr(recognizer, "push", fail)
    player = start(lambda: VideoFile(clip))
    player.seek(1.0)
    log.wait(lambda: player.status.state is PlayState.FAULTED)
    assert player.status.message == words
    assert player.status.analysed == 10


class Hanging(VideoFile):
    """A file on a share that went away."""

    released = threading.Event()
    reached = threading.Event()

    def read(self):
        frame = super().read()
        if frame and frame.index == 10:
            self.reached.set()
            self.released.wait()
        return frame


def test_stop_is_bounded_when_the_source_hangs(clip, start, log, monkeypatch):
    assert player_module.STOP_S < 3.0
    monkeypatch.setattr(player_module, "STOP_S", 0.3)
    player = start(lambda: Hanging(clip))
    player.seek(1.0)
    assert Hanging.reached.wait(20.0)
    player.stop()
    assert player.status.state is PlayState.STOPPED
    assert "player" in player.status.message
    results, calls = len(log.results), len(log.calls)
    Hanging.released.set()
    player._thread.join(20.0)
    assert (len(log.results), len(log.calls)) == (results, calls)
    assert player.take_moment() is None
    player.stop()
    assert log.states.count(PlayState.STOPPED) == 1


@pytest.mark.parametrize(
    "beside", [None, [(False, 2, 3), (False, 3, 2)]], ids=["one encoder", "two encoders"]
)
def test_stop_interrupts_a_model_that_does_not_answer(
    log, count_source, make_bundle, tmp_path, monkeypatch, caplog, beside
):
    # A record's traceback would hold the encoders, whose threads end with them.
    caplog.set_level(logging.CRITICAL, "har_desktop.pipeline.player")
    reached, push = threading.Event(), Recognizer.push

    def push_white(self, frame):
        frame.image[:8, :8] = 255
        reached.set()
        return push(self, frame)

    monkeypatch.setattr(Recognizer, "push", push_white)
    folder = make_bundle(tmp_path / "slow", motion=False, beside=beside, edit_encoder=slow_encoder)
    recognizer = Recognizer(load_bundle(folder), "cpu")
    player = Player(
        lambda: count_source(50), recognizer, log.on_frame, log.on_result, log.on_status
    )
    assert reached.wait(20.0)
    player.stop()
    assert player.status.message is None  # nothing was left behind
    assert not player._thread.is_alive()


@pytest.mark.skipif(os.name == "nt", reason="Windows lacks the signal")
def test_decoder_that_crashes(clip, start, log):
    made = []

    def open_source():
        made.append(ContainedVideo(clip))
        return made[-1]

    player = start(open_source)
    log.wait(lambda: player.status.state is PlayState.PAUSED)
    os.kill(made[0]._decoder.start().pid, signal.SIGSEGV)
    player.play()
    log.wait(lambda: player.status.state is PlayState.FAULTED)
    assert f"{clip}: the decoder crashed on it (SIGSEGV); " in player.status.message


def test_source_that_breaks_in_the_middle(clip, start, log, monkeypatch):
    read = VideoFile.read

    def breaks(self):
        frame = read(self)
        if frame.index == 7:
            raise SourceError("clip.avi: cannot be read; copy it again")
        return frame

    monkeypatch.setattr(VideoFile, "read", breaks)
    player = start(lambda: VideoFile(clip))
    player.play()
    log.wait(lambda: player.status.state is PlayState.FAULTED)
    assert player.status.message == "clip.avi: cannot be read; copy it again"


def test_thread_has_a_name_and_is_a_daemon(clip, start, log):
    before = set(threading.enumerate())
    player = start(lambda: VideoFile(clip))
    (thread,) = set(threading.enumerate()) - before
    assert (thread.name, thread.daemon) == ("player", True)
    log.wait(lambda: not player.status.busy)
    player.stop()
    assert not thread.is_alive()


def test_a_player_that_was_stopped_keeps_no_film(recognizer, clip, log):
    gc.collect()
    gc.disable()  # it runs rarely in a program that is at rest
    try:
        player = Player(
            lambda: VideoFile(clip), recognizer, log.on_frame, log.on_result, log.on_status
        )
        log.wait(lambda: player.status.state is PlayState.PAUSED)
        trace = weakref.ref(player._projector.stock.album)
        player.stop()
        player = None
        assert trace() is None
    finally:
        gc.enable()
