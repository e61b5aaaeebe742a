"""The verbs that train a network. TensorFlow is imported when one of them begins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import click
import msgspec

from har_desktop import console
from training.config import Config, Streams, parts
from training.config_file import SHIPPED, load_config
from training.data.index import labels
from training.data.overlooked import overlooked
from training.environment import commit
from training.options import SEEDS, cache_option, data_option
from training.prepare import ALL, Source, published_of, with_classes
from training.prepare import prepare as run_prepare

Strategy = Literal["single", "mirrored"]

published_option = click.option(
    "--published",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder that holds the published networks' TFLite files, at any depth.",
)
config_option = click.option(
    "--config",
    "name",
    default="two_stream",
    show_default=True,
    help="A TOML file, a bundle's folder for what it was trained with, or one of ours: "
    f"{', '.join(SHIPPED)}.",
)
classes_option = click.option(
    "--classes",
    help="Instead of the configuration's: folders of the data, separated by commas, or `all`.",
)
run_option = click.option(
    "--run", type=click.Path(path_type=Path), required=True, help="The run folder."
)
resume_option = click.option(
    "--resume", is_flag=True, help="Go on where an interrupted run stopped."
)
tensorboard_option = click.option(
    "--tensorboard", is_flag=True, help="Log to folders `tensorboard` below RUN, too."
)
strategy_option = click.option(
    "--strategy",
    type=click.Choice(["single", "mirrored"]),
    default="single",
    show_default=True,
    help="mirrored: on all GPUs of the machine at once.",
)


@click.command()
@data_option
@cache_option
@published_option
@config_option
@classes_option
@console.debug_option
def prepare(
    data: Path, cache: Path, published: Path | None, name: str, classes: str | None
) -> None:
    """Check the clips and the split, and decode what is not in the cache yet."""
    run_prepare(_load(name, data, classes), Source(data, cache, published))


@click.command()
@data_option
@cache_option
@published_option
@config_option
@classes_option
@run_option
@resume_option
@click.option("--fold", default=0, show_default=True, help="Which groups validate, 0 to 5.")
@click.option("--seed", type=SEEDS, help="Instead of the configuration's.")
@click.option(
    "--clip-random", "leak", is_flag=True, help="Shuffle clips, not groups: leaks; for comparison."
)
@tensorboard_option
@strategy_option
@console.debug_option
def fit(
    data: Path,
    cache: Path,
    published: Path | None,
    name: str,
    classes: str | None,
    run: Path,
    resume: bool,
    fold: int,
    seed: int | None,
    leak: bool,
    tensorboard: bool,
    strategy: Strategy,
) -> None:
    """Train a network on whole groups."""
    config = _load(name, data, classes, seed)
    source = Source(data, cache, published, fold, config.seed if leak else None)
    _train(config, source, run, strategy, resume=resume, tensorboard=tensorboard)
    click.echo(f"{run}: {(run / 'validation.json').read_text()}")


@click.command()
@click.option(
    "--after",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="The folder of a finished run.",
)
@data_option
@cache_option
@published_option
@run_option
@resume_option
@tensorboard_option
@strategy_option
@console.debug_option
def refit(
    after: Path,
    data: Path,
    cache: Path,
    published: Path | None,
    run: Path,
    resume: bool,
    tensorboard: bool,
    strategy: Strategy,
) -> None:
    """Train a finished run's network anew, on what validated it, too.

    For all epochs; its calibration stays, because nothing is held out to calibrate on any more. The
    test clips stay unseen.
    """
    from training.run_folder import read_finished

    config, split = read_finished(after)
    source = Source(data, cache, published, after=split)
    _train(config, source, run, strategy, after=after, resume=resume, tensorboard=tensorboard)


def _train(
    config: Config | Streams,
    source: Source,
    run: Path,
    strategy: Strategy,
    *,
    after: Path | None = None,
    resume: bool,
    tensorboard: bool,
) -> None:
    labels(source.data)  # a wrong folder is told of before TensorFlow loads, which takes seconds
    commit()  # before the folder becomes another version
    from training.devices import scope, used
    from training.fit import fit as run_fit
    from training.run_folder import check_run, learning, open_run
    from training.streams import fit_streams

    published_of(config, source)  # what is missing is told before anything else
    check_run(run, config, resume=resume)  # and what is in the way
    options: dict[str, Any] = {"after": after, "tensorboard": tensorboard, "scope": scope(strategy)}
    click.echo(f"learns on {used(strategy)}")
    if isinstance(config, Streams):
        fit_streams(config, source, run, resume=resume, **options)
    else:
        (prepared,) = run_prepare(config, source)
        open_run(run, config, prepared.split, resume=resume)
        with learning(run):
            run_fit(config, prepared, run, **options)


def _load(name: str, data: Path, classes: str | None, seed: int | None = None) -> Config | Streams:
    """The configuration, changed as asked for; tells on stderr what of the data it overlooks."""
    loaded = load_config(name)
    if classes == ALL:  # told before they may prove too few
        _tell_overlooked(data)
    changed = [_seeded(with_classes(part, data, classes), seed) for part in parts(loaded)]
    if classes != ALL:
        others = any(part.others for part in changed)
        _tell_overlooked(data, None if others else changed[0].classes)
    return Streams(streams=tuple(changed)) if isinstance(loaded, Streams) else changed[0]


def _tell_overlooked(data: Path, classes: Sequence[str] | None = None) -> None:
    for line in overlooked(data, classes):
        click.echo(line, err=True)


def _seeded(config: Config, seed: int | None) -> Config:
    return config if seed is None else msgspec.structs.replace(config, seed=seed)
