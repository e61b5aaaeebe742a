"""A whole live session, with a real model."""

import threading
from time import perf_counter

import numpy as np
import pytest

from har_desktop.decision.decision import State as Decided
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.recognizer import Recognizer
from har_desktop.inference.session import GraphError
from har_desktop.pipeline import live as live_module
from har_desktop.pipeline import worker as worker_module
from har_desktop.pipeline.capture import Patience
from har_desktop.pipeline.live import Live
from har_desktop.pipeline.state import State, Status
from tests.bundles import slow_encoder

QUICK = Patience(picture=0.4, opening=2.0, first_retry=0.05, last_retry=0.2)
ENDLESS = Patience(picture=60.0, opening=60.0)
STOP_S = live_module.STOP_S


class Gated(Recognizer):
    """A model that works when it is let, and fails when it is told to."""

    def __init__(self, bundle):
        super().__init__(bundle, "cpu")
        self.gate = threading.Semaphore(0)
        self.error = None
        self.spoil = False
        self.busy = threading.Event()

    def push(self, frame):
        self.busy.set()
        self.gate.acquire()
        self.busy.clear()
        if self.error:
            raise self.error
        recognition = super().push(frame)
        if self.spoil and recognition.window:
            recognition.window.probabilities[0] = np.nan
        return recognition

    def open_wide(self):
        self.gate.release(1_000_000)


@pytest.fixture
def gated(live_bundle):
    model = Gated(live_bundle)
    yield model
    model.error = None
    model.open_wide()


@pytest.fixture
def live(log, monkeypatch):
    """The function that makes a session. It waits less for what hangs."""
    made = []
    monkeypatch.setattr(live_module, "STOP_S", 0.4)

    def make(patience=QUICK):
        made.append(Live(log.on_frame, log.on_result, log.on_status, patience))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def acts(log):
    return any(result.decision.state is Decided.ACTION for result in log.results)


def labels(decision):
    """What goes on: one label, as a rule, but a busy machine may have made a gap before."""
    return [decision.label] if decision.label else []


def check(stats):
    assert stats.captured == stats.processed + stats.dropped + stats.pending
    assert 0 <= stats.pending <= 2


@pytest.mark.parametrize("kind", ["scripted", "mjpeg"])
def test_session_from_start_to_stop(kind, rig, log, live, recognizer):
    session, source = live(), rig(kind)
    session.swap(recognizer)
    assert session.run_info() is None
    session.start(source.open_source)
    log.wait(lambda: acts(log))
    stats = session.stats()
    check(stats)
    assert stats.capture_fps > 1
    assert stats.inference_fps > 1
    assert 0 < stats.label_age_p50 <= stats.label_age_p95
    result = next(r for r in log.results if r.decision.state is Decided.ACTION)
    assert result.manifest is recognizer.manifest
    assert result.recognition.window.times[-1] == result.recognition.frame.time
    assert result.decision.time == result.recognition.frame.time
    assert result.arrived < perf_counter()
    run = session.run_info()
    assert (run.source.width, run.source.height, run.source.live) == (64, 48, True)
    assert (run.model, run.provider, run.classes) == ("live", "cpu", recognizer.manifest.classes)

    open_events = session.stop()
    last = log.results[-1].decision
    assert [event.label for event in open_events] == labels(last)
    assert all(event.end > event.start for event in open_events)
    assert log.states == [State.OPENING, State.RUNNING, State.STOPPING, State.STOPPED]
    assert log.statuses[-1].message is None
    stats = session.stats()
    check(stats)
    assert stats.pending == 0
    assert stats.processed - len(log.results) in (0, 1)  # the stop may have overtaken one
    assert session.take_frame() is None
    assert session.stop() == ()


def test_session_can_be_started_again_and_begins_at_zero(rig, log, live, recognizer):
    session, source = live(), rig("scripted")
    session.swap(recognizer)
    for _ in range(2):
        log.results.clear()
        session.start(source.open_source)
        with pytest.raises(RuntimeError, match="running already"):
            session.start(source.open_source)
        log.wait(lambda: len(log.results) > 5)
        session.stop()
        assert log.results[0].recognition.frame.time < 0.5
        assert log.results[0].recognition.filled == 0
        assert session.stats().captured >= 5


def test_picture_is_shown_at_camera_rate_while_the_model_loads_and_while_it_hangs(
    rig, log, live, gated
):
    session, source = live(), rig("scripted")
    session.start(source.open_source)
    for begin in (lambda: None, lambda: session.swap(gated)):
        begin()
        shown = []
        while len(shown) < 10:
            log.wait(lambda: log.calls)
            log.calls.clear()
            frame = session.take_frame()
            if frame is not None:
                shown.append(frame.index)
        assert shown == sorted(set(shown))
    assert not log.results
    check(session.stats())


