"""Evidence of what was learned: as large as right answers are, and not like other classes."""

from __future__ import annotations

import numpy as np
import pytest

from har_desktop.errors import InputError

pytest.importorskip("keras", reason="the training extra is not installed")

from training import evidence
from training.evidence import Evidence, Held, Line, Scale

USUAL = np.array([8.0, 3.0, 5.0])  # the largest logit of a right window, for each class


def courses(kind: str, count: int, seed: int) -> np.ndarray:
    """Of one network: the first number tells others from ours."""
    random = np.random.default_rng(seed)
    told = random.normal(-2 if kind == "others" else 2, 0.5, (count, 1))
    return np.concatenate([told, random.normal(size=(count, 4))], axis=1).astype(np.float32)


def held(kind: str, count: int, seed: int, *, strength: float = 1.0) -> Held:
    """Windows of three classes in turn, of which every tenth is taken for another class."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    logits = random.normal(0, 0.1, (count, 3))
    logits[np.arange(count), labels] = strength * USUAL[labels] * random.uniform(0.8, 1.2, count)
    both = courses(kind, count, seed), courses(kind, count, seed + 1)
    return Held(both, logits.astype(np.float32), np.arange(count) % 10 > 0)


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    return [
        evidence.learn(courses("ours", 600, seed), courses("others", 300, seed + 1))
        for seed in (1, 3)
    ]


@pytest.fixture(scope="module")
def layer(lines) -> Evidence:
    layer = Evidence()
    layer.build(((None, 10), (None, 3)))
    evidence.set_evidence(layer, lines, evidence.find_scales(lines, held("ours", 600, 5)))
    return layer


def ask(layer: Evidence, windows: Held) -> np.ndarray:
    found = layer([np.concatenate(windows.courses, axis=1), windows.logits])
    assert found.shape == (len(windows.logits), 1)
    return np.asarray(found)[:, 0]


def test_right_windows_are_evidence_and_neither_others_nor_unsure_ones_are(layer) -> None:
    ours = ask(layer, held("ours", 600, 7))
    others = ask(layer, held("others", 600, 7, strength=0.8))
    unsure = ask(layer, held("ours", 600, 7, strength=0.3))
    assert (ours >= 0).mean() > 0.95
    assert np.median(ours) == pytest.approx(1, abs=0.1)
    assert (others >= 0).mean() < 0.01
    assert (unsure >= 0).mean() < 0.01


def test_a_logit_is_held_against_those_of_its_class(layer) -> None:
    """What is usual for the second class is doubtful for the first."""
    same = np.repeat(courses("ours", 1, 9), 2, axis=0)
    logits = np.array([[3, 0, 0], [0, 3, 0]], np.float32)
    first, second = ask(layer, Held((same, same), logits, np.array([True, True])))
    assert first < 0 < second


def test_both_answers_count_the_largest_logit_twice(lines) -> None:
    windows = held("ours", 6, 5)
    scales = evidence.Scales([Scale(0, 1), Scale(1, 3)], [Scale(1, 2), Scale(0, 2), Scale(0, 1)])
    layer = Evidence()
    layer.build(((None, 10), (None, 3)))
    evidence.set_evidence(layer, lines, scales)
    looks = lines[0](windows.courses[0]) / 2 + (lines[1](windows.courses[1]) - 1) / 2 / 2
    largest, top = windows.logits.max(axis=1), windows.logits.argmax(axis=1)
    large = np.choose(top, [largest - 1, largest / 2, largest])
    np.testing.assert_allclose(ask(layer, windows), (looks + 2 * large) / 3, rtol=1e-4)


def test_only_right_windows_say_what_is_usual(lines) -> None:
    windows = held("ours", 500, 5)
    spoilt = windows._replace(logits=np.where(windows.right[:, None], windows.logits, 0.01))
    assert evidence.find_scales(lines, spoilt) == evidence.find_scales(lines, windows)


@pytest.mark.parametrize("count", [0, 1])
def test_a_network_that_is_hardly_ever_right_has_scales_too(lines, count) -> None:
    windows = held("ours", 90, 5)
    wrong, right = (windows._replace(right=np.arange(90) < number) for number in (count, 90))
    assert evidence.find_scales(lines, wrong) == evidence.find_scales(lines, right)


def test_a_class_that_was_hardly_seen_is_taken_like_all(lines) -> None:
    windows = held("ours", 600, 5)
    rare = windows.logits.argmax(axis=1) == 0
    few = windows._replace(right=windows.right & (~rare | (np.cumsum(rare) <= 20)))
    scales = evidence.find_scales(lines, few)
    everything = Scale.of(few.logits[few.right].max(axis=1))
    assert scales.classes[0] == everything
    assert scales.classes[1:] == evidence.find_scales(lines, windows).classes[1:]


def test_few_windows_are_enough() -> None:
    line = evidence.learn(courses("ours", 2, 1), courses("others", 2, 2))
    assert line.kernel.shape == (5,)
    assert np.isfinite(line(courses("ours", 3, 3))).all()


def test_looks_are_the_mean_and_the_maximum_of_each_picture_and_their_course() -> None:
    target = np.random.default_rng(1).random((12, 3, 5, 2), dtype=np.float32)
    looks = np.asarray(evidence.look(target))
    np.testing.assert_allclose(looks[:, :2], target.mean(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_array_equal(looks[:, 2:], target.max(axis=(1, 2)))
    windows = looks.reshape(3, 4, 4)
    found = np.asarray(evidence.course(windows))
    np.testing.assert_allclose(found[:, :4], windows.mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(found[:, 4:], windows.std(axis=1), rtol=1e-4)


def test_scales_survive_their_file(tmp_path, lines) -> None:
    scales = evidence.find_scales(lines, held("ours", 50, 3))
    evidence.keep_scales(tmp_path, scales)
    assert evidence.read_scales(tmp_path) == scales
    (tmp_path / "evidence.json").unlink()
    with pytest.raises(InputError, match=r"evidence\.json cannot be used: .*; train that run anew"):
        evidence.read_scales(tmp_path)
