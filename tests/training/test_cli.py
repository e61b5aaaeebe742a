"""The verbs that need TensorFlow. Those that must not are tested beside what they measure."""

from __future__ import annotations

from pathlib import Path

import pytest

from har_desktop import console
from training.cli import cli
from training.config import Config
from training.data.index import scan
from training.data.split import split_by_group
from training.prepare import other_clips

TINY = """
classes = ["Drift", "Still"]
others = 1
views = 2
[network]
name = "mobilenet_gru"
height = 64
width = 96
"""


def command(*arguments: object) -> int:
    return console.run(cli, "python -m training", [str(a) for a in arguments])


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


@pytest.mark.parametrize("verb", ["prepare", "fit"])
def test_a_network_on_published_trunks_asks_for_them_first(verb, clips_folder, tmp_path, capsys):
    options = ("--run", tmp_path / "run") if verb == "fit" else ()
    where = ("--data", clips_folder, "--cache", tmp_path / "cache", *options)
    assert command(verb, *where, "--config", "mobilenet_gru") == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert "mobilenet_gru builds on published networks: give their folder, --published" in said.err
    assert not (tmp_path / "cache").exists()
    assert not (tmp_path / "run").exists()


def test_a_folder_without_the_published_networks_is_one_line(tiny, clips_folder, tmp_path, capsys):
    where = ("--data", clips_folder, "--cache", tmp_path / "cache", "--published", tmp_path)
    assert command("prepare", *where, "--config", tiny) == 2
    said = capsys.readouterr()
    assert len(said.err.splitlines()) == 1
    assert "holds no movenet" in said.err
    assert not (tmp_path / "cache").exists()


def test_other_networks_ask_for_no_published_ones(clips_folder, tmp_path, capsys):
    config = tmp_path / "mine.toml"
    config.write_text('classes = ["Drift", "Still"]\n[network]\nname = "cnn_gru"')
    where = ("--data", clips_folder, "--cache", tmp_path / "cache")
    assert command("prepare", *where, "--config", config) == 0
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
    ):
        path = tmp_path / label / f"v_{label}_g{group:02d}_c01.avi"
        write_clip(path, speed=0.3, seed=seed, seconds=0.2)
    split = split_by_group(scan(tmp_path, config.classes))
    assert {c.group for c in split.validation} == {"g08"}
    others = other_clips(config, tmp_path, split)
    assert sorted(c.origin for c in others.train) == [("Else", "g12"), ("Other", "g09")]
    assert [c.origin for c in others.validation] == [("Other", "g08")]
    assert other_clips(Config(classes=("Drift",)), tmp_path, split) == ([], [])


def test_prepare_computes_what_training_needs(tiny, write_clip, tmp_path, shared_data, capsys):
    data = tmp_path / "data"
    for label, speed in (("Drift", 0.5), ("Still", 0.0), ("Other", -0.2)):
        for group in (3, 8, 9, 10):
            path = data / label / f"v_{label}_g{group:02d}_c01.avi"
            write_clip(path, speed=speed, seed=group + ord(label[0]), seconds=1.1)
    where = ("--data", data, "--cache", tmp_path / "cache", "--published", shared_data)
    assert command("prepare", *where, "--config", tiny) == 0
    said = capsys.readouterr()
    assert "training too: 2 clips of 1 classes" in said.out
    (folder,) = (tmp_path / "cache").iterdir()
    views = sorted(path.name for path in folder.glob("*.times.npy"))
    # Two groups of two classes learn, in two views; one validates. Of the other clips two learn, in
    # one view each, and one validates.
    assert len(views) == 2 * 2 * 2 + 2 * 1 + 2 + 1
    assert command("prepare", *where, "--config", tiny) == 0
    assert sorted(path.name for path in folder.glob("*.times.npy")) == views