def test_view_is_called_once_until_it_takes_the_newest_picture(rig, log, live):
    session, source = live(), rig("scripted", fps=200)
    session.start(source.open_source)
    log.wait(lambda: session.stats().captured > 20)
    assert log.calls == ["frame"]
    assert session.take_frame().index > 15
    log.wait(lambda: len(log.calls) == 2)


def test_flood_drops_exactly_and_looks_at_the_newest(rig, log, live, gated):
    session, source = live(ENDLESS), rig("scripted", fps=1000)
    session.swap(gated)
    session.start(source.open_source)
    assert gated.busy.wait(20.0)  # the first frame is in the model's hands
    log.wait(lambda: session.stats().captured >= 300)
    for _ in range(50):
        check(session.stats())
    source.break_("silent")
    log.wait(source.waiting.is_set)
    count = session.stats().captured
    stats = session.stats()
    assert (stats.processed, stats.pending) == (0, 2)
    assert stats.dropped == count - 2

    gated.open_wide()
    log.wait(lambda: session.stats().processed == 2)
    first, newest = (result.recognition.frame.index for result in log.results)
    assert first < count - 1
    assert newest == count - 1
    assert session.take_frame().index == newest
    stats = session.stats()
    assert (stats.dropped, stats.pending) == (count - 2, 0)
    source.released.set()


@pytest.mark.parametrize(
    ("kind", "how"), [("mjpeg", "gone"), ("mjpeg", "silent"), ("scripted", "frozen")]
)
def test_no_label_survives_a_loss(kind, how, rig, log, live, recognizer):
    session, source = live(), rig(kind)
    session.swap(recognizer)
    session.start(source.open_source)
    log.wait(lambda: acts(log))
    source.break_(how)
    log.wait(lambda: session.status.state is State.LOST)
    before = len(log.results)
    assert session.take_frame() is None
    source.mend()
    log.wait(lambda: len(log.results) > before)
    after = log.results[before]
    assert after.recognition.filled == 0
    assert after.decision.state is Decided.FILLING
    assert after.decision.label is None
    assert after.stretch > log.results[before - 1].stretch
    # the loss has ended the action
    assert [event.label for event in after.events] == labels(log.results[before - 1].decision)
    log.wait(lambda: any(r.decision.label for r in log.results[before:]))


def test_result_of_before_the_loss_is_not_published_after_it(rig, log, live, gated):
    session, source = live(), rig("scripted")
    session.swap(gated)
    session.start(source.open_source)
    assert gated.busy.wait(20.0)
    source.break_("none")
    log.wait(lambda: session.status.state is State.LOST)
    gated.gate.release()
    log.wait(lambda: session.stats().processed == 1)
    assert not log.results
    check(session.stats())


def test_changed_size_empties_the_window(rig, log, live, recognizer):
    session, source = live(), rig("scripted")
    session.swap(recognizer)
    session.start(source.open_source)
    log.wait(lambda: log.results and log.results[-1].recognition.filled > 3)
    source.size = (64, 48)
    log.wait(lambda: log.results[-1].recognition.frame.size == (64, 48))
    first = next(r for r in log.results if r.recognition.frame.size == (64, 48))
    assert first.recognition.filled == 0
    assert State.LOST not in log.states


def test_swap_between_two_frames(rig, log, live, recognizer, make_bundle, tmp_path):
    other = load_bundle(
        make_bundle(tmp_path / "other", interval=0.05, motion=False, classes=("left", "right"))
    )
    session, source = live(), rig("scripted")
    session.swap(recognizer)
    session.start(source.open_source)
    log.wait(lambda: acts(log))
    replacement = Recognizer(other, "cpu", explain=1)
    session.swap(replacement)
    log.wait(lambda: log.results[-1].manifest is replacement.manifest)
    number = next(i for i, r in enumerate(log.results) if r.manifest is replacement.manifest)
    before, first = log.results[number - 1], log.results[number]
    assert first.recognition.filled == 1
    assert first.stretch > before.stretch
    assert [event.label for event in first.events] == labels(before.decision)
    assert all(r.manifest is recognizer.manifest for r in log.results[:number])
    log.wait(lambda: log.results[-1].recognition.window is not None)
    window = log.results[-1].recognition.window
    assert window.explained == 1
    assert len(window.probabilities) == 2
    assert session.run_info().model == "other"
    assert State.LOST not in log.states


