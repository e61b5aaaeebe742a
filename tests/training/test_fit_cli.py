"""The verbs that train, as commands. What they do is tested beside what does it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.training.commands import here
from tests.training.tiny import NETWORK
from training.cli import cli
from training.config import Config
from training.data.index import scan
from training.data.split import Others, read_split, split_by_group
from training.illustrate import draw_run
from training.others import other_clips
from training.run_folder import best_loss, has_validation, history, owning

pytest.importorskip("keras", reason="the training extra is not installed")

from export.run import read_run
from training import fit as fit_module
from training.callbacks import Best

TINY = """
classes = ["Drift", "Still"]
others = 1
views = 2
[network]
name = "mobilenet_gru"
height = 64
width = 96
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


@pytest.mark.parametrize(
    ("name", "kind"), [("mobilenet_gru", "mobilenet_gru"), ("tuned_body", "tuned_gru")]
)
@pytest.mark.parametrize("verb", ["prepare", "fit"])
def test_a_network_on_published_trunks_asks_for_them_first(
    verb, name, kind, clips_folder, tmp_path, capsys
):
    options = ("--run", tmp_path / "run") if verb == "fit" else ()
    where = ("--data", clips_folder, "--cache", tmp_path / "cache", *options)
    assert here(verb, *where, "--config", name) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert f"{kind} builds on published networks: give their folder, --published" in said.err
    assert "models/NOTICE.md tells where to get them" in said.err
    assert "--config cnn_gru, which needs none" in said.err
    assert not (tmp_path / "cache").exists()
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("network", "missing"), [("mobilenet_gru", "movenet"), ("tuned_gru", "tf2_mobilenet")]
)
def test_a_folder_without_the_published_networks_is_one_line(
    network, missing, tiny, clips_folder, tmp_path, capsys
):
    tiny.write_text(TINY.replace("mobilenet_gru", network))
    where = ("--data", clips_folder, "--cache", tmp_path / "cache", "--published", tmp_path)
    assert here("prepare", *where, "--config", tiny) == 2
    said = capsys.readouterr()
    assert len(said.err.splitlines()) == 1
    assert f"holds no {missing}" in said.err
    assert not (tmp_path / "cache").exists()


def test_other_networks_ask_for_no_published_ones(clips_folder, tmp_path, capsys):
    config = tmp_path / "mine.toml"
    config.write_text('classes = ["Drift", "Still"]\n[network]\nname = "cnn_gru"')
    where = ("--data", clips_folder, "--cache", tmp_path / "cache")
    assert here("prepare", *where, "--config", config) == 0
    assert "Drift" in capsys.readouterr().out


def test_content_of_a_held_out_group_is_not_learned_under_another_name(tmp_path, write_clip):
    """As it is for clips of the classes: rejection is measured on the others' test groups."""
    config = Config(classes=("Drift",), others=1.0)
    for label, group, seed in (
        *(("Drift", group, group) for group in (3, 8, 9)),
        *(("Other", group, 50 + group) for group in (3, 8, 9)),
        ("Other", 10, 53),  # what g03 shows
        ("Else", 11, 58),  # what g08 shows, which validates
        ("Else", 12, 70),
        ("Else", 13, 71),
    ):
        path = tmp_path / label / f"v_{label}_g{group:02d}_c01.avi"
        write_clip(path, speed=0.3, seed=seed, seconds=0.2)
    split = split_by_group(scan(tmp_path, config.classes))
    assert {c.group for c in split.validation} == {"g08"}
    others = other_clips(config, tmp_path, split)
    # Of the groups without a clip of the class the first validates, and the third tests.
    assert sorted(c.origin for c in others.train) == [("Else", "g13"), ("Other", "g09")]
    assert [c.origin for c in others.validation] == [("Other", "g08")]
    assert other_clips(Config(classes=("Drift",)), tmp_path, split) == Others([], [])


