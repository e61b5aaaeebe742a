"""The verbs of the export stage. TensorFlow is imported by `build` and `verify --run` alone."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from har_desktop import console

folder_argument = click.argument("folder", type=click.Path(path_type=Path))


@click.group(context_settings=console.HELP)
@console.debug_option
def cli() -> None:
    """Turn a trained run into a verified model bundle."""


@cli.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The bundle's folder.")
@click.option("--replace", is_flag=True, help="Take the place of another run's bundle.")
@console.debug_option
def build(run: Path, out: Path, replace: bool) -> None:
    """Export the trained RUN, check the graphs against it, and write the bundle."""
    from export.run import read_run

    trained = read_run(run)
    from export.before import figures
    from export.build import build as run_build

    lost = figures(out)
    found = run_build(trained, out, replace=replace)
    click.echo(f"{out}: built and verified; {found}")
    if lost:
        told = f"the figures of the bundle before are gone, measure again: {', '.join(lost)}"
        click.echo(f"{out}: {told}", err=True)


@cli.command()
@folder_argument
@click.option("--run", type=click.Path(path_type=Path), help="Also compare with this trained run.")
@console.debug_option
def verify(folder: Path, run: Path | None) -> None:
    """Check the bundle in FOLDER."""
    from export.verify import verify as run_verify

    for line in run_verify(folder, run):
        click.echo(f"{folder}: {line}")


@cli.command()
@folder_argument
@click.argument("reports", type=click.Path(path_type=Path), nargs=-1)
@click.option(
    "--random",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A clip-random report of another run's bundle; give one per run, they are averaged.",
)
@console.debug_option
def measure(folder: Path, reports: tuple[Path, ...], random: tuple[Path, ...]) -> None:
    """Enter REPORTS in the bundle in FOLDER, and write its card.

    They are what `training evaluate`, `explain` and `reject` print with `--json`.
    """
    from export.measure import measure as run_measure

    names = run_measure(folder, list(reports), list(random))
    click.echo(f"{folder}: measured are {', '.join(names) or 'no figures yet'}")


def main() -> None:
    """Run the command line."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # The network may have been trained elsewhere; what is exported is what TensorFlow's CPU says.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    sys.exit(console.run(cli, "python -m export"))
