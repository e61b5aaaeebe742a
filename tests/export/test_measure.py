from __future__ import annotations

import shutil

import msgspec
import numpy as np
import pytest

from export.measure import measure
from har_desktop.errors import BundleError, InputError
from har_desktop.inference.bundle import load_bundle
from training.metrics import classification

CLASSES = ("Lunges", "PushUps", "YoYo")


def _report(classes=CLASSES, protocol="group-wise", sampling="time", **changes):
    truth = np.array([0, 0, 0, 1, 1, 2])
    answers = np.array([0, 1, 1, 1, 1, 2])
    figures = classification(truth, answers, classes)
    return {**figures, "protocol": protocol, "sampling": sampling, "windows": 20, **changes}


@pytest.fixture
def copy(built, tmp_path):
    return shutil.copytree(built, tmp_path / "tiny")


@pytest.fixture
def write_report(tmp_path):
    def write(name="report.json", **changes):
        path = tmp_path / name
        path.write_bytes(msgspec.json.encode(_report(**changes)))
        return path

    return write


def test_reports_stand_in_manifest_and_card_and_the_graphs_stay(copy, built, write_report):
    reports = [
        write_report("a.json"),
        write_report("b.json", sampling="even"),
        write_report("c.json", protocol="clip-random", sampling="even"),
    ]
    names = measure(copy, reports)
    assert names == ["group-wise", "group-wise, even", "clip-random, even"]
    bundle = load_bundle(copy)
    assert list(bundle.manifest.metrics) == names
    assert bundle.manifest.metrics["group-wise"]["windows"] == 20
    assert (bundle.encoder, bundle.head) == (load_bundle(built).encoder, load_bundle(built).head)
    card = (copy / "card.md").read_text()
    assert "| group-wise | 0.667 | 0.300 to 0.903 | 0.833 | 0.778 | 0.722 | 6 |" in card
    assert "| Lunges | 1.000 | 0.333 | 0.500 | 3 | PushUps (2) |" in card
    assert "| YoYo | 1.000 | 1.000 | 1.000 | 1 |  |" in card
    assert "stand on both sides" in card


def test_without_reports_the_card_is_written_anew(copy, built):
    (copy / "card.md").unlink()
    assert measure(copy, []) == []
    for name in ("manifest.json", "card.md"):
        assert (copy / name).read_bytes() == (built / name).read_bytes()


def test_a_later_report_replaces_the_one_of_its_protocol_only(copy, write_report):
    measure(copy, [write_report("a.json"), write_report("b.json", sampling="even")])
    measure(copy, [write_report("a.json", windows=99)])
    metrics = load_bundle(copy).manifest.metrics
    assert {name: report["windows"] for name, report in metrics.items()} == {
        "group-wise": 99,
        "group-wise, even": 20,
    }


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"classes": ("Lunges", "PushUps", "Archery")}, "other classes"),
        ({"accuracy": 1.2}, "no report"),
        ({"clips": 7}, "doesn't count 7 clips"),
        ({"confusion": [[6]]}, "not 3 x 3"),
    ],
)
def test_a_report_that_does_not_fit_is_refused(copy, built, write_report, changes, complaint):
    with pytest.raises(InputError, match=complaint):
        measure(copy, [write_report(**changes)])
    for name in ("manifest.json", "card.md"):
        assert (copy / name).read_bytes() == (built / name).read_bytes()


def test_what_is_no_report_is_refused(copy, tmp_path):
    (tmp_path / "text.json").write_text("accuracy: good")
    for name in ("text.json", "nowhere.json"):
        with pytest.raises(InputError, match=f"{name} is no report"):
            measure(copy, [tmp_path / name])


def test_a_damaged_bundle_gets_no_figures(copy, write_report):
    (copy / "head.onnx").write_bytes(b"")
    with pytest.raises(BundleError, match=r"head\.onnx"):
        measure(copy, [write_report()])
