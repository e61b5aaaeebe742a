"""The verbs of the training stage. TensorFlow is imported by `fit` alone."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from har_desktop import console
from har_desktop.errors import InputError
from har_desktop.inference.manifest import Manifest
from har_desktop.sources.files import expand_sources
from training.config import CnnGru, Config, load_config
from training.data.cache import Cache
from training.data.figures import figure_clips
from training.data.index import Clip, other_labels, scan
from training.data.split import TEST_GROUPS, Split, describe, split_at_random, split_by_group
from training.report import explanations_table, rejection_table, table

if TYPE_CHECKING:
    from training.data.bank import Bank

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
published_option = click.option(
    "--published",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder that holds the published networks' TFLite files, at any depth.",
)
config_option = click.option(
    "--config", "name", default="mobilenet_gru", show_default=True, help="Name or TOML file."
)
bundle_option = click.option(
    "--bundle", type=click.Path(path_type=Path), required=True, help="Bundle folder."
)
groups_option = click.option(
    "--groups", default=",".join(TEST_GROUPS), show_default=True, help="Which groups to look at."
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="The whole report as JSON on stdout."
)


@click.group()
@console.debug_option
def cli() -> None:
    """Train and measure the network of HAR Desktop."""


@cli.command()
@data_option
@cache_option
@published_option
@config_option
def prepare(data: Path, cache: Path, published: Path | None, name: str) -> None:
    """Check the clips and the split, and decode what is not in the cache yet."""
    config = load_config(name)
    split, extra, _ = _prepare(config, data, cache, published, fold=0, leak_seed=None)
    click.echo(describe(split))
    if extra:
        click.echo(f"training too: {len(extra)} clips of {len({c.label for c in extra})} classes")
    for clip in split.dropped:
        click.echo(f"left out, its content stands in another set: {clip.path}")


@cli.command()
@data_option
@cache_option
@published_option
@config_option
@click.option("--run", type=click.Path(path_type=Path), required=True, help="The run folder.")
@click.option("--resume", is_flag=True, help="Go on where an interrupted run stopped.")
@click.option("--fold", default=0, show_default=True, help="Which groups validate, 0 to 5.")
@click.option("--seed", type=int, help="Instead of the configuration's.")
@click.option(
    "--clip-random", "leak", is_flag=True, help="Shuffle clips, not groups: leaks; for comparison."
)
def fit(
    data: Path,
    cache: Path,
    published: Path | None,
    name: str,
    run: Path,
    resume: bool,
    fold: int,
    seed: int | None,
    leak: bool,
) -> None:
    """Train a network on whole groups."""
    from training.fit import fit as run_fit
    from training.fit import open_run

    config = load_config(name)
    if seed is not None:
        config = msgspec.structs.replace(config, seed=seed)
    leak_seed = config.seed if leak else None
    split, extra, store = _prepare(config, data, cache, published, fold, leak_seed)
    open_run(run, config, split, resume=resume)
    run_fit(config, split, extra, store, run)
    click.echo(f"{run}: {(run / 'validation.json').read_text()}")


@cli.command()
@bundle_option
@data_option
@groups_option
@click.option(
    "--split",
    "split_file",
    type=click.Path(path_type=Path, exists=True),
    help="A run's split.json: measure on its test clips instead of on groups.",
)
@click.option(
    "--sampling",
    type=click.Choice(["time", "even"]),
    default="time",
    show_default=True,
    help="Windows in time as in the app, or ten evenly spaced frames as in the poster.",
)
@json_option
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
    if split_file:
        split = msgspec.json.decode(split_file.read_bytes(), type=Split)
        clips, protocol = split.test, split.protocol
    else:
        clips, protocol = _unseen(loaded.manifest, data, groups.split(",")), "group-wise"
    report = run_evaluate(loaded, data, clips, sampling, protocol)
    click.echo(msgspec.json.encode(report) if as_json else table(report))


@cli.command()
@bundle_option
@data_option
@click.option(
    "--idle",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of videos in which nobody does any of the actions.",
)
@groups_option
@json_option
def reject(bundle: Path, data: Path, idle: Path | None, groups: str, as_json: bool) -> None:
    """Measure how often a bundle names an action where there is none, window by window."""
    from har_desktop.inference.bundle import load_bundle
    from training.reject import reject as run_reject

    loaded = load_bundle(bundle)
    chosen = groups.split(",")
    clips = _unseen(loaded.manifest, data, chosen)
    labels = other_labels(data, loaded.manifest.classes)
    others = [c for c in scan(data, labels) if c.group in chosen] if labels else None
    videos = expand_sources([idle]) if idle else None
    report = run_reject(loaded, data, clips, others, videos)
    click.echo(msgspec.json.encode(report) if as_json else rejection_table(report))


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
@json_option
def explain(bundle: Path, data: Path, groups: str, count: int, as_json: bool) -> None:
    """Measure whether a bundle's heat-maps point at what its answers rest on."""
    from har_desktop.inference.bundle import load_bundle
    from training.explain import explain as run_explain

    loaded = load_bundle(bundle)
    report = run_explain(loaded, data, _unseen(loaded.manifest, data, groups.split(",")), count)
    click.echo(msgspec.json.encode(report) if as_json else explanations_table(report))


