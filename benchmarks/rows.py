"""What a benchmark gives: rows for people (Markdown) and for programs (CSV)."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.harness import Ratio, Sample, ratio

FIELDS = (
    "benchmark", "case", "measured", "min_ms", "p50_ms", "p95_ms", "calls",
    "ratio", "ratio_low", "ratio_high", "goal", "note",
)  # fmt: skip
HEADER = ("case", "measured", "min", "p50", "p95", "ratio (95 %)", "goal", "note")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table.

    Attributes:
        case: What was looked at: a bundle, a network, a size.
        measured: Which rival this is.
        sample: Its times.
        ratio: Of this rival and another one; which, the benchmark says.
        goal: What the ratio should be, such as ">= 10".
        note: What else there is to know.
    """

    case: str
    measured: str
    sample: Sample
    ratio: Ratio | None = None
    goal: str = ""
    note: str = ""

    @property
    def milliseconds(self) -> tuple[float, float, float]:
        """Minimum, median and 95th percentile of all calls."""
        calls = 1000.0 * self.sample.calls
        return float(calls.min()), float(np.median(calls)), float(np.percentile(calls, 95))


def compare(
    case: str,
    samples: Mapping[str, Sample],
    reference: str,
    goals: Mapping[str, str] | None = None,
    notes: Mapping[str, str] | None = None,
) -> list[Row]:
    """One row for each rival, with the ratio of its time to that of the reference."""
    return [
        Row(
            case,
            name,
            sample,
            None if name == reference else ratio(sample, samples[reference]),
            (goals or {}).get(name, ""),
            (notes or {}).get(name, ""),
        )
        for name, sample in samples.items()
    ]


def markdown(rows: Sequence[Row]) -> str:
    """The rows of one benchmark as a Markdown table; times in milliseconds."""
    lines = [_line(HEADER), _line(["---"] * len(HEADER))]
    for row in rows:
        times = [_number(x) for x in row.milliseconds]
        texts = [_interval(row.ratio) if row.ratio else "", row.goal, row.note]
        lines.append(_line([row.case, row.measured, *times, *texts]))
    return "\n".join(lines)


def write_csv(path: Path, tables: Mapping[str, Sequence[Row]]) -> None:
    """All rows of all benchmarks, one per line, times in milliseconds."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(FIELDS)
        for benchmark, rows in tables.items():
            for row in rows:
                r = row.ratio
                ratios = (r.value, r.low, r.high) if r else ("", "", "")
                times = (*row.milliseconds, len(row.sample.calls))
                texts = (row.goal, row.note)
                writer.writerow([benchmark, row.case, row.measured, *times, *ratios, *texts])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _interval(ratio: Ratio) -> str:
    return f"{_number(ratio.value)} ({_number(ratio.low)} to {_number(ratio.high)})"


def _number(value: float) -> str:
    """Three digits that count, and no exponent."""
    return f"{value:.0f}" if value >= 999.5 else f"{value:#.3g}".rstrip(".")