def test_explained_class_can_be_pinned_and_let_go(rig, log, live, recognizer):
    session, source = live(), rig("scripted")
    with pytest.raises(ValueError, match="no model"):
        session.explain(0)
    session.swap(recognizer)
    session.start(source.open_source)

    def explained():
        window = log.results[-1].recognition.window if log.results else None
        return None if window is None else window.explained

    for index in range(3):
        session.explain(index)
        log.wait(lambda index=index: explained() == index)
    with pytest.raises(ValueError, match="no class 3"):
        session.explain(3)
    session.explain(-1)
    log.wait(lambda: explained() == log.results[-1].recognition.window.logits.argmax())


ERRORS = [
    (GraphError("head.onnx: fails on cpu: no memory"), "head.onnx: fails on cpu: no memory"),
    (ZeroDivisionError("two\nlines"), "ZeroDivisionError: two lines"),
    (None, "not finite"),
]


@pytest.mark.parametrize(("error", "words"), ERRORS)
def test_failing_model_is_a_fault_until_it_is_restarted(error, words, rig, log, live, gated):
    session, source = live(), rig("scripted")
    session.swap(gated)
    session.start(source.open_source)
    gated.open_wide()
    log.wait(lambda: acts(log))
    gated.error, gated.spoil = error, error is None
    log.wait(lambda: session.status.state is State.FAULTED)
    message = session.status.message
    assert words in message
    assert "\n" not in message
    assert "restart it, or choose another model" in message
    results, frames = len(log.results), session.stats().captured
    log.wait(lambda: session.stats().captured > frames + 5)  # the picture goes on
    session.take_frame()
    log.calls.clear()
    log.wait(lambda: log.calls)
    assert len(log.results) == results
    check(session.stats())

    gated.error, gated.spoil = None, False
    session.restart()
    log.wait(lambda: len(log.results) > results)
    assert session.status.state is State.RUNNING
    assert log.results[results].recognition.filled == 0
    assert log.results[results].decision.label is None


@pytest.fixture
def stuck(rig, log, live, make_bundle, tmp_path):
    """A session whose model works on one frame for long, and has been told of; its source."""
    folder = make_bundle(tmp_path / "slow", length=5, interval=0.1, edit_encoder=slow_encoder)
    session, source = live(ENDLESS), rig("scripted")
    session.swap(Recognizer(load_bundle(folder), "cpu"))
    session.start(source.open_source)
    log.wait(lambda: log.results)
    source.white = True
    log.wait(lambda: session.status.message is not None)
    source.white = False
    return session, source


def test_a_model_that_does_not_answer_is_told_of_and_the_picture_goes_on(stuck, log):
    session, _ = stuck
    assert session.status.state is State.RUNNING
    assert session.status.message.startswith("the model has not answered for 2 s; ")
    results, captured = len(log.results), session.stats().captured
    log.wait(lambda: session.stats().captured > captured + 10)
    log.calls.clear()
    assert session.take_frame() is not None
    log.wait(lambda: log.calls)
    assert len(log.results) == results
    check(session.stats())


def test_another_model_takes_over_from_one_that_does_not_answer(stuck, log, live_bundle):
    session, _ = stuck
    before, began = len(log.results), perf_counter()
    replacement = Recognizer(live_bundle, "cpu")
    session.swap(replacement)
    log.wait(lambda: len(log.results) > before)
    assert perf_counter() - began < 3.0
    assert log.results[before].manifest is replacement.manifest
    assert session.status.message is None
    assert State.FAULTED not in log.states
    check(session.stats())


def test_stop_interrupts_a_model_that_does_not_answer(stuck, monkeypatch):
    session, _ = stuck
    monkeypatch.setattr(live_module, "STOP_S", STOP_S)
    began = perf_counter()
    session.stop()
    assert perf_counter() - began < 3.0
    assert session.status == Status(State.STOPPED)  # nothing was left behind
    assert "inference" not in {thread.name for thread in threading.enumerate()}


def test_a_late_answer_is_a_recovery(rig, log, live, gated, monkeypatch):
    monkeypatch.setattr(worker_module, "SLOW_S", 0.2)
    session, source = live(), rig("scripted")
    session.swap(gated)
    session.start(source.open_source)
    log.wait(lambda: session.status.message is not None)
    gated.open_wide()
    log.wait(lambda: acts(log))
    assert session.status == Status(State.RUNNING)


def test_another_model_mends_the_fault(rig, log, live, gated, live_bundle):
    session, source = live(), rig("scripted")
    gated.error = GraphError("broken")
    gated.open_wide()
    session.swap(gated)
    session.start(source.open_source)
    log.wait(lambda: session.status.state is State.FAULTED)
    session.swap(Recognizer(live_bundle, "cpu"))
    log.wait(lambda: log.results)
    assert session.status.state is State.RUNNING


