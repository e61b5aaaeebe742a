"""A camera that comes and goes, over and over, before a whole session with its real patience.

    HAR_CYCLES=200 python -m pytest -s -m slow tests/har_desktop/pipeline/test_unplugging.py

tells what it measured.
"""

import os
import sys
import time
from itertools import cycle, islice

import psutil
import pytest

from har_desktop.pipeline.live import Live
from har_desktop.pipeline.state import State
from tests.rigs import BURST

CYCLES = int(os.environ.get("HAR_CYCLES", "6"))
LOSS_S, RECOVERY_S = 2.0, 5.0
LOSSES = ("gone", "silent", "frozen", "black", "none", "raise")


def held():
    """What this process holds: threads, handles and connections."""
    me = psutil.Process()
    handles = getattr(me, "num_fds", None) or me.num_handles
    connections = [c for c in me.net_connections() if c.status != psutil.CONN_LISTEN]
    return me.num_threads(), handles(), len(connections)


def settled(before):
    """What is held as soon as it is no more than before, or after some patience."""
    deadline = time.perf_counter() + 10
    while any(now > old for now, old in zip(held(), before, strict=True)):
        if time.perf_counter() > deadline:
            break
        time.sleep(0.05)
    return held()


@pytest.fixture
def session(log, recognizer):
    live = Live(log.on_frame, log.on_result, log.on_status)
    live.swap(recognizer)
    yield live
    live.stop()


def go_through(how, source, session, log):
    """Lose the source, and get it back: seconds until the loss was seen, and until it was back."""
    source.break_(how)
    broken = time.perf_counter()
    log.wait(lambda: session.status.state is State.LOST)
    lost = time.perf_counter() - broken
    before = len(log.results)
    assert session.take_frame() is None
    source.mend()
    source.release()
    mended = time.perf_counter()
    log.wait(lambda: session.status.state is State.RUNNING)
    back = time.perf_counter() - mended
    log.wait(lambda: len(log.results) > before)
    first = log.results[before]
    assert first.stretch > log.results[before - 1].stretch
    assert first.recognition.filled == 0  # nothing of before is in the window
    stats = session.stats()
    assert stats.captured == stats.processed + stats.dropped + stats.pending
    return lost, back


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["scripted", "mjpeg"])
def test_every_loss_is_seen_and_nothing_leaks(kind, rig, log, session):
    source = rig(kind)
    session.start(source.open_source)
    log.wait(lambda: len(log.results) > 15)
    go_through("gone", source, session, log)  # what is made once, is made
    before = held()
    seconds = []
    for how in islice(cycle(LOSSES), CYCLES):
        count = len(log.results)
        log.wait(lambda count=count: len(log.results) > count + 15)  # lively enough to be watched
        seconds.append((how, *go_through(how, source, session, log)))
    after = settled(before)
    losses, recoveries = ([row[column] for row in seconds] for column in (1, 2))
    sys.stdout.write(
        f"\n{kind}: {len(seconds)} cycles; loss seen after {max(losses):.2f} s at most, "
        f"back after {max(recoveries):.2f} s at most; threads, handles, connections: "
        f"{before} before, {after} after\n"
    )
    assert all(now <= old for now, old in zip(after, before, strict=True))
    assert max(losses) <= LOSS_S, seconds
    assert max(recoveries) <= RECOVERY_S, seconds
    session.stop()
    assert session.status.message is None  # nobody had to be left behind
    assert session.take_frame() is None
    assert session.stats().pending == 0


def test_bursts_and_other_rates_are_no_loss(rig, log, session):
    source = rig("mjpeg")
    session.start(source.open_source)
    log.wait(lambda: len(log.results) > 15)
    for fps in (100.0, 10.0, 40.0):
        source.fps = fps
        source.break_("burst")
        count = session.stats().captured
        log.wait(lambda count=count: session.stats().captured > count + BURST)
    assert State.LOST not in log.states
    times = [result.recognition.frame.time for result in log.results]
    assert times == sorted(set(times))
    stats = session.stats()
    assert stats.captured == stats.processed + stats.dropped + stats.pending


def test_pictures_of_another_size_after_a_loss(rig, log, session):
    source = rig("mjpeg")
    session.start(source.open_source)
    log.wait(lambda: len(log.results) > 15)
    source.break_("gone")
    log.wait(lambda: session.status.state is State.LOST)
    source.mend(size=(64, 96))
    log.wait(lambda: log.results[-1].recognition.frame.size == (64, 96))


def test_what_is_no_picture_is_a_loss(rig, log, session):
    source = rig("mjpeg")
    session.start(source.open_source)
    log.wait(lambda: len(log.results) > 15)
    source.break_("bug")
    log.wait(lambda: session.status.state is State.LOST)
    source.mend()
    log.wait(lambda: session.status.state is State.RUNNING)
