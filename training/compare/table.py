"""The comparison for reading: Markdown, CSV, and a bar chart."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from har_desktop.sinks.atomic import write_whole
from training.compare.quoted import POSTER, POSTER_SCORES, QUOTED, Scores
from training.compare.results import Result

PROTOCOLS = {
    "group-wise": "group-wise: no clip of a test group's video was learned from",
    "clip-random": "clip-random: comparable with the poster as far as its split is known; it leaks:"
    " neighbours cut from one video stand on both sides",
}
COLUMNS = (
    *("network", "protocol", "stopped", "accuracy", "low95", "high95", "precision", "recall", "f1"),
    *("poster_accuracy", "poster_precision", "poster_recall", "poster_f1", "parameters"),
    *("milliseconds_per_frame", "height", "width", "weights", "epochs", "seconds_per_epoch"),
    *("test_clips", "limits", "machine", "commit"),
)


def write(folder: Path, results: Sequence[Result]) -> list[Path]:
    """Write `table.md`, `table.csv`, `accuracy.png` and `accuracy.svg`.

    Raises:
        OutputError: One of them cannot be written.
    """
    paths = []
    for name, text in (("table.md", markdown(results)), ("table.csv", as_csv(results))):
        paths.append(folder / name)
        write_whole(paths[-1], text.encode())
    return [*paths, *_charts(folder, results)]


def markdown(results: Sequence[Result]) -> str:
    """Both tables: what was measured, by protocol, and what others state."""
    parts = []
    for protocol, meaning in PROTOCOLS.items():
        rows = [r for r in results if r.settings.protocol == protocol]
        if rows:
            parts += [f"## {protocol}", "", *_preamble(meaning, rows), "", *_measured(rows), ""]
    return "\n".join([*parts, *_quoted(results), ""])


def as_csv(results: Sequence[Result]) -> str:
    """The measured rows with all digits."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_record(result) for result in results)
    return stream.getvalue()


def _record(r: Result) -> dict[str, Any]:
    low, high = r.interval or (None, None)
    s, poster = r.settings, POSTER_SCORES.get(r.network)
    return {
        "network": r.network,
        "protocol": s.protocol,
        "stopped": r.stopped,
        "accuracy": r.accuracy,
        "low95": low,
        "high95": high,
        "precision": r.precision,
        "recall": r.recall,
        "f1": r.f1,
        "poster_accuracy": poster and poster.accuracy,
        "poster_precision": poster and poster.precision,
        "poster_recall": poster and poster.recall,
        "poster_f1": poster and poster.f1,
        "parameters": r.parameters,
        "milliseconds_per_frame": r.milliseconds_per_frame,
        "height": s.size[0],
        "width": s.size[1],
        "weights": s.weights,
        "epochs": r.epochs,
        "seconds_per_epoch": r.seconds_per_epoch,
        "test_clips": s.clips[2],
        "limits": "; ".join(r.limits()),
        "machine": r.machine,
        "commit": r.commit,
    }


def _preamble(meaning: str, rows: Sequence[Result]) -> list[str]:
    lines = [
        f"Protocol {meaning}. Ten evenly spaced pictures of each clip; networks that see single"
    ]
    lines.append("pictures answer with the mean over the ten.")
    for clips, classes in sorted({(r.settings.clips, r.settings.classes) for r in rows}):
        train, validation, test = clips
        lines.append(
            f"{len(classes)} classes ({', '.join(classes)}); {train} clips to learn from,"
            f" {validation} for validation, {test} to test on."
        )
    if any(r.grouped95 for r in rows):
        lines.append("Intervals draw whole groups: clips of one are right or wrong together.")
    if alone := [r.network for r in rows if r.wilson95 and not r.grouped95]:
        names = "all" if len(alone) == len(rows) else ", ".join(alone)
        lines.append(
            f"The intervals of {names} take clips of one group for independent (Wilson), and are"
            " too narrow."
        )
    return lines


