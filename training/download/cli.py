"""The verb `download`."""

from __future__ import annotations

from pathlib import Path

import click

from har_desktop import console
from har_desktop.errors import HarError
from training.config import UCF10
from training.download.listing import CLIPS_URL, LISTS_URL
from training.options import comma_separated


class IncompleteError(HarError):
    """Some of the clips could not be had."""


@click.command()
@click.option(
    "--root", type=click.Path(path_type=Path, file_okay=False), required=True, help="Data folder."
)
@click.option(
    "--classes",
    default=",".join(UCF10),
    help="Class names as in UCF101, with commas between; or: all. [default: the product's ten]",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 32),
    default=4,
    show_default=True,
    help="Clips that are fetched at the same time.",
)
@click.option("--listing", default=CLIPS_URL, show_default=True, help="Index of single clips.")
@click.option("--lists", default=LISTS_URL, show_default=True, help="Archive of the split lists.")
@click.option(
    "--ca",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="PEM file of certificates to trust as well.",
)
@click.option("--insecure", is_flag=True, help="Do not check who the server is.")
@console.debug_option
def download(
    root: Path, classes: str, jobs: int, listing: str, lists: str, ca: Path | None, insecure: bool
) -> None:
    """Fetch UCF101, only the classes that are wanted, clip by clip; run again to go on.

    UCF101 has no open licence: it is for research. See https://www.crcv.ucf.edu/data/UCF101.php
    """
    from training.download.fetch import Fetcher
    from training.download.run import download as run_download

    if insecure:
        click.echo(
            "warning: --insecure: nobody checks who the server is, and the manifest will say so",
            err=True,
        )
    wanted = None if classes == "all" else list(dict.fromkeys(comma_separated(classes)))
    fetcher = Fetcher(ca, verify=not insecure)
    outcome = run_download(fetcher, root, wanted, listing, lists, verified=not insecure, jobs=jobs)
    click.echo(
        f"{root}: {len(outcome.fetched)} clips fetched, {len(outcome.present)} were there already"
    )
    for path in outcome.missing:
        click.echo(f"not in the listing: {path}", err=True)
    for reason in outcome.failed.values():
        click.echo(f"not had: {reason}", err=True)
    lacking = len(outcome.missing) + len(outcome.failed)
    if lacking:
        raise IncompleteError(
            f"{lacking} clips are not there, see above; what came is kept: run it again to go on"
        )
