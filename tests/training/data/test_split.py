import itertools
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from har_desktop.errors import InputError
from training.data.division import FEWEST, FOLDS
from training.data.index import Clip, scan
from training.data.split import (
    TEST_GROUPS,
    Split,
    check,
    describe,
    learn_all,
    read_split,
    split_at_random,
    split_by_group,
)


def clip(label: str, group: int, number: int = 1, content: str | None = None) -> Clip:
    name = f"v_{label}_g{group:02d}_c{number:02d}"
    return Clip(f"{label}/{name}.avi", label, f"g{group:02d}", content or name)


CLIPS = [clip(label, g, n) for label in "AB" for g in range(1, 26) for n in (1, 2, 3)]


@pytest.mark.parametrize("fold", range(FOLDS))
def test_sets_are_made_of_whole_groups(fold: int) -> None:
    split = split_by_group(CLIPS, fold)
    origins = [{c.origin for c in clips} for clips in split.sets().values()]
    assert not origins[0] & origins[1]
    assert not origins[0] & origins[2]
    assert not origins[1] & origins[2]
    assert sum(map(len, split.sets().values())) == len(CLIPS)
    assert {c.group for c in split.test} == set(TEST_GROUPS)


def test_every_training_group_validates_in_one_fold() -> None:
    validated = [c.path for f in range(FOLDS) for c in split_by_group(CLIPS, f).validation]
    assert sorted(validated) == sorted(c.path for c in CLIPS if c.group not in TEST_GROUPS)


def test_shared_group_is_refused_by_name() -> None:
    split = split_by_group(CLIPS)
    moved = split.test[0]
    leaking = msgspec.structs.replace(split, train=[*split.train, clip("A", 1, 9)])
    with pytest.raises(InputError, match=f"train and test share group {moved.group} of A"):
        check(leaking)


def test_identical_clip_under_two_names_is_refused_by_name() -> None:
    split = split_by_group(CLIPS)
    twin = clip("A", 20, 9, content=split.test[0].sha256)
    leaking = msgspec.structs.replace(split, train=[*split.train, twin], validation=[])
    with pytest.raises(InputError, match=r"train and test share content: .*g01_c01.*g20_c09"):
        check(leaking)


def test_content_that_occurs_twice_stays_in_the_test_set() -> None:
    twin = clip("A", 20, 9, content="v_A_g01_c01")
    split = split_by_group([*CLIPS, twin])
    assert split.dropped == [twin]
    assert clip("A", 1, 1) in split.test


def test_too_few_clips_to_shuffle_are_told_as_what_they_are() -> None:
    few = [clip(label, group) for label in "AB" for group in range(8)]
    with pytest.raises(InputError, match=r"has no clip of [AB]: record more clips, or shuffle"):
        split_at_random(few, seed=1)


def test_class_with_one_group_is_refused() -> None:
    with pytest.raises(InputError, match="has no clip of C: each class needs several groups"):
        split_by_group([*CLIPS, clip("C", 1), clip("C", 1, 2)])


OWN = [
    Clip(f"{label}/{number}.mp4", label, f"{label}/{number}.mp4", f"{label}{number}")
    for label, count in (("jump", 12), ("squat", 7), ("wave", 3))
    for number in range(count)
]


@pytest.mark.parametrize("fold", range(2))
def test_every_set_of_own_clips_has_every_class(fold: int) -> None:
    split = split_by_group(OWN, fold)
    check(split)
    assert split.data == "own clips"
    for clips in split.sets().values():
        assert {c.label for c in clips} == {"jump", "squat", "wave"}
    assert sum(map(len, split.sets().values())) == len(OWN)
    assert split == split_by_group(OWN, fold)
    shuffled = split_by_group(OWN[::-1], fold)
    for name, clips in split.sets().items():
        assert set(clips) == set(shuffled.sets()[name])


@pytest.mark.parametrize("few", [(3,), (4,), (5,), (7,), (30,), (3, 3, 3), (3, 4, 5, 6)])
def test_small_classes_cost_the_large_ones_nothing(few: tuple[int, ...]) -> None:
    small = [(f"wave {n}", count) for n, count in enumerate(few)]
    clips = [
        Clip(f"{label}/{number}.mp4", label, f"{label}/{number}.mp4", f"{label}{number}")
        for label, count in (("jump", 30), ("squat", 30), *small)
        for number in range(count)
    ]
    split = split_by_group(clips)
    check(split)
    folds = [split_by_group(clips, fold) for fold in range(min(FOLDS, min(few) - 1))]
    assert len({frozenset(fold.test) for fold in folds}) == 1
    validated = [c for fold in folds for c in fold.validation]
    assert len(validated) == len(set(validated))
    for label in ("jump", "squat"):
        sets = [sum(c.label == label for c in part) for part in split.sets().values()]
        assert sets == pytest.approx([20, 4, 6], abs=2)  # train, validation, test
    assert {c.label for c in split.validation} == {"jump", "squat", *dict(small)}


def test_folds_of_own_clips_validate_others_and_test_the_same() -> None:
    plenty = [c for c in OWN if c.label != "wave"]
    splits = [split_by_group(plenty, fold) for fold in range(FOLDS)]
    assert len({tuple(split.test) for split in splits}) == 1
    validated = [c for split in splits for c in split.validation]
    assert len(validated) == len(set(validated)) == len(plenty) - len(splits[0].test)


def test_a_group_of_own_clips_goes_as_a_whole_whatever_its_labels() -> None:
    people = [
        Clip(f"{label}/{who}{n}.mp4", label, who, f"{label}{who}{n}")
        for label in ("jump", "squat")
        for who in ("anna", "ben", "cem", "dora", "eva")
        for n in (1, 2)
    ]
    split = split_by_group(people)
    groups = [{c.group for c in clips} for clips in split.sets().values()]
    assert sum(map(len, groups)) == 5
    assert all(groups)
    leaking = msgspec.structs.replace(
        split, train=[*split.train, Clip("run/x.mp4", "run", split.test[0].group, "x")]
    )
    with pytest.raises(InputError, match="train and test share group"):
        check(leaking)


