from __future__ import annotations

import json
import shutil

import msgspec
import numpy as np
import pytest

from export.measure import measure
from export.place import check_place
from export.verify import verify
from har_desktop.errors import BundleError, InputError
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.identity import identity
from tests.export.reports import BOTH, EXPLANATIONS, REJECTION
from training.metrics import classification

CLASSES = ("Lunges", "PushUps", "YoYo")


def _report(classes=CLASSES, protocol="group-wise", sampling="time", **changes):
    truth = np.array([0, 0, 0, 1, 1, 2])
    answers = np.array([0, 1, 1, 1, 1, 2])
    figures = classification(truth, answers, classes)
    return {**figures, "protocol": protocol, "sampling": sampling, "windows": 20, **changes}


def _of_twenty(right):
    """The figures of twenty clips of all classes, so many of them right."""
    truth = np.arange(20) % 3
    answers = np.where(np.arange(20) < right, truth, (truth + 1) % 3)
    return classification(truth, answers, CLASSES)


@pytest.fixture
def copy(built, tmp_path):
    return shutil.copytree(built, tmp_path / "tiny")


@pytest.fixture
def write(built, tmp_path):
    """Factory: what a verb printed of the bundle `built`, and changes -> a file with it."""

    def write(raw, name="report.json", **changes):
        path = tmp_path / name
        of = {"bundle": identity(load_bundle(built).manifest)}
        path.write_bytes(msgspec.json.encode({**of, **raw, **changes}))
        return path

    return write


@pytest.fixture
def write_report(write):
    """Factory: a file name, and changes -> a file with a report of accuracy."""
    return lambda name="report.json", **changes: write(_report(**changes), name)


def test_reports_stand_in_manifest_and_card_and_the_graphs_stay(copy, built, write_report):
    reports = [
        write_report("a.json"),
        write_report("b.json", sampling="even"),
        write_report("c.json", protocol="clip-random", sampling="even"),
    ]
    names = measure(copy, reports, [])
    assert names == ["group-wise", "group-wise, even", "clip-random, even"]
    bundle = load_bundle(copy)
    assert list(bundle.manifest.metrics) == names
    assert bundle.manifest.metrics["group-wise"]["windows"] == 20
    assert bundle.graphs == load_bundle(built).graphs
    card = (copy / "card.md").read_text()
    assert "| group-wise | 0.667 | 0.300 to 0.903 | 0.833 | 0.778 | 0.722 | 6 |" in card
    assert "| Lunges | 1.000 | 0.333 | 0.500 | 3 | PushUps (2) |" in card
    assert "| YoYo | 1.000 | 1.000 | 1.000 | 1 |  |" in card
    assert "stand on both sides" in card


def test_the_card_tells_the_calibration_error_of_those_that_state_it(copy, write_report):
    measure(
        copy,
        [
            write_report("a.json", expected_calibration_error=0.0804),
            write_report("b.json", sampling="even"),
        ],
        [],
    )
    assert "probabilities: 0.080 (group-wise).\n" in (copy / "card.md").read_text()


def test_the_group_wise_figures_have_a_picture(copy, write_report):
    measure(copy, [write_report("even.json", sampling="even")], [])
    assert not (copy / "confusion.png").exists()
    assert "confusion.png" not in (copy / "card.md").read_text()
    measure(copy, [write_report()], [])
    first = (copy / "confusion.png").read_bytes()
    assert (copy / "card.md").read_text().count("](confusion.png)") == 1
    other = classification(np.array([0, 1, 2]), np.array([1, 1, 1]), CLASSES)
    measure(copy, [write_report(**other)], [])
    assert (copy / "confusion.png").read_bytes() != first
    check_place(copy)  # it is still a bundle, which a build may replace
    verify(copy)


