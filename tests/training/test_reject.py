"""Rejection of a real (random) bundle on real (small) clips, and its command line."""

import json
import shutil
from collections import Counter
from pathlib import Path

import msgspec
import numpy as np
import pytest

from har_desktop.errors import InputError
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.recognizer import Recognizer
from tests.training.commands import command, here
from training.data.index import Clip, content, content_of, scan
from training.data.split import TEST_GROUPS, Others, split_by_group
from training.metrics import grouped95
from training.reject import Labels, Rejection, reject
from training.report import rejection_table
from training.windows import clip_windows

CLASSES = ("Drift", "Still")
WINDOWS = 5  # 3 s at 20 Hz are 15 steps of 0.2 s; ten of them fill the window.


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory, make_bundle):
    def bundle(threshold: float, **others: object) -> Path:
        folder = tmp_path_factory.mktemp("bundles") / "two"
        # A high temperature brings the random network's certainties down to where they differ.
        settings = {"classes": CLASSES, "size": (48, 64), "temperature": 4.0, **others}
        return make_bundle(folder, threshold=threshold, **settings)

    return bundle


@pytest.fixture
def idle(idle_folder: Path) -> list[Path]:
    return sorted(idle_folder.iterdir())


def clips_of(folder: Path, *labels: str) -> list[Clip]:
    return [c for c in scan(folder, labels) if c.group in TEST_GROUPS]


def measure(bundle: Path, folder: Path, idle: list[Path] | None) -> Rejection:
    clips, others = clips_of(folder, *CLASSES), clips_of(folder, "Other")
    return reject(load_bundle(bundle), folder, clips, others, idle)


def test_the_counts_are_those_of_the_windows(build, clips_folder: Path, idle: list[Path]) -> None:
    loaded = load_bundle(build(0.0))
    recognizer = Recognizer(loaded)

    def rows(paths: list[Path]) -> np.ndarray:
        windows = [clip_windows(recognizer, path, "time") for path in paths]
        return np.concatenate([of_clip.probabilities for of_clip in windows])

    others = rows([clips_folder / c.path for c in clips_of(clips_folder, "Other")])
    still = rows(idle)
    own = [rows([clips_folder / c.path for c in clips_of(clips_folder, name)]) for name in CLASSES]
    right = np.concatenate([r[r.argmax(axis=1) == n].max(axis=1) for n, r in enumerate(own)])
    # A threshold amid all these figures, and none of them near enough to be a matter of rounding.
    tops = np.sort(np.concatenate([others.max(axis=1), still.max(axis=1), right]))
    middle = len(tops) // 4 + int(np.diff(tops[len(tops) // 4 : -len(tops) // 4]).argmax())
    threshold = float(tops[middle] + tops[middle + 1]) / 2

    report = measure(build(threshold), clips_folder, idle)
    assert report.threshold == threshold
    for part, detail, windows in (
        (report.others, report.detail.others["Other"], others),
        (report.idle, report.detail.idle, still),
    ):
        named = windows[windows.max(axis=1) >= threshold]
        given = Counter(CLASSES[top] for top in named.argmax(axis=1))
        assert (part.windows, part.named) == (len(windows), len(named))
        assert (detail.windows, detail.named) == (len(windows), len(named))
        assert detail.labels == given
        assert list(detail.labels.values()) == sorted(given.values(), reverse=True)
    assert report.others.windows == 7 * WINDOWS
    assert report.idle.windows == WINDOWS + 1
    assert report.kept.windows == len(right)
    assert report.kept.kept == (right >= threshold).sum()
    assert 0 < report.kept.kept < report.kept.windows
    wrong = np.concatenate([r[r.argmax(axis=1) != n].max(axis=1) for n, r in enumerate(own)])
    assert report.mistaken.windows == len(wrong) > 0
    assert report.mistaken.named == (wrong >= threshold).sum()
    for name, r in zip(CLASSES, own, strict=True):
        hits = r[r.argmax(axis=1) == CLASSES.index(name)].max(axis=1)
        found = report.detail.kept.get(name)
        assert (
            (found.windows, found.kept) == (len(hits), (hits >= threshold).sum())
            if found
            else (not len(hits))
        )


