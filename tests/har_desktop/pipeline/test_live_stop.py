"""A live session comes to its end, whatever it is doing."""

import threading

import pytest

from har_desktop.inference.recognizer import Recognizer
from har_desktop.inference.session import GraphError
from har_desktop.pipeline import live as live_module
from har_desktop.pipeline.state import State
from tests.sessions import ENDLESS, QUICK, check


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
    session = live(QUICK if state is State.LOST else ENDLESS)
    source = rig("scripted")
    session.swap(recognizer)
    bring_to(state, session, source, log)
    session.stop()
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


def test_stop_with_a_read_and_a_model_that_never_return(rig, log, live, gated, live_bundle):
    session, source = live(), rig("scripted")
    assert live_module.STOP_S < 3.0  # as it is promised
    session.swap(gated)
    session.start(source.open_source)
    assert gated.busy.wait(60.0)
    (inference,) = (thread for thread in threading.enumerate() if thread.name == "inference")
    source.break_("silent")
    log.wait(source.waiting.is_set)
    assert session.stop() == ()
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
    inference.join(60.0)
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