def test_heat_maps_and_rejection_have_sections_of_their_own(copy, write):
    paths = [
        write(EXPLANATIONS, "explanations.json"),
        write(REJECTION, "rejection.json", others={"windows": 50, "named": 0}),
    ]
    assert measure(copy, paths, []) == ["explanations", "rejection"]
    manifest = load_bundle(copy).manifest
    assert manifest.metrics["explanations"] == {**EXPLANATIONS, "bundle": identity(manifest)}
    card = (copy / "card.md").read_text()
    for fact in (
        "Not measured yet.",  # accuracy
        "## No action",
        "Windows by this calibration, group-wise",
        "| recognised correctly | 200 | keep their label | 95.0 % | 91.0 % to 97.3 % |",
        "| people who do nothing in particular before a camera | 400 | get a label | 25.0 % |",
        "| actions other than the 3 | 50 | get a label | 0.0 % | 0.0 % to 7.1 % |",
        "The intervals are Wilson's",
        "## Explanations",
        "on 10 windows with the right answer, group-wise",
        "| Grad-CAM | 0.430 | 0.620 |  |  |",
        "| random | 0.530 | 0.530 | 90% | 80% |",
        "| centre of the picture | 0.420 | 0.600 | 40% | 70% |",
        "is 0.11 with those of the same network after its head's weights were permuted, 0.02 after",
        "-0.05 with those of the second",
    ):
        assert fact in card, fact


def test_later_reports_tell_more(copy, write, write_report):
    kept = {"windows": 200, "kept": 190, "grouped95": [0.8, 1.0]}
    more = {
        "kept": kept,
        "mistaken": {"windows": 40, "named": 10, "grouped95": [0.1, 0.5]},
        "detail": {"kept": {"Lunges": {"windows": 50, "kept": 41}}, "others": None, "idle": None},
    }
    away = {"mean": -0.11, "mean95": [-0.2, 0.01]}
    margins = {name: {"deletion": away, "insertion": away} for name in ("random", "centre")}
    evident = {"with_evidence": {"right": 3, "none": 2}}
    paths = [
        write_report("accuracy.json", **evident),
        write(REJECTION, "rejection.json", **more),
        write({**EXPLANATIONS, "difference": margins, "second_alike": 0.3}, "explanations.json"),
    ]
    measure(copy, paths, [])
    card = (copy / "card.md").read_text()
    for fact in (
        "as when a video is replayed, accuracy is 0.500 (group-wise): in 2 of the clips no window",
        "| recognised correctly | 200 | keep their label | 95.0 % | 80.0 % to 100.0 % |",
        "| taken for another of the classes | 40 | keep that wrong label | 25.0 % | 10.0 % to 50.0",
        "The intervals draw whole groups",
        "| Lunges | 50 | 82.0 % |",
        "second most probable class (above 0.5 in 30% of the windows).",
        "Grad-CAM less the reference, in the mean",
        "| centre of the picture | -0.110 | -0.200 to +0.010 | -0.110 | -0.200 to +0.010 |",
    ):
        assert fact in card, fact


def test_a_class_without_clips_has_no_figures(copy, write_report):
    two = classification(np.array([0, 0, 1]), np.array([0, 1, 1]), CLASSES)
    measure(copy, [write_report(**two)], [])
    card = (copy / "card.md").read_text()
    assert "| YoYo | \u2013 | \u2013 | \u2013 | 0 |  |" in card
    assert "group-wise measured no clips of YoYo." in card


def test_what_was_measured_on_some_groups_only_is_refused(copy, built, write_report, write):
    manifest = load_bundle(built).manifest
    groups = manifest.training["split"]["sets"]["test"]["groups"]
    measure(copy, [write_report(tested=[*groups, "others whom it does not know"])], [])
    before = (copy / "manifest.json").read_bytes()
    for path in (write_report(tested=["g99"]), write({**REJECTION, "tested": ["g99"]})):
        with pytest.raises(InputError, match=r"not measured on all .* measure it without"):
            measure(copy, [path], [])
    assert (copy / "manifest.json").read_bytes() == before


def test_what_was_measured_on_some_clips_only_is_refused(copy, write_report):
    manifest = json.loads((copy / "manifest.json").read_text())
    groups = manifest["training"]["split"]["sets"]["test"]["groups"]
    four = classification(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 2]), CLASSES)
    with pytest.raises(InputError, match=r"on 4 of tiny's 6 test clips: the others are gone"):
        measure(copy, [write_report(tested=groups, **four)], [])


