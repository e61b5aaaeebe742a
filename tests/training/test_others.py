"""Clips of none of the classes, and on which side of a split they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from har_desktop.errors import InputError
from training.config import Config
from training.data.index import scan
from training.data.split import learn_all, split_at_random, split_by_group
from training.others import other_clips
from training.prepare import with_classes


def write_groups(folder: Path, groups: Mapping[str, Sequence[str]], each: int) -> None:
    """Some files for each group that does what a label says, and `groups.csv`."""
    lines = ["file,group"]
    for label, names in groups.items():
        (folder / label).mkdir()
        for group in names:
            for number in range(each):
                name = f"{label}/{group} {number}.mp4"
                (folder / name).write_text(name)
                lines.append(f"{name},{group}")
    (folder / "groups.csv").write_text("\n".join(lines))


@pytest.mark.parametrize(
    "where", [["misc"], ["anna"], ["eva"], ["misc", "more"], ["anna", "ben", "cem", "dora", "eva"]]
)
def test_other_clips_are_learned_from_whoever_did_them(tmp_path, where) -> None:
    people = ("anna", "ben", "cem", "dora", "eva")
    write_groups(tmp_path, {"jump": people, "squat": people, "something else": where}, each=2)
    config = with_classes(Config(others=1.0), tmp_path, "jump,squat")
    split = split_by_group(scan(tmp_path, config.classes))
    groups = {name: {clip.group for clip in clips} for name, clips in split.sets().items()}
    if len(where) == 1 and where[0] in groups["validation"] | groups["test"]:
        with pytest.raises(InputError, match="no clip of something else is left to learn from"):
            other_clips(config, tmp_path, split)
        return
    others = other_clips(config, tmp_path, split)
    learned = {clip.group for clip in others.train}
    validating = {clip.group for clip in others.validation}
    assert learned
    assert not learned & (validating | groups["validation"] | groups["test"])
    assert not validating & groups["train"]
    assert (len(validating) > 0) == (len(where) > 1)


def test_where_single_clips_are_shuffled_other_clips_are_too(tmp_path: Path) -> None:
    # Of one group all, so that nothing would be left to learn from.
    write_groups(tmp_path, dict.fromkeys(("jump", "squat", "something else"), ("anna",)), each=40)
    config = with_classes(Config(others=1.0), tmp_path, "jump,squat")
    split = split_at_random(scan(tmp_path, config.classes), seed=1)
    others = other_clips(config, tmp_path, split)
    assert len({*others.train, *others.validation}) == 40
    assert len(others.validation) == 5
    # As `refit` does it, all are learned from.
    again = msgspec.structs.replace(split, validation=[], validated=split.validation)
    assert len(other_clips(config, tmp_path, again).train) == 40
    # The last one left is learned from, too.
    for path in sorted((tmp_path / "something else").iterdir())[1:]:
        path.unlink()
    assert len(other_clips(config, tmp_path, split).train) == 1


def test_of_groups_that_do_nothing_else_some_test(tmp_path: Path) -> None:
    people = tuple(f"p{number}" for number in range(6))
    misc = tuple(f"m{number:02}" for number in range(20))
    write_groups(tmp_path, {"jump": people, "squat": people, "something else": misc}, each=2)
    config = with_classes(Config(others=1.0), tmp_path, "jump,squat")
    split = split_by_group(scan(tmp_path, config.classes))
    others = other_clips(config, tmp_path, split)
    sets = [
        {clip.group for clip in part} for part in (others.train, others.validation, others.test)
    ]
    assert sum(map(len, sets)) == len(misc)
    assert set().union(*sets) == set(misc)
    assert [len(part) for part in sets] == [13, 4, 3]
    before = msgspec.structs.replace(split, others=others)
    after = other_clips(config, tmp_path, learn_all(before, scan(tmp_path, config.classes)))
    assert after.test == others.test
    assert after.contents() == others.contents()
    assert after.validation == []


def test_groups_of_ones_own_may_be_called_like_those_that_test_in_ucf101(tmp_path: Path) -> None:
    people = tuple(f"g{number:02}" for number in range(1, 8))
    write_groups(tmp_path, dict.fromkeys(("jump", "squat", "something else"), people), each=2)
    config = with_classes(Config(others=1.0), tmp_path, "jump,squat")
    split = split_by_group(scan(tmp_path, config.classes))
    others = other_clips(config, tmp_path, split)
    assert {clip.group for clip in others.train} == {clip.group for clip in split.train}
    assert {clip.group for clip in others.test} == {clip.group for clip in split.test}
