"""Measuring heat-maps of a real (random) bundle on real (small) clips, and its command line."""

from __future__ import annotations

import json
from collections import Counter
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import pytest

from export.report import Explanations
from har_desktop.errors import InputError
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.recognizer import Recognizer
from har_desktop.sources.video import VideoFile
from tests.training.commands import command
from training.data.index import Clip, scan
from training.data.split import TEST_GROUPS
from training.explain import draw, explain, middle_window, rank_correlation
from training.occlusion import answer
from training.report import explanations_table

KEYS = {
    "kind",
    "bundle",
    "protocol",
    "windows",
    "looked_at",
    "skipped",
    "maps",
    "better_than",
    "randomised",
    "second_class",
    "second_alike",
    "difference",
    "tested",
    "hires-cam",
    "seconds",
    "provider",
}
CLASSES = ("Drift", "Still")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, make_bundle) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundles") / "two", classes=CLASSES, size=(48, 64))


@pytest.fixture(scope="module")
def test_clips(clips_folder: Path) -> list[Clip]:
    return [c for c in scan(clips_folder, CLASSES) if c.group in TEST_GROUPS]


@pytest.fixture(scope="module")
def report(bundle: Path, clips_folder: Path, test_clips: list[Clip]) -> dict[str, object]:
    return explain(load_bundle(bundle), clips_folder, test_clips, 4)


def test_the_report_has_the_form_that_cards_take(report, test_clips):
    assert report.keys() == KEYS
    told = msgspec.convert(report, Explanations)
    assert told.looked_at == 4
    assert 1 <= told.windows <= 4
    assert list(report["maps"]) == ["grad-cam", "hires-cam", "random", "centre"]
    own, other = report["maps"]["hires-cam"], report["maps"]["random"]
    more = told.hires_cam.difference.random
    assert more.deletion.mean == pytest.approx(own["deletion"] - other["deletion"])
    low, high = more.insertion.mean95
    assert low <= more.insertion.mean <= high
    assert report["tested"] == sorted({clip.group for clip in test_clips})
    # Its maps weigh channels that were never learned, but by class: so the class does matter.
    assert told.second_class < 0.99
    assert told.randomised.all < 0.99


def test_a_bundle_of_before_has_one_method(make_bundle, tmp_path, clips_folder, test_clips):
    folder = make_bundle(tmp_path / "old", classes=CLASSES, size=(48, 64), second=False)
    report = explain(load_bundle(folder), clips_folder, test_clips, 4)
    assert report.keys() == KEYS - {"hires-cam"}
    assert msgspec.convert(report, Explanations).hires_cam is None
    assert "hires-cam" not in explanations_table(report)


def test_the_same_clips_give_the_same_figures(bundle, clips_folder, test_clips, report):
    again = explain(load_bundle(bundle), clips_folder, test_clips, 4)
    for figures in (again, report):
        figures.pop("seconds")
    assert again == report
    report["seconds"] = 0.1


def test_the_table_tells_all_of_it(report):
    text = explanations_table({**report, "seconds": 2.5})
    for name, row in report["maps"].items():
        assert f"{name:<10} {row['deletion']:>9.3f} {row['insertion']:>10.3f}" in text
    for method in (report, report["hires-cam"]):
        assert f"second class {method['second_class']:.3f}, above 0.5 in" in text
        more = method["difference"]["centre"]["insertion"]["mean"]
        assert f"insertion {more:+.3f} (" in text
        better = method["better_than"]["centre"]["deletion"]
        assert f"better than centre   deletion in {better:.0%}" in text
    assert "4 looked at" in text


def test_clips_are_drawn_evenly_and_always_the_same():
    clips = [
        Clip(f"{label}/{n}", label, "g03", f"{label}{n}")
        for label, count in (("a", 9), ("b", 2), ("c", 9))
        for n in range(count)
    ]
    chosen = draw(clips, 10)
    assert Counter(clip.label for clip in chosen) == {"a": 4, "b": 2, "c": 4}
    assert len(set(chosen)) == 10
    assert draw(clips, 10) == chosen
    assert sorted(draw(clips, 99), key=lambda c: c.path) == sorted(clips, key=lambda c: c.path)


