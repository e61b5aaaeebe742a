"""Half precision only where the machine is quicker with it."""

import pytest

pytest.importorskip("keras", reason="the training extra is not installed")

from training import precision
from training.precision import WORTH, choose


@pytest.mark.parametrize(
    ("half", "chosen"),
    [(0.1, "mixed_bfloat16"), (0.99 / WORTH, "mixed_bfloat16"), (1.0, "float32"), (6.0, "float32")],
)
def test_fastest_is_what_takes_less(half, chosen, monkeypatch) -> None:
    seconds = {"float32": 1.0, "mixed_bfloat16": half}
    monkeypatch.setattr(precision, "_step_seconds", seconds.__getitem__)
    assert choose("fastest") == chosen


def test_a_precision_that_is_named_is_not_doubted(monkeypatch) -> None:
    monkeypatch.setattr(precision, "_step_seconds", lambda _: pytest.fail("measured"))
    assert choose("mixed_float16") == "mixed_float16"


def test_this_machine_has_one() -> None:
    assert choose("fastest") in ("float32", "mixed_bfloat16")
