"""A live session whose model fails, does not answer, or is swapped for another one."""

import threading
import time

import pytest

from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.recognizer import Recognizer
from har_desktop.inference.session import GraphError
from har_desktop.pipeline import worker as worker_module
from har_desktop.pipeline.state import State, Status
from har_desktop.pipeline.worker import Worker
from tests.bundles import slow_encoder
from tests.sessions import acts, check

ERRORS = [
    (GraphError("head.onnx: fails on cpu: no memory"), "head.onnx: fails on cpu: no memory"),
    (ZeroDivisionError("two\nlines"), "ZeroDivisionError: two lines"),
]


@pytest.mark.parametrize(("error", "words"), ERRORS)
def test_failing_model_is_a_fault_until_it_is_restarted(error, words, rig, log, live, gated):
    session, source = live(), rig("scripted")
    session.swap(gated)
    session.start(source.open_source)
    gated.open_wide()
    log.wait(lambda: acts(log))
    gated.error = error
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

    gated.error = None
    session.restart()
    log.wait(lambda: len(log.results) > results)
    assert session.status.state is State.RUNNING
    assert log.results[results].recognition.filled == 0
    assert log.results[results].stretch > log.results[results - 1].stretch
    assert log.results[results].decision.label is None


@pytest.fixture
def sticking(rig, log, live, make_bundle, tmp_path):
    """A session whose model works for long on frames that are white, and its source."""
    folder = make_bundle(tmp_path / "slow", length=5, interval=0.1, edit_encoder=slow_encoder)
    session, source = live(), rig("scripted")
    session.swap(Recognizer(load_bundle(folder), "cpu"))
    session.start(source.open_source)
    log.wait(lambda: log.results)
    source.white = True
    return session, source


@pytest.fixture
def stuck(sticking, log):
    """The same, and it has been told of."""
    session, source = sticking
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
    before = len(log.results)
    replacement = Recognizer(live_bundle, "cpu")
    session.swap(replacement)
    log.wait(lambda: len(log.results) > before)
    assert log.results[before].manifest is replacement.manifest
    assert session.status.message is None
    assert State.FAULTED not in log.states
    check(session.stats())


def test_another_model_that_came_before_it_was_slow_takes_over(
    sticking, log, live_bundle, monkeypatch
):
    session, source = sticking
    with monkeypatch.context() as patch:
        patch.setattr(worker_module, "SLOW_S", 600.0)
        captured = session.stats().captured
        log.wait(lambda: session.stats().captured > captured + 10)
        source.white = False
        before = len(log.results)
        replacement = Recognizer(live_bundle, "cpu")
        session.swap(replacement)
        assert session.status.message is None
    log.wait(lambda: len(log.results) > before)
    assert log.results[before].manifest is replacement.manifest
    assert State.FAULTED not in log.states


def test_stop_interrupts_a_model_that_does_not_answer(stuck):
    session, _ = stuck
    session.stop()
    assert session.status == Status(State.STOPPED)  # nothing was left behind
    assert "inference" not in {thread.name for thread in threading.enumerate()}


def test_a_model_that_a_stop_interrupted_serves_the_next_start(stuck, log):
    session, source = stuck
    session.stop()
    results = len(log.results)
    session.start(source.open_source)
    log.wait(lambda: len(log.results) > results)
    assert State.FAULTED not in log.states


def test_a_model_that_takes_over_in_the_last_moment_is_not_interrupted(
    rig, log, live, gated, live_bundle, monkeypatch
):
    session, source = live(), rig("scripted")
    session.swap(gated)
    session.start(source.open_source)
    assert gated.busy.wait(60.0)
    swapper, is_slow = threading.current_thread(), Worker._is_slow

    def answers_meanwhile(worker):
        if threading.current_thread() is not swapper:
            return is_slow(worker)
        gated.open_wide()
        time.sleep(0.5)  # enough to take the other model, and to begin with it
        return True

    monkeypatch.setattr(Worker, "_is_slow", answers_meanwhile)
    session.swap(Recognizer(live_bundle, "cpu"))
    results = len(log.results)
    log.wait(lambda: len(log.results) > results + 5)
    assert State.FAULTED not in log.states


def test_a_late_answer_is_a_recovery(rig, log, live, gated, monkeypatch):
    monkeypatch.setattr(worker_module, "SLOW_S", 0.2)
    session, source = live(), rig("scripted")
    session.swap(gated)
    session.start(source.open_source)
    log.wait(lambda: session.status.message is not None)
    monkeypatch.setattr(worker_module, "SLOW_S", 600.0)  # a busy machine is no slow model
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