@pytest.mark.parametrize(("motion", "differences"), [(True, 1), (True, 4), (False, 1)])
def test_the_window_is_the_middle_one_of_the_app(
    make_bundle, tmp_path, clips_folder, motion, differences
):
    folder = make_bundle(tmp_path / "small", motion=motion, differences=differences)
    recognizer = Recognizer(load_bundle(folder), "cpu")
    path = clips_folder / scan(clips_folder, ("Drift",))[0].path
    stretch = middle_window(recognizer, path)
    live = {}
    with VideoFile(path) as source:
        for frame in source:
            window = recognizer.push(frame).window
            if window is not None:
                live[round(frame.time, 3)] = window
    ours = answer(recognizer, stretch)
    # 3 s at 20 Hz: a window is full from 2.0 s on (1.8 s without motion) to 2.8 s, every 0.2 s.
    assert ours.times[-1] == pytest.approx(2.4)
    theirs = live[round(ours.times[-1], 3)]
    np.testing.assert_allclose(ours.times, theirs.times, atol=1e-6)
    np.testing.assert_allclose(ours.logits, theirs.logits, atol=1e-5)
    np.testing.assert_allclose(ours.heatmaps, theirs.heatmaps, atol=1e-5)


def test_what_has_no_full_window_is_counted(bundle, clips_folder, tmp_path, write_clip):
    (tmp_path / "Drift").mkdir()
    for number, label in enumerate(("Drift", "Still")):
        for good in sorted((clips_folder / label).iterdir())[:2]:
            target = tmp_path / label / good.name
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(good.read_bytes())
        (tmp_path / label / f"v_{label}_g03_c0{number + 3}.avi").write_bytes(b"nothing")
    write_clip(tmp_path / "Drift" / "v_Drift_g03_c09.avi", speed=0.5, seed=1, seconds=1.5)
    report = explain(load_bundle(bundle), tmp_path, scan(tmp_path, CLASSES), 60)
    assert report["skipped"] == 3
    assert report["looked_at"] == 4


def test_without_a_right_answer_there_is_nothing_to_explain(bundle, tmp_path, write_clip):
    write_clip(tmp_path / "Drift" / "v_Drift_g03_c01.avi", speed=0.5, seed=1, seconds=1.0)
    with pytest.raises(InputError, match="nothing to explain: of 1 clips"):
        explain(load_bundle(bundle), tmp_path, scan(tmp_path, ("Drift",)), 60)


def test_rank_correlation_is_spearmans():
    rng = np.random.default_rng(0)
    one = rng.random((2, 3, 4), np.float32)
    assert rank_correlation(one, np.exp(one)) == pytest.approx(1)
    assert rank_correlation(one, -one) == pytest.approx(-1)
    assert rank_correlation(np.array([1, 2, 3, 4, 5]), np.array([5, 6, 7, 8, 7])) == (
        pytest.approx(0.8207826817)  # 8 / sqrt(10 * 9.5), by hand
    )
    assert rank_correlation(one, np.zeros_like(one)) == 0
    assert rank_correlation(np.zeros_like(one), np.zeros_like(one)) == 0


# ONNX itself is fine: the weights are permuted with it.
explained = partial(command, "explain", without=("tensorflow", "keras", "tf2onnx"))


def test_the_command_line_explains_without_tensorflow(bundle: Path, clips_folder: Path) -> None:
    done = explained("--bundle", bundle, "--data", clips_folder, "--clips", 2, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report.keys() == KEYS
    assert report["looked_at"] == 2


def test_groups_that_were_learned_from_are_refused(make_bundle, clips_folder, tmp_path) -> None:
    split = {"protocol": "group-wise", "sets": {"train": {"groups": ["g08"]}}}
    folder = make_bundle(
        tmp_path / "two",
        classes=CLASSES,
        edit_manifest=lambda m: m.update(training={"split": split}),
    )
    done = explained("--bundle", folder, "--data", clips_folder, "--groups", "g03,g08")
    assert done.returncode == 2
    assert "two learned from g08" in done.stderr
