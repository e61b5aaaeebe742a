import threading

import numpy as np
import pytest

from har_desktop.errors import OutputError
from har_desktop.sinks.base import Sink
from har_desktop.sinks.behind import WAITING, Behind
from har_desktop.sinks.frames_jsonl import FramesJsonl
from har_desktop.sinks.video import AnnotatedVideo
from har_desktop.sources.video import VideoFile

PICTURE = np.full((48, 64, 3), 90, np.uint8)


class Unheard(BaseException):
    """What no `except Exception` hears."""


class Probe(Sink):
    """Remembers what it was told; waits and fails on demand."""

    def __init__(self, fails_at=None, error=OutputError):
        self.given, self.calls, self.fails_at, self.error = [], [], fails_at, error
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def write(self, recognition, decision, events):  # noqa: ARG002
        self.may_go_on.wait(10)
        if len(self.given) == self.fails_at:
            self.fails_at = None
            raise self.error("out.mp4: disk full")
        self.given.append((recognition.frame.index, list(events)))

    def hold(self, time):
        self.calls.append(("hold", time, len(self.given)))

    def finish(self, events=()):
        self.calls.append(("finish", list(events)))
        return "the file"

    def interrupt(self):
        self.calls.append("interrupt")
        self.may_go_on.set()

    def abort(self):
        self.calls.append("abort")


@pytest.fixture
def feed(result):
    def write(sink, count, first=0):
        for index in range(first, first + count):
            sink.write(*result(PICTURE + np.uint8(index), index, index / 25), [index])

    return write


def test_what_is_held_is_held_after_what_came_before(feed):
    probe = Probe()
    sink = Behind(probe)
    feed(sink, WAITING)
    sink.hold(7.5)
    sink.finish()
    assert probe.given == [(i, [i]) for i in range(WAITING)]
    assert probe.calls == [("hold", 7.5, WAITING), ("finish", [])]


def test_every_result_is_handed_on_in_order(feed):
    probe = Probe()
    sink = Behind(probe)
    feed(sink, 5 * WAITING)
    assert sink.finish(["last"]) == "the file"
    assert probe.given == [(i, [i]) for i in range(5 * WAITING)]
    assert probe.calls == [("finish", ["last"])]


def test_write_does_not_wait_for_the_sink(feed):
    probe = Probe()
    probe.may_go_on.clear()
    sink = Behind(probe)
    feed(sink, WAITING)
    assert probe.given == []
    probe.may_go_on.set()
    sink.finish()
    assert len(probe.given) == WAITING


@pytest.mark.parametrize("error", [OutputError, Unheard])
def test_an_error_is_raised_by_a_later_call_and_nobody_waits_for_room(error, feed):
    probe = Probe(fails_at=2, error=error)
    sink = Behind(probe)
    with pytest.raises(error, match="disk full"):
        feed(sink, 10 * WAITING)
    with pytest.raises(error, match="disk full"):
        sink.finish()
    sink.abort()
    sink.abort()
    assert [index for index, _ in probe.given] == [0, 1]
    assert probe.calls == ["interrupt", "abort"] * 2


def test_an_error_of_the_last_result_is_raised_by_finish(feed):
    sink = Behind(Probe(fails_at=0))
    feed(sink, 1)
    with pytest.raises(OutputError, match="disk full"):
        sink.finish()


def test_behind_an_error_nothing_more_is_written(feed):
    probe = Probe(fails_at=1)
    probe.may_go_on.clear()
    sink = Behind(probe)
    feed(sink, WAITING)
    probe.may_go_on.set()
    with pytest.raises(OutputError, match="disk full"):
        sink.finish()
    assert probe.given == [(0, [0])]


def test_abort_forgets_what_waits(feed):
    probe = Probe()
    probe.may_go_on.clear()  # until it is interrupted
    sink = Behind(probe)
    feed(sink, WAITING)
    sink.abort()
    assert len(probe.given) <= 1
    assert probe.calls == ["interrupt", "abort"]


def test_the_thread_ends(feed):
    for end in ("finish", "abort"):
        sink = Behind(Probe())
        feed(sink, 2)
        getattr(sink, end)()
        assert not any(thread.name == "sink" for thread in threading.enumerate())


@pytest.mark.parametrize(("kind", "suffix"), [(FramesJsonl, ".jsonl"), (AnnotatedVideo, ".mp4")])
def test_a_file_is_the_same_as_without_a_thread(kind, suffix, feed, run_info, tmp_path):
    plain, behind = (tmp_path / f"{name}{suffix}" for name in ("plain", "behind"))
    sinks = kind(plain, run_info), Behind(kind(behind, run_info))
    for sink in sinks:
        feed(sink, 25)
        sink.finish()
    if suffix == ".jsonl":
        assert behind.read_bytes() == plain.read_bytes()
        return
    with VideoFile(plain) as one, VideoFile(behind) as other:
        pictures = [[frame.image for frame in video] for video in (one, other)]
    np.testing.assert_array_equal(*pictures)
