"""The verb `compare`."""

from __future__ import annotations

from pathlib import Path

import click

from har_desktop import console
from har_desktop.errors import InputError
from training.config import UCF10
from training.data.index import labels
from training.options import SEEDS, cache_option, comma_separated, data_option

PROTOCOLS = ("group-wise", "clip-random")


@click.command()
@data_option
@cache_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for the table; rows that it has stay.",
)
@click.option(
    "--rows",
    default="all",
    show_default=True,
    help="Networks, with commas between; all are CNN-GRU, CNN+LSTM, Two-stream+LSTM, VGG16, VGG19,"
    " ResNet50, InceptionV3, Xception, DenseNet121, MobileNet.",
)
@click.option(
    "--classes",
    default=",".join(UCF10),
    help="With commas between, or all. [default: the product's ten]",
)
@click.option(
    "--protocol", type=click.Choice([*PROTOCOLS, "both"]), default="group-wise", show_default=True
)
@click.option(
    "--weights",
    default="imagenet",
    show_default=True,
    help="Of the keras.applications networks: imagenet, none, or a file or folder that holds them.",
)
@click.option(
    "--size", type=click.IntRange(32, 512), default=224, show_default=True, help="Height, px."
)
@click.option("--epochs", type=click.IntRange(1), default=20, show_default=True)
@click.option(
    "--warmup",
    type=click.IntRange(0),
    default=3,
    show_default=True,
    help="Epochs of the head alone, before; where the weights are others'.",
)
@click.option(
    "--frames",
    type=click.IntRange(1, 10),
    default=10,
    show_default=True,
    help="Pictures of each clip in an epoch, for networks that see single pictures.",
)
@click.option("--batch", type=click.IntRange(1), default=8, show_default=True, help="Clips.")
@click.option("--seed", type=SEEDS, default=1, show_default=True)
@console.debug_option
def compare(
    data: Path,
    cache: Path,
    out: Path,
    rows: str,
    classes: str,
    protocol: str,
    weights: str,
    size: int,
    epochs: int,
    warmup: int,
    frames: int,
    batch: int,
    seed: int,
) -> None:
    """Train and measure the poster's network beside others; run again to go on row by row."""
    from training.compare.run import GRID, Options, find_rows
    from training.compare.run import compare as run_compare
    from training.compare.weights import Weights

    if size % GRID:
        raise InputError(f"--size {size}: use a multiple of {GRID}")
    options = Options(
        classes=labels(data)
        if classes == "all"
        else tuple(dict.fromkeys(comma_separated(classes))),
        size=size,
        epochs=epochs,
        warmup=warmup,
        frames=frames,
        batch=batch,
        seed=seed,
    )
    protocols = PROTOCOLS if protocol == "both" else (protocol,)
    chosen = find_rows(rows)
    for path in run_compare(data, cache, out, chosen, protocols, Weights(weights), options):
        click.echo(path)
