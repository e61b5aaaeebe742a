from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from har_desktop.decision.decision import Event, State
from har_desktop.decision.events import Decider, Rules
from har_desktop.frame import Frame
from har_desktop.inference.history import History
from har_desktop.inference.manifest import WindowSpec
from har_desktop.inference.recognition import Recognition, Timings, Window

CLASSES = ("squat", "lunge", "juggle")
THRESHOLD = 0.6
RAW = Rules(time_constant=1e-6, duration=0.5, release=0.8)  # without smoothing
PICTURE = np.zeros((2, 2, 3), np.uint8)


def recognition(time, *probabilities, evident=True, filled=1):
    """What the engine says; without probabilities the window fills, or has holes."""
    window = None
    if probabilities:
        values = np.array(probabilities, np.float32)
        heatmaps = np.zeros((1, 1, 1), np.float32)
        window = Window(np.log(values + 1e-9), values, heatmaps, (PICTURE,), (time,), 0, evident)
    return Recognition(Frame(PICTURE, 0, time), 10 if window else filled, window, Timings(0, 0, 0))


SURE = {
    "s": (0.9, 0.05, 0.05),
    "l": (0.05, 0.9, 0.05),
    "w": (0.5, 0.3, 0.2),  # squat, below the threshold, above the release level of 0.48
    "n": (0.4, 0.3, 0.3),  # nothing
    ".": (),  # filling
    "h": (),  # a hole
}


def decide(story, rules=RAW, step=0.1):
    """Walk a story of one letter per frame; give decisions and events, the last one finished."""
    decider, decisions, events = Decider(CLASSES, THRESHOLD, rules), [], []
    for i, letter in enumerate(story):
        filled = 9 if letter == "h" else 1
        decision, closed = decider.update(recognition(i * step, *SURE[letter], filled=filled))
        decisions.append(decision)
        events += closed
    return decisions, [*events, *decider.finish()]


def spans(events):
    return [(event.label, pytest.approx(event.start), pytest.approx(event.end)) for event in events]


def states(decisions):
    return "".join(
        {State.FILLING: ".", State.NO_ACTION: "-", State.ACTION: "A"}[d.state] for d in decisions
    )


def test_filling_is_said():
    decisions, events = decide("...")
    assert states(decisions) == "..."
    assert [(d.probabilities, d.label, d.confidence) for d in decisions] == [(None, None, 0.0)] * 3
    assert events == []


def test_unsure_is_no_action_but_shows_the_best_guess():
    decision = decide("n")[0][0]
    assert (decision.state, decision.label) == (State.NO_ACTION, None)
    assert decision.confidence == pytest.approx(0.4)
    assert np.allclose(decision.probabilities, SURE["n"])


def test_action_needs_the_duration_and_starts_with_its_evidence():
    decisions, events = decide("nnsssssssnnn")
    assert states(decisions) == "-------AA---"
    assert {d.label for d in decisions} == {None, "squat"}
    assert [d.since for d in decisions[6:9]] == [None, pytest.approx(0.2), pytest.approx(0.2)]
    assert decisions[7].confidence == pytest.approx(0.9)
    assert spans(events) == [("squat", 0.2, 0.8)]
    assert events[0].confidence == pytest.approx(0.9)


def test_an_action_is_told_half_a_second_after_it_began():
    decider = Decider(CLASSES, THRESHOLD)
    told = [decider.update(recognition(i / 20, *SURE["s"]))[0].state for i in range(30)]
    assert told.index(State.ACTION) == 10


def test_what_is_too_short_is_no_action():
    assert decide("nnsssssnnsssssn")[1] == []


def test_two_classes_in_turn_are_no_action_of_either():
    decisions, events = decide("nnssslllsssllln")
    assert set(states(decisions)) == {"-"}
    assert events == []


def test_weakening_to_above_the_release_level_does_not_end_it():
    decisions, events = decide("sssssswwwwssnn")
    assert states(decisions) == "-----AAAAAAA--"
    assert spans(events) == [("squat", 0.0, 1.1)]
    assert events[0].confidence == pytest.approx((8 * 0.9 + 4 * 0.5) / 12)


