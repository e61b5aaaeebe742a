"""What stands in the files of a recording while nothing comes."""

from dataclasses import replace

import pytest

from har_desktop.decision.decision import Decision, State
from har_desktop.overlay import annotate
from har_desktop.pipeline.tape import Tape
from tests.har_desktop.pipeline.takes import FPS, START, distance, lines, video_frames


@pytest.mark.parametrize("held", [(), (0.0, 1.0, 3.0)], ids=["at-once", "while-waiting"])
def test_no_label_stands_in_the_video_while_the_camera_is_lost(tmp_path, run, results, held):
    tape = Tape(tmp_path / "take", run)
    before = results(25)
    assert before[-1].decision.state is State.ACTION
    after = results(5, start=START + 5.0, stretch=2, first=2025)
    for result in before:
        tape.write(result)
    for seconds in held:
        tape.hold(seconds)
    for result in after:
        tape.write(result)
    video, jsonl = tape.finish()
    assert len(lines(jsonl)) == 31  # nothing was made up
    frames, _ = video_frames(video)
    assert len(frames) == 105
    last = before[-1]
    nothing = Decision(0.0, State.FILLING, None, None, 0.0)
    labelled = annotate(last.recognition, last.decision, run.classes)
    bare = annotate(replace(last.recognition, window=None), nothing, run.classes)
    closer = [distance(frame, bare) < distance(frame, labelled) for frame in frames[24:100]]
    assert closer == [False, False] + 74 * [True]


def test_what_is_held_is_in_the_file(tmp_path, run, results):
    tape = Tape(tmp_path / "take", run)
    tape.hold(5.0)  # nothing to hold yet
    for result in results(3):
        tape.write(result)
    tape.hold(10.0)
    video, jsonl = tape.finish()
    assert len(video_frames(video)[0]) == 2 + round(10.0 * FPS) + 1
    assert len(lines(jsonl)) == 4


def test_what_was_held_is_not_lacking_after_a_late_one(tmp_path, run, results):
    tape = Tape(tmp_path / "take", run)
    assert tape.lacks(START + 1.0) == 0.0
    for result in results(3):
        tape.write(result)
    tape.hold(29.0)
    late = results(1, start=START + 0.5, first=2003)
    tape.write(late[0])
    end = START + 2 / FPS + 29.0
    assert tape.lacks(end + 4.0) == pytest.approx(4.0)
    tape.hold(1.0)  # after the late one: that is shown already
    assert tape.lacks(end + 4.0) == pytest.approx(4.0)
    video, _ = tape.finish()
    assert len(video_frames(video)[0]) == 2 + round(29.0 * FPS) + 1


def test_one_that_comes_late_is_shown_when_it_comes(tmp_path, run, results):
    tape = Tape(tmp_path / "take", run)
    for result in results(3):
        tape.write(result)
    tape.hold(1.0)
    for result in results(2, start=START + 0.5, stretch=2, first=2003):
        tape.write(result)
    video, jsonl = tape.finish()
    assert len(video_frames(video)[0]) == 2 + round(1.0 * FPS) + 1
    assert len(lines(jsonl)) == 6