def test_intervals_draw_what_clips_were_cut_from(
    build, clips_folder: Path, idle: list[Path]
) -> None:
    loaded = load_bundle(build(0.0))
    recognizer = Recognizer(loaded)
    own, others = clips_of(clips_folder, *CLASSES), clips_of(clips_folder, "Other")
    tops = {
        path: clip_windows(recognizer, path, "time").probabilities
        for path in [*(clips_folder / clip.path for clip in [*own, *others]), *idle]
    }
    threshold = float(np.median(np.concatenate([row.max(axis=1) for row in tops.values()])))
    report = measure(build(threshold), clips_folder, idle)

    def expected(parts: list[tuple[object, np.ndarray]]) -> tuple[float, float]:
        flags = np.concatenate([part.max(axis=1) >= threshold for _, part in parts])
        cut_from = [origin for origin, part in parts for _ in part]
        assert 0 < flags.mean() < 1
        return grouped95(flags, cut_from, strangers=len({*cut_from}))

    def answered(clip: Clip, right: bool) -> np.ndarray:
        found = tops[clips_folder / clip.path]
        return found[(found.argmax(axis=1) == CLASSES.index(clip.label)) == right]

    assert report.others.grouped95 == expected(
        [(clip.origin, tops[clips_folder / clip.path]) for clip in others]
    )
    assert report.kept.grouped95 == expected([(c.origin, answered(c, right=True)) for c in own])
    assert report.mistaken.grouped95 == expected(
        [(clip.origin, answered(clip, right=False)) for clip in own]
    )
    assert report.tested == sorted({clip.group for clip in own})
    alone = reject(load_bundle(build(0.0)), clips_folder, own, others[:1], None)
    assert alone.others.grouped95 == (0.0, 1.0)


def test_threshold_0_names_everything(build, clips_folder: Path, idle: list[Path]) -> None:
    report = measure(build(0.0), clips_folder, idle)
    assert report.others.named == report.others.windows == 7 * WINDOWS
    assert report.idle.named == report.idle.windows == WINDOWS + 1
    assert report.kept.kept == report.kept.windows > 0


def test_threshold_1_names_nothing(build, clips_folder: Path, idle: list[Path]) -> None:
    report = measure(build(1.0), clips_folder, idle)
    assert report.others.named == report.idle.named == report.kept.kept == 0
    assert report.detail.others == {"Other": Labels(7 * WINDOWS, 0, {})}
    assert report.detail.idle == Labels(WINDOWS + 1, 0, {})
    assert {row.kept for row in report.detail.kept.values()} == {0}


def test_windows_without_evidence_are_not_named(
    build, clips_folder: Path, idle: list[Path]
) -> None:
    def edit(least: float):
        return lambda manifest: manifest["calibration"].update(least_evidence=least)

    every = measure(build(0.0, edit_manifest=edit(-1e6)), clips_folder, idle)
    assert every.others.named == every.others.windows
    assert every.kept.kept == every.kept.windows > 0
    none = measure(build(0.0, edit_manifest=edit(1e6)), clips_folder, idle)
    assert none.others.named == none.idle.named == none.kept.kept == 0
    assert none.kept.windows == every.kept.windows


def test_what_was_not_given_is_null(build, clips_folder: Path) -> None:
    clips = clips_of(clips_folder, *CLASSES)
    report = reject(load_bundle(build(0.5)), clips_folder, clips, None, None)
    assert report.others is report.idle is None
    assert report.detail.others is report.detail.idle is None
    assert report.kept.windows > 0


def test_without_a_right_window_there_is_no_report(build, clips_folder: Path, idle) -> None:
    """For no card could take it."""
    with pytest.raises(InputError, match=r"of 0 test clips .*no window has the right answer"):
        reject(load_bundle(build(0.5)), clips_folder, [], None, idle)