@pytest.mark.parametrize("count", [1, 2])
def test_an_own_class_of_too_few_groups_is_named(count: int) -> None:
    few = [c for c in OWN if c.label != "wave" or c.path < f"wave/{count}"]
    with pytest.raises(InputError, match=f"class wave has {count} groups?: record at least 3"):
        split_by_group(few)


@pytest.mark.parametrize("seed", range(12))
def test_people_who_do_some_of_the_actions_only_are_divided_where_there_is_a_way(seed: int) -> None:
    random = np.random.default_rng(seed)
    does = random.random((3, 6)) < 0.7
    does[does.sum(axis=1) < FEWEST] = True
    people = [
        Clip(f"{label}/{who}{n}.mp4", str(label), str(who), f"{label}{who}{n}")
        for label, who in zip(*np.nonzero(does), strict=True)
        for n in range(3)
    ]
    sides = np.array(list(itertools.product(range(3), repeat=6)))
    whole = [all({*side[row]} == {0, 1, 2} for row in does) for side in sides]
    if not any(whole):
        with pytest.raises(InputError, match="no split of these groups"):
            split_by_group(people)
        return
    split = split_by_group(people)
    check(split)
    assert sum(map(len, split.sets().values())) == len(people)
    assert split == split_by_group(people)


def test_groups_that_hold_everything_cannot_be_split() -> None:
    fano = ("abc", "ade", "afg", "bdf", "beg", "cdg", "cef")  # no three colours on every line
    entangled = [
        Clip(f"{whos}/{who}.mp4", whos, who, f"{whos}{who}") for whos in fano for who in whos
    ]
    with pytest.raises(InputError, match=r"no split of these groups|each class needs several"):
        split_by_group(entangled)


def test_a_fold_that_few_groups_do_not_make_is_refused() -> None:
    with pytest.raises(InputError, match="fold 2 does not exist: so few groups make 2"):
        split_by_group(OWN, 2)


def test_content_under_two_labels_teaches_nothing() -> None:
    twins = [
        Clip("jump/x.mp4", "jump", "jump/x.mp4", "same"),
        Clip("wave/y.mp4", "wave", "wave/y.mp4", "same"),
    ]
    split = split_by_group([*OWN, *twins])
    assert split.dropped == twins
    with pytest.raises(InputError, match="every clip of nap stands under another label too"):
        split_by_group([*OWN, Clip("nap/x.mp4", "nap", "nap/x.mp4", "jump0")])


def test_the_description_warns_of_files_without_groups() -> None:
    said = describe(split_by_group(OWN))
    assert "each of 22 files is a group of its own" in said
    assert "must share a group" in said
    assert "must share a group" not in describe(split_by_group(CLIPS))


def test_what_is_no_split_is_named(tmp_path: Path) -> None:
    path = tmp_path / "split.json"
    for damaged in (b"{}", b'{"protocol": "\xff"}', b""):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"split\.json cannot be used: .*; give the split"):
            read_split(path)


def test_unknown_fold_is_refused() -> None:
    with pytest.raises(InputError, match="fold 6"):
        split_by_group(CLIPS, 6)


@given(st.integers(0, 2**32 - 1))
def test_random_split_shares_groups_but_no_clip(seed: int) -> None:
    split = split_at_random(CLIPS, seed)
    paths = [c.path for clips in split.sets().values() for c in clips]
    assert len(paths) == len(set(paths)) == len(CLIPS)
    assert {c.origin for c in split.train} & {c.origin for c in split.test}
    assert split.protocol == "clip-random"
    assert split == split_at_random(CLIPS, seed)


def test_a_random_split_cannot_pass_as_group_wise() -> None:
    split = msgspec.structs.replace(split_at_random(CLIPS, 1), protocol="group-wise")
    with pytest.raises(InputError, match="share group"):
        check(split)


def test_split_survives_its_file(clips_folder: Path) -> None:
    split = split_by_group(scan(clips_folder, ("Drift", "Still")))
    assert msgspec.json.decode(msgspec.json.encode(split), type=Split) == split


def test_real_clips_split_cleanly(shared_data: Path) -> None:
    from training.config import UCF10

    split = split_by_group(scan(shared_data / "ucf101" / "clips", UCF10))
    assert len(split.test) == 280
    assert {c.group for c in split.test} == {"g03", "g04", "g05", "g06", "g07"}


@pytest.mark.parametrize("group", ["a stranger", "learned"])
def test_a_group_that_tests_is_not_learned_from_under_another_name(group: str) -> None:
    clips = [clip("jump", number) for number in range(3, 20)]
    split = split_by_group([*clips, *(clip("wave", number) for number in range(3, 20))])
    assert learn_all(split, [*split.train, *split.validation, *split.test]).validation == []
    first, *others = split.test
    now = split.train[0].group if group == "learned" else group
    moved = msgspec.structs.replace(first, group=now)
    with pytest.raises(InputError, match=f"{first.path} tests, and is of another group now"):
        learn_all(split, [*split.train, *split.validation, moved, *others])


def test_a_clip_that_is_stated_to_be_of_another_group_is_named() -> None:
    split = split_by_group(CLIPS)
    first, *others = split.train
    moved = msgspec.structs.replace(first, group="g99")
    with pytest.raises(InputError, match=rf"{first.path} is of another group now .* \(1 clips\)"):
        learn_all(split, [moved, *others, *split.validation, *split.test])
