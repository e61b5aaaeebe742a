"""The verbs of the training stage. TensorFlow is imported by those that learn alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

import click

from har_desktop import console
from har_desktop.errors import InputError
from har_desktop.inference.manifest import Manifest
from har_desktop.sources.files import expand_sources
from training.compare.cli import compare
from training.data.index import Clip, changed, labels, once, other_labels, scan
from training.data.split import TEST_GROUPS, Protocol, Split, read_split
from training.download.cli import download
from training.fit_cli import fit, prepare, refit
from training.options import comma_separated, data_option
from training.report import explanations_table, rejection_table, table

T = TypeVar("T")

bundle_option = click.option(
    "--bundle", type=click.Path(path_type=Path), required=True, help="Bundle folder."
)
groups_option = click.option(
    "--groups", default=",".join(TEST_GROUPS), show_default=True, help="Which groups to look at."
)
split_option = click.option(
    "--split",
    "split_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A run's split.json: look at its test clips instead of at groups.",
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="The whole report as JSON on stdout."
)


@click.group(context_settings=console.HELP)
@console.debug_option
def cli() -> None:
    """Train and measure the network of HAR Desktop."""


cli.add_command(download)
cli.add_command(prepare)
cli.add_command(fit)
cli.add_command(refit)
cli.add_command(compare)


@cli.command()
@bundle_option
@data_option
@groups_option
@split_option
@click.option(
    "--sampling",
    type=click.Choice(["time", "even"]),
    default="time",
    show_default=True,
    help="Windows in time as in the app, or ten evenly spaced frames as in the poster.",
)
@json_option
@console.debug_option
def evaluate(
    bundle: Path,
    data: Path,
    groups: str,
    split_file: Path | None,
    sampling: Literal["time", "even"],
    as_json: bool,
) -> None:
    """Measure a bundle's ONNX files on whole groups, one answer per clip."""
    from har_desktop.inference.bundle import load_bundle
    from training.evaluate import evaluate as run_evaluate

    loaded = load_bundle(bundle)
    clips, protocol = _unseen(loaded.manifest, data, groups, split_file, leaks=True)
    report = run_evaluate(loaded, data, clips, sampling, protocol)
    _tell(report, table, as_json)


@cli.command()
@bundle_option
@data_option
@click.option(
    "--idle",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of videos in which nobody does any of the actions.",
)
@groups_option
@split_option
@json_option
@console.debug_option
def reject(
    bundle: Path,
    data: Path,
    idle: Path | None,
    groups: str,
    split_file: Path | None,
    as_json: bool,
) -> None:
    """Measure how often a bundle names an action where there is none, window by window."""
    from har_desktop.inference.bundle import load_bundle
    from training.evaluate import refuse_learned, refuse_learned_videos
    from training.others import unlike
    from training.reject import reject as run_reject

    loaded = load_bundle(bundle)
    clips, _ = _unseen(loaded.manifest, data, groups, split_file)
    if split_file:
        split = read_split(split_file)
        chosen, own = _groups_of(split), [c for part in split.sets().values() for c in part]
    else:
        chosen, own = _named(groups), clips
    labels = other_labels(data, loaded.manifest.classes)
    others = once(c for c in scan(data, labels) if c.group in chosen)
    others = unlike(others, {c.sha256 for c in own})
    if labels and not others:
        click.echo("no clip of another class is of these groups: none of them measured", err=True)
    refuse_learned(loaded.manifest, others)
    videos = expand_sources([idle]) if idle else None
    refuse_learned_videos(loaded.manifest, videos or ())
    report = run_reject(loaded, data, clips, others or None, videos)
    _tell(report, rejection_table, as_json)


@cli.command()
@bundle_option
@data_option
@groups_option
@click.option(
    "--clips",
    "count",
    type=click.IntRange(min=1),
    default=60,
    show_default=True,
    help="At most so many clips, evenly from all classes; of each the middle window.",
)
@split_option
@json_option
@console.debug_option
def explain(
    bundle: Path, data: Path, groups: str, count: int, split_file: Path | None, as_json: bool
) -> None:
    """Measure whether a bundle's heat-maps point at what its answers rest on."""
    from har_desktop.inference.bundle import load_bundle
    from training.explain import explain as run_explain

    loaded = load_bundle(bundle)
    clips, _ = _unseen(loaded.manifest, data, groups, split_file)
    report = run_explain(loaded, data, clips, count)
    _tell(report, explanations_table, as_json)