def test_below_the_threshold_nothing_starts():
    assert decide("wwwwwwwwwwww")[1] == []


def test_to_reach_the_threshold_is_enough():
    decider = Decider(CLASSES, 0.5, RAW)
    told = [decider.update(recognition(i / 10, 0.5, 0.3, 0.2))[0].state for i in range(8)]
    assert told[-1] is State.ACTION


def test_another_class_takes_over_once_it_is_established():
    decisions, events = decide("ssssssssllllllllnn", Rules(1e-6, 0.5, 0.0))
    assert [d.label for d in decisions[10:14]] == ["squat", "squat", "squat", "lunge"]
    assert spans(events) == [("squat", 0.0, 0.7), ("lunge", 0.8, 1.7)]
    assert events[0].confidence == pytest.approx(0.9)


def test_short_rival_does_not_cut_the_action():
    events = decide("ssssssssllssssss", Rules(1e-6, 0.5, 0.0))[1]
    assert spans(events) == [("squat", 0.0, 1.5)]


def test_other_class_that_is_sure_at_once_ends_the_action_where_it_falls():
    decisions, events = decide("ssssssssllllllll")
    assert states(decisions) == "-----AAA-----AAA"
    assert spans(events) == [("squat", 0.0, 0.7), ("lunge", 0.8, 1.5)]


def test_filling_ends_the_event_and_forgets_the_candidate():
    decisions, events = decide("ssssssss..sssss")
    assert states(decisions) == "-----AAA..-----"
    assert spans(events) == [("squat", 0.0, 0.7)]
    assert states(decide("sss..sss")[0]) == "---..---"


@pytest.mark.parametrize("hole", ["h", "hh", "hshsh", "hhhhsh"])
def test_a_hole_ends_nothing(hole):
    decisions, events = decide(f"ssssssss{hole}ssnnn")
    assert states(decisions) == "-----" + "A" * (5 + len(hole)) + "---"
    assert spans(events) == [("squat", 0.0, pytest.approx(0.1 * (9 + len(hole))))]
    assert {d.label for d in decisions[8 : 8 + len(hole)]} == {"squat"}
    assert all(d.confidence == pytest.approx(0.9) for d in decisions[8 : 8 + len(hole)])


def test_a_candidate_must_stay_without_a_hole():
    decisions, events = decide("shhhhsnnn")
    assert states(decisions) == "---------"
    assert events == []
    assert spans(decide("ssshsssssssn")[1]) == [("squat", 0.4, 1.0)]


def test_a_hole_of_the_duration_is_the_end():
    decisions, events = decide("sssssssshhhhhhssssssss")
    assert states(decisions) == "-----AAAAAAA..-----AAA"
    assert spans(events) == [("squat", 0.0, 0.7), ("squat", 1.4, 2.1)]
    assert states(decide("hhhh")[0]) == "...."  # nothing was decided before


def test_while_the_window_fills_again_nothing_of_before_is_decided():
    assert states(decide("ssssssss.hhh")[0]) == "-----AAA...."


def test_nothing_is_no_action_whatever_the_threshold():
    decider = Decider(CLASSES, 0.0, RAW)
    for i in range(20):
        decision, events = decider.update(recognition(i * 0.1, 0.9, 0.05, 0.05, evident=False))
        assert (decision.state, decision.label, events) == (State.NO_ACTION, None, ())


def test_smoothing_begins_anew_after_filling():
    decisions, _ = decide("ssss.l", Rules())
    assert np.allclose(decisions[-1].probabilities, SURE["l"])


def test_finish_closes_the_open_event_once():
    decider = Decider(CLASSES, THRESHOLD, RAW)
    for i in range(10):
        assert decider.update(recognition(i / 10, *SURE["s"]))[1] == ()
    assert spans(decider.finish()) == [("squat", 0.0, 0.9)]
    assert decider.finish() == ()


def test_decisions_are_smoothed():
    decisions, _ = decide("sl", Rules())
    weight = 1 - np.exp(-0.1 / Rules().time_constant)
    assert decisions[1].probabilities[1] == pytest.approx(0.05 + weight * 0.85)


