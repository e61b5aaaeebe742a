from __future__ import annotations

import numpy as np
import pytest

from training.config import Config, Fisher
from training.data.index import Clip

CLIP = Clip("Drift/a.mp4", "Drift", "g08", "0" * 64)


class PlantedBank:
    """Descriptors around two centres where something moves, and around a third where not."""

    def load(self, clip: Clip, view: int):  # noqa: ARG002
        from training.data.bank import Tape

        rng = np.random.default_rng(view)
        kinds = rng.choice(3, (40, 4, 6), p=(0.55, 0.3, 0.15))
        centres = np.zeros((3, 32))
        centres[0, :4], centres[1, 4], centres[2, 5] = 0.9, 0.8, 0.8
        descriptors = centres[kinds] + rng.normal(0, 0.02, (40, 4, 6, 32))
        energy = np.where(kinds > 0, 1.0, 0.01) * rng.uniform(0.9, 1.1, kinds.shape)
        features = descriptors.astype(np.float16), energy[..., None].astype(np.float16)
        return Tape(features, np.arange(40) / 10)


@pytest.fixture(scope="module")
def words():
    from training.words import learn_words

    network = Fisher(height=64, width=96, words=2, axes=3)
    config = Config(classes=("Drift", "Still"), network=network, views=2, seed=4)
    return learn_words(config, PlantedBank(), [CLIP])


def test_words_are_what_moving_places_look_like_and_how_often(words) -> None:
    there = words.centres @ words.axes.T + words.mean
    order = np.argsort(there[:, 5])  # the rarer one last
    np.testing.assert_allclose(there[order[0], [0, 4, 5]], (0, 0.8, 0), atol=0.05)
    np.testing.assert_allclose(there[order[1], [0, 4, 5]], (0, 0, 0.8), atol=0.05)
    assert words.shares[order] == pytest.approx([2 / 3, 1 / 3], abs=0.12)
    assert 0.01 <= words.energy <= 1
    np.testing.assert_allclose(words.axes.T @ words.axes, np.eye(3), atol=1e-5)
    assert {values.dtype for values in words} == {np.dtype(np.float32)}


def test_the_same_seed_finds_the_same_words(words) -> None:
    from training.words import learn_words

    network = Fisher(height=64, width=96, words=2, axes=3)
    config = Config(classes=("Drift", "Still"), network=network, views=2, seed=4)
    for one, other in zip(words, learn_words(config, PlantedBank(), [CLIP]), strict=True):
        np.testing.assert_array_equal(one, other)
