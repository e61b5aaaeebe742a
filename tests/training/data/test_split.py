from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from har_desktop.errors import InputError
from training.data.index import Clip, scan
from training.data.split import FOLDS, TEST_GROUPS, Split, check, split_at_random, split_by_group


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


def test_class_with_one_group_is_refused() -> None:
    with pytest.raises(InputError, match="has no clip of C: each class needs several groups"):
        split_by_group([*CLIPS, clip("C", 1), clip("C", 1, 2)])


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
