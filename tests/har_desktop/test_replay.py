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
from har_desktop.opencv import cv2
from har_desktop.pipeline.ordered import Outcome
from har_desktop.replay import Replays, replay
from har_desktop.sources.base import SourceInfo
from har_desktop.sources.video import VideoFile

FPS = 20.0


def write_video(path: Path, seconds: float = 3.0, size: tuple[int, int] = (64, 48)) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, size)
    assert writer.isOpened()
    room = np.random.default_rng(0).integers(0, 90, (size[1], size[0], 3), dtype=np.uint8)
    for number in range(round(seconds * FPS)):
        picture = room.copy()
        cv2.circle(picture, (10 + number % 40, 24), 6, (255, 255, 255), -1)
        writer.write(picture)
    writer.release()
    return path


@pytest.fixture(scope="module")
def sure_bundle(tmp_path_factory: pytest.TempPathFactory, make_bundle) -> Path:
    """Sure of every window: the threshold is zero, so events are found."""
    return make_bundle(tmp_path_factory.mktemp("bundles") / "sure", threshold=0.0)


def run(sources: list[Path], out: Path, bundle: Path, **options: object) -> Replays:
    return replay([str(s) for s in sources], out, model=bundle, provider="cpu", **options)


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


@pytest.mark.parametrize("length", [226, 240, 251])
def test_a_name_that_is_too_long_is_one_bad_file(
    tmp_path: Path, sure_bundle: Path, length: int
) -> None:
    long = write_video(tmp_path / "clip.avi", seconds=0.5).rename(tmp_path / f"{'x' * length}.avi")
    good = write_video(tmp_path / "good.avi", seconds=0.5)
    results = run([long, good], tmp_path / "out", sure_bundle)
    assert [s.source for s in results.summaries] == [str(good)]
    (failure,) = results.failures
    assert failure.error.endswith("File name too long; give the source a shorter name")


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


def test_a_folder_stands_for_its_videos_and_names_stay_apart(
    tmp_path: Path, sure_bundle: Path
) -> None:
    folder = tmp_path / "clips"
    (folder / "deeper").mkdir(parents=True)
    write_video(folder / "a.avi", seconds=0.5)
    write_video(folder / "b.avi", seconds=0.5)
    twin = write_video(folder / "deeper" / "a.avi", seconds=0.5)
    results = run([folder, twin], tmp_path / "out", sure_bundle)
    assert [Path(s.source).name for s in results.summaries] == ["a.avi", "b.avi", "a.avi"]
    assert {p.name for p in (tmp_path / "out").glob("*.mp4")} == {"a.mp4", "b.mp4", "a-2.mp4"}


def test_a_source_that_is_named_twice_is_replayed_once(tmp_path: Path, sure_bundle: Path) -> None:
    folder = tmp_path / "clips"
    folder.mkdir()
    video = write_video(folder / "a.avi", seconds=0.5)
    (folder / "link.avi").symlink_to(video)
    results = run([video, video, folder], tmp_path / "out", sure_bundle)
    assert [Path(s.source).name for s in results.summaries] == ["a.avi"]


def test_a_name_of_dots_stays_in_the_folder(tmp_path: Path, sure_bundle: Path) -> None:
    (tmp_path / "clips").mkdir()
    video = write_video(tmp_path / "clips" / "a.avi", seconds=0.5)
    video = video.rename(video.with_name("..avi"))
    out = tmp_path / "out"
    (summary,) = run([video], out, sure_bundle).summaries
    assert {Path(file).parent for file in summary.files} == {out}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clips", "out"]


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


def test_a_folder_may_hold_its_own_results(tmp_path: Path, sure_bundle: Path) -> None:
    write_video(tmp_path / "a.avi", seconds=0.5)
    write_video(tmp_path / "b.avi", seconds=0.5).rename(tmp_path / "b.mp4")  # of no replay
    names = []
    for _ in range(2):
        results = run([tmp_path], tmp_path, sure_bundle)
        assert [Path(s.source).name for s in results.summaries] == ["a.avi"]
        assert [Path(f.source).name for f in results.failures] == ["b.mp4"]
        names.append(sorted(path.name for path in tmp_path.iterdir()))
    assert names[0] == names[1]


def test_results_of_another_video_of_that_name_stay(tmp_path: Path, sure_bundle: Path) -> None:
    out = tmp_path / "out"
    videos = []
    for number, person in enumerate(("anna", "ben"), 1):
        (tmp_path / person).mkdir()
        videos.append(write_video(tmp_path / person / "IMG_1.avi", seconds=0.5 * number))
    first, second = (_names(run([video], out, sure_bundle)) for video in videos)
    assert (first, second) == (["IMG_1"], ["IMG_1-2"])
    before = {path: path.read_bytes() for path in out.glob("IMG_1.*")}
    for again in (videos[1:], videos[::-1]):  # each replaces its own results, in whatever order
        assert _names(run(again, out, sure_bundle)) == ["IMG_1-2", "IMG_1"][: len(again)]
    assert {path: path.read_bytes() for path in before} == before
    assert len(list(out.iterdir())) == 8
    assert str(tmp_path) not in (out / "IMG_1.frames.jsonl").read_text()


