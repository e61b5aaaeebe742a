"""Clips of one's own on their way into a run: what is taken, what is left out, what is refused."""

from __future__ import annotations

import shutil
import unicodedata
from pathlib import Path

import msgspec
import pytest

from har_desktop.errors import InputError
from tests.training.commands import here
from tests.training.tiny import NETWORK
from training import prepare as module
from training.config import Config, Streams, parts
from training.config_file import load_config
from training.data.index import scan
from training.data.split import describe, split_by_group
from training.others import other_clips
from training.prepare import with_classes

TINY = """
epochs = 2
batch = 4
"""


@pytest.fixture(scope="session")
def own_clips(tmp_path_factory: pytest.TempPathFactory, write_clip) -> Path:
    """Two labels of six files each, and one of other things, named as people name files."""
    root = tmp_path_factory.mktemp("own")
    for label, speed in (("to the right", 0.5), ("standing", 0.0), ("something else", -0.2)):
        for number in range(6):
            seed = number + 100 * len(label)
            write_clip(root / label / f"take {number}.avi", speed=speed, seed=seed, seconds=2.5)
    return root


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY + NETWORK)
    return path


def prepare(data: Path, tiny: Path, *arguments: object) -> int:
    where = ["--data", data, "--cache", tiny.parent / "cache", "--config", tiny]
    return here("prepare", *where, *arguments)


def test_named_folders_are_the_classes(own_clips, tiny, capsys) -> None:
    assert prepare(own_clips, tiny, "--classes", "standing, to the right") == 0
    said = capsys.readouterr().out
    sets = [line for line in said.splitlines() if " groups; standing " in line]
    assert len(sets) == 3
    assert all(", to the right " in line for line in sets)
    assert "something else" not in said
    assert "each of 12 files is a group of its own" in said


def test_all_folders_are_the_classes(own_clips, tiny, capsys) -> None:
    assert prepare(own_clips, tiny, "--classes", "all") == 0
    assert capsys.readouterr().out.count(" groups; something else ") == 3


def test_clips_that_lie_too_deep_are_told_once(own_clips, tmp_path, tiny, capsys) -> None:
    data = tmp_path / "data"
    shutil.copytree(own_clips, data)
    (data / "to the right").rename(data / "anna")
    (data / "to the right").mkdir()
    (data / "anna").rename(data / "to the right" / "anna")
    assert prepare(data, tiny, "--classes", "all") == 0
    said = capsys.readouterr()
    (line,) = said.err.splitlines()
    assert line.startswith(f"{data / 'to the right'}: no video lies directly in it")
    assert "6 videos in folders below it are not looked at" in line
    assert prepare(data, tiny, "--classes", "standing,to the right") == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "to the right itself: 6 lie in folders below it; move them up" in line
    (data / "standing").rename(data / "to the right" / "standing")
    assert prepare(data, tiny, "--classes", "all") == 2
    *told, error = capsys.readouterr().err.splitlines()
    assert "12 videos in folders below it" in told[0]
    assert "at least two classes" in error


def test_the_other_folders_teach_what_is_none_of_the_classes(own_clips, tiny, capsys) -> None:
    tiny.write_text("others = 1.0\n" + TINY + NETWORK)
    assert prepare(own_clips, tiny, "--classes", "standing,to the right") == 0
    said = capsys.readouterr().out
    # Each file is a group of its own.
    assert "training too: 4 clips of 1 classes" in said
    assert "validating too: 1 clips of other classes" in said
    assert "testing too: 1 clips of other classes" in said
    assert prepare(own_clips, tiny, "--classes", "all") == 2
    said = capsys.readouterr().err
    assert f"each folder of {own_clips} is a class: name the classes with --classes and" in said


@pytest.mark.parametrize("mirror", [True, False])
def test_labels_that_mirrors_exchange_are_told(own_clips, tmp_path, tiny, capsys, mirror) -> None:
    data = tmp_path / "data"
    for name, label in (("to the right", "Turn right"), ("standing", "turn Left")):
        shutil.copytree(own_clips / name, data / label)
    tiny.write_text(TINY + NETWORK + f"\n[augment]\nmirror = {str(mirror).lower()}\n")
    assert prepare(data, tiny, "--classes", "all") == 0
    told = (
        "turn Left and Turn right: mirrored, each looks like the other" in capsys.readouterr().err
    )
    assert told is mirror


