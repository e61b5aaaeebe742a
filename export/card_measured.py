"""The sections of a model card that tell what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from export.confusion import pictured
from export.markdown import table
from export.place import CONFUSION
from export.report import (
    Accuracy,
    Difference,
    Explanations,
    Figures,
    Pair,
    Rejection,
    Seeds,
    Worth,
)
from training.metrics import Interval, wilson95

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
    for name, report in reports.items():
        if missing := [label for label, row in report.per_class.items() if not row.support]:
            yield f"{name} measured no clips of {', '.join(missing)}."
        if some := report.with_evidence if report.sampling == "time" else None:
            yield (
                f"Where windows without evidence don't count, as when a video is replayed, accuracy"
                f" is {some.right / report.clips:.3f} ({name}): in {some.none} of the clips no"
                " window has any."
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
        values = row.precision, row.recall, row.f1
        figures = (f"{value:.3f}" if row.support else "\u2013" for value in values)
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
    yield f"Windows by this calibration, {report.protocol}, each judged by itself."
    yield ""
    parts = [(kept.windows, kept.kept, kept.grouped95, "recognised correctly", "keep their label")]
    for named, what, fate in (
        (report.mistaken, "taken for another of the classes", "keep that wrong label"),
        (report.idle, "people who do nothing in particular before a camera", "get a label"),
        (report.others, f"actions other than the {classes}", "get a label"),
    ):
        if named:
            parts.append((named.windows, named.named, named.grouped95, what, fate))
    yield from table(
        ("windows", "number", "what", "share", "95 % interval"),
        [
            (what, str(windows), fate, _percent(hits / windows), _interval(hits, windows, drawn))
            for windows, hits, drawn, what, fate in parts
        ],
    )
    yield ""
    yield (
        "The intervals draw whole groups, for windows of one are alike, and whole videos of people"
        " who do nothing; where one person is in several of those, the truth is less certain."
        if kept.grouped95
        else "The intervals are Wilson's and take the windows for independent. Those of one clip "
        "resemble each other, so the truth is less certain."
    )
    if each := report.detail.kept:
        yield ""
        yield from table(
            ("class", "windows recognised correctly", "keep their label"),
            [
                (label, str(row.windows), _percent(row.kept / row.windows))
                for label, row in each.items()
            ],
        )


def _interval(hits: int, windows: int, drawn: Interval | None) -> str:
    low, high = drawn or wilson95(hits, windows)
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
            f"{method.second_class:.2f} with those of the second most probable class"
            f"{_alike(method)}."
        )
        if method.difference:
            yield ""
            yield f"{name} less the reference, in the mean, with intervals that draw whole groups:"
            yield ""
            yield from table(
                ("reference", "deletion", "95 % interval", "insertion", "95 % interval"),
                [
                    (words, *_more(more.deletion), *_more(more.insertion))
                    for words, more in (
                        ("random", method.difference.random),
                        ("centre of the picture", method.difference.centre),
                    )
                ],
            )


def _wins(pairs: Iterable[Pair]) -> list[str]:
    return [f"{share:.0%}" for pair in pairs for share in (pair.deletion, pair.insertion)]


def _alike(method: Worth) -> str:
    share = method.second_alike
    return "" if share is None else f" (above 0.5 in {share:.0%} of the windows)"


def _more(difference: Difference) -> tuple[str, str]:
    """A difference and its interval; without one, there were too few groups to draw."""
    interval = difference.mean95
    words = f"{interval[0]:+.3f} to {interval[1]:+.3f}" if interval else ""
    return f"{difference.mean:+.3f}", words