def test_results_of_before_do_not_say_whose_they_are(tmp_path: Path, sure_bundle: Path) -> None:
    video, out = write_video(tmp_path / "a.avi", seconds=0.5), tmp_path / "out"
    run([video], out, sure_bundle)
    _age(out / "a.frames.jsonl")
    assert _names(run([write_video(video, seconds=1.0)], out, sure_bundle)) == ["a"]


def test_a_recording_is_no_result_of_a_video(tmp_path: Path, sure_bundle: Path) -> None:
    video, out = write_video(tmp_path / "a.avi", seconds=0.5), tmp_path / "out"
    run([video], out, sure_bundle)
    frames = out / "a.frames.jsonl"
    header, *lines = frames.read_text().splitlines()
    frames.write_text("\n".join([json.dumps(json.loads(header) | {"source_sha256": None}), *lines]))
    assert _names(run([video], out, sure_bundle)) == ["a-2"]


def test_a_folders_results_are_no_videos_of_it(tmp_path: Path, sure_bundle: Path) -> None:
    write_video(tmp_path / "a.avi", seconds=0.5)
    write_video(tmp_path / "b.avi", seconds=1.0).rename(tmp_path / "a.mp4")
    for _ in range(2):
        results = run([tmp_path], tmp_path, sure_bundle)
        assert [Path(s.source).name for s in results.summaries] == ["a.mp4"]
        assert [Path(f.source).name for f in results.failures] == ["a.avi"]
        assert {p.name for p in tmp_path.glob("*.mp4")} == {"a.mp4", "a-2.mp4"}
    named = run([tmp_path / "a-2.mp4"], tmp_path / "out", sure_bundle)
    assert [Path(s.source).name for s in named.summaries] == ["a-2.mp4"]


def test_a_folder_of_results_alone_is_told(tmp_path: Path, sure_bundle: Path) -> None:
    run([write_video(tmp_path / "a.avi", seconds=0.5)], tmp_path / "out", sure_bundle)
    (failure,) = run([tmp_path / "out"], tmp_path / "more", sure_bundle).failures
    assert failure.error == (
        f"{tmp_path / 'out'}: only results in this folder; name the files themselves"
    )


def _names(results: Replays) -> list[str]:
    assert not results.failures
    return [Path(summary.files[0]).stem for summary in results.summaries]


def _age(frames: Path) -> None:
    """Let a file be one of before headers told of source and drawing."""
    header, *lines = frames.read_text().splitlines()
    old = {k: v for k, v in json.loads(header).items() if k not in ("source_sha256", "drawn")}
    frames.write_text("\n".join([json.dumps(old), *lines]))


def test_pauses_do_not_lengthen_the_last_picture() -> None:
    outcome = Outcome(frames=3, first=0.0, last=20.0)
    info = SourceInfo("film", 64, 48, fps=25.0, frames=None, live=False)
    assert module._duration(outcome, info) == pytest.approx(20.04)
    assert module._duration(outcome, dataclasses.replace(info, fps=None)) == pytest.approx(30.0)


def test_the_source_is_never_overwritten(tmp_path: Path, sure_bundle: Path) -> None:
    video = write_video(tmp_path / "clip.avi", seconds=0.5).rename(tmp_path / "clip.mp4")
    before = video.read_bytes()
    results = run([video], tmp_path, sure_bundle)
    assert "would replace it" in results.failures[0].error
    assert video.read_bytes() == before


@pytest.mark.parametrize("names", [("a.avi", "a.mp4"), ("a.mp4", "a.avi")])
def test_no_other_source_is_overwritten(tmp_path: Path, sure_bundle: Path, names) -> None:
    videos = [write_video(tmp_path / f"{name}.avi", seconds=0.5) for name in names]
    videos = [video.rename(video.with_suffix("")) for video in videos]
    before = [video.read_bytes() for video in videos]
    results = run(videos, tmp_path, sure_bundle)
    (failure,) = results.failures
    assert "would replace" in failure.error
    assert [video.read_bytes() for video in videos] == before


def test_files_that_are_none_of_a_replays_stay(tmp_path: Path, sure_bundle: Path) -> None:
    video = write_video(tmp_path / "clip.avi", seconds=0.5)
    subtitles = tmp_path / "clip.vtt"
    subtitles.write_text("WEBVTT")
    (failure,) = run([video], tmp_path, sure_bundle).failures
    assert failure.error == (
        f"{video}: the result would replace {subtitles}; choose another folder"
    )
    assert subtitles.read_text() == "WEBVTT"
    subtitles.unlink()
    for _ in range(2):  # what a replay has written it writes anew
        assert run([video], tmp_path, sure_bundle).failures == []


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
