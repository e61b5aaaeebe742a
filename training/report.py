"""A report of `training evaluate` for reading."""

from __future__ import annotations

from typing import Any


def table(report: dict[str, Any]) -> str:
    """The headline, then a row per class with the class it is most often taken for."""
    low, high = report["wilson95"]
    lines = [
        f"accuracy {report['accuracy']:.3f} (95 % interval {low:.3f} to {high:.3f}),"
        f" {report['clips']} clips, {report['protocol']}, sampling {report['sampling']}",
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
        lines.append(
            f"{label:<20} {row['precision']:>9.3f} {row['recall']:>7.3f} {row['f1']:>6.3f}"
            f" {row['support']:>6}  {f'{other} ({count})' if count else ''}".rstrip()
        )
    lines += [f"unreadable, left out: {path}" for path in report["skipped"]]
    return "\n".join(lines)
