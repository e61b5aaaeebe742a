"""The comparison, row by row; what is finished is kept and not measured again."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Sequence
from pathlib import Path

import click
import keras
import msgspec
import numpy as np

from har_desktop.errors import InputError
from har_desktop.sinks.atomic import make_folder, write_whole
from training import json_file
from training.compare import results, table
from training.compare.frames import COUNT, Frames
from training.compare.learn import (
    Batches,
    NotLearningError,
    Sanity,
    answers,
    check_sanity,
    learn,
    milliseconds_per_frame,
)
from training.compare.networks import ROWS, Network, Row, build
from training.compare.results import Result, Settings
from training.compare.weights import Weights
from training.data.index import Clip, origins, scan
from training.data.split import Split, digest, split_at_random, split_by_group
from training.environment import commit, machine
from training.metrics import classification, grouped95
from training.options import comma_separated

GRID = 8  # sides are multiples of what the poster's encoder divides them by


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asks for; see `Settings`.

    `size` is the height of the pictures, `frames` is for networks that see single ones.
    """

    classes: tuple[str, ...]
    size: int
    epochs: int
    warmup: int
    frames: int
    batch: int
    seed: int


def compare(
    data: Path,
    cache: Path,
    folder: Path,
    rows: Sequence[Row],
    protocols: Sequence[str],
    weights: Weights,
    options: Options,
) -> list[Path]:
    """Measure the rows under each protocol, and write the tables after every one of them.

    Returns:
        The tables and charts.

    Raises:
        InputError: The clips, the split, the weights or the folder cannot be used.
    """
    commit()  # before the folder becomes another version
    clips = Frames(cache, data, _size(options.size)).fill(scan(data, options.classes), flow=False)
    splits = {protocol: _split(clips, protocol, options.seed) for protocol in protocols}
    plans = [
        (row, splits[protocol], _settings(row, splits[protocol], weights, options))
        for protocol in protocols
        for row in rows
    ]
    # Whatever is wrong with a later row is said before the first one takes an hour.
    kept = {(row, s.protocol): results.load(folder, row.name, s) for row, _, s in plans}
    begun = {(row, s.protocol): results.begun(folder, row.name, s) for row, _, s in plans}
    make_folder(folder)
    for number, (row, split, settings) in enumerate(plans, start=1):
        title = f"[{number}/{len(plans)}] {row.name}, {settings.protocol}"
        if kept[row, settings.protocol] is not None:
            click.echo(f"{title}: kept", err=True)
            continue
        click.echo(f"{title}: {settings.size[0]}x{settings.size[1]}, {settings.weights}", err=True)
        frames = Frames(cache, data, settings.size)
        frames.fill(
            [c for part in split.sets().values() for c in part], flow=row.kind == "two-stream"
        )
        unfinished = begun[row, settings.protocol]
        result = measure(row, split, frames, settings, weights, unfinished)
        _keep(folder, result)
        shutil.rmtree(unfinished, ignore_errors=True)
        click.echo(f"{title}: {_headline(result)}", err=True)
        table.write(folder, _in_order(results.load_all(folder)))
        gc.collect()
    return table.write(folder, _in_order(results.load_all(folder)))


