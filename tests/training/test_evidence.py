"""Evidence: as large as right answers are, of every network."""

from __future__ import annotations

import numpy as np
import pytest

from har_desktop.errors import InputError

pytest.importorskip("keras", reason="the training extra is not installed")

from training import evidence
from training.evidence import Evidence, Scale, Scales

USUAL = np.array([[8.0, 3.0, 5.0], [4.0, 6.0, 2.0]])  # of a right window, by network and class


def windows(count: int, seed: int, *strengths: float) -> tuple[np.ndarray, np.ndarray]:
    """Logits of three classes in turn, of which every tenth is taken for another class."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    logits = random.normal(0, 0.1, (count, 2, 3))
    for network, strength in enumerate(strengths or (1.0, 1.0)):
        sure = USUAL[network, labels] * random.uniform(0.8, 1.2, count)
        logits[np.arange(count), network, labels] = strength * sure
    return logits.astype(np.float32), np.arange(count) % 10 > 0


@pytest.fixture(scope="module")
def scales() -> Scales:
    return evidence.find_scales(*windows(600, 5))


def layer_of(scales: Scales) -> Evidence:
    layer = Evidence()
    layer.build((None, 2, 3))
    evidence.set_evidence(layer, scales)
    return layer


@pytest.fixture(scope="module")
def layer(scales) -> Evidence:
    return layer_of(scales)


def ask(layer: Evidence, logits: np.ndarray) -> np.ndarray:
    found = np.asarray(layer(logits))
    assert found.shape == (len(logits), 1)
    return found[:, 0]


def test_right_windows_are_evidence_and_unsure_ones_are_not(layer) -> None:
    ours = ask(layer, windows(600, 7)[0])
    assert (ours >= 0).mean() > 0.9
    assert 0.5 < np.median(ours) < 1.1
    for strengths in ((0.3, 0.3), (0.1, 1.1), (1.1, 0.1)):  # each of them has to see it
        assert (ask(layer, windows(600, 7, *strengths)[0]) >= 0).mean() < 0.01


def test_zero_until_it_has_scales() -> None:
    layer = Evidence()
    assert ask(layer, windows(6, 1)[0]).tolist() == [0.0] * 6


def test_it_is_the_soft_minimum_of_what_the_networks_see_of_the_class_that_the_mean_has() -> None:
    first = [Scale(0, 1), Scale(1, 3), Scale(0, 2)]
    second = [Scale(1, 2), Scale(0, 2), Scale(0, 1)]
    logits = np.array([[[3, 0, 9], [5, 0, -2]], [[0, 4, 1], [0, 1, 2]]], np.float32)
    seen = np.array([[3 / 1, 4 / 1], [3 / 2, 1 / 2]])  # of the first class, and of the second
    logits[0, 0, 2] = 2.0
    expected = -np.log(np.exp(-seen).mean(axis=1))
    found = ask(layer_of(Scales([first, second])), logits)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_it_is_finite_whatever_a_network_says(layer) -> None:
    logits = np.zeros((1, 2, 3), np.float32)
    logits[0, :, 0] = 3e4, -1e4
    (found,) = ask(layer, logits)
    assert -1e4 < found < -1e3


def test_right_windows_that_are_all_alike_do_not_drown_what_the_networks_say() -> None:
    alike = np.tile(np.float32([[[2, 1, 0], [3, 1, 0]]]), (50, 1, 1))
    layer = layer_of(evidence.find_scales(alike, np.full(50, True)))
    logits, _ = windows(300, 3)
    assert np.abs(ask(layer, logits)).max() < 100


def test_a_scale_is_half_that_of_the_class_and_half_that_of_all() -> None:
    logits, right = windows(600, 5)
    scales = evidence.find_scales(logits, right)
    labels = np.arange(600) % 3
    for network, found in enumerate(scales.networks):
        seen = logits[np.arange(600), network, labels][right]
        of_all = np.quantile(seen, [0.04, 0.5])
        for label, scale in enumerate(found):
            own = np.quantile(seen[labels[right] == label], [0.04, 0.5])
            expected = (own + of_all) / 2
            np.testing.assert_allclose((scale.doubtful, scale.usual), expected, rtol=1e-5)


def test_only_right_windows_say_what_is_usual(scales) -> None:
    logits, right = windows(600, 5)
    assert evidence.find_scales(np.where(right[:, None, None], logits, 0.01), right) == scales


@pytest.mark.parametrize("count", [0, 1])
def test_networks_that_are_hardly_ever_right_have_scales_too(count) -> None:
    logits, _ = windows(90, 5)
    wrong, right = (np.arange(90) < number for number in (count, 90))
    assert evidence.find_scales(logits, wrong) == evidence.find_scales(logits, right)


def test_a_class_that_was_hardly_seen_is_taken_like_all() -> None:
    logits, right = windows(600, 5)
    rare = np.arange(600) % 3 == 0
    few = right & (~rare | (np.cumsum(rare) <= 20))
    scales = evidence.find_scales(logits, few)
    seen = logits[np.arange(600), 0, np.arange(600) % 3][few]
    assert scales.networks[0][0] == Scale.of(seen)
    assert scales.networks[0][1] != Scale.of(seen)


def test_scales_survive_their_file(tmp_path, scales) -> None:
    evidence.keep_scales(tmp_path, scales)
    assert evidence.read_scales(tmp_path) == scales
    (tmp_path / "evidence.json").unlink()
    with pytest.raises(InputError, match=r"evidence\.json cannot be used: .*; remove its env"):
        evidence.read_scales(tmp_path)
