"""Networks that were trained one after another, as one network.

The run folder of such a network holds one run folder `streamN` for each of them, and the same files
as theirs but for `history.csv`, and `evidence.json`, see `training.evidence`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import keras
import msgspec
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from har_desktop.inference.manifest import Calibration
from training import evidence, json_file
from training.callbacks import save_weights
from training.config import AugmentConfig, Streams
from training.data.batches import Pictures, between, ticks
from training.data.cache import Cache
from training.data.index import Clip
from training.data.split import Split
from training.devices import Scope
from training.environment import write_environment_of_streams
from training.evidence import Floats
from training.fit import fit, keep_calibration
from training.network import answers_of_windows, build, fused, streams
from training.prepare import Source, prepare
from training.run_folder import (
    BEST,
    learning,
    open_run,
    stream_folder,
    take_calibration,
)
from training.stillness import HARDLY_ANY, STILL, least_movement, movements

AT_ONCE = 100  # windows of a long clip


def fit_streams(
    config: Streams,
    source: Source,
    run: Path,
    *,
    resume: bool,
    after: Path | None = None,
    tensorboard: bool = False,
    scope: Scope = nullcontext,
) -> None:
    """Train each stream that has not finished yet, then put them side by side.

    Args:
        config: Everything that decides the run.
        source: Where the clips come from.
        run: The run folder.
        resume: Go on with what is in it.
        after: A finished run of the same configuration, as of `fit`.
        tensorboard: Whether each stream logs for TensorBoard, too.
        scope: The devices, see `training.devices`.

    Raises:
        InputError: The data or the run folder cannot be used, or another process trains there.
        DivergedError: A loss became NaN or infinite.
    """
    # Whatever one of them lacks is said before another learns for hours.
    prepared = prepare(config, source)
    split = _shared([one.split for one in prepared])
    if after:
        _scales_of(after)
    open_run(run, config, split, resume=resume)
    with learning(run):
        for number, (part, own) in enumerate(zip(config.streams, prepared, strict=True)):
            folder = stream_folder(run, number)
            if (folder / "environment.json").exists():
                continue  # it has finished
            open_run(folder, part, own.split, resume=(folder / "config.json").exists())
            before = after and after / folder.name
            fit(part, own, folder, after=before, tensorboard=tensorboard, scope=scope)
            keras.backend.clear_session()
        # The first stream decides whether there are other classes.
        join(config, split, prepared[0].foreign, source, run, after)


def _shared(splits: Sequence[Split]) -> Split:
    """The clips that all streams can use: what is too short for one may do for another."""
    shared = splits[0]
    for split in splits[1:]:
        train, validation, test = set(split.train), set(split.validation), set(split.test)
        shared = msgspec.structs.replace(
            shared,
            train=[clip for clip in shared.train if clip in train],
            validation=[clip for clip in shared.validation if clip in validation],
            test=[clip for clip in shared.test if clip in test],
        )
    return shared


def join(
    config: Streams,
    split: Split,
    foreign: Sequence[Clip],
    source: Source,
    run: Path,
    after: Path | None = None,
) -> None:
    """Put the trained streams side by side, and calibrate what they say together.

    Args:
        config: Of the streams.
        split: Its `validation` calibrates.
        foreign: Clips of other classes that calibrate too, if there are.
        source: Where the clips come from.
        run: The run folder, opened by `open_run`; the folders of its streams have finished.
        after: The run whose calibration stays, where no clips validate.
    """
    keras.config.set_dtype_policy("float32")
    network = build(config.network, len(config.classes))
    for number, (part, shape) in enumerate(streams(network, config.network)):
        folder = stream_folder(run, number)
        alone = build(shape, len(config.classes))
        alone.load_weights(folder / BEST)
        for name in ("encoder", "head"):
            part.get_layer(name).set_weights(alone.get_layer(name).get_weights())
    if after:
        scales = _scales_of(after)
        take_calibration(after, run)
    else:
        scales = _calibrate(config, network, split, foreign, source, run)
    if scales is not None:
        evidence.set_evidence(network.get_layer("evidence"), scales)
        evidence.keep_scales(run, scales)
    save_weights(network, run / BEST)
    write_environment_of_streams(run)


def _scales_of(run: Path) -> evidence.Scales | None:
    """What a finished run found evidence to be; None where it has no limit for it."""
    limits = json_file.read(run / "calibration.json", Calibration)
    return None if limits.least_evidence is None else evidence.read_scales(run)


def _calibrate(
    config: Streams,
    network: keras.Model,
    split: Split,
    foreign: Sequence[Clip],
    source: Source,
    run: Path,
) -> evidence.Scales | None:
    """Find the calibration on all windows of the clips that validate.

    Where clips of other classes do, what evidence is, too: it stays zero otherwise.
    """
    size = config.network.height, config.network.width
    cache = Cache(source.cache, source.data, size, config.frame_interval_s)
    material = Pictures(AugmentConfig(), size, cache)
    held, clips = cache.fill(split.validation), cache.fill(foreign)
    each, owners = _answers(config, network, material, held)
    labels = np.array([config.classes.index(clip.label) for clip in held])[owners]
    layer = network.get_layer("evidence")
    scales, unlike = None, None
    if clips:
        scales = evidence.find_scales(each, each.mean(axis=1).argmax(axis=1) == labels)
        evidence.set_evidence(layer, scales)
        unlike = np.asarray(fused(_answers(config, network, material, clips)[0], layer))
    moved = movements(config, source.data, split.train + split.validation)
    least = least_movement(moved, HARDLY_ANY if clips else STILL)
    keep_calibration(run, np.asarray(fused(each, layer)), labels, owners, unlike, least)
    return scales


def _answers(
    config: Streams, network: keras.Model, material: Pictures, clips: Sequence[Clip]
) -> tuple[Floats, NDArray[np.int64]]:
    """Each network's logits of all windows of the clips, and the number of the clip of each."""
    parts = [
        (answers_of_windows(network, config.network, pictures), number)
        for number, pictures in _taken(config, material, clips)
    ]
    owners = np.repeat([number for _, number in parts], [len(logits) for logits, _ in parts])
    return np.concatenate([logits for logits, _ in parts]), owners


def _taken(
    config: Streams, material: Pictures, clips: Sequence[Clip]
) -> Iterator[tuple[int, NDArray[Any]]]:
    """The pictures of all windows of each clip, by number; a long clip comes in several parts."""
    count = config.network.length + config.network.motion
    interval = config.frame_interval_s
    progress = tqdm(clips, desc="evidence", unit="clip", disable=None)
    for number, clip in enumerate(progress):
        taken = material.load(clip)
        end = ticks(taken.duration, interval)
        # A short clip stands still before it begins.
        for first in range(min(0, end - count), max(1, end - count + 1), AT_ONCE):
            seen = np.arange(first, min(end, first + AT_ONCE + count - 1), dtype=np.float64)
            times = between(seen * interval, config.network.differences)
            (pictures,) = material.plain(taken, times)
            yield number, pictures