def test_what_shows_a_class_is_no_other_action(
    build, clips_folder: Path, tmp_path: Path, capsys
) -> None:
    """As `fit` has it; else the same pictures would count as right and as a false alarm."""
    for label in (*CLASSES, "Other"):
        shutil.copytree(clips_folder / label, tmp_path / label)
    split = split_by_group(scan(tmp_path, CLASSES))
    for number, clips in (("08", split.train), ("09", split.test)):
        shutil.copy(tmp_path / clips[0].path, tmp_path / "Other" / f"v_Other_g04_c{number}.avi")
    one = next((tmp_path / "Other").glob("*_g05_*"))
    shutil.copy(one, one.with_name("v_Other_g05_c09.avi"))
    (tmp_path / "split.json").write_bytes(msgspec.json.encode(split))

    def knows(manifest: dict) -> None:
        learned = [content(clip) for clip in split.train]
        manifest["training"] = {"split": {"learned": learned}}

    where = ("--bundle", build(0.0, edit_manifest=knows), "--data", tmp_path, "--json")
    assert here("reject", *where, "--split", tmp_path / "split.json") == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["others"]["windows"] == 7 * WINDOWS
    for number in ("08", "09"):
        assert f"left out: Other/v_Other_g04_c{number}.avi shows what a clip of a" in said.err
    assert here("reject", *where) == 2  # nobody knows whether it was learned from as another action
    said = capsys.readouterr()
    assert "learned from Other/v_Other_g04_c08.avi" in said.err
    assert "left out: Other/v_Other_g04_c09.avi" in said.err


def test_unreadable_files_are_listed_not_hidden(
    build, clips_folder: Path, idle: list[Path], tmp_path: Path
) -> None:
    for label, name in (("Drift", "v_Drift_g01_c01.avi"), ("Still", "v_Still_g01_c01.avi")):
        (tmp_path / label).mkdir()
        shutil.copy(clips_folder / label / name, tmp_path / label / name)
    broken = ("Still/v_Still_g02_c01.avi", "Other/v_Other_g01_c01.avi", "idle.avi")
    (tmp_path / "Other").mkdir()
    for path in broken:
        (tmp_path / path).write_bytes(b"nothing")
    report = measure(build(0.0), tmp_path, [idle[0], tmp_path / "idle.avi"])
    assert report.skipped == [
        *broken[:2],
        "idle.avi",
    ]  # reports are passed on: no folder of a person's
    assert report.others is report.detail.others is None  # as if there were none
    assert report.idle.windows == WINDOWS
    text = rejection_table(report)
    assert "others  " not in text
    assert text.splitlines()[-3:] == [f"unreadable, left out: {path}" for path in report.skipped]


def test_the_table_tells_shares_and_labels(build, clips_folder: Path, idle: list[Path]) -> None:
    text = rejection_table(measure(build(0.0), clips_folder, idle))
    assert "others   100.0% (64.6% to 100.0%) of 35 windows get a label" in text
    assert "idle     100.0% (34.2% to 100.0%) of 6 windows get a label" in text
    assert "mistaken 100.0%" in text
    row = next(line for line in text.splitlines() if line.startswith("Other "))
    assert row.split()[1:3] == ["35", "100.0%"]
    assert row.split()[3] in CLASSES


