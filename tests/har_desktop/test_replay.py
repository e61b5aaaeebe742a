"""Replay of real files that the encoder wrote, through the real engine into real outputs."""

import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import webvtt

from har_desktop import replay as module
from har_desktop.errors import BundleError, InputError
from har_desktop.pipeline.ordered import Outcome
from har_desktop.replay import ReplaySummary, replay
from har_desktop.sources.base import SourceInfo
from har_desktop.sources.video import VideoFile
from tests.replays import FPS, run, write_video


def test_four_files_that_agree(tmp_path: Path, sure_bundle: Path) -> None:
    video = write_video(tmp_path / "clip.avi")
    results = run([video], tmp_path / "out", sure_bundle)
    (summary,) = results.summaries
    assert not results.failures
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert names == ["clip.events.csv", "clip.frames.jsonl", "clip.mp4", "clip.vtt"]
    assert sorted(Path(f).name for f in summary.files) == names
    assert (summary.frames, summary.windows, summary.short) == (60, 20, False)
    assert summary.duration_s == pytest.approx(3.0)

    lines = [json.loads(x) for x in (tmp_path / "out/clip.frames.jsonl").read_text().splitlines()]
    header, frames = lines[0], lines[1:]
    assert header["type"] == "header"
    assert header["provider"] == summary.provider == "cpu"
    assert [line["index"] for line in frames] == list(range(60))
    assert [line["state"] for line in frames[:40]] == ["filling"] * 40
    for line in frames[40:]:
        assert sum(line["probabilities"].values()) == pytest.approx(1, abs=1e-4)
        assert line["heatmap_max"] >= 0
    assert summary.top is not None
    assert summary.top.label in header["classes"]

    rows = list(csv.DictReader((tmp_path / "out/clip.events.csv").read_text().splitlines()))
    cues = webvtt.read(tmp_path / "out/clip.vtt")
    assert [r["label"] for r in rows] == [e.label for e in summary.events]
    assert len(cues) == len(rows) >= 1
    assert float(rows[0]["start"]) == pytest.approx(summary.events[0].start, abs=1e-3)


def test_annotated_video_has_every_frame_at_its_time(tmp_path: Path, sure_bundle: Path) -> None:
    video = write_video(tmp_path / "clip.avi", size=(160, 120))
    run([video], tmp_path / "out", sure_bundle)
    with VideoFile(tmp_path / "out/clip.mp4") as source:
        frames = list(source)
    assert len(frames) == 60
    assert frames[0].image.shape == (120, 160, 3)
    np.testing.assert_allclose([f.time for f in frames], np.arange(60) / FPS, atol=2e-3)


@pytest.mark.parametrize("hop", [0.0, 0.5, 0.7])
def test_the_video_is_as_long_as_its_source(tmp_path: Path, sure_bundle: Path, hop: float) -> None:
    video = write_video(tmp_path / "clip.avi")
    run([video], tmp_path / "out", sure_bundle, hop=hop)
    with VideoFile(tmp_path / "out/clip.mp4") as source:
        info, frames = source.open(), list(source)
        assert info.fps is not None
        assert len(frames) / info.fps == pytest.approx(3.0, abs=1 / info.fps)


def test_who_waits_is_told_of_each_that_is_done(tmp_path: Path, sure_bundle: Path) -> None:
    videos = [write_video(tmp_path / f"{name}.avi", seconds=0.5) for name in "ab"]
    told: list[tuple[str, int]] = []
    frames = iter(range(1000))
    run(
        videos,
        tmp_path / "out",
        sure_bundle,
        on_frame=lambda: next(frames),
        on_summary=lambda summary: told.append((Path(summary.source).name, next(frames))),
    )
    assert told == [("a.avi", 10), ("b.avi", 21)]


def test_one_bad_file_is_reported_and_the_others_go_on(tmp_path: Path, sure_bundle: Path) -> None:
    good = write_video(tmp_path / "good.avi", seconds=1.0)
    bad = tmp_path / "bad.mp4"
    bad.write_text("this is not a video")
    told = []
    results = run(
        [bad, tmp_path / "gone.mp4", good], tmp_path / "out", sure_bundle, on_failure=told.append
    )
    assert [s.source for s in results.summaries] == [str(good)]
    assert [f.source for f in results.failures] == [str(tmp_path / "gone.mp4"), str(bad)]
    assert told == results.failures
    assert all(f.exit_code == 2 and "\n" not in f.error for f in results.failures)
    left = {p.name.split(".")[0] for p in (tmp_path / "out").iterdir()}
    assert left == {"good"}


@pytest.mark.slow
def test_the_demo_is_replayed_once(tmp_path: Path, sure_bundle: Path) -> None:
    assert len(run(["demo", "demo"], tmp_path, sure_bundle).summaries) == 1


def test_who_has_enough_is_heard_before_the_first_frame(tmp_path: Path, sure_bundle: Path) -> None:
    video = write_video(tmp_path / "a.avi", seconds=0.5)

    def interrupt() -> None:
        raise StopAsyncIteration  # nothing that anybody else raises

    with pytest.raises(StopAsyncIteration):
        replay([str(video)], tmp_path / "out", model=sure_bundle, interrupt=interrupt)
    assert list((tmp_path / "out").iterdir()) == []


