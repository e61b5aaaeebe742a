"""Every frame of a file, in order, through the real engine and a sink that remembers."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from har_desktop.decision.decision import Decision, Event, State
from har_desktop.decision.events import Decider
from har_desktop.frame import Frame
from har_desktop.helper_thread import HelperThread
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.encoders import Features
from har_desktop.inference.recognition import Recognition, Window
from har_desktop.inference.recognizer import Look, Recognizer
from har_desktop.inference.session import GraphError
from har_desktop.pipeline.ordered import Outcome, run_in_order
from har_desktop.sinks.base import Sink


class Memory(Sink):
    def __init__(self) -> None:
        self.frames: list[int] = []
        self.windows: list[Window | None] = []
        self.states: list[State] = []
        self.events: list[Event] = []

    def write(self, recognition: Recognition, decision: Decision, events: Sequence[Event]) -> None:
        self.frames.append(recognition.frame.index)
        self.windows.append(recognition.window)
        self.states.append(decision.state)
        self.events.extend(events)

    def finish(self, events: Sequence[Event] = ()) -> Path:
        self.events.extend(events)
        return Path()

    def abort(self) -> None:
        pass


def clip(seconds: float, fps: float = 25.0) -> list[Frame]:
    rng = np.random.default_rng(4)
    room = rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)
    return [Frame(np.roll(room, n, axis=1), n, n / fps) for n in range(round(seconds * fps))]


@pytest.fixture(scope="module")
def recognizer(bundle_folder: Path) -> Recognizer:
    recognizer = Recognizer(load_bundle(bundle_folder), "cpu")
    run(recognizer, clip(0.4))  # from here on its threads are there, and no test leaves them behind
    return recognizer


def run(recognizer: Recognizer, frames: list[Frame], hop: float = 0.0) -> tuple[Outcome, Memory]:
    memory = Memory()
    decider = Decider(recognizer.manifest.classes, threshold=0.0)
    outcome = run_in_order(frames, recognizer, decider, [memory], hop, lambda: None)
    memory.finish(outcome.unwritten)
    return outcome, memory


def test_every_frame_in_order(recognizer: Recognizer) -> None:
    frames = clip(4.0)
    outcome, memory = run(recognizer, frames)
    assert memory.frames == list(range(100))
    assert outcome.frames == 100
    # Ten intervals of 0.2 s fill the window: the first answer is at 2.0 s, frame 50.
    assert outcome.windows == 50
    assert memory.states.index(State.NO_ACTION) == 50
    assert outcome.times[0] == 0.0
    assert outcome.last == pytest.approx(3.96)
    assert outcome.mean is not None
    assert outcome.mean.sum() == pytest.approx(1)
    assert {"decode", "prepare", "encode", "head", "write"} <= outcome.seconds.keys()


@pytest.mark.parametrize("beside", [[], [(True, 3, 1), (False, 2, 4)]])
def test_looking_ahead_changes_no_answer(beside: list[object], tmp_path: Path, make_bundle) -> None:
    recognizer = Recognizer(load_bundle(make_bundle(tmp_path / "model", beside=beside)), "cpu")
    frames = clip(2.6)
    larger = [Frame(f.image.repeat(2, axis=0).repeat(3, axis=1), f.index, f.time) for f in frames]
    # The size changes in the middle, where the frames before are still to be answered.
    frames = frames + [Frame(f.image, f.index + 65, f.time + 2.6) for f in larger]
    _, memory = run(recognizer, frames)
    recognizer.clear()
    for frame, ahead in zip(frames, memory.windows, strict=True):
        window = recognizer.push(frame).window
        assert (window is None) == (ahead is None)
        if window is not None and ahead is not None:
            assert np.array_equal(window.logits, ahead.logits)
            assert np.array_equal(window.heatmaps, ahead.heatmaps)
            assert np.array_equal(window.images, ahead.images)
    assert sum(window is not None for window in memory.windows) == 30


def test_the_next_frames_are_looked_at_while_one_is_answered(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at, ahead = [], []
    look, answer = recognizer.look, recognizer.answer

    def note(frame: Frame) -> Look:
        looked_at.append(frame.index)
        return look(frame)

    def count(found: Look) -> Recognition:
        ahead.append(looked_at[-1] - found.frame.index)
        return answer(found)

    monkeypatch.setattr(recognizer, "look", note)
    monkeypatch.setattr(recognizer, "answer", count)
    assert run(recognizer, clip(0.4))[1].frames == list(range(10))
    assert looked_at == list(range(10))
    assert ahead == [3] * 7 + [2, 1, 0]


class Held:
    """Has so many frames encoded, and the others when it is told to."""

    def __init__(
        self, recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch, frames: int
    ) -> None:
        self._gate = threading.Semaphore(frames)
        self.begun: list[Future[Features]] = []
        self._model, self._hand = recognizer._model, HelperThread("hand")
        monkeypatch.setattr(recognizer._model, "begin", self.begin)

    def begin(self, *seen: Any) -> Future[Features]:
        self.begun.append(self._hand.submit(lambda: self._encode(seen)))
        return self.begun[-1]

    def _encode(self, seen: tuple[Any, ...]) -> Features:
        assert self._gate.acquire(timeout=60)
        return self._model.encode(*seen)

    def go_on(self) -> None:
        self._gate.release(1000)

    @property
    def at_work(self) -> bool:
        return not all(future.done() for future in self.begun)


def test_a_look_does_not_wait_and_its_answer_does(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held(recognizer, monkeypatch, 0)
    recognizer.clear()
    looks = [recognizer.look(frame) for frame in clip(0.4)]
    assert len(held.begun) == 5
    assert held.at_work
    held.go_on()
    assert [recognizer.answer(look).filled for look in looks] == [0] * 5 + [1] * 5
    assert not held.at_work


@pytest.mark.parametrize(
    ("last", "hop", "encoded"), [(99, 0.0, 94), (98, 0.0, 93), (60, 0.5, 11), (50, 0.2, 9)]
)
def test_who_stops_it_finds_nothing_at_work(
    last: int, hop: float, encoded: int, recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, read = Held(recognizer, monkeypatch, encoded), []  # the last frame is still at work
    later = threading.Timer(0.2, held.go_on)

    def stop() -> None:
        if len(read) == last:
            assert held.at_work
            later.start()
            raise KeyboardInterrupt
        read.append(1)

    decider = Decider(recognizer.manifest.classes, threshold=0.0)
    with pytest.raises(KeyboardInterrupt):
        run_in_order(clip(4.0), recognizer, decider, [Memory()], hop, stop)
    assert not held.at_work
    later.join()


def test_a_frame_that_fails_comes_after_all_before_it(
    recognizer: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, begun = recognizer._model.begin, []

    def fail(*seen: Any) -> Future[Features]:
        begun.append(begin(*seen))
        if len(begun) != 56:  # frame 60, for the first five show no motion
            return begun[-1]
        failed = Future[Features]()
        failed.set_exception(GraphError("encoder.onnx: fails on cpu"))
        return failed

    monkeypatch.setattr(recognizer._model, "begin", fail)
    memory = Memory()
    decider = Decider(recognizer.manifest.classes, threshold=0.0)
    with pytest.raises(GraphError, match="fails on cpu"):
        run_in_order(clip(4.0), recognizer, decider, [memory], 0.0, lambda: None)
    assert memory.frames == list(range(60))
    assert len(begun) == 59
    with pytest.raises(GraphError, match="fails on cpu"):  # for the frame is part of the window
        recognizer.push(clip(4.0)[65])
    monkeypatch.undo()
    assert run(recognizer, clip(4.0))[1].frames == list(range(100))


@pytest.mark.parametrize("hop", [0.1, 0.2, 0.5, 1.0])
def test_a_hop_thins_the_results_and_still_fills_the_window(
    recognizer: Recognizer, hop: float
) -> None:
    outcome, memory = run(recognizer, clip(5.0), hop)
    assert outcome.frames == 125
    assert len(memory.frames) == pytest.approx(5.0 / hop, abs=1)
    assert outcome.windows > 0
    assert State.ACTION in memory.states


@pytest.mark.parametrize("fps", [6.0, 7.0, 7.8, 9.5, 12.5, 25.0])
@pytest.mark.parametrize("hop", [1e-6, 0.07, 0.18, 0.2, 0.3, 0.5])
def test_with_a_hop_the_window_is_as_full_as_without(
    recognizer: Recognizer, hop: float, fps: float
) -> None:
    frames = clip(4.0, fps)
    (_, every), (outcome, few) = run(recognizer, frames), run(recognizer, frames, hop)
    assert len(few.frames) == pytest.approx(4.0 / max(hop, 1.0 / fps), rel=0.1, abs=1)
    for index, window in zip(few.frames, few.windows, strict=True):
        assert (window is None) == (every.windows[index] is None)
    assert outcome.windows > 0


@pytest.mark.parametrize("hop", [0.0, 0.2, 1.0])
def test_no_event_is_lost_between_results(recognizer: Recognizer, hop: float) -> None:
    outcome, memory = run(recognizer, clip(5.0), hop)
    assert outcome.events
    assert memory.events == outcome.events


def test_motion_is_told_by_frames_that_are_not_looked_at(tmp_path: Path, make_bundle) -> None:
    fine = Recognizer(load_bundle(make_bundle(tmp_path / "fine", differences=4)), "cpu")
    frames = clip(3.0, fps=20.0)
    (_, every), (_, few) = run(fine, frames), run(fine, frames, hop=0.2)
    assert few.frames == list(range(0, 60, 4))
    compared = 0
    for index, window in zip(few.frames, few.windows, strict=True):
        if window is not None:
            same = every.windows[index]
            assert same is not None
            np.testing.assert_array_equal(window.logits, same.logits)
            compared += 1
    assert compared == 5


def test_the_answer_hardly_depends_on_the_hop(recognizer: Recognizer) -> None:
    every, thinned = (run(recognizer, clip(5.0), hop)[0].mean for hop in (0.0, 0.2))
    assert every is not None
    np.testing.assert_allclose(every, thinned, atol=0.05)


def test_a_source_shorter_than_a_window_gets_an_answer(recognizer: Recognizer) -> None:
    outcome, memory = run(recognizer, clip(1.2))
    assert outcome.short
    assert outcome.windows == 0
    assert set(memory.states) == {State.FILLING}
    assert outcome.mean is not None
    assert outcome.mean.sum() == pytest.approx(1)


@pytest.mark.parametrize(("seconds", "fps"), [(8.0, 3.0), (1.5, 3.0), (8.0, 4.17), (60.0, 0.5)])
def test_a_source_of_too_few_pictures_gets_none(
    recognizer: Recognizer, seconds: float, fps: float
) -> None:
    outcome, memory = run(recognizer, clip(seconds, fps))
    assert (outcome.windows, outcome.short, outcome.mean) == (0, False, None)
    assert set(memory.states) == {State.FILLING}


def test_a_single_picture_is_short_not_slow(recognizer: Recognizer) -> None:
    assert run(recognizer, clip(0.04))[0].short


def test_nothing_of_the_source_before_is_left(recognizer: Recognizer) -> None:
    _, first = run(recognizer, clip(3.0))
    _, second = run(recognizer, clip(3.0))
    assert first.states == second.states
    assert second.states[0] is State.FILLING


def test_a_window_without_evidence_votes_for_nothing() -> None:
    nothing = np.zeros((0, 1, 1), np.float32)
    sure = np.array([0.75, 0.25], np.float32)
    outcome = Outcome()
    for evident in (True, False):
        outcome.count(Window(np.log(sure), sure, nothing, (), (), 0, evident))
    assert outcome.windows == 2
    assert outcome.mean is not None
    assert outcome.mean.tolist() == [0.375, 0.125]


def test_no_frame_no_answer(recognizer: Recognizer) -> None:
    outcome, _ = run(recognizer, [])
    assert (outcome.frames, outcome.mean, outcome.short) == (0, None, False)
