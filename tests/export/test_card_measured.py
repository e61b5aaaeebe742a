"""What a card says of an interval."""

import numpy as np
import pytest

from export.card_measured import sections
from export.report import read_report
from training.metrics import classification


def told(**changes) -> str:
    figures = classification(np.array([0, 0, 1]), np.array([0, 1, 1]), ("Lunges", "YoYo"))
    report = {**figures, "protocol": "group-wise", "sampling": "time", **changes}
    return "\n".join(sections({"group-wise": read_report(report)}, 2)["## Measured"])


def test_without_groups_the_interval_is_that_of_clips():
    assert "takes clips of one group for independent (Wilson)" in told()


@pytest.mark.parametrize("groups", [2, None])
def test_groups_that_disagree_are_not_one(groups):
    card = told(grouped95=(0.0, 1.0), groups=groups)
    assert "draws whole groups: clips of one are recognised together or not at all" in card
    assert "of one group, which" not in card


def test_one_group_is_told():
    card = told(grouped95=(0.0, 1.0), groups=1)
    assert "is everything, for all clips are of one group, which tells nothing of other" in card
