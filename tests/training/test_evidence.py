"""Evidence of what was learned: not of other classes, and of nothing that was never seen."""

from __future__ import annotations

import numpy as np
import pytest

from har_desktop.errors import InputError

pytest.importorskip("keras", reason="the training extra is not installed")

from training import evidence
from training.evidence import TYPICAL, Evidence, Known

DIRECTIONS = np.eye(6)[:3]


def windows(kind: str, count: int, seed: int) -> Known:
    """Windows whose course points one of three ways; one trait more tells others from ours."""
    random = np.random.default_rng(seed)
    ways = -DIRECTIONS if kind == "strange" else DIRECTIONS
    course = ways[random.integers(0, 3, count)] * random.uniform(1, 9, (count, 1))
    course += random.normal(0, 0.05, course.shape)
    told = random.normal(-2 if kind == "others" else 2, 0.5, (count, 1))
    known = np.concatenate([told, random.normal(size=(count, 4)), course], axis=1)
    return Known(known.astype(np.float32), course.astype(np.float32), np.arange(count) % 10 > 0)


def learned(ours: Known, others: Known) -> Evidence:
    layer = Evidence()
    layer.build(((None, ours.all.shape[1]), (None, ours.course.shape[1])))
    evidence.learn(layer, ours, others)
    return layer


@pytest.fixture(scope="module")
def layer() -> Evidence:
    layer = learned(windows("ours", 600, 1), windows("others", 300, 2))
    evidence.set_scales(layer, evidence.find_scales(layer, windows("ours", 500, 3)))
    return layer


def ask(layer: Evidence, known: Known) -> np.ndarray:
    return np.asarray(layer([known.all, known.course]))[:, 0]


def test_what_was_learned_is_evidence_and_neither_others_nor_strangers_are(layer) -> None:
    ours, others, strange = (
        ask(layer, windows(kind, 500, 4)) for kind in ("ours", "others", "strange")
    )
    assert 0.9 < (ours >= 0).mean() < 0.97  # each of both answers doubts 4 of 100
    assert np.median(ours) == pytest.approx(1, abs=0.4)
    assert (others >= 0).mean() < 0.01
    assert (strange >= 0).mean() < 0.01


def test_only_right_windows_say_what_is_usual() -> None:
    held = windows("ours", 500, 3)
    layer = learned(windows("ours", 600, 1), windows("others", 300, 2))
    spoilt = held._replace(course=np.where(held.right[:, None], held.course, -held.course))
    assert evidence.find_scales(layer, spoilt) == evidence.find_scales(layer, held)
    assert evidence.find_scales(layer, held).near.doubtful > 0.9


def test_a_network_that_is_never_right_has_scales_too() -> None:
    held = windows("ours", 50, 3)
    layer = learned(windows("ours", 60, 1), windows("others", 30, 2))
    wrong, right = (held._replace(right=np.full(50, value)) for value in (False, True))
    assert evidence.find_scales(layer, wrong) == evidence.find_scales(layer, right)


def test_few_windows_are_enough() -> None:
    few = windows("ours", 5, 1)
    kernel, bias, typical, offset = learned(few, windows("others", 5, 2)).get_weights()
    assert (kernel.shape, bias.shape, offset.shape) == ((11, 1), (1,), (1,))
    assert typical.shape == (6, TYPICAL)
    np.testing.assert_allclose(np.linalg.norm(typical, axis=0), 1, atol=1e-4)


def test_a_window_in_which_nothing_was_found_is_none_that_is_known(layer) -> None:
    empty = windows("ours", 1, 4)
    empty = empty._replace(course=np.zeros_like(empty.course))
    assert np.isfinite(ask(layer, empty)).all()
    assert ask(layer, empty) < 0


def test_scales_survive_their_file(tmp_path) -> None:
    layer = learned(windows("ours", 60, 1), windows("others", 30, 2))
    scales = evidence.find_scales(layer, windows("ours", 50, 3))
    evidence.keep_scales(tmp_path, scales)
    assert evidence.read_scales(tmp_path) == scales
    (tmp_path / "evidence.json").unlink()
    with pytest.raises(InputError, match=r"evidence\.json cannot be used: .*; train that run anew"):
        evidence.read_scales(tmp_path)