def test_classes_that_no_model_can_have_are_refused(own_clips) -> None:
    for classes, words in (
        ("standing,standing", "class standing is named twice"),
        ("standing,", "'' cannot name a class"),
        ("standing," + "x" * 81, "cannot name a class: use 1 to 80 letters"),
        ("standing,a\u200cb", "cannot name a class: it holds a character that is not"),
        ("standing", "at least two classes apart, here is standing"),
        ("standing,No-Action", "'No-Action' is what the app says where it sees none of the cl"),
    ):
        with pytest.raises(InputError, match=words):
            with_classes(Config(), own_clips, classes)


def test_short_clips_are_told_and_very_short_ones_left_out(
    tmp_path, write_clip, tiny, capsys
) -> None:
    data = tmp_path / "data"
    for label in ("jump", "wave"):
        for number in range(5):
            path = data / label / f"{number}.avi"
            write_clip(path, speed=0.2, seed=number + ord(label[0]), seconds=1.2)
    assert prepare(data, tiny, "--classes", "all") == 0
    said = capsys.readouterr()
    assert "8 clips are shorter than a window of 1.8 s and stand still before" in said.out
    for path in sorted((data / "jump").iterdir()):
        write_clip(path, speed=0.2, seed=ord(path.stem), seconds=0.5)
    assert prepare(data, tiny, "--classes", "all") == 2
    said = capsys.readouterr()
    assert "left out: jump/" in said.err
    assert " s, less than half a window of 1.8 s" in said.err
    assert "the train set has no clip of jump" in said.err.splitlines()[-1]


def test_what_shows_too_little_is_left_out_before_the_clips_are_divided(
    own_clips, tmp_path, tiny, write_clip, capsys
) -> None:
    data = tmp_path / "data"
    shutil.copytree(own_clips, data)
    config = with_classes(load_config(str(tiny)), data, "standing,to the right")
    split = split_by_group(scan(data, config.classes))
    (short,), (broken,) = (
        [c for c in clips if c.label == "standing"] for clips in (split.validation, split.test)
    )
    write_clip(data / short.path, speed=0, seed=99, seconds=0.4)
    (data / broken.path).write_bytes(b"nothing")
    shutil.copy(data / split.train[0].path, data / "standing" / "copy.avi")
    assert prepare(data, tiny, "--classes", "standing,to the right") == 0
    said = capsys.readouterr()
    assert f"left out: {short.path} lasts 0.4 s, less than half a window" in said.err
    assert f"left out: {data / broken.path}: " in said.err
    assert said.err.count("left out: ") == 2
    left = [c for c in scan(data, config.classes) if c.path not in (short.path, broken.path)]
    assert describe(split_by_group(left)) in said.out


def test_networks_side_by_side_learn_from_one_division(own_clips, tmp_path, write_clip) -> None:
    data = tmp_path / "data"
    shutil.copytree(own_clips, data)
    # Long enough for the one that needs no picture before the first.
    write_clip(data / "standing" / "take 0.avi", speed=0, seed=1, seconds=0.98)
    for name, motion in (("seeing", "false"), ("moving", "true")):
        (tmp_path / f"{name}.toml").write_text(TINY + NETWORK + f"motion = {motion}\n")
    (tmp_path / "both.toml").write_text('streams = ["seeing", "moving"]')
    loaded = load_config(str(tmp_path / "both.toml"))
    each = [with_classes(part, data, "standing,to the right") for part in parts(loaded)]
    source = module.Source(data, tmp_path / "cache")
    seeing, moving = (one.split for one in module.prepare(Streams(streams=tuple(each)), source))
    assert seeing == moving
    assert sum(len(clips) for clips in seeing.sets().values()) == 11


def test_what_the_division_lacks_for_clips_left_out_is_counted(
    own_clips, tmp_path, tiny, write_clip, capsys
) -> None:
    data = tmp_path / "data"
    shutil.copytree(own_clips, data)
    for number in range(4):
        write_clip(data / "standing" / f"take {number}.avi", speed=0, seed=number, seconds=0.4)
    assert prepare(data, tiny, "--classes", "standing,to the right") == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "class standing has 2 groups: record at least 3" in error
    assert error.endswith(
        "left out, see above: 4 of 6 clips of standing: replace these, or record more"
    )


