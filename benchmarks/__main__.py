"""`python -m benchmarks`: everything, side by side."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import click

from benchmarks.harness import FEWEST, Effort
from benchmarks.machine import file_name, heading
from benchmarks.rows import markdown, write_csv
from har_desktop import console
from har_desktop.errors import InputError
from har_desktop.sinks.atomic import writing

NAMES = ("streaming", "floor", "replay", "arithmetic", "peer", "growth", "start")
ON_GPU = "gpu"  # only where it is asked for


@click.command()
@click.argument("names", nargs=-1, type=click.Choice([*NAMES, ON_GPU]))
@click.option(
    "--rounds",
    type=click.IntRange(min=FEWEST),
    default=Effort().rounds,
    show_default=True,
    help="How often each rival has its turn.",
)
@click.option("--out", type=click.Path(path_type=Path), help="A folder for the CSV file.")
@console.debug_option
def main(names: tuple[str, ...], rounds: int, out: Path | None) -> None:
    """Run these benchmarks, or all but `gpu`, and print their tables in Markdown."""
    if ON_GPU in names and len(names) > 1:
        raise click.UsageError(f"{ON_GPU} is measured by itself: the others need the GPU hidden.")
    if ON_GPU not in names:
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"  # before anything that looks for one is imported
    effort = Effort(rounds)
    if out is not None:
        _make_folder(out)
    file = out / file_name(names) if out else None
    tables = {}
    click.echo(heading(effort))
    for name in names or NAMES:
        click.echo(f"\n### {name}\n")
        tables[name] = importlib.import_module(f"benchmarks.{name}").run(effort)
        click.echo(markdown(tables[name]))
        if file is not None:  # anew each time, so that what is measured is kept whatever follows
            with writing(file):
                write_csv(file, tables)
    if file is not None:
        click.echo(f"wrote {file}", err=True)


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {out}: {error.strerror}") from error


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    sys.exit(console.run(main, "python -m benchmarks"))
