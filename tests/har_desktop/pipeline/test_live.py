"""A whole live session, with a real model."""

from time import perf_counter

import pytest

from har_desktop.decision.decision import State as Decided
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.live import Live
from har_desktop.pipeline.state import State
from tests.sessions import ENDLESS, QUICK, acts, check, labels


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
    assert run.source.fps > 1  # a stream states none

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
    session, source = live(), rig("scripted", fps=1000)
    session.swap(gated)
    session.start(source.open_source)
    assert gated.busy.wait(60.0)  # the first frame is in the model's hands
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
    session, source = live(QUICK), rig(kind)
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
    assert gated.busy.wait(60.0)
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
    windows = [None]
    log.wait(lambda: windows.append(log.results[-1].recognition.window) or windows[-1] is not None)
    window = windows[-1]
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

    def is_top():
        window = log.results[-1].recognition.window
        return window is not None and window.explained == window.logits.argmax()

    log.wait(is_top)


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

    session, source = Live(log.on_frame, fail, log.on_status, ENDLESS), rig("scripted")
    session.swap(recognizer)
    session.start(source.open_source)
    log.wait(lambda: session.status.state is State.FAULTED)
    assert "in the view" in session.status.message
    session.stop()