def test_groups_of_ucf101_stay_where_they_are_whatever_is_left_out(
    tmp_path, tiny, write_clip, capsys
) -> None:
    for label, speed in (("Drift", 0.5), ("Still", 0.0)):
        for group in (3, 8, 9, 10):
            path = tmp_path / "data" / label / f"v_{label}_g{group:02d}_c01.avi"
            seconds = 0.4 if (label, group) == ("Drift", 8) else 2.5
            write_clip(path, speed=speed, seed=10 * group + len(label), seconds=seconds)
    assert prepare(tmp_path / "data", tiny, "--classes", "all") == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert "the validation set has no clip of Drift: each class needs several groups" in error
    assert "; left out, see above: 1 of 4 clips of Drift: replace these, or record more" in error


def test_a_run_after_another_keeps_the_test_clips_of_that(own_clips, tmp_path, tiny) -> None:
    data = tmp_path / "data"
    shutil.copytree(own_clips, data)
    config = with_classes(load_config(str(tiny)), data, "standing,to the right")
    before = split_by_group(scan(data, config.classes))
    for clip in before.test:
        (data / clip.path).unlink()
    source = module.Source(data, tmp_path / "cache", after=before)
    ((after, *_),) = module.prepare(config, source)
    assert after.test == before.test
    assert set(after.train) == {*before.train, *before.validation}


def test_a_run_after_another_learns_from_the_same_other_clips(own_clips, tmp_path, tiny) -> None:
    data = tmp_path / "data"
    shutil.copytree(own_clips, data)
    loaded = msgspec.structs.replace(load_config(str(tiny)), others=1.0)
    config = with_classes(loaded, data, "standing,to the right")
    ((before, *_),) = module.prepare(config, module.Source(data, tmp_path / "cache"))
    assert len(before.others.train) + len(before.others.validation) == 5
    source = module.Source(data, tmp_path / "cache", after=before)
    ((after, *_),) = module.prepare(config, source)
    assert after.others.contents() == before.others.contents()
    assert after.others.test == before.others.test
    (data / before.others.train[0].path).unlink()
    with pytest.raises(InputError, match=r"since the run before: 0 are new, 1 are gone; put them"):
        module.prepare(config, source)


def test_a_copy_of_a_clip_of_a_class_is_not_learned_as_none_of_them(
    own_clips, tmp_path, capsys
) -> None:
    data = tmp_path / "data"
    shutil.copytree(own_clips, data)
    names = [f"take {number}.avi" for number in range(6)]
    for name in names:  # of all three sets
        shutil.copy(data / "standing" / name, data / "something else" / f"copy of {name}")
    config = with_classes(Config(others=1.0), data, "standing,to the right")
    split = split_by_group(scan(data, config.classes))
    others = other_clips(config, data, split)
    held = {clip.sha256 for part in split.sets().values() for clip in part}
    found = [clip.sha256 for clip in [*others.train, *others.validation, *others.test]]
    assert not held & set(found)
    assert len(found) == 6
    said = capsys.readouterr().err
    assert said.count("left out: something else/copy of take") == 6


def test_other_content_that_occurs_twice_is_learned_from_once(own_clips, tmp_path) -> None:
    data = tmp_path / "data"
    shutil.copytree(own_clips, data)
    shutil.copytree(data / "something else", data / "one more thing")
    config = with_classes(Config(others=1.0), data, "standing,to the right")
    others = other_clips(config, data, split_by_group(scan(data, config.classes)))
    contents = [clip.sha256 for clip in [*others.train, *others.validation, *others.test]]
    assert len(contents) == len(set(contents)) == 6


def test_content_that_occurs_twice_is_told(own_clips, tmp_path, tiny, capsys) -> None:
    data = tmp_path / "data"
    for path in own_clips.glob("*/*.avi"):
        copy = data / path.relative_to(own_clips)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (data / "standing" / "copy.avi").write_bytes((data / "standing" / "take 1.avi").read_bytes())
    assert prepare(data, tiny, "--classes", "standing,to the right") == 0
    said = capsys.readouterr().out
    assert said.count("left out, its content stands elsewhere: standing/") == 1


def test_a_class_is_found_however_its_letters_are_spelled(tmp_path: Path) -> None:
    for label in (unicodedata.normalize("NFD", "hüpfen"), "push"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "a.mp4").write_text(label)
    there = with_classes(Config(), tmp_path, unicodedata.normalize("NFC", "hüpfen") + ",push")
    assert set(there.classes) == {clip.label for clip in scan(tmp_path)}
