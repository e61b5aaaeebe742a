from __future__ import annotations

import msgspec
import numpy as np
import pytest

from export.report import Accuracy, Explanations, Rejection, average, key, read_metrics, read_report
from tests.export.reports import BOTH, EXPLANATIONS, REJECTION
from training.metrics import classification

ACCURACY = {
    **classification(np.array([0, 0, 1]), np.array([0, 1, 1]), ("Lunges", "YoYo")),
    "protocol": "group-wise",
    "sampling": "time",
    "windows": 20,
}


@pytest.mark.parametrize(
    ("raw", "kind", "name"),
    [
        (ACCURACY, Accuracy, "group-wise"),
        ({**ACCURACY, "kind": "accuracy"}, Accuracy, "group-wise"),
        ({**ACCURACY, "sampling": "even"}, Accuracy, "group-wise, even"),
        (EXPLANATIONS, Explanations, "explanations"),
        (BOTH, Explanations, "explanations"),
        (REJECTION, Rejection, "rejection"),
        ({**REJECTION, "idle": None}, Rejection, "rejection"),
    ],
)
def test_the_kind_decides_and_without_one_it_is_accuracy(raw, kind, name):
    report = read_report(raw)
    assert type(report) is kind
    assert key(report) == name


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        ({**EXPLANATIONS, "kind": "poem"}, "poem"),
        ({**EXPLANATIONS, "kind": "accuracy"}, "accuracy"),
        ({**EXPLANATIONS, "windows": 20}, "more than the 19"),
        ({**BOTH, "hires-cam": None}, "not both"),
        ({**EXPLANATIONS, "hires-cam": BOTH["hires-cam"]}, "not both"),
        ({**EXPLANATIONS, "windows": 0}, "windows"),
        ({**EXPLANATIONS, "second_class": -1.1}, "second_class"),
        ({**EXPLANATIONS, "maps": {"grad-cam": {"deletion": 0.1, "insertion": 0.2}}}, "random"),
        ({**REJECTION, "idle": {"windows": 4, "named": 5}}, "more than the 4"),
        ({**REJECTION, "kept": {"windows": 4, "kept": 5}}, "more than the 4"),
        ({**REJECTION, "kept": {"windows": 0, "kept": 0}}, "windows"),
        ({**REJECTION, "threshold": 1.5}, "threshold"),
        ({**ACCURACY, "expected_calibration_error": 2}, "expected_calibration_error"),
    ],
)
def test_figures_that_make_no_sense_are_refused(raw, complaint):
    with pytest.raises(msgspec.ValidationError, match=complaint):
        read_report(raw)


def test_several_runs_become_one_entry_of_the_metrics():
    truth = np.array([0, 0, 1, 1])
    answers = ([1, 0, 1, 0], [0, 0, 1, 0], [0, 0, 1, 1])  # two, one and none wrong
    figures = [classification(truth, np.array(a), ("Lunges", "YoYo")) for a in answers]
    runs = [read_report({**ACCURACY, **of_run}) for of_run in figures]
    several = average(runs)
    raw = msgspec.to_builtins(several)
    assert raw == {
        "kind": "seeds",
        "protocol": "group-wise",
        "accuracies": [0.5, 0.75, 1.0],
        "clips": [4, 4, 4],
        "mean": 0.75,
        "min": 0.5,
    }
    assert read_metrics({"several": raw}) == {"several": several}
    for wrong in ({"mean": 0.9}, {"min": 0.75}, {"clips": [4]}):
        with pytest.raises(msgspec.ValidationError):
            read_metrics({"several": {**raw, **wrong}})


def test_what_is_no_mapping_is_no_metric():
    with pytest.raises(msgspec.ValidationError):
        read_metrics({"group-wise": 0.7})
