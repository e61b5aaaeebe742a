"""One contract for all live sources: a loss is seen within two seconds, and mends by itself."""

from itertools import groupby, pairwise
from time import perf_counter

import pytest

from har_desktop.errors import InputError
from har_desktop.pipeline.capture import Capture, Patience
from har_desktop.pipeline.state import Machine, State
from tests.sessions import ENDLESS, QUICK


@pytest.fixture
def machine(log):
    machine = Machine(log.on_status)
    machine.move(State.OPENING)
    return machine


@pytest.fixture
def arrivals():
    return []


@pytest.fixture
def capture(log, machine, arrivals):
    """The function that starts a capture of a rig."""
    started = []

    def start(open_source, patience=ENDLESS):
        def arrive(arrival):
            arrivals.append(arrival)
            log.on_frame()

        started.append(Capture(open_source, machine, arrive, patience))
        started[-1].start()
        return started[-1]

    yield start
    for one in started:
        machine.move(State.STOPPING)
        one.ask_to_stop()
        machine.move(State.STOPPED)


KINDS = ["scripted", "mjpeg"]
TROUBLES = [
    *((kind, how) for kind in KINDS for how in ("gone", "silent", "frozen")),
    ("scripted", "none"),
    ("scripted", "raise"),
]


@pytest.mark.parametrize(("kind", "how"), TROUBLES)
def test_loss_is_seen_and_mends_by_itself(kind, how, rig, log, machine, arrivals, capture):
    source = rig(kind)
    capture(source.open_source, QUICK)
    log.wait(lambda: len(arrivals) > 15)

    source.break_(how)
    log.wait(lambda: machine.source is State.LOST)
    before, lost = len(arrivals), log.statuses[-1]
    # A retry may have failed already, and told another reason.
    states = [state for state, _ in groupby(log.states)]
    assert states == [State.OPENING, State.RUNNING, State.LOST]
    assert lost.message
    assert "secret" not in lost.message
    assert "private" not in lost.message
    assert "\n" not in lost.message

    opened = source.opened  # it is tried again, and nothing of it comes through
    if how in ("none", "frozen", "raise"):
        log.wait(lambda: source.opened > opened + 1)
    assert len(arrivals) == before
    assert machine.source is State.LOST

    source.mend(size=(64, 48) if how == "gone" else None)
    log.wait(lambda: len(arrivals) > before + 5)
    assert machine.source is State.RUNNING
    assert log.states[-1] is State.RUNNING
    assert {arrival.stretch for arrival in arrivals[:before]}.isdisjoint(
        arrival.stretch for arrival in arrivals[before:]
    )
    assert arrivals[-1].frame.size == source.size
    assert [arrival.frame.index for arrival in arrivals] == list(range(len(arrivals)))
    times = [arrival.frame.time for arrival in arrivals]
    assert times[0] == 0.0
    assert all(a < b for a, b in pairwise(times))


def test_a_stream_of_changes_may_stand_still_for_a_while(rig, log, machine, arrivals, capture):
    source = rig("scripted", repeats=True)
    capture(source.open_source, Patience(picture=1.0, still=600.0))
    log.wait(lambda: len(arrivals) > 15)
    source.break_("frozen")
    before = len(arrivals)
    log.wait(lambda: len(arrivals) > before + 100)  # which takes 2.5 s
    assert log.states == [State.OPENING, State.RUNNING]
    source.break_("silent")  # is a loss as soon as of any other source
    log.wait(lambda: machine.source is State.LOST)
    assert "sends no pictures" in log.statuses[-1].message


def test_a_stream_of_changes_that_stands_still_for_long_is_lost(
    rig, log, machine, arrivals, capture
):
    source = rig("scripted", repeats=True)
    capture(source.open_source, Patience(picture=4.0, still=0.8))
    log.wait(lambda: len(arrivals) > 15)
    source.break_("frozen")
    log.wait(lambda: machine.source is State.LOST)
    assert "the picture stands still" in log.statuses[-1].message


@pytest.mark.parametrize("kind", KINDS)
def test_defaults_see_a_loss_when_they_promise_it(kind, rig, log, machine, arrivals, capture):
    assert Patience().picture <= 1.5  # which leaves half a second for everything else
    source = rig(kind)
    capture(source.open_source, Patience())
    log.wait(lambda: len(arrivals) > 15)
    source.break_("silent")
    log.wait(lambda: machine.source is State.LOST)
    assert perf_counter() - arrivals[-1].arrived > 1.4  # and not before


def test_source_that_is_not_there_is_lost_and_found(rig, log, arrivals, capture):
    source = rig("scripted")
    source.break_("gone")
    capture(source.open_source)
    log.wait(lambda: State.LOST in log.states)
    assert log.statuses[-1].message == "scripted: not plugged in; plug it in"
    source.mend()
    log.wait(lambda: arrivals)
    assert log.states == [State.OPENING, State.LOST, State.RUNNING]


def test_source_that_never_answers_is_lost(rig, log, machine, capture):
    source = rig("scripted")
    source.break_("silent")
    capture(source.open_source, QUICK)
    log.wait(lambda: machine.source is State.LOST)
    assert "does not answer" in log.statuses[-1].message


