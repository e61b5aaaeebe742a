import json
from dataclasses import replace
from importlib import metadata

import msgspec
import numpy as np
import pytest

from har_desktop.decision.decision import State
from har_desktop.errors import OutputError
from har_desktop.sinks.frames_jsonl import FramesJsonl, read_header

IMAGE = np.zeros((96, 128, 3), np.uint8)


def lines_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_header_and_a_line_for_each_result(tmp_path, run_info, result):
    path = tmp_path / "clip.frames.jsonl"
    sink = FramesJsonl(path, replace(run_info, source_sha256="ab" * 32))
    sink.write(*result(IMAGE, 0, 0.0, State.FILLING), [])
    sink.write(*result(IMAGE, 1, 0.04, State.NO_ACTION), [])
    recognition, decision = result(IMAGE, 2, 1 / 3)
    sink.write(recognition, replace(decision, since=0.123456789), [])
    assert not path.exists()
    assert sink.finish() == path
    header, filling, nothing, action = lines_of(path)
    assert header == {
        "type": "header",
        "schema_version": 1,
        "source": "clip.avi",
        "source_sha256": "ab" * 32,
        "width": 128,
        "height": 96,
        "fps": 25.0,
        "model": "small",
        "model_identity": "0a" * 32,
        "provider": "CPUExecutionProvider",
        "provider_reason": run_info.provider_reason,
        "classes": list(run_info.classes),
        "frame_interval_s": 0.2,
        "method": "grad-cam",
        "drawn": True,
        "program_version": metadata.version("har-desktop"),
    }
    assert filling == {
        "type": "frame",
        "index": 0,
        "time": 0.0,
        "state": "filling",
        "label": None,
        "since": None,
        "confidence": 0.0,
        "probabilities": None,
        "heatmap_max": None,
        "explained": None,
        "evident": None,
        "filled": 3,
    }
    assert (nothing["state"], nothing["label"], nothing["confidence"]) == ("no action", None, 0.75)
    assert action == {
        "type": "frame",
        "index": 2,
        "time": 0.333333,
        "state": "action",
        "label": "JumpingJack",
        "since": 0.123457,
        "confidence": 0.75,
        "probabilities": {"JumpingJack": 0.75, "Lunges": 0.2, "Größe <跳>, & Co": 0.05},
        "heatmap_max": 2.5,
        "explained": "JumpingJack",
        "evident": True,
        "filled": 10,
    }


def test_the_largest_value_is_that_of_the_method_and_evidence_is_told(tmp_path, run_info, result):
    run = replace(run_info, style=replace(run_info.style, method="hires-cam"))
    recognition, decision = result(IMAGE, 0, 0.0, State.NO_ACTION)
    other = np.full((10, 3, 3), 7.0, np.float32)
    window = replace(recognition.window, hires_heatmaps=other, evident=False)
    sink = FramesJsonl(tmp_path / "clip.frames.jsonl", run)
    sink.write(replace(recognition, window=window), decision, [])
    header, line = lines_of(sink.finish())
    told = header["method"], line["heatmap_max"], line["evident"]
    assert told == ("hires-cam", 7.0, False)


def test_a_header_comes_back_and_one_of_before_too(tmp_path, run_info):
    path = tmp_path / "clip.frames.jsonl"
    FramesJsonl(path, run_info, plain=True).finish()
    header = read_header(path)
    assert (header.source, header.source_sha256, header.drawn) == ("clip.avi", None, False)
    (old,) = lines_of(path)
    for name in ("source_sha256", "drawn", "model_identity", "program_version"):
        del old[name]
    path.write_text(json.dumps(old))
    header = read_header(path)
    assert (header.source_sha256, header.drawn) == (msgspec.UNSET, msgspec.UNSET)


@pytest.mark.parametrize("content", [b"", b"{}\n", b"no JSON", b'{"type":"frame"}', b"\xff\n"])
def test_what_this_program_has_not_written_has_no_header(tmp_path, content):
    path = tmp_path / "clip.frames.jsonl"
    assert read_header(path) is None
    path.write_bytes(content)
    assert read_header(path) is None


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("place", ["probabilities", "heat"])
def test_a_number_that_json_does_not_know_is_refused(tmp_path, run_info, result, value, place):
    sink = FramesJsonl(tmp_path / "clip.frames.jsonl", run_info)
    recognition, decision = result(IMAGE, 7, 0.28, heat=value if place == "heat" else 1.0)
    if place == "probabilities":
        decision.probabilities[1] = value
    with pytest.raises(OutputError, match=r"frame 7 has a result that is not a finite number"):
        sink.write(recognition, decision, [])
    sink.abort()
    assert list(tmp_path.iterdir()) == []


def test_a_header_that_cannot_be_written_leaves_nothing(tmp_path, run_info):
    wrong = replace(run_info, source=replace(run_info.source, name="lone \ud800"))
    with pytest.raises(UnicodeEncodeError):
        FramesJsonl(tmp_path / "a.frames.jsonl", wrong)
    assert list(tmp_path.iterdir()) == []