def test_rejection_that_lacks_clips_of_the_classes_is_refused(copy, write):
    groups = json.loads((copy / "manifest.json").read_text())
    groups = groups["training"]["split"]["sets"]["test"]["groups"]
    given = {**REJECTION, "tested": groups}
    lost = f"{CLASSES[0]}/v_g03_c01.avi"
    with pytest.raises(InputError, match=rf"without 1 of tiny's test clips, such as {lost}: they"):
        measure(copy, [write({**given, "skipped": ["idle.mp4", "Other/b.avi", lost]})], [])
    measure(copy, [write({**given, "skipped": ["idle.mp4", "Other/b.avi"]})], [])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_report_that_went_through_another_shell_is_read(copy, write_report, encoding):
    path = write_report()
    path.write_text(path.read_text(), encoding=encoding)
    assert measure(copy, [path], []) == ["group-wise"]


def test_both_methods_stand_side_by_side(copy, write):
    measure(copy, [write(BOTH)], [])
    card = (copy / "card.md").read_text()
    for fact in (
        "| Grad-CAM | 0.430 | 0.620 |  |  |  |  |",
        "| HiResCAM | 0.310 | 0.720 |  |  |  |  |",
        "| random | 0.530 | 0.530 | 90% | 80% | 100% | 95% |",
        "| centre of the picture | 0.420 | 0.600 | 40% | 70% | 65% | 75% |",
        "Rank correlation of the maps of Grad-CAM (1: the same order of all places, 0: nothing in "
        "common) is 0.11 with",
        "is 0.07 with those of the same network after its head's weights were permuted, 0.01 after",
        "0.33 with those of the second",
    ):
        assert fact in card, fact


def test_what_was_not_measured_has_no_section(copy, write_report, write):
    measure(copy, [write_report()], [])
    card = (copy / "card.md").read_text()
    assert "## No action" not in card
    assert "## Explanations" not in card
    measure(copy, [write(REJECTION, idle=None)], [])
    card = (copy / "card.md").read_text()
    assert "| recognised correctly | 200 | keep their label | 95.0 % |" in card
    assert "before a camera" not in card


def test_clip_random_reports_of_other_runs_are_averaged(copy, write_report):
    own = write_report("own.json")
    runs = [
        write_report(f"{right}.json", protocol="clip-random", bundle=None, **_of_twenty(right))
        for right in (18, 20, 19)
    ]
    assert measure(copy, [own], runs) == ["group-wise", "clip-random"]
    several = load_bundle(copy).manifest.metrics["clip-random"]
    assert several["kind"] == "seeds"
    assert several["accuracies"] == [0.9, 1.0, 0.95]
    assert several["clips"] == [20, 20, 20]
    card = (copy / "card.md").read_text()
    assert "### clip-random, 3 runs\n\nThe split shuffles single clips" in card
    assert "Mean accuracy 0.950, lowest 0.900." in card
    assert "| 2 | 1.000 | 20 |" in card
    assert "| clip-random |" not in card  # not among the figures of this bundle's files
    measure(copy, [], [])
    assert (copy / "card.md").read_text() == card


def test_one_clip_random_run_is_told_as_one(copy, write_report):
    one = write_report("one.json", protocol="clip-random", **_of_twenty(15))
    assert measure(copy, [], [one]) == ["clip-random"]
    card = (copy / "card.md").read_text()
    assert "### clip-random, one run\n\nThe split shuffles single clips" in card
    assert "Accuracy 0.750, in 20 clips. The run was trained and measured on a shuffle" in card


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({}, "no accuracy of the clip-random protocol"),
        ({"protocol": "clip-random", "classes": ("Lunges", "YoYo", "Archery")}, "other classes"),
        ({"protocol": "clip-random", "sampling": "even"}, "clip-random and clip-random, even"),
    ],
)
def test_what_cannot_be_averaged_is_refused(copy, built, write_report, changes, complaint):
    good = write_report("good.json", protocol="clip-random")
    with pytest.raises(InputError, match=complaint):
        measure(copy, [], [good, write_report("bad.json", **changes)])
    assert (copy / "manifest.json").read_bytes() == (built / "manifest.json").read_bytes()


