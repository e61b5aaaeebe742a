"""Options that several verbs share."""

from __future__ import annotations

from pathlib import Path

import click

from training.config import LARGEST_SEED


def comma_separated(text: str) -> tuple[str, ...]:
    """The names in a list such as `Lunges, YoYo`."""
    return tuple(name.strip() for name in text.split(","))


SEEDS = click.IntRange(0, LARGEST_SEED)

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder with one folder of clips per class.",
)
cache_option = click.option(
    "--cache",
    type=click.Path(path_type=Path),
    default=Path("cache"),
    show_default=True,
    help="Where decoded clips are kept.",
)
