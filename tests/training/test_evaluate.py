"""Evaluation of a real (random) bundle on real (small) clips, and its command line."""

import json
import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from export.report import Accuracy, read_report
from har_desktop.errors import InputError
from har_desktop.inference.bundle import load_bundle
from tests.training.commands import command, here
from training.data.index import content, scan
from training.data.split import TEST_GROUPS, Split, split_at_random, split_by_group
from training.evaluate import evaluate, refuse_seen
from training.report import table

KEYS = {
    "kind",
    "bundle",
    "accuracy",
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "per_class",
    "confusion",
    "wilson95",
    "clips",
    "protocol",
    "sampling",
}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, make_bundle) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "two"
    return make_bundle(folder, classes=("Drift", "Still"), size=(48, 64))


def test_clips_without_evidence_are_told(make_bundle, clips_folder: Path, tmp_path: Path) -> None:
    """As `replay` counts: windows without evidence have no vote."""
    clips = [c for c in scan(clips_folder, ("Drift", "Still")) if c.group in TEST_GROUPS]
    for least, none in ((-1e6, 0), (1e6, 14)):
        folder = make_bundle(
            tmp_path / f"two{none}",
            classes=("Drift", "Still"),
            size=(48, 64),
            edit_manifest=lambda m, least=least: m["calibration"].update(least_evidence=least),
        )
        report = evaluate(load_bundle(folder), clips_folder, clips, "time", "group-wise")
        right = round(report["accuracy"] * 14) if not none else 0
        assert report["with_evidence"] == {"right": right, "none": none}
        assert f"{none} clips have no other window" in table(report)
        assert read_report(report).tested == sorted({c.group for c in clips})


def test_a_class_without_clips_is_not_called_wrong(bundle: Path, clips_folder: Path) -> None:
    clips = [c for c in scan(clips_folder, ("Drift",)) if c.group in TEST_GROUPS]
    text = table(evaluate(load_bundle(bundle), clips_folder, clips, "time", "group-wise"))
    assert "Not measured, for there are no clips: Still." in text
    assert next(r for r in text.splitlines() if r.startswith("Still")).split()[1:4] == ["-"] * 3


@pytest.mark.parametrize("sampling", ["time", "even"])
def test_the_report_adds_up(bundle: Path, clips_folder: Path, sampling: str) -> None:
    clips = [c for c in scan(clips_folder, ("Drift", "Still")) if c.group in TEST_GROUPS]
    report = evaluate(load_bundle(bundle), clips_folder, clips, sampling, "group-wise")
    assert report.keys() >= KEYS
    assert isinstance(read_report(report), Accuracy)
    confusion = np.array(report["confusion"])
    assert report["clips"] == confusion.sum() == 14
    assert report["accuracy"] == pytest.approx(np.trace(confusion) / 14)
    for interval in ("wilson95", "grouped95"):
        low, high = report[interval]
        assert low <= report["accuracy"] <= high
    assert report["groups"] == 14
    assert [row["support"] for row in report["per_class"].values()] == [7, 7]
    # 3 s at 20 Hz are 15 steps of 0.2 s; ten of them fill the window.
    assert report["windows"] == 14 * (5 if sampling == "time" else 1)


def test_an_unreadable_clip_is_counted_not_hidden(
    bundle: Path, clips_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "Drift").mkdir()
    good = next((clips_folder / "Drift").iterdir())
    (tmp_path / "Drift" / "v_Drift_g01_c01.avi").write_bytes(good.read_bytes())
    (tmp_path / "Drift" / "v_Drift_g01_c02.avi").write_bytes(b"nothing")
    clips = scan(tmp_path, ("Drift",))
    report = evaluate(load_bundle(bundle), tmp_path, clips, "time", "group-wise")
    assert report["clips"] == 1
    assert report["skipped"] == ["Drift/v_Drift_g01_c02.avi"]
    assert report["grouped95"] == (0.0, 1.0)
    assert "All clips are of one group, which tells nothing of other people." in table(report)


