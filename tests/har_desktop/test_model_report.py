import pytest

from har_desktop.model_report import headline


def test_headline():
    reports = {
        "group-wise": {"accuracy": 0.8125, "wilson95": [0.7, 0.9], "grouped95": [0.6, 1]},
        "clip-random": {"accuracy": 1},
        "explanations": {"deletion": 0.3},
    }
    assert headline(reports) == "accuracy group-wise 0.812 (0.600 to 1.000), clip-random 1.000"


@pytest.mark.parametrize("accuracy", [10**400, -(10**400), 1.01, -0.01, 1e300, "1", None])
def test_what_can_be_no_accuracy_is_none(accuracy):
    assert headline({"group-wise": {"accuracy": accuracy}}) == "accuracy not measured"


@pytest.mark.parametrize("interval", [[0, 10**400], [-1, 0.5], [0.9, 0.1], [0.5], "0.5"])
def test_what_can_be_no_interval_is_none(interval):
    reports = {"group-wise": {"accuracy": 0.5, "wilson95": interval}}
    assert headline(reports) == "accuracy group-wise 0.500"


def test_names_that_break_the_line_are_left_out():
    reports = {"a\nb": {"accuracy": 0.5}, "\x1b[2J": {"accuracy": 0.5}, "c": {"accuracy": 0.5}}
    assert headline(reports) == "accuracy c 0.500"