def test_prepare_computes_what_training_needs(tiny, write_clip, tmp_path, shared_data, capsys):
    data = tmp_path / "data"
    for label, speed in (("Drift", 0.5), ("Still", 0.0), ("Other", -0.2)):
        for group in (3, 8, 9, 10):
            path = data / label / f"v_{label}_g{group:02d}_c01.avi"
            write_clip(path, speed=speed, seed=group + ord(label[0]), seconds=1.1)
    where = ("--data", data, "--cache", tmp_path / "cache", "--published", shared_data)
    assert here("prepare", *where, "--config", tiny) == 0
    said = capsys.readouterr()
    assert "training too: 2 clips of 1 classes" in said.out
    (folder,) = (tmp_path / "cache").iterdir()
    views = sorted(path.name for path in folder.glob("*.times.npy"))
    # Two groups of two classes learn, in two views; one validates. Of the other clips two learn, in
    # one view each, and one validates.
    assert len(views) == 2 * 2 * 2 + 2 * 1 + 2 + 1
    assert here("prepare", *where, "--config", tiny) == 0
    assert sorted(path.name for path in folder.glob("*.times.npy")) == views


CNN = """
classes = ["Drift", "Still"]
epochs = 2
batch = 4
average = 0.9
"""
Run = Callable[..., int]