@cli.command()
@click.option("--run", type=click.Path(path_type=Path, file_okay=False), help="For the curves.")
@click.option("--bundle", type=click.Path(path_type=Path), help="For all other figures.")
@click.option("--data", type=click.Path(path_type=Path), help="The clips, with --bundle.")
@groups_option
@click.option(
    "--strips",
    "count",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="So many clips with heat-maps, and so many misclassified ones.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="For the pictures.")
@console.debug_option
def figures(
    run: Path | None,
    bundle: Path | None,
    data: Path | None,
    groups: str,
    count: int,
    out: Path,
) -> None:
    """Draw curves, confusion matrix, reliability and heat-maps, as PNG and SVG.

    With --run and --bundle, the clips are the run's test clips; without --run, those of --groups.
    """
    from har_desktop.inference.bundle import load_bundle
    from training.illustrate import check_belongs, draw_bundle, draw_run

    if run is None and bundle is None:
        raise click.UsageError("Give --run, --bundle, or both.", click.get_current_context())
    if bundle is not None and data is None:
        raise click.UsageError("With --bundle, give --data, too.", click.get_current_context())
    written = []
    if bundle is not None and data is not None:
        loaded = load_bundle(bundle)
        if run is not None:
            check_belongs(loaded, run)
        split = run / "split.json" if run else None
        clips, _ = _unseen(loaded.manifest, data, groups, split, leaks=True)
        written += draw_bundle(loaded, data, clips, count, out)
    if run is not None:
        written += draw_run(run, out)
    for path in written:
        click.echo(path)
    if bundle is None:
        click.echo("only the curves: give --bundle and --data for the other figures", err=True)


def _tell(report: T, as_table: Callable[[T], str], as_json: bool) -> None:
    if as_json:
        console.print_json(report)
    else:
        click.echo(as_table(report))


def _unseen(
    manifest: Manifest, data: Path, groups: str, split_file: Path | None, *, leaks: bool = False
) -> tuple[list[Clip], Protocol]:
    """Clips of the bundle's classes that it did not learn from, and how they were kept apart.

    Those of a split that leaks only where that is allowed, for a bundle that was trained on one.
    """
    from training.evaluate import is_shuffled, refuse_learned, refuse_seen

    if split_file:
        split = read_split(split_file)
        if strange := {c.label for c in split.test} - set(manifest.classes):
            raise InputError(
                f"{split_file} has clips of {', '.join(sorted(strange))}, which {manifest.name}"
                " does not know: give the split.json of its own run"
            )
        if others := changed(data, split.test):
            raise InputError(
                f"{data / others[0].path} ({len(others)} of {len(split.test)} test clips) is not"
                f" what it was when {split_file} was written, and {manifest.name} may have learned"
                " from what it shows now: give the data folder of that run"
            )
        if split.protocol == "group-wise":
            refuse_seen(manifest, {c.group for c in split.test})
        elif not leaks:
            raise InputError(f"{split_file} shuffles single clips; this verb wants whole groups")
        elif not is_shuffled(manifest):
            raise InputError(
                f"{split_file} shuffles single clips, and {manifest.name} was not trained on such a"
                " split, so it may have learned from these: give the split.json of its own run"
            )
        refuse_learned(manifest, split.test)
        return split.test, split.protocol
    chosen = _named(groups)
    refuse_seen(manifest, chosen)
    if missing := set(manifest.classes) - set(labels(data)):
        raise InputError(
            f"{manifest.name} knows other classes than {data}, which has no clips of"
            f" {', '.join(sorted(missing))}: give the folder that holds clips of all its classes"
        )
    clips = [c for c in scan(data, manifest.classes) if c.group in chosen]
    gone = chosen - {c.group for c in clips} - set(TEST_GROUPS)
    if not clips or gone:
        raise InputError(
            f"no clips of the groups {', '.join(sorted(gone or chosen))} in {data}: name others"
            " with --groups, or the test clips of a run with --split RUN/split.json"
        )
    refuse_learned(manifest, clips)
    return clips, "group-wise"


def _groups_of(split: Split) -> set[str]:
    """Those that test, the ones of other classes too."""
    return {c.group for c in [*split.test, *(split.others.test if split.others else ())]}


def _named(groups: str) -> set[str]:
    return set(comma_separated(groups))


def main() -> None:
    """Run the command line."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.exit(console.run(cli, "python -m training"))