def test_lost_camera_matters_more_than_a_failed_model(rig, log, live, gated):
    session, source = live(), rig("scripted")
    gated.error = GraphError("broken")
    gated.open_wide()
    session.swap(gated)
    session.start(source.open_source)
    log.wait(lambda: session.status.state is State.FAULTED)
    source.break_("none")
    log.wait(lambda: session.status.state is State.LOST)
    source.mend()
    log.wait(lambda: session.status.state is State.FAULTED)
    assert "broken" in session.status.message


def test_failing_source_can_be_restarted(rig, log, live, recognizer):
    session, source = live(), rig("scripted")
    session.swap(recognizer)
    session.start(source.open_source)
    log.wait(lambda: log.results)
    source.break_("bug")
    log.wait(lambda: session.status.state is State.FAULTED)
    source.mend()
    before = len(log.results)
    session.restart()
    log.wait(lambda: len(log.results) > before)


def test_callback_that_fails_is_not_lost(rig, log, recognizer):
    def fail(_):
        raise KeyError("in the view")

    session, source = Live(log.on_frame, fail, log.on_status, QUICK), rig("scripted")
    session.swap(recognizer)
    session.start(source.open_source)
    log.wait(lambda: session.status.state is State.FAULTED)
    assert "in the view" in session.status.message
    session.stop()


def bring_to(state, session, source, log):
    if state is State.STOPPED:
        return
    if state is State.OPENING:
        source.break_("hang in open")
    session.start(source.open_source)
    if state is State.OPENING:
        log.wait(lambda: source.opened)
        return
    log.wait(lambda: session.status.state is State.RUNNING)
    if state is State.LOST:
        source.break_("silent")
    if state is State.FAULTED:
        source.break_("bug")
    log.wait(lambda: session.status.state is state)


@pytest.mark.parametrize(
    "state", [State.STOPPED, State.OPENING, State.RUNNING, State.LOST, State.FAULTED]
)
def test_stop_is_bounded_in_every_state(state, rig, log, live, recognizer):
    session, source = live(), rig("scripted")
    session.swap(recognizer)
    bring_to(state, session, source, log)
    began = perf_counter()
    session.stop()
    assert perf_counter() - began < 2.0  # of a patience of 0.4
    assert session.status.state is State.STOPPED
    hangs = state in (State.OPENING, State.LOST)
    assert ("capture-reader-1" in (session.status.message or "")) == hangs
    # and a new session doesn't hear of the old one's threads
    source.released.set()
    source.mend()
    log.results.clear()
    session.start(source.open_source)
    log.wait(lambda: log.results)
    assert session.status.state is State.RUNNING


def test_stop_with_a_read_and_a_model_that_never_return(
    rig, log, live, gated, live_bundle, monkeypatch
):
    session, source = live(), rig("scripted")
    monkeypatch.setattr(live_module, "STOP_S", STOP_S)
    assert STOP_S < 3.0  # as it is promised
    session.swap(gated)
    session.start(source.open_source)
    assert gated.busy.wait(20.0)
    (inference,) = (thread for thread in threading.enumerate() if thread.name == "inference")
    source.break_("silent")
    log.wait(source.waiting.is_set)
    began = perf_counter()
    assert session.stop() == ()
    assert perf_counter() - began < STOP_S + 1.0
    message = session.status.message
    assert "capture-reader-1" in message
    assert "inference" in message
    check(session.stats())
    # Its model was given up; the picture runs without one, and another can be swapped in.
    source.mend()
    session.start(source.open_source)
    log.wait(lambda: session.stats().captured > 3)
    assert session.run_info() is None
    gated.error = GraphError("too late")
    gated.open_wide()
    source.released.set()
    inference.join(20.0)
    assert session.status.state is State.RUNNING
    session.swap(Recognizer(live_bundle, "cpu"))
    log.wait(lambda: log.results)
    assert session.status.state is State.RUNNING


def test_no_picture_survives_the_stop(rig, log, live):
    session, source = live(), rig("scripted", fps=1000)
    for _ in range(10):
        log.calls.clear()
        session.start(source.open_source)
        log.wait(lambda: log.calls)
        session.stop()
        assert session.take_frame() is None
        stats = session.stats()
        check(stats)
        assert stats.pending == 0


def test_stop_from_many_threads(rig, log, live, recognizer):
    session, source = live(), rig("scripted")
    session.swap(recognizer)
    session.start(source.open_source)
    log.wait(lambda: log.results)
    threads = [threading.Thread(target=session.stop) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.states.count(State.STOPPED) == 1


def test_threads_have_names_and_are_daemons(rig, log, live, recognizer):
    session, source = live(), rig("scripted")
    before = set(threading.enumerate())
    session.swap(recognizer)
    session.start(source.open_source)
    log.wait(lambda: log.results)
    new = set(threading.enumerate()) - before
    assert {thread.name for thread in new} == {"capture", "capture-reader-1", "inference"}
    assert all(thread.daemon for thread in new)