@pytest.fixture(scope="module")
def first_run(clips_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, beside a cache of its clips."""
    folder = tmp_path_factory.mktemp("first")
    (folder / "cnn.toml").write_text(CNN + NETWORK)
    fit = ("fit", "--config", folder / "cnn.toml", "--fold", 1, "--data", clips_folder)
    assert here(*fit, "--cache", folder / "cache", "--run", folder / "run") == 0
    return folder / "run"


@pytest.fixture
def trained(first_run: Path, clips_folder: Path, tmp_path: Path) -> Run:
    """A finished run in `first`; give the command that trains once more after it."""
    where = ("--data", clips_folder, "--cache", first_run.with_name("cache"))
    shutil.copytree(first_run, tmp_path / "first")

    def refit(*options: object, after: str = "first", run: str = "again") -> int:
        return here("refit", "--after", tmp_path / after, *where, "--run", tmp_path / run, *options)

    return refit


@pytest.mark.slow
def test_few_clips_learn_all_the_same_and_it_is_told(clips_folder, tmp_path, capsys) -> None:
    where = ("--data", clips_folder, "--cache", tmp_path / "cache", "--run", tmp_path / "run")
    (tmp_path / "few.toml").write_text(CNN.replace("batch = 4", "batch = 100") + NETWORK)
    assert here("fit", "--config", tmp_path / "few.toml", *where) == 0
    assert "steps of an epoch: 1, which is few: give more clips, or" in capsys.readouterr().err
    assert len(history(tmp_path / "run")) == 2


@pytest.mark.parametrize("seed", ["-3", "4294967296"])
def test_a_seed_that_no_library_takes_is_refused_at_once(tmp_path, capsys, seed) -> None:
    where = ("--data", tmp_path, "--cache", tmp_path / "cache", "--seed", seed)
    assert here("fit", *where, "--run", tmp_path / "run") == 2
    assert here("compare", *where, "--out", tmp_path / "run") == 2
    said = capsys.readouterr().err
    assert said.count("is not in the range 0<=x<=4294967295") == 2
    assert not (tmp_path / "run").exists()


def test_a_start_that_fails_leaves_no_run(clips_folder, tmp_path, monkeypatch, capsys) -> None:
    where = ("--data", clips_folder, "--cache", tmp_path / "cache", "--run", tmp_path / "run")
    (tmp_path / "cnn.toml").write_text(CNN + NETWORK)
    with monkeypatch.context() as patch:
        patch.setattr(fit_module, "choose", interrupt)  # before the first epoch
        assert here("fit", "--config", tmp_path / "cnn.toml", *where) == 130
    assert "--resume" not in capsys.readouterr().err
    assert here("fit", "--config", tmp_path / "cnn.toml", *where, "--seed", 5) == 0


def test_refit_learns_from_what_validated_too(trained: Run, tmp_path: Path, capsys) -> None:
    capsys.readouterr()
    assert trained() == 0
    first, again = tmp_path / "first", tmp_path / "again"
    before, after = (read_split(run / "split.json") for run in (first, again))
    assert before.validation
    assert after.validated == before.validation
    assert set(after.train) == {*before.train, *before.validation}
    assert (after.validation, after.test) == ([], before.test)
    said = capsys.readouterr().out
    assert f"learned from too: {len(before.validation)} clips that validated the run before" in said
    for name in ("config", "calibration", "validation"):
        assert (again / f"{name}.json").read_bytes() == (first / f"{name}.json").read_bytes()
    assert (again / "best.weights.h5").read_bytes() != (first / "best.weights.h5").read_bytes()
    assert has_validation(history(first))
    assert not has_validation(history(again))
    assert history(again)["epoch"].tolist() == [0, 1]
    assert best_loss(again) == float("inf")  # so a resumed one keeps what it learns next
    assert read_run(again).network().count_params() > 0
    assert [path.suffix for path in draw_run(again, tmp_path / "figures")] == [".png", ".svg"]


def test_refit_keeps_the_last_weights(trained: Run, tmp_path: Path, monkeypatch) -> None:
    kept = []
    whole = Best.on_epoch_end

    def noted(self, epoch, logs=None) -> None:
        whole(self, epoch, logs)
        kept.append((tmp_path / "again" / "best.weights.h5").read_bytes())

    monkeypatch.setattr(Best, "on_epoch_end", noted)
    assert trained() == 0
    assert len(set(kept)) == 2
    assert (tmp_path / "again" / "best.weights.h5").read_bytes() == kept[-1]


def test_refit_goes_on_and_then_no_further(
    trained: Run, tmp_path: Path, monkeypatch, capsys
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(fit_module, "take_calibration", interrupt)
        assert trained() == 130
    assert "again: interrupted; go on with --resume" in capsys.readouterr().err
    assert not (tmp_path / "again" / "environment.json").exists()
    with monkeypatch.context() as patch:
        patch.setattr("training.data.cache.Cache.fill", interrupt)  # before a clip is decoded
        assert trained() == 2
        assert "is not empty: go on with --resume" in capsys.readouterr().err
        assert trained("--resume") == 130
    with owning(tmp_path / "again"):
        assert trained("--resume") == 2
    assert "again: another process trains there" in capsys.readouterr().err
    assert trained("--resume") == 0
    assert (tmp_path / "again" / "environment.json").exists()
    assert trained(after="again", run="third") == 2
    assert "again has learned from its validation clips" in capsys.readouterr().err


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_refit_refuses_what_has_not_finished(trained: Run, tmp_path: Path, capsys) -> None:
    (tmp_path / "first" / "environment.json").unlink()
    assert trained() == 2
    assert "first is no finished run: give the folder that" in capsys.readouterr().err
    assert not (tmp_path / "again").exists()


def test_refit_says_at_once_what_the_run_before_lacks(trained: Run, tmp_path: Path, capsys) -> None:
    (tmp_path / "first" / "calibration.json").unlink()
    assert trained() == 2
    assert (
        "calibration.json is gone: put it back, or train that run anew" in capsys.readouterr().err
    )
    assert not (tmp_path / "again").exists()


def test_refit_refuses_other_clips(trained: Run, tmp_path: Path, capsys) -> None:
    path = tmp_path / "first" / "split.json"
    split = json.loads(path.read_text())
    split["train"][0]["sha256"] = "0" * 64
    path.write_text(json.dumps(split))
    assert trained() == 2
    said = capsys.readouterr().err
    assert f"{split['train'][0]['path']} is gone or has changed since the run before" in said


@pytest.mark.parametrize("name", list(cli.commands))
def test_every_verb_takes_debug_behind_it(name: str) -> None:
    """As a message about a bug says."""
    assert "--debug" in [option for p in cli.commands[name].params for option in p.opts]