def _unseen(manifest: Manifest, data: Path, groups: list[str]) -> list[Clip]:
    """The clips of the bundle's classes that belong to the groups; it learned from none of them."""
    from training.evaluate import refuse_seen

    refuse_seen(manifest, groups)
    clips = [c for c in scan(data, manifest.classes) if c.group in groups]
    if not clips:
        raise InputError(f"no clips of the groups {','.join(groups)} in {data}")
    return clips


def _prepare(
    config: Config,
    data: Path,
    folder: Path,
    published: Path | None,
    fold: int,
    leak_seed: int | None,
) -> tuple[Split, list[Clip], Cache | Bank]:
    """Scan, split, decode; also the clips of other classes and the rendered ones to learn from."""
    trunks = None if isinstance(config.network, CnnGru) else _required(config, published)
    clips = scan(data, config.classes)
    split = split_by_group(clips, fold) if leak_seed is None else split_at_random(clips, leak_seed)
    others = _others(config, data, split) if config.others else []
    extra = [*others, *figure_clips(config.classes, config.figures)]
    store: Cache | Bank
    if trunks is None:
        # A picture a third larger than the input leaves room for crops.
        size = (config.network.height * 4 // 3, config.network.width * 4 // 3)
        store = cache = Cache(folder, data, size)
        usable = set(cache.fill([*split.train, *split.validation, *extra]))
    else:
        store = bank = _bank(config, data, folder, trunks)
        usable = _fill(config, bank, split, extra)
    split = msgspec.structs.replace(
        split,
        train=[c for c in split.train if c in usable],
        validation=[c for c in split.validation if c in usable],
    )
    return split, [c for c in extra if c in usable], store


def _required(config: Config, published: Path | None) -> Path:
    """The folder of the published networks, asked for before anything takes long."""
    if published is None:
        raise InputError(
            f"{config.network.kind} builds on published networks: give their folder, --published"
        )
    return published


def _bank(config: Config, data: Path, folder: Path, published: Path) -> Bank:
    from training import mobilenet
    from training.data.bank import Bank

    trunk = mobilenet.build_trunk(config.network.height, config.network.width, "float32")
    mobilenet.load_published(trunk, published)
    return Bank(folder, data, trunk, config.augment)


def _fill(config: Config, bank: Bank, split: Split, extra: list[Clip]) -> set[Clip]:
    """Compute every view that the run needs; the clips that can be used."""
    from training.data.batches import training_views

    learn = [(c, view) for c in split.train + extra for view in training_views(config, c)]
    jobs = [*learn, *((clip, 0) for clip in split.validation)]
    return {clip for clip, _ in bank.fill(jobs)}


def _others(config: Config, data: Path, split: Split) -> list[Clip]:
    """Clips of all other classes, of training groups only: the rest calibrates and tests."""
    labels = other_labels(data, config.classes)
    if not labels:
        raise InputError(f"the configuration wants clips of other classes, {data} has none")
    clips = scan(data, labels)
    groups = {c.group for c in split.validation} | set(TEST_GROUPS)
    # Some clips stand under two names, of a training group and of another.
    held_out = {c.sha256 for c in clips if c.group in groups}
    return [c for c in clips if c.sha256 not in held_out]


def main() -> None:
    """Run the command line."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.exit(console.run(cli, "python -m training"))
