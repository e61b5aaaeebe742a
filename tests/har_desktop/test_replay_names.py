"""Where the results of a replay go, and that nothing else has to make way for them."""

import json
from pathlib import Path

import pytest

from har_desktop.replay import Replays
from tests.replays import run, write_video


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