def measure(
    row: Row,
    split: Split,
    frames: Frames,
    settings: Settings,
    weights: Weights,
    unfinished: Path,
) -> Result:
    """Check, train and test one network; an interrupted one goes on with what is in `unfinished`.

    Raises:
        OutputError: That folder takes no more.
    """
    classes = settings.classes

    def new() -> Network:
        keras.backend.clear_session()
        keras.utils.set_random_seed(settings.seed)
        return build(row, settings.size, len(classes), weights)

    path = unfinished / "sanity.json"
    if path.exists():
        sanity = json_file.read(path, Sanity, results.REMEDY)
    else:
        sanity = check_sanity(row, new(), frames, split.train, classes)
        make_folder(unfinished)
        write_whole(unfinished / "settings.json", msgspec.json.encode(settings))
        write_whole(path, msgspec.json.encode(sanity))
    network = new()
    known = {
        "network": row.name,
        "settings": settings,
        "parameters": network.model.count_params(),
        "sanity_epochs": sanity.epochs,
        "machine": machine(),
        "commit": commit(),
    }
    if not sanity.passed:
        return Result(**known, stopped=_too_dull(sanity))

    def batches(clips: Sequence[Clip], *, all_ten: bool, seed: int | None) -> Batches:
        count = COUNT if all_ten else settings.frames
        return Batches(
            row.kind, frames, clips, classes, batch=settings.batch, per_clip=count, seed=seed
        )

    try:
        learned = learn(
            row,
            network,
            batches(split.train, all_ten=False, seed=settings.seed),
            batches(split.validation, all_ten=False, seed=None),
            unfinished,
            warmup=settings.warmup,
            epochs=settings.epochs,
        )
    except NotLearningError as error:
        return Result(**known, stopped=str(error))
    test = batches(split.test, all_ten=True, seed=None)
    given = answers(network.model, test, len(split.test)).argmax(axis=1)
    truth = np.array([classes.index(clip.label) for clip in split.test])
    report: dict = classification(truth, given, classes)
    return Result(
        **known,
        accuracy=report["accuracy"],
        wilson95=report["wilson95"],
        grouped95=grouped95(given == truth, origins(split.test)),
        precision=report["macro_precision"],
        recall=report["macro_recall"],
        f1=report["macro_f1"],
        milliseconds_per_frame=milliseconds_per_frame(row, network.model, test),
        epochs=learned.epochs,
        seconds_per_epoch=learned.seconds_per_epoch,
    )


def _too_dull(sanity: Sanity) -> str:
    return (
        f"cannot learn 20 clips by heart ({sanity.accuracy:.2f} after {sanity.epochs} epochs),"
        " so its accuracy would tell of a mistake and not of the network"
    )


def _split(clips: Sequence[Clip], protocol: str, seed: int) -> Split:
    return split_by_group(clips) if protocol == "group-wise" else split_at_random(clips, seed)


def _size(height: int) -> tuple[int, int]:
    """(height, width) for UCF101's pictures, which are 4 by 3."""
    return height, -(-height * 4 // 3 // GRID) * GRID


def _settings(row: Row, split: Split, weights: Weights, options: Options) -> Settings:
    return Settings(
        protocol=split.protocol,
        classes=options.classes,
        size=_size(max(options.size, -(-row.smallest // GRID) * GRID)),
        weights=weights.describe(row.name) if row.module else "from scratch",
        epochs=options.epochs,
        warmup=options.warmup,
        frames=options.frames if row.kind == "frames" else COUNT,
        batch=options.batch,
        seed=options.seed,
        clips=(len(split.train), len(split.validation), len(split.test)),
        split=digest(split),
    )


def _keep(folder: Path, result: Result) -> None:
    path = results.path_of(folder, result.network, result.settings.protocol)
    make_folder(path.parent)
    json_file.write(path, result)


def _in_order(rows: Sequence[Result]) -> list[Result]:
    order = list(ROWS)
    return sorted(rows, key=lambda r: (r.settings.protocol != "group-wise", order.index(r.network)))


def _headline(result: Result) -> str:
    if result.stopped is not None:
        return f"stopped: {result.stopped}"
    return f"accuracy {result.accuracy:.3f}, {result.seconds_per_epoch:.1f} s per epoch"


def find_rows(names: str) -> list[Row]:
    """The rows of that name, with commas between; or all.

    Raises:
        InputError: There is no such row.
    """
    chosen = list(ROWS) if names == "all" else comma_separated(names)
    for name in chosen:
        if name not in ROWS:
            raise InputError(f"no row {name}; known are {', '.join(ROWS)}")
    return [ROWS[name] for name in dict.fromkeys(chosen)]