def _measured(rows: Sequence[Result]) -> list[str]:
    lines = [
        "| network | accuracy (95 % interval) | precision | recall | F1"
        " | poster: accuracy, precision, recall, F1 | parameters | ms per frame | limits |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for r in rows:
        poster = _poster(POSTER_SCORES.get(r.network))
        if r.stopped is not None or r.interval is None:
            cells = [f"stopped: {r.stopped}", "", "", "", poster, _millions(r.parameters), ""]
        else:
            low, high = r.interval
            cells = [
                f"{r.accuracy:.3f} ({low:.3f} to {high:.3f})",
                *(f"{value:.3f}" for value in (r.precision, r.recall, r.f1)),
                poster,
                _millions(r.parameters),
                f"{r.milliseconds_per_frame:.1f}",
            ]
        lines.append(f"| {' | '.join([r.network, *cells, '; '.join(r.limits())])} |")
    lines += ["", f"Poster: {POSTER}, first table; ten classes, its split is not stated."]
    return lines


def _quoted(results: Sequence[Result]) -> list[str]:
    ours: dict[str, Result] = {}
    for r in results:  # whole groups come first, and count
        if r.accuracy is not None:
            ours.setdefault(r.network, r)
    lines = [
        "## Quoted, not measured: 101 classes, not comparable",
        "",
        "The methods of the poster's second table, with the accuracy that their authors state for",
        "all 101 classes of UCF101, much data to start from, and large pictures. Beside them,",
        "where there is one, the row above that is of their kind, on its own few classes.",
        "",
        "| method | accuracy on 101 classes | our row of that kind | source |",
        "| --- | --- | --- | --- |",
    ]
    for quoted in QUOTED:
        stated = "not at hand" if quoted.accuracy is None else f"{quoted.accuracy} %"
        result = ours.get(quoted.row or "")
        kind = ""
        if result is not None:
            share = f"{result.accuracy:.3f}"
            classes = f"{len(result.settings.classes)} classes, {result.settings.protocol}"
            kind = f"{result.network}: {share} on {classes}"
        lines.append(f"| {quoted.name} | {stated} | {kind} | {quoted.source} |")
    return lines


def _poster(scores: Scores | None) -> str:
    if scores is None:
        return "not in it"
    return f"{scores.accuracy:.2f}, {scores.precision:.2f}, {scores.recall:.2f}, {scores.f1:.2f}"


def _millions(parameters: int) -> str:
    return f"{parameters / 1e6:.2f} M"


def _charts(folder: Path, results: Sequence[Result]) -> list[Path]:
    """Accuracy with its interval, a group of bars per network, the poster's beside it."""
    from matplotlib.figure import Figure

    from training.figures.style import save

    names = list(dict.fromkeys(r.network for r in results))
    if not names:
        return []
    protocols = [p for p in PROTOCOLS if any(r.settings.protocol == p for r in results)]
    figure = Figure(figsize=(max(6.0, 1.1 * len(names)), 4.0), layout="constrained")
    axes = figure.add_subplot()
    width = 0.8 / (len(protocols) + 1)
    for number, protocol in enumerate(protocols):
        rows = [r for r in results if r.settings.protocol == protocol and r.interval]
        places = [names.index(r.network) + number * width for r in rows]
        heights = [r.accuracy or 0.0 for r in rows]
        spread = [[], []] if not rows else _spread(rows)
        axes.bar(places, heights, width, yerr=spread, capsize=2, label=f"measured, {protocol}")
    there = [(i, POSTER_SCORES[n].accuracy) for i, n in enumerate(names) if n in POSTER_SCORES]
    places = [i + len(protocols) * width for i, _ in there]
    axes.bar(
        places,
        [a for _, a in there],
        width,
        color="none",
        edgecolor="0.3",
        hatch="//",
        label="poster",
    )
    classes = max(len(r.settings.classes) for r in results)
    axes.axhline(1 / classes, color="0.5", linestyle=":", label="guessing")
    middles = [i + width * len(protocols) / 2 for i in range(len(names))]
    axes.set_xticks(middles, names, rotation=30, ha="right")
    axes.set_ylim(0, 1)
    axes.set_ylabel("accuracy (bars: 95 % interval)")
    figure.legend(loc="outside upper center", ncols=4, fontsize="small")
    return save(figure, folder, "accuracy")


def _spread(rows: Sequence[Result]) -> list[list[float]]:
    """How far the interval reaches below and above; at 0 and 1 rounding would make it negative."""
    intervals = [(r.accuracy or 0.0, *(r.interval or (0.0, 0.0))) for r in rows]
    return [
        [max(0.0, a - low) for a, low, _ in intervals],
        [max(0.0, high - a) for a, _, high in intervals],
    ]