def test_without_reports_the_card_is_written_anew(copy, built):
    (copy / "card.md").unlink()
    assert measure(copy, [], []) == []
    for name in ("manifest.json", "card.md"):
        assert (copy / name).read_bytes() == (built / name).read_bytes()


def test_a_later_report_replaces_the_one_of_its_protocol_only(copy, write_report):
    measure(copy, [write_report("a.json"), write_report("b.json", sampling="even")], [])
    measure(copy, [write_report("a.json", windows=99)], [])
    metrics = load_bundle(copy).manifest.metrics
    assert {name: report["windows"] for name, report in metrics.items()} == {
        "group-wise": 99,
        "group-wise, even": 20,
    }


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"bundle": "0" * 64}, "another bundle than tiny, or before it was built or calibrated"),
        ({"bundle": None}, "another bundle than tiny"),
        ({"accuracy": 0.999}, "`accuracy` is not 4 of 6"),
        ({"accuracy": 1.2}, "no report"),
        ({"clips": 7}, "doesn't count 7 clips"),
        ({"confusion": [[6]]}, "not 3 x 3"),
    ],
)
def test_a_report_that_does_not_fit_is_refused(copy, built, write_report, changes, complaint):
    with pytest.raises(InputError, match=complaint):
        measure(copy, [write_report(**changes)], [])
    for name in ("manifest.json", "card.md"):
        assert (copy / name).read_bytes() == (built / name).read_bytes()


@pytest.mark.parametrize("raw", [REJECTION, EXPLANATIONS])
@pytest.mark.parametrize("what", ["temperature", "rejection_threshold", "least_movement"])
def test_what_was_measured_by_another_calibration_is_refused(copy, write, raw, what):
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["calibration"][what] = 0.45
    (copy / "manifest.json").write_text(json.dumps(manifest))
    before = (copy / "manifest.json").read_bytes()
    with pytest.raises(InputError, match="another bundle than tiny, or before it was built or cal"):
        measure(copy, [write(raw)], [])
    assert (copy / "manifest.json").read_bytes() == before


def test_two_reports_of_one_name_are_not_mixed_up(copy, built, write_report):
    reports = [write_report("a.json"), write_report("b.json", windows=99)]
    with pytest.raises(InputError, match=r"b\.json is the second report of group-wise"):
        measure(copy, reports, [])
    assert (copy / "manifest.json").read_bytes() == (built / "manifest.json").read_bytes()


def test_a_bundle_of_shuffled_clips_stands_for_itself(copy, write_report):
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["training"]["split"]["protocol"] = "clip-random"
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="tiny was trained on shuffled clips: measure it by itsel"):
        measure(copy, [], [write_report(protocol="clip-random")])


def test_what_is_no_report_is_refused(copy, tmp_path):
    (tmp_path / "text.json").write_text("accuracy: good")
    (tmp_path / "latin.json").write_bytes('{"kind": "ä"}'.encode("latin-1"))
    (tmp_path / "deep.json").write_text("[" * 100_000)
    for name in ("text.json", "latin.json", "deep.json", "nowhere.json"):
        with pytest.raises(InputError, match=f"{name} is no report"):
            measure(copy, [tmp_path / name], [])


def test_a_damaged_bundle_gets_no_figures(copy, write_report):
    (copy / "head.onnx").write_bytes(b"")
    with pytest.raises(BundleError, match=r"head\.onnx"):
        measure(copy, [write_report()], [])


def test_figures_of_before_a_new_calibration_do_not_stay(copy, write_report):
    measure(copy, [write_report()], [])
    path = copy / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["calibration"]["temperature"] *= 1.5
    path.write_text(json.dumps(manifest))
    own = identity(load_bundle(copy).manifest)
    even = write_report("even.json", sampling="even", bundle=own)
    assert measure(copy, [even], []) == ["group-wise, even"]


def test_one_shuffle_does_not_count_twice(copy, write_report):
    runs = [
        write_report(f"{n}.json", protocol="clip-random", bundle=bundle)
        for n, bundle in enumerate(("aa", "bb", "aa"))
    ]
    assert measure(copy, [], runs[:2]) == ["clip-random"]
    with pytest.raises(InputError, match="two of the clip-random reports are of one bundle"):
        measure(copy, [], runs)