def test_a_loss_behind_the_first_picture_is_seen_as_soon_as_any(
    rig, log, machine, arrivals, capture
):
    source = rig("scripted")
    capture(source.open_source, Patience(picture=0.5, opening=600.0))
    log.wait(lambda: arrivals)
    source.break_("silent")
    log.wait(lambda: machine.source is State.LOST, timeout=20.0)


def test_drivers_that_hang_are_not_multiplied(rig, log, arrivals, capture):
    source = rig("scripted")
    source.break_("silent")
    patience = Patience(picture=0.2, opening=0.2, first_retry=0.01, last_retry=0.01)
    capture(source.open_source, patience)
    log.wait(lambda: source.opened == 3)
    with pytest.raises(AssertionError, match="in vain"):
        log.wait(lambda: source.opened > 3, timeout=0.5)
    source.mend()
    source.released.set()  # they come back, close, and are not listened to
    log.wait(lambda: arrivals)


def test_reader_that_was_given_up_is_not_listened_to(rig, log, machine, arrivals, capture):
    source = rig("scripted")
    capture(source.open_source, QUICK)
    log.wait(lambda: len(arrivals) > 15)
    source.break_("silent")
    log.wait(lambda: machine.source is State.LOST)
    source.mend()
    log.wait(lambda: machine.source is State.RUNNING)
    source.released.set()
    count = len(arrivals)
    log.wait(lambda: len(arrivals) > count + 10)
    assert not any(arrival.frame.image.min() == 255 for arrival in arrivals)


def test_bug_in_a_source_is_a_fault_with_one_line_and_can_be_restarted(
    rig, log, machine, arrivals, capture
):
    source = rig("scripted")
    watched = capture(source.open_source)
    log.wait(lambda: arrivals)
    source.break_("bug")
    log.wait(lambda: machine.source is State.FAULTED)
    assert log.statuses[-1].message == "the source failed: ZeroDivisionError: a bug in a driver"
    source.mend()
    before = len(arrivals)
    watched.restart()
    log.wait(lambda: len(arrivals) > before)
    assert log.states[-2:] == [State.OPENING, State.RUNNING]
    source.break_("bug")  # and once only
    log.wait(lambda: machine.source is State.FAULTED)
    opened = source.opened
    with pytest.raises(AssertionError, match="in vain"):
        log.wait(lambda: source.opened > opened, timeout=0.3)


def test_address_that_cannot_be_is_a_fault_and_is_not_tried_again(log, machine, capture):
    tried = []

    def open_source():
        tried.append(1)
        raise InputError("network stream: the address names no host; check its spelling")

    capture(open_source)
    log.wait(lambda: machine.source is State.FAULTED)
    assert log.statuses[-1].message.startswith("network stream: the address")
    assert len(tried) == 1


def test_changed_size_begins_a_new_stretch_without_a_loss(rig, log, arrivals, capture):
    source = rig("scripted")
    capture(source.open_source)
    log.wait(lambda: len(arrivals) > 3)
    source.size = (64, 48)
    log.wait(lambda: arrivals[-1].frame.size == (64, 48))
    assert log.states == [State.OPENING, State.RUNNING]
    stretch = {
        size: {a.stretch for a in arrivals if a.frame.size == size} for size in ((48, 64), (64, 48))
    }
    assert len(stretch[48, 64]) == len(stretch[64, 48]) == 1
    assert stretch[48, 64] != stretch[64, 48]


def test_back_off_grows_to_its_limit(rig, log, capture, caplog):
    source = rig("scripted")
    source.break_("gone")
    caplog.set_level("DEBUG", "har_desktop")
    capture(source.open_source, Patience(first_retry=0.01, last_retry=0.05))
    log.wait(lambda: len(caplog.records) > 5)
    waits = [record.args[1] for record in caplog.records]
    assert [record.levelname for record in caplog.records[:3]] == ["WARNING", "DEBUG", "DEBUG"]
    assert waits[:5] == [0.01, 0.02, 0.04, 0.05, 0.05]


def test_a_source_that_has_run_for_long_is_tried_again_soon(rig, log, arrivals, capture, caplog):
    def waits():
        return [record.args[1] for record in caplog.records if record.msg.startswith("lost")]

    source = rig("scripted")
    source.break_("gone")
    caplog.set_level("DEBUG", "har_desktop")
    patience = Patience(picture=60.0, first_retry=0.01, last_retry=0.05, steady=0.2)
    capture(source.open_source, patience)
    log.wait(lambda: len(waits()) > 4)
    source.mend()
    log.wait(lambda: arrivals and arrivals[-1].frame.time > 0.3)
    before = len(waits())
    source.break_("raise")
    log.wait(lambda: len(waits()) > before + 1)
    assert waits()[before : before + 2] == [0.01, 0.02]


def test_what_takes_long_to_fail_is_no_steady_source(rig, log, capture, caplog):
    source = rig("scripted")
    source.break_("hang in open")
    caplog.set_level("DEBUG", "har_desktop")
    quick = Patience(opening=0.05, first_retry=0.01, last_retry=0.05, steady=0.03)
    capture(source.open_source, quick)
    log.wait(lambda: len(caplog.records) > 1)
    source.released.set()
    assert [record.args[1] for record in caplog.records[:2]] == [0.01, 0.02]
