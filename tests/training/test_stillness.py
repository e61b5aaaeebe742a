"""The least movement of clips of which it is known what moves in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from har_desktop.errors import InputError
from training.config import CnnGru, Config
from training.data.index import scan
from training.stillness import HARDLY_ANY, least_movement, movements

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


def test_fewer_may_be_lost_where_evidence_tells_the_rest() -> None:
    moved = {"slow": np.linspace(10, 20, 1001), "fast": np.linspace(60, 160, 1001)}
    assert least_movement(moved) == 10.4
    assert least_movement(moved, HARDLY_ANY) == 10.2  # of these 2002, twenty are one in a hundred
    moved["slow"] = np.linspace(10, 20, 100001)
    moved["fast"] = np.linspace(60, 160, 300001)
    assert least_movement(moved, HARDLY_ANY) == 10.04
    moved["rare"] = np.linspace(1, 9, 4001)
    assert least_movement(moved, HARDLY_ANY) == 1.08  # of a class, one in a hundred


def test_a_few_pictures_that_happen_to_stand_still_decide_nothing() -> None:
    moved = {"all": np.array([0.0] * 3 + [10.0] * 297)}
    assert least_movement(moved, HARDLY_ANY) == least_movement(moved) == 10


def test_clips_that_are_gone_are_not_left_out_in_silence(folder: Path, tmp_path: Path) -> None:
    clips = scan(folder, ("fast",))
    with pytest.raises(InputError, match="3 of 3 clips cannot be decoded"):
        movements(Config(classes=("fast",), network=NETWORK), tmp_path, clips)