def test_the_command_line_measures_without_tensorflow(
    build, clips_folder: Path, idle_folder: Path
) -> None:
    where = ("--bundle", build(0.0), "--data", clips_folder, "--idle", idle_folder)
    done = command("reject", *where, "--groups", "g03,g05", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert list(report) == [field.name for field in msgspec.structs.fields(Rejection)]
    assert report["kind"] == "rejection"
    assert report["protocol"] == "group-wise"
    for name, windows in (("others", 2 * WINDOWS), ("idle", WINDOWS + 1)):
        assert report[name]["windows"] == report[name]["named"] == windows
    assert report["tested"] == ["g03", "g05"]
    assert report["kept"]["kept"] == report["kept"]["windows"]
    assert report["skipped"] == []
    assert report["provider"] == "cpu"


def test_without_other_classes_and_idle_videos_only_kept_is_measured(
    build, clips_folder: Path, tmp_path: Path, capsys
) -> None:
    for label in CLASSES:
        shutil.copytree(clips_folder / label, tmp_path / label)
    assert here("reject", "--bundle", build(0.5), "--data", tmp_path) == 0
    first_words = [line.split(" ")[0] for line in capsys.readouterr().out.splitlines()]
    assert first_words[:2] == ["threshold", "kept"]
    assert not {"others", "idle"} & set(first_words)


def test_idle_videos_that_it_learned_from_are_refused(
    make_bundle, clips_folder: Path, idle_folder: Path, tmp_path: Path, capsys
) -> None:
    learned = [content_of(path) for path in sorted(idle_folder.iterdir())[:1]]
    bundle = make_bundle(
        tmp_path / "mine",
        classes=CLASSES,
        threshold=0.0,
        edit_manifest=lambda m: m.update(training={"split": {"learned": learned}}),
    )
    where = ("reject", "--bundle", bundle, "--data", clips_folder)
    assert here(*where) == 0
    capsys.readouterr()
    assert here(*where, "--idle", idle_folder) == 2
    said = capsys.readouterr().err
    assert "mine learned from" in said
    assert "(1 of 2 videos): take videos that are new to it" in said


def test_that_no_other_clip_is_of_the_groups_is_said(
    build, clips_folder: Path, tmp_path: Path, capsys
) -> None:
    for label in CLASSES:
        shutil.copytree(clips_folder / label, tmp_path / label)
    (tmp_path / "Other").mkdir()
    other = next((clips_folder / "Other").glob("*_g09_*"))
    shutil.copy(other, tmp_path / "Other" / other.name)
    assert here("reject", "--bundle", build(0.5), "--data", tmp_path) == 0
    said = capsys.readouterr()
    assert "no clip of another class is of these groups: none of them measured" in said.err
    assert "others" not in said.out


def test_bad_input_is_one_line(build, clips_folder: Path, tmp_path: Path, capsys) -> None:
    def learned(manifest: dict) -> None:
        manifest["training"] = {
            "split": {"protocol": "group-wise", "sets": {"train": {"groups": ["g09"]}}}
        }

    bundle = build(0.5, edit_manifest=learned)
    (tmp_path / "empty").mkdir()
    a_file = next((clips_folder / "Drift").iterdir())
    good = ("--bundle", bundle, "--data", clips_folder)
    for arguments, words in (
        (("--bundle", bundle, "--data", tmp_path / "none"), "no data folder"),
        ((*good, "--groups", "g99"), "no clips of the groups g99"),
        ((*good, "--groups", "g03,g09"), "learned from g09"),
        ((*good, "--idle", tmp_path / "none"), "no such file or folder"),
        ((*good, "--idle", tmp_path / "empty"), "no video in this folder"),
        ((*good, "--idle", a_file), "is a file"),
    ):
        assert here("reject", *arguments) == 2
        told = capsys.readouterr().err
        assert words in told
        assert len(told.strip().splitlines()) == 1


def test_a_split_tells_which_clips_of_other_classes_test(
    build, clips_folder, tmp_path, capsys
) -> None:
    split = split_by_group(scan(clips_folder, CLASSES))
    others = [clip for clip in scan(clips_folder, ["Other"]) if clip.group == "g09"]
    assert others
    assert "g09" not in {clip.group for clip in split.test}
    path = tmp_path / "split.json"
    rows = {}
    for tested in ([], others):
        told = msgspec.structs.replace(split, others=Others([], [], tested))
        path.write_bytes(msgspec.json.encode(told))
        arguments = ["--bundle", build(0.0), "--data", clips_folder, "--split", path, "--json"]
        assert here("reject", *arguments) == 0
        rows[len(tested)] = json.loads(capsys.readouterr().out)["others"]["windows"]
    assert rows[len(others)] - rows[0] == WINDOWS * len(others)