def three_seconds_of_action(fps):
    """The one event, under the default rules, of nothing, three seconds of squats, and nothing."""
    decider, events = Decider(CLASSES, THRESHOLD), []
    for i in range(8 * fps + 1):
        letter = "s" if 2 <= i / fps < 5 else "n"
        events += decider.update(recognition(i / fps, *SURE[letter]))[1]
    (event,) = (*events, *decider.finish())
    return event


@pytest.mark.parametrize("fps", [10, 30, 60])
def test_events_do_not_depend_on_the_frame_rate(fps):
    event = three_seconds_of_action(fps)
    # From 0.4 to 0.6 on the way to 0.9; then from 0.9 to 0.48 on the way to 0.4.
    tau, two_frames = Rules().time_constant, 2 / fps
    assert event.start == pytest.approx(2 + tau * np.log(0.5 / 0.3), abs=two_frames)
    assert event.end == pytest.approx(5 + tau * np.log(0.5 / 0.08), abs=two_frames)
    assert event.confidence == pytest.approx(three_seconds_of_action(240).confidence, abs=0.02)


@given(st.text("slwn.", max_size=120))
def test_events_are_in_order_apart_long_enough_and_within_the_source(story):
    decisions, events = decide(story)
    times = [decision.time for decision in decisions]
    for before, after in pairwise(events):
        assert before.end < after.start
    for event in events:
        assert isinstance(event, Event)
        assert times[0] <= event.start <= event.end <= times[-1]
        assert event.end - event.start >= RAW.duration - 1e-9
        assert THRESHOLD * RAW.release <= event.confidence <= 1
    for decision in decisions:
        assert (decision.state == State.ACTION) == (decision.label is not None)
        if decision.label:
            labels = [e.label for e in events if e.start <= decision.time <= e.end]
            assert labels == [decision.label]


def test_without_evidence_it_is_no_action_however_likely_a_class_is():
    decider = Decider(CLASSES, THRESHOLD)
    for i in range(40):
        decision, _ = decider.update(recognition(i * 0.1, *SURE["s"], evident=False))
        assert decision.state is State.NO_ACTION
        assert decision.confidence == 0.0


def test_a_few_windows_without_evidence_do_not_end_an_action():
    decider, seen = Decider(CLASSES, THRESHOLD), []
    for i in range(60):
        decision, _ = decider.update(recognition(i * 0.1, *SURE["s"], evident=i % 10 > 0))
        seen.append(decision.state)
    assert set(seen[20:]) == {State.ACTION}


def test_a_picture_that_a_slow_camera_loses_ends_nothing():
    history = History(WindowSpec(length=10, frame_interval_s=0.2))
    decider, told = Decider(CLASSES, THRESHOLD), []
    for number in range(60):
        time = number / 7.5  # a webcam in the dark
        if number == 30:
            continue
        history.admit(time, (2, 2))
        history.see(time, PICTURE)
        if history.previous(time):
            history.add(time, PICTURE, [])
        filled = len(history.window(time))
        answer = (0.9, 0.05, 0.05) if filled == 10 else ()
        told.append((filled, decider.update(recognition(time, *answer, filled=filled))))
    later = [(filled, decision, events) for filled, (decision, events) in told[30:]]
    assert any(filled < 10 for filled, _, _ in later)
    assert {decision.state for _, decision, _ in later} == {State.ACTION}
    assert not any(events for _, _, events in later)


def test_the_confidence_is_the_mean_of_all_moments_of_the_event():
    decider = Decider(CLASSES, 0.4, RAW)
    # Another class comes up and goes again: what is left of the first meanwhile counts, too.
    story = [(0.9, 0.05, 0.05)] * 9 + [(0.4, 0.5, 0.1)] * 3 + [(0.9, 0.05, 0.05)] * 4
    for index, probabilities in enumerate(story):
        decider.update(recognition(0.1 * index, *probabilities))
    (event,) = decider.finish()
    assert spans([event]) == [("squat", 0.0, 1.5)]
    assert event.confidence == pytest.approx(np.mean(story, axis=0)[0])
