"""The reports of `training evaluate`, `reject` and `explain` for reading."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

FIGURES = ("precision", "recall", "f1")

if TYPE_CHECKING:
    from training.metrics import Interval
    from training.reject import Labels, Rejection


def table(report: dict[str, Any]) -> str:
    """The headline, then a row per class with the class it is most often taken for."""
    low, high = report["grouped95"]
    lines = [
        f"accuracy {report['accuracy']:.3f} (95 % interval {low:.3f} to {high:.3f}),"
        f" {report['clips']} clips, {report['protocol']}, sampling {report['sampling']}",
        _of_groups(report),
        *_without_clips(report),
        *_with_evidence(report),
        f"macro precision {report['macro_precision']:.3f}, recall {report['macro_recall']:.3f},"
        f" F1 {report['macro_f1']:.3f};"
        f" calibration error {report['expected_calibration_error']:.3f}",
        f"{report['windows']} windows in {report['seconds']} s on {report['provider']}",
        "",
        f"{'class':<20} {'precision':>9} {'recall':>7} {'F1':>6} {'clips':>6}  taken for",
    ]
    labels = list(report["per_class"])
    for number, (label, row) in enumerate(report["per_class"].items()):
        wrong = [(count, labels[j]) for j, count in enumerate(report["confusion"][number])]
        count, other = max(pair for j, pair in enumerate(wrong) if j != number)
        figures = [f"{row[name]:.3f}" if row["support"] else "-" for name in FIGURES]
        lines.append(
            "{:<20} {:>9} {:>7} {:>6} {:>6}  {}".format(
                label, *figures, row["support"], f"{other} ({count})" if count else ""
            ).rstrip()
        )
    lines += [f"unreadable, left out: {path}" for path in report["skipped"]]
    return "\n".join(lines)


def _without_clips(report: dict[str, Any]) -> Iterator[str]:
    if missing := [label for label, row in report["per_class"].items() if not row["support"]]:
        yield f"Not measured, for there are no clips: {', '.join(missing)}."


def _with_evidence(report: dict[str, Any]) -> Iterator[str]:
    if report["sampling"] == "time":
        found = report["with_evidence"]
        yield (
            f"Where windows without evidence don't count, as in `har-desktop replay`, accuracy is"
            f" {found['right'] / report['clips']:.3f}; {found['none']} clips have no other window."
        )


def _of_groups(report: dict[str, Any]) -> str:
    low, high = report["wilson95"]
    alike = f"Were clips of one group as different as others, it would be {low:.3f} to {high:.3f}"
    if report["groups"] == 1:
        return f"All clips are of one group, which tells nothing of other people. {alike} (Wilson)."
    return (
        f"The interval draws whole groups, of which there are {report['groups']}. {alike} (Wilson)."
    )


def rejection_table(report: Rejection) -> str:
    """The shares with their intervals, then a row per class that the bundle does not know."""
    kept = report.kept
    lines = [
        f"threshold {report.threshold:g}, {report.protocol},"
        f" {report.seconds} s on {report.provider}",
        f"kept     {_share(kept.kept, kept.windows, kept.grouped95)} keep their right label",
    ]
    for name, part, fate in (
        ("mistaken", report.mistaken, "keep their wrong label"),
        ("others", report.others, "get a label"),
        ("idle", report.idle, "get a label"),
    ):
        if part is not None:
            lines.append(f"{name:<8} {_share(part.named, part.windows, part.grouped95)} {fate}")
    lines.append("The intervals draw whole groups; those of idle people, whole videos.")
    lines += ["", f"{'class':<20} {'right':>7} {'kept':>7}"]
    lines += [
        f"{label:<20} {row.windows:>7} {_percent(row.kept, row.windows):>7}".rstrip()
        for label, row in report.detail.kept.items()
    ]
    rows = dict(report.detail.others or {})
    if report.detail.idle is not None:
        rows["(idle)"] = report.detail.idle
    if rows:
        lines += ["", f"{'class':<20} {'windows':>7} {'named':>7}  named most often"]
    lines += [_row(label, row) for label, row in rows.items()]
    lines += [f"unreadable, left out: {path}" for path in report.skipped]
    return "\n".join(lines)


def _share(hits: int, trials: int, interval: Interval | None) -> str:
    between = "" if interval is None else f" ({interval[0]:.1%} to {interval[1]:.1%})"
    return f"{hits / trials:.1%}{between} of {trials} windows"


def _percent(hits: int, trials: int) -> str:
    return f"{hits / trials:.1%}"


def _row(label: str, row: Labels) -> str:
    share = _percent(row.named, row.windows)
    most = ", ".join(f"{name} ({count})" for name, count in list(row.labels.items())[:3])
    return f"{label:<20} {row.windows:>7} {share:>7}  {most}".rstrip()


def explanations_table(report: dict[str, Any]) -> str:
    """A row per map with both areas; then how often each method beats the others, and more."""
    head = f"{'map':<10} {'deletion':>9} {'insertion':>10}"
    lines = [
        f"{report['windows']} windows with the right answer, of {report['looked_at']} looked at,"
        f" {report['protocol']}; {report['skipped']} clips too short or unreadable",
        f"in {report['seconds']} s on {report['provider']}",
        "",
        head,
    ]
    for name, row in report["maps"].items():
        lines.append(f"{name:<10} {row['deletion']:>9.3f} {row['insertion']:>10.3f}")
    lines += ["", "rank correlation: 1 = the same order of all places, 0 = nothing in common"]
    for method, found in (("grad-cam", report), ("hires-cam", report.get("hires-cam"))):
        if found:
            lines += ["", method, *_method(found)]
    return "\n".join(lines)


def _method(found: dict[str, Any]) -> Iterator[str]:
    """What one method's maps are worth, a line each."""
    for name, better in found["better_than"].items():
        yield (
            f"  better than {name:<8} deletion in {better['deletion']:.0%},"
            f" insertion in {better['insertion']:.0%} of the windows"
        )
        more = found["difference"][name]
        yield f"    deletion {_more(more['deletion'])}, insertion {_more(more['insertion'])}"
    randomised = found["randomised"]
    yield (
        f"  rank correlation with the head's weights permuted {randomised['head']:.3f}, with all"
        f" permuted {randomised['all']:.3f}; with the map of the second class"
        f" {found['second_class']:.3f}, above 0.5 in {found['second_alike']:.0%} of the windows"
    )


def _more(difference: dict[str, Any]) -> str:
    """A difference of areas, with its interval where there are groups to draw."""
    interval = difference["mean95"]
    words = f" ({interval[0]:+.3f} to {interval[1]:+.3f})" if interval else ""
    return f"{difference['mean']:+.3f}{words}"