def test_the_command_line_measures_the_test_groups_without_tensorflow(
    bundle: Path, clips_folder: Path
) -> None:
    done = command("evaluate", "--bundle", bundle, "--data", clips_folder, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report.keys() >= KEYS
    assert report["clips"] == 14
    assert report["protocol"] == "group-wise"


def manifest_of(make_bundle, folder: Path, split: dict[str, object]):
    bundle = make_bundle(folder, edit_manifest=lambda m: m.update(training={"split": split}))
    return load_bundle(bundle).manifest


def test_groups_that_were_learned_from_are_refused(make_bundle, tmp_path: Path) -> None:
    split = {"protocol": "group-wise", "sets": {"train": {"groups": ["g08", "g09", "g10"]}}}
    manifest = manifest_of(make_bundle, tmp_path / "honest", split)
    refuse_seen(manifest, TEST_GROUPS)
    with pytest.raises(InputError, match="honest learned from g08, g10"):
        refuse_seen(manifest, {"g01", "g10", "g08"})


def test_groups_that_a_model_was_chosen_by_are_refused(make_bundle, tmp_path: Path) -> None:
    sets = {"train": {"groups": ["g09"]}, "validation": {"groups": ["g08"]}}
    manifest = manifest_of(make_bundle, tmp_path / "chosen", {"sets": sets})
    refuse_seen(manifest, TEST_GROUPS)
    with pytest.raises(InputError, match="chosen was chosen by g08; name other"):
        refuse_seen(manifest, {"g08", "g03"})


def test_what_was_learned_from_is_known_under_any_name(
    make_bundle, clips_folder: Path, tmp_path: Path, capsys
) -> None:
    clips = scan(clips_folder, ("Drift", "Still"))
    learned = [content(clip) for clip in clips if clip.group == "g08"]
    bundle = make_bundle(
        tmp_path / "mine",
        classes=("Drift", "Still"),
        edit_manifest=lambda m: m.update(training={"split": {"learned": learned}}),
    )
    data = tmp_path / "data"
    for label in ("Drift", "Still"):
        shutil.copytree(clips_folder / label, data / label)
    where = ("--bundle", bundle, "--data", data, "--groups", "g03")
    assert here("evaluate", *where) == 0
    lines = [f"{c.path},{'g03' if c.group == 'g08' else c.group}" for c in clips]
    (data / "groups.csv").write_text("\n".join(["file,group", *lines]))
    assert here("evaluate", *where) == 2
    said = capsys.readouterr().err
    assert "mine learned from Drift/v_Drift_g08" in said
    assert f"({len(learned)} of " in said


def test_a_model_of_shuffled_clips_has_no_group_wise_figure(make_bundle, tmp_path: Path) -> None:
    manifest = manifest_of(make_bundle, tmp_path / "leaky", {"protocol": "clip-random"})
    with pytest.raises(InputError, match=r"leaky was trained on shuffled clips.*--split"):
        refuse_seen(manifest, TEST_GROUPS)


def test_a_shuffled_split_is_for_a_model_of_shuffled_clips(
    make_bundle, clips_folder: Path, tmp_path: Path, capsys
) -> None:
    path = tmp_path / "split.json"
    split = split_at_random(scan(clips_folder, ("Drift", "Still")), seed=1)
    path.write_bytes(msgspec.json.encode(split))
    for name, stated in (("honest", "group-wise"), ("leaky", "clip-random")):
        bundle = make_bundle(
            tmp_path / name,
            classes=("Drift", "Still"),
            edit_manifest=lambda m, p=stated: m.update(training={"split": {"protocol": p}}),
        )
        code = here("evaluate", "--bundle", bundle, "--data", clips_folder, "--split", path)
        said = capsys.readouterr()
        assert code == (2 if name == "honest" else 0), said.err
        assert ("honest was not trained on such a split" in said.err) == (name == "honest")
    assert f"{len(split.test)} clips, clip-random" in said.out


def test_test_clips_that_show_something_else_now_are_refused(
    bundle: Path, clips_folder: Path, tmp_path: Path, capsys
) -> None:
    data = tmp_path / "data"
    shutil.copytree(clips_folder / "Drift", data / "Drift")
    shutil.copytree(clips_folder / "Still", data / "Still")
    split = split_by_group(scan(data))
    (tmp_path / "split.json").write_bytes(msgspec.json.encode(split))
    where = ("--bundle", bundle, "--data", data, "--split", tmp_path / "split.json")
    gone, swapped = split.test[:2]
    (data / gone.path).unlink()
    assert here("evaluate", *where) == 0
    assert f"{len(split.test) - 1} clips" in capsys.readouterr().out
    shutil.copy(data / split.train[0].path, data / swapped.path)
    assert here("evaluate", *where) == 2
    said = capsys.readouterr().err
    assert f"{swapped.path} (1 of {len(split.test)} test clips) is not what it was" in said


def test_a_group_of_ones_own_is_one_whatever_is_done_in_it(
    bundle: Path, clips_folder: Path, tmp_path: Path
) -> None:
    lines = ["file,group"]
    for label in ("Drift", "Still"):
        (tmp_path / label).mkdir()
        for number in (1, 2, 3):
            clip = clips_folder / label / f"v_{label}_g0{number}_c01.avi"
            (tmp_path / label / f"{number}.avi").write_bytes(clip.read_bytes())
            lines.append(f"{label}/{number}.avi,{'anna' if number < 3 else 'ben'}")
    (tmp_path / "groups.csv").write_text("\n".join(lines))
    clips = scan(tmp_path)
    report = evaluate(load_bundle(bundle), tmp_path, clips, "even", "group-wise")
    assert (report["clips"], report["groups"]) == (6, 2)


def test_groups_may_be_named_with_blanks(bundle: Path, clips_folder: Path, capsys) -> None:
    where = ("--bundle", bundle, "--data", clips_folder)
    assert here("evaluate", *where, "--groups", "g03, g04", "--json") == 0
    assert json.loads(capsys.readouterr().out)["clips"] == 4


def test_bad_input_is_one_line(bundle: Path, clips_folder: Path, tmp_path: Path, capsys) -> None:
    foreign = tmp_path / "split.json"
    other = [clip for clip in scan(clips_folder, ("Other",)) if clip.group == "g03"]
    foreign.write_bytes(msgspec.json.encode(Split("group-wise", [], [], other, [])))
    strangers = tmp_path / "strangers"
    for label in ("Drift", "wave"):
        (strangers / label).mkdir(parents=True)
        (strangers / label / "v_wave_g03_c01.avi").touch()
    for arguments, words in (
        (
            ("--bundle", bundle, "--data", strangers),
            f"two knows other classes than {strangers}, which has no clips of Still: give the",
        ),
        (("--bundle", tmp_path / "none", "--data", clips_folder), "no such folder"),
        (("--bundle", bundle, "--data", tmp_path / "none"), "no data folder"),
        (("--bundle", bundle, "--data", clips_folder, "--groups", "g99"), "no clips of the groups"),
        (
            ("--bundle", bundle, "--data", clips_folder, "--groups", "g03, g99,g04"),
            "no clips of the groups g99 in",
        ),
        (
            ("--bundle", bundle, "--data", clips_folder, "--split", foreign),
            "has clips of Other, whi",
        ),
    ):
        assert here("evaluate", *arguments) == 2
        told = capsys.readouterr().err
        assert words in told
        assert "--classes" not in told
        assert len(told.strip().splitlines()) == 1
