"""The least movement of clips of which it is known what moves in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from har_desktop.inference.manifest import ClassMovement
from training.config import CnnGru, Config, TunedGru
from training.data.index import scan
from training.stillness import Limits, class_movements, least_movement, movements

NETWORK = CnnGru(height=32, width=40)


def limit(folder: Path, *classes: str) -> float:
    config = Config(classes=classes, network=NETWORK)
    return least_movement(movements(config, folder, scan(folder, classes)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, write_clip) -> Path:
    """Moving for longer and for less than a window, and standing still."""
    root = tmp_path_factory.mktemp("movement")
    kinds = {"fast": (0.5, 3.0), "brief": (0.5, 1.0), "slow": (0.03, 3.0), "standing": (0.0, 3.0)}
    for label, (speed, seconds) in kinds.items():
        for seed in range(3):
            path = root / label / f"{seed}.avi"
            write_clip(path, speed=speed, seed=seed, seconds=seconds)
    return root


def test_nearly_all_windows_reach_it(folder: Path) -> None:
    assert limit(folder, "fast", "brief") > 60
    # Nine more pictures, held before the start, don't make a brief clip a still one.
    assert limit(folder, "fast", "brief") == pytest.approx(limit(folder, "fast", "fast"), rel=0.2)


def test_a_class_of_little_movement_is_not_lost(folder: Path) -> None:
    assert 5 < limit(folder, "fast", "slow") < 0.6 * limit(folder, "fast", "brief")
    assert limit(folder, "fast", "slow", "standing") < 5


def test_each_class_has_its_own_measure() -> None:
    moved = {"slow": np.linspace(10, 20, 101), "fast": np.linspace(60, 160, 101)}
    still = {"standing": np.zeros(7)}
    found = class_movements({**moved, **still}, ("standing", "fast", "slow"))
    assert found == (
        ClassMovement(doubtful=1.0, usual=1.0),
        ClassMovement(doubtful=64.0, usual=110.0),
        ClassMovement(doubtful=10.4, usual=15.0),
    )


def levels(*greys: int) -> np.ndarray:
    """A window of one grey each, so that everything moves by their difference."""
    return np.stack([np.full((32, 40, 3), grey, np.uint8) for grey in greys])


def test_windows_are_held_against_the_class_that_they_are_taken_for() -> None:
    classes = (
        ClassMovement(doubtful=20.0, usual=40.0),
        ClassMovement(doubtful=40.0, usual=80.0),
    )
    windows = (
        (levels(9, 100, 120, 100, 120), 0, 0.0),  # the picture before the first one is no part
        (levels(9, 100, 120, 100, 120), 1, 1.0),
        (levels(9, 120, 120, 120, 100), 1, 1.0),  # held before, where the clip is short
        (levels(9, 100, 130, 130, 130), 1, 2.0),  # but what stands still later counts
        (levels(9, 100, 100, 100, 100), 0, np.log2(20)),
    )
    pictures, tops, lost = zip(*windows, strict=True)
    limits = Limits(5.0, CnnGru(length=4, motion=True), classes)
    found = limits.shortfalls(np.stack(pictures), np.array(tops))
    np.testing.assert_allclose(found, lost, rtol=1e-6)


def test_what_motion_is_told_by_besides_does_not_count() -> None:
    limits = Limits(
        5.0,
        TunedGru(length=2, motion=True, differences=3),
        (ClassMovement(doubtful=20.0, usual=40.0),),
    )
    window = levels(9, 9, 9, 100, 255, 0, 110)
    found = limits.shortfalls(window[np.newaxis], np.array([0]))
    np.testing.assert_allclose(found, [1.0], rtol=1e-6)
