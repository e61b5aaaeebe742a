from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import msgspec
import pytest

from export.before import figures, require_same_run
from export.cli import cli
from export.run import Run, read_run
from har_desktop import console
from har_desktop.errors import InputError


@pytest.fixture
def run(run_folder) -> Run:
    return read_run(run_folder)


@pytest.fixture
def target(built, tmp_path) -> Path:
    """A copy of the bundle that was built from `run`."""
    return shutil.copytree(built, tmp_path / "tiny")


def _change(folder: Path, **values: object) -> None:
    path = folder / "manifest.json"
    path.write_bytes(msgspec.json.encode(msgspec.json.decode(path.read_bytes()) | values))


def test_a_bundle_of_the_same_training_may_be_replaced(run, target):
    require_same_run(target, run)
    require_same_run(target, dataclasses.replace(run, environment={"commit": "another"}))
    require_same_run(target.parent / "new", run)


def test_a_bundle_of_before_may_be_replaced_by_the_same_training(run, target):
    told = msgspec.json.decode((target / "manifest.json").read_bytes())["training"]
    del told["split"]["learned"]
    _change(target, training=told)
    require_same_run(target, run)


def test_a_bundle_of_another_run_is_not_replaced(run, target):
    config, split = run.config, run.split
    replace = msgspec.structs.replace
    others = {
        "classes": {"config": replace(config, classes=("Lunges", "PushUps", "Wave"))},
        "configuration": {"config": replace(config, seed=2)},
        "clips": {"split": replace(split, train=split.train[1:])},
    }
    for difference, change in others.items():
        complaint = f"tiny holds a bundle of a run with other {difference}: name another folder, or"
        with pytest.raises(InputError, match=complaint):
            require_same_run(target, dataclasses.replace(run, **change))


def test_a_bundle_that_cannot_be_read_is_not_replaced(run, target):
    _change(target, schema_version=0)
    with pytest.raises(InputError, match="holds a bundle whose manifest cannot be read: name ano"):
        require_same_run(target, run)
    assert figures(target) == []


def test_a_bundle_of_a_configuration_that_is_no_more_is_one_of_another_run(run, target):
    _change(target, training={"configuration": {"network": "fisher"}})
    with pytest.raises(InputError, match="other configuration"):
        require_same_run(target, run)


@pytest.mark.slow
def test_building_says_what_is_in_the_way_and_what_was_lost(run_folder, target, capsys):
    def build(*options: str) -> tuple[int, str, str]:
        arguments = ["build", str(run_folder), "--out", str(target), *options]
        return console.run(cli, "python -m export", arguments), *capsys.readouterr()

    _change(target, metrics={"rejection": {}, "group-wise": {}}, classes=["a", "b"])
    before = {path: path.read_bytes() for path in target.iterdir()}
    assert build() == (
        2,
        "",
        f"python -m export: error: {target} holds a bundle of a run with other classes: name"
        " another folder, or give --replace\n",
    )
    assert {path: path.read_bytes() for path in target.iterdir()} == before
    code, out, err = build("--replace")
    assert (code, len(out.splitlines())) == (0, 1)
    assert err == (
        f"{target}: the figures of the bundle before are gone, measure again: rejection,"
        " group-wise\n"
    )
    code, _, err = build()
    assert (code, err) == (0, "")
