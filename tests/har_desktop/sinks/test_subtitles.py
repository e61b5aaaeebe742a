from dataclasses import replace

import numpy as np
import pytest
import webvtt

from har_desktop.decision.decision import Event
from har_desktop.sinks.subtitles import Subtitles

IMAGE = np.zeros((96, 128, 3), np.uint8)


def written(path, run_info, *events):
    sink = Subtitles(path, run_info)
    sink.finish(events)
    return webvtt.WebVTT.read(str(path), strict=True)


def test_cues_come_back_as_they_were(tmp_path, run_info, result):
    path = tmp_path / "clip.vtt"
    sink = Subtitles(path, run_info)
    sink.write(*result(IMAGE, 0, 0.0), [Event(0.0, 1.2345, "Lunges", 0.914)])
    assert not path.exists()
    assert sink.finish([Event(359_999.9, 360_001.0, "YoYo", 1.0)]) == path
    cues = webvtt.WebVTT.read(str(path), strict=True)
    assert [(cue.start, cue.end, cue.raw_text) for cue in cues] == [
        ("00:00:00.000", "00:00:01.234", "Lunges 91%"),
        ("99:59:59.900", "100:00:01.000", "YoYo 100%"),
    ]


def test_the_note_says_how_it_came_about(tmp_path, run_info):
    subtitles = written(tmp_path / "clip.vtt", run_info, Event(0.0, 1.0, "Lunges", 0.9))
    assert subtitles.header_comments == [
        "source: clip.avi, model: small, provider: CPUExecutionProvider "
        "(CUDA was asked for; no GPU -> was found)"
    ]
    Subtitles(tmp_path / "plain.vtt", replace(run_info, provider_reason=None)).finish()
    assert (tmp_path / "plain.vtt").read_text() == (
        "WEBVTT\n\nNOTE source: clip.avi, model: small, provider: CPUExecutionProvider\n"
    )


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("Größe <跳>, & Co", "Größe &lt;跳&gt;, &amp; Co 90%"),
        ("a --> b", "a -&gt; b 90%"),
        ("two\n\nlines", "two lines 90%"),
    ],
)
def test_labels_cannot_break_the_file(tmp_path, run_info, label, text):
    events = [Event(0.0, 1.0, label, 0.9), Event(2.0, 3.0, "Lunges", 0.5)]
    subtitles = written(tmp_path / "clip.vtt", run_info, *events)
    assert [cue.raw_text for cue in subtitles] == [text, "Lunges 50%"]


def test_a_cue_lasts_at_least_a_millisecond(tmp_path, run_info):
    (cue,) = written(tmp_path / "clip.vtt", run_info, Event(1.0, 1.0, "Lunges", 0.9))
    assert (cue.start, cue.end) == ("00:00:01.000", "00:00:01.001")


def test_without_events_there_are_subtitles_without_cues(tmp_path, run_info):
    assert len(written(tmp_path / "clip.vtt", run_info)) == 0
