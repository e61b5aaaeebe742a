"""The sections of a model card that tell what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from export.confusion import pictured
from export.markdown import table
from export.place import CONFUSION
from export.report import Accuracy, Explanations, Figures, Pair, Rejection, Seeds, Worth
from training.metrics import wilson95

LEAKS = (
    "The split shuffles single clips, so clips cut from one video stand on both sides. It is "
    "comparable with published figures that do the same, and says nothing about new people."
)


def sections(reports: dict[str, Figures], classes: int) -> dict[str, Iterator[str]]:
    """The lines of each section by its title; only accuracy has one even if it isn't measured.

    Args:
        reports: The metrics of the manifest.
        classes: How many the bundle knows.
    """
    found = {"## Measured": _measured(reports)}
    for report in reports.values():
        if isinstance(report, Rejection):
            found["## No action"] = _no_action(report, classes)
        if isinstance(report, Explanations):
            found["## Explanations"] = _explanations(report)
    return found


def _measured(reports: dict[str, Figures]) -> Iterator[str]:
    accuracies = {name: r for name, r in reports.items() if isinstance(r, Accuracy)}
    seeds = {name: r for name, r in reports.items() if isinstance(r, Seeds)}
    if accuracies:
        yield from _accuracies(accuracies)
    elif not seeds:
        yield "Not measured yet."
    for name, report in accuracies.items():
        yield from ("", f"### {name}", "")
        if report.protocol == "clip-random":
            yield from (LEAKS, "")
        if report is pictured(reports):
            yield from (f"![How often each class was taken for which]({CONFUSION})", "")
        yield from _per_class(report)
    for name, several in seeds.items():
        count = len(several.accuracies)
        yield from ("", f"### {name}, {'one run' if count == 1 else f'{count} runs'}", "")
        yield from _seeds(several)


def _accuracies(reports: dict[str, Accuracy]) -> Iterator[str]:
    yield "Figures of the ONNX files in ONNX Runtime, one answer per clip."
    yield ""
    yield from table(
        ("protocol", "accuracy", "95 % interval", "precision", "recall", "F1", "clips"),
        [
            (
                name,
                f"{report.accuracy:.3f}",
                "{:.3f} to {:.3f}".format(*report.grouped95 or report.wilson95),
                f"{report.macro_precision:.3f}",
                f"{report.macro_recall:.3f}",
                f"{report.macro_f1:.3f}",
                str(report.clips),
            )
            for name, report in reports.items()
        ],
    )
    yield ""
    if alone := [name for name, report in reports.items() if report.grouped95 is None]:
        names = ", ".join(alone)
        yield f"The interval of {names} takes clips of one group for independent (Wilson)."
    for name, report in reports.items():
        if report.grouped95:
            low, high = report.wilson95
            why = (
                "is everything, for all clips are of one group, which tells nothing of other people"
                if report.groups == 1
                else "draws whole groups: clips of one are recognised together or not at all"
            )
            yield (
                f"The interval of {name} {why}."
                f" As if they were independent, it is {low:.3f} to {high:.3f}."
            )
    gaps = [
        f"{report.expected_calibration_error:.3f} ({name})"
        for name, report in reports.items()
        if report.expected_calibration_error is not None
    ]
    if gaps:
        yield ""
        yield f"Expected calibration error of the clips' probabilities: {', '.join(gaps)}."


def _per_class(report: Accuracy) -> Iterator[str]:
    labels = list(report.per_class)
    rows = []
    for number, (label, row) in enumerate(report.per_class.items()):
        others = [(n, labels[j]) for j, n in enumerate(report.confusion[number]) if j != number]
        count, other = max(others)
        taken = f"{other} ({count})" if count else ""
        figures = (f"{value:.3f}" for value in (row.precision, row.recall, row.f1))
        rows.append((label, *figures, str(row.support), taken))
    yield from table(("class", "precision", "recall", "F1", "clips", "most often taken for"), rows)


def _seeds(report: Seeds) -> Iterator[str]:
    if report.protocol == "clip-random":
        yield from (LEAKS, "")
    if len(report.accuracies) == 1:
        yield (
            f"Accuracy {report.mean:.3f}, in {report.clips[0]} clips. The run was trained and "
            "measured on a shuffle of its own; it is not this bundle."
        )
        return
    yield (
        f"Mean accuracy {report.mean:.3f}, lowest {report.min:.3f}. Each run was trained and "
        "measured on a shuffle of its own; none of them is this bundle."
    )
    yield ""
    yield from table(
        ("run", "accuracy", "clips"),
        [
            (str(number), f"{accuracy:.3f}", str(clips))
            for number, (accuracy, clips) in enumerate(
                zip(report.accuracies, report.clips, strict=True), 1
            )
        ],
    )


def _no_action(report: Rejection, classes: int) -> Iterator[str]:
    kept = report.kept
    parts = [("recognised correctly", "keep their label", kept.kept, kept.windows)]
    yield (
        f"By this calibration, {report.protocol}: of {kept.windows} windows that "
        f"are recognised correctly, {_share(kept.kept, kept.windows)} keep their label."
    )
    for named, what, words in (
        (report.idle, "no action", "people who do nothing in particular before a camera"),
        (report.others, "another action", f"actions other than the {classes}"),
    ):
        if named:
            parts.append((what, "get a label", named.named, named.windows))
            yield (
                f"Of {named.windows} windows of {words}, {_share(named.named, named.windows)} get "
                "a label all the same."
            )
    yield ""
    yield from table(
        ("windows", "number", "what", "share", "95 % interval"),
        [
            (what, str(windows), fate, _percent(count / windows), _interval(count, windows))
            for what, fate, count, windows in parts
        ],
    )
    yield ""
    yield (
        "The intervals are Wilson's and take the windows for independent. Those of one clip "
        "resemble each other, so the truth is less certain."
    )


def _share(count: int, windows: int) -> str:
    return f"{_percent(count / windows)} (95 % interval {_interval(count, windows)})"


def _interval(count: int, windows: int) -> str:
    low, high = wilson95(count, windows)
    return f"{_percent(low)} to {_percent(high)}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _explanations(report: Explanations) -> Iterator[str]:
    methods: dict[str, tuple[Pair, Worth]] = {"Grad-CAM": (report.maps.grad_cam, report)}
    if report.hires_cam and report.maps.hires_cam:
        methods["HiResCAM"] = report.maps.hires_cam, report.hires_cam
    better = [method.better_than for _, method in methods.values()]
    means = "Grad-CAM's is their mean" if len(methods) == 1 else "each method's are averaged"
    yield (
        f"Measured on {report.windows} windows with the right answer, {report.protocol}. Deletion "
        "blurs the most important places of the pictures first (the lower the better), insertion "
        "brings them back first (the higher the better): areas under the curve of the class's "
        f"probability. Each map is held still over the window, {means}."
    )
    yield ""
    beats = ["Grad-CAM has less deletion in", "more insertion in"]
    if len(methods) > 1:
        beats = [
            f"{n} has {what} in" for n in methods for what in ("less deletion", "more insertion")
        ]
    yield from table(
        ("map", "deletion", "insertion", *beats),
        [
            (name, f"{areas.deletion:.3f}", f"{areas.insertion:.3f}", *wins)
            for name, areas, wins in (
                *((n, areas, ["", ""] * len(methods)) for n, (areas, _) in methods.items()),
                ("random", report.maps.random, _wins(b.random for b in better)),
                ("centre of the picture", report.maps.centre, _wins(b.centre for b in better)),
            )
        ],
    )
    for name, (_, method) in methods.items():
        whose = "the maps" if len(methods) == 1 else f"the maps of {name}"
        yield ""
        yield (
            f"Rank correlation of {whose} (1: the same order of all places, 0: nothing in common) "
            f"is {method.randomised.head:.2f} with those of the same network after its head's "
            f"weights were permuted, {method.randomised.all:.2f} after all were, and "
            f"{method.second_class:.2f} with those of the second most probable class."
        )


def _wins(pairs: Iterable[Pair]) -> list[str]:
    return [f"{share:.0%}" for pair in pairs for share in (pair.deletion, pair.insertion)]
