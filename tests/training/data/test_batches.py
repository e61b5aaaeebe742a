from pathlib import Path

import numpy as np
import pytest

from training.config import AugmentConfig, CnnGru, Config
from training.data.cache import Cache
from training.data.index import Clip, scan


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, clips_folder: Path):
    clips = scan(clips_folder)
    cache = Cache(tmp_path_factory.mktemp("cache"), clips_folder, (32, 48))
    cache.fill(clips)
    return cache, clips


def config(**changes: object) -> Config:
    network = CnnGru(height=24, width=32, motion=True, filters=(4, 4, 8))
    return Config(classes=("Drift", "Still"), network=network, batch=6, **changes)


def windows_of(config: Config, prepared: tuple[Cache, list[Clip]], epoch: int = 0):
    from training.data.batches import Pictures, TrainingWindows

    cache, clips = prepared
    return TrainingWindows(config, Pictures(config, cache, clips), clips, epoch=epoch)


def test_batches_have_the_networks_shape(prepared) -> None:
    batches = windows_of(config(), prepared)
    assert len(batches) == 60 // 6
    windows, targets = batches[0]
    assert windows.shape == (6, 11, 24, 32, 3)
    assert windows.dtype == np.uint8
    assert targets.shape == (6, 2)
    np.testing.assert_allclose(targets.sum(axis=1), 1)


def test_an_epoch_sees_each_clip_once_and_others_are_uniform(prepared) -> None:
    batches = windows_of(config(), prepared)
    targets = np.concatenate([batches[i][1] for i in range(len(batches))])
    rows = [tuple(t) for t in targets.tolist()]
    assert [rows.count(t) for t in ((1.0, 0.0), (0.0, 1.0), (0.5, 0.5))] == [20, 20, 20]


def test_same_seed_same_batches_and_a_resumed_epoch_is_the_same(prepared) -> None:
    augmented = config(augment=AugmentConfig(scale=(0.6, 1.1), mirror=True, jitter=0.2))
    batches = windows_of(augmented, prepared)
    batches.on_epoch_end()
    resumed = windows_of(augmented, prepared, epoch=1)
    np.testing.assert_array_equal(batches[3][0], resumed[3][0])
    assert (windows_of(augmented, prepared)[3][0] != resumed[3][0]).any()


def test_mixup_mixes_pictures_and_targets_alike(prepared) -> None:
    plain = windows_of(config(), prepared)[0]
    mixed = windows_of(config(augment=AugmentConfig(mixup=0.4)), prepared)[0]
    np.testing.assert_allclose(mixed[1].sum(axis=1), 1, rtol=1e-6)
    assert (mixed[0] != plain[0]).any()


def test_fixed_windows_cover_the_clip(prepared) -> None:
    from training.data.batches import Pictures, fixed_windows

    cache, clips = prepared
    drift = [c for c in clips if c.label != "Other"][:3]
    material = Pictures(config(), cache)
    windows, targets, owners = fixed_windows(config(), material, drift)
    assert windows.shape == (9, 11, 24, 32, 3)
    assert owners.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert targets[:, 0].tolist() == [1.0] * 9
    footage = cache.load(drift[0])
    assert footage.duration > 2.0