def test_pauses_do_not_lengthen_the_last_picture() -> None:
    outcome = Outcome(times=[0.0, 10.0, 20.0])
    info = SourceInfo("film", 64, 48, fps=25.0, frames=None, live=False)
    assert module._duration(outcome, info) == pytest.approx(20.04)
    assert module._duration(outcome, dataclasses.replace(info, fps=None)) == pytest.approx(30.0)
    paused = Outcome(times=[0.0, 0.04, 0.08, 20.08, 20.12])
    mean = dataclasses.replace(info, fps=5 / 20.12)  # as the header of such a film says
    assert module._duration(paused, mean) == pytest.approx(20.16)


def test_one_video_that_is_too_large_for_the_memory_does_not_end_a_batch(
    tmp_path: Path, sure_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replay_one = module._replay_one

    def starving(name: str, *rest: Any) -> ReplaySummary:
        if "large" in name:
            raise MemoryError
        return replay_one(name, *rest)

    monkeypatch.setattr(module, "_replay_one", starving)
    videos = [write_video(tmp_path / name, seconds=0.2) for name in ("large.avi", "small.avi")]
    results = run(videos, tmp_path / "out", sure_bundle)
    assert [Path(summary.source).name for summary in results.summaries] == ["small.avi"]
    assert "large.avi: not enough memory" in results.failures[0].error
    assert results.failures[0].exit_code == 1


def test_a_short_source_is_answered(tmp_path: Path, sure_bundle: Path) -> None:
    video = write_video(tmp_path / "clip.avi", seconds=1.0)
    (summary,) = run([video], tmp_path / "out", sure_bundle).summaries
    assert summary.short
    assert summary.windows == 0
    assert summary.top is not None


@pytest.mark.parametrize("seconds", [1.0, 3.0])
def test_a_video_without_evidence_is_not_named(tmp_path: Path, make_bundle, seconds: float) -> None:
    def ask_for_more(manifest):
        manifest["calibration"]["least_evidence"] = 1e6

    bundle = make_bundle(tmp_path / "careful", threshold=0.0, edit_manifest=ask_for_more)
    video = write_video(tmp_path / "clip.avi", seconds=seconds)
    (summary,) = run([video], tmp_path / "out", bundle).summaries
    assert summary.short is (seconds == 1.0)
    assert summary.top is None


def test_unknown_class_to_explain_lists_the_known(tmp_path: Path, sure_bundle: Path) -> None:
    video = write_video(tmp_path / "clip.avi", seconds=0.5)
    with pytest.raises(InputError, match=r"unknown class 'Yodel' .*squat, lunge, juggle"):
        run([video], tmp_path / "out", sure_bundle, explain="Yodel")
    assert not (tmp_path / "out").exists()


def last_result(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "clip.frames.jsonl").read_text().splitlines()[-1])


def test_explaining_a_class_changes_the_maps_not_the_answer(
    tmp_path: Path, sure_bundle: Path
) -> None:
    video = write_video(tmp_path / "clip.avi")
    heat, probabilities = [], []
    for label in ("squat", "juggle"):
        run([video], tmp_path / label, sure_bundle, explain=label)
        last = last_result(tmp_path / label)
        heat.append(last["heatmap_max"])
        probabilities.append(last["probabilities"])
    assert heat[0] != heat[1]
    assert probabilities[0] == probabilities[1]


def test_the_other_method_changes_the_maps_not_the_answer(
    tmp_path: Path, sure_bundle: Path
) -> None:
    video = write_video(tmp_path / "clip.avi")
    lasts, pictures = [], []
    for method in ("grad-cam", "hires-cam"):
        run([video], tmp_path / method, sure_bundle, method=method)
        lasts.append(last_result(tmp_path / method))
        with VideoFile(tmp_path / method / "clip.mp4") as drawn:
            pictures.append(list(drawn)[-1].image)
    assert lasts[0].pop("heatmap_max") != lasts[1].pop("heatmap_max")
    assert lasts[0] == lasts[1]
    assert np.abs(pictures[0].astype(int) - pictures[1]).max() > 20


def test_a_method_that_the_bundle_has_not_is_refused(tmp_path: Path, make_bundle) -> None:
    old = make_bundle(tmp_path / "old", second=False)
    video = write_video(tmp_path / "clip.avi", seconds=0.5)
    with pytest.raises(InputError, match=r"old has no heat-map by hires-cam, only by grad-cam"):
        run([video], tmp_path / "out", old, method="hires-cam")
    assert not (tmp_path / "out").exists()


def test_folder_without_permission(make_bundle, mere_user, foreign_folder: Path) -> None:
    video = write_video(foreign_folder / "clip.avi", seconds=0.5)
    bundle = make_bundle(foreign_folder / "bundle")
    with (
        mere_user(),
        pytest.raises(InputError, match=r"cannot write into the folder .*another one"),
    ):
        run([video], foreign_folder / "out", bundle)


def test_bundle_without_permission(make_bundle, mere_user, foreign_folder: Path) -> None:
    video = write_video(foreign_folder / "clip.avi", seconds=0.5)
    bundle = make_bundle(foreign_folder / "bundle")
    (bundle / "manifest.json").chmod(0)
    with mere_user(), pytest.raises(BundleError, match=r"manifest\.json: cannot be read"):
        run([video], foreign_folder / "out", bundle)


def test_an_unusable_bundle_stops_before_anything_is_written(tmp_path: Path, make_bundle) -> None:
    bundle = make_bundle(tmp_path / "bundle")
    (bundle / "head.onnx").write_bytes(b"changed")
    with pytest.raises(BundleError, match=r"head\.onnx"):
        run([write_video(tmp_path / "clip.avi", 0.5)], tmp_path / "out", bundle)
    assert not (tmp_path / "out").exists()
