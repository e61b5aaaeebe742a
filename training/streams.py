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

from training import evidence
from training.config import AugmentConfig, Streams
from training.data.batches import FixedWindows, Pictures, between, ticks
from training.data.cache import Cache
from training.data.index import Clip
from training.data.split import Others, Split
from training.devices import Scope
from training.evidence import Floats, Held
from training.fit import fit, report
from training.network import answers_of_windows, build, courses_of_windows, streams
from training.prepare import Source, prepare
from training.run_folder import (
    learning,
    open_run,
    stream_folder,
    take_calibration,
    write_environment_of_streams,
)
from training.stillness import Limits, class_movements, least_movement, movements

BATCH = 8  # windows; there is nothing to learn
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
    # The first stream decides whether there are other classes.
    learned = [clip for clip in prepared[0].extra if clip.label not in config.classes]
    others = Others(learned, prepared[0].foreign)
    if after and others.train:
        evidence.read_scales(after)
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
        join(config, split, others, source, run, after)


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
    others: Others,
    source: Source,
    run: Path,
    after: Path | None = None,
) -> None:
    """Put the trained streams side by side, and calibrate what they say together.

    Args:
        config: Of the streams.
        split: Its `validation` calibrates.
        others: Clips of other classes, if there are.
        source: Where the clips come from.
        run: The run folder, opened by `open_run`; the folders of its streams have finished.
        after: The run whose calibration stays, where no clips validate.
    """
    keras.config.set_dtype_policy("float32")
    network = build(config.network, len(config.classes))
    for number, (part, shape) in enumerate(streams(network, config.network)):
        folder = stream_folder(run, number)
        alone = build(shape, len(config.classes))
        alone.load_weights(folder / "best.weights.h5")
        for name in ("encoder", "head"):
            part.get_layer(name).set_weights(alone.get_layer(name).get_weights())
    size = config.network.height, config.network.width
    cache = Cache(source.cache, source.data, size, config.frame_interval_s)
    material = Pictures(AugmentConfig(), size, cache)
    if others.train:
        sides = [
            _courses(config, network, material, cache.fill(part))
            for part in (split.train, others.train)
        ]
        lines = [evidence.learn(ours, foreign) for ours, foreign in zip(*sides, strict=True)]
        if after:
            scales = evidence.read_scales(after)
        else:
            unseen = _held(config, network, material, cache.fill(split.validation))
            scales = evidence.find_scales(lines, unseen)
        evidence.set_evidence(network.get_layer("evidence"), lines, scales)
        evidence.keep_scales(run, scales)
    network.save_weights(run / "best.weights.h5")
    if after:
        take_calibration(after, run)
    else:
        held = FixedWindows(config, material, cache.fill(split.validation), BATCH)
        clips = cache.fill(others.validation)
        foreign = FixedWindows(config, material, clips, BATCH) if clips else None
        moved = movements(config, source.data, split.train + split.validation)
        of_class = class_movements(moved, config.classes) if others.train and clips else ()
        limits = Limits(least_movement(moved), config.network, of_class)
        report(run, network, held, foreign, limits)
    write_environment_of_streams(run)


def _courses(
    config: Streams, network: keras.Model, material: Pictures, clips: Sequence[Clip]
) -> list[Floats]:
    """How the looks of each network go in all windows of the clips: (windows, F) each."""
    parts = [
        courses_of_windows(network, config.network, pictures)
        for _, pictures in _taken(config, material, clips)
    ]
    return [np.concatenate(part) for part in zip(*parts, strict=True)]


def _held(config: Streams, network: keras.Model, material: Pictures, clips: Sequence[Clip]) -> Held:
    """The same windows, with what the networks say of them."""
    parts = []
    for clip, pictures in _taken(config, material, clips):
        courses, logits = answers_of_windows(network, config.network, pictures)
        right = logits.argmax(axis=1) == config.classes.index(clip.label)
        parts.append((*courses, logits, right))
    *courses, logits, right = map(np.concatenate, zip(*parts, strict=True))
    return Held(tuple(courses), logits, right)


def _taken(
    config: Streams, material: Pictures, clips: Sequence[Clip]
) -> Iterator[tuple[Clip, NDArray[Any]]]:
    """The pictures of all windows of the clips; a long clip comes in several parts."""
    count = config.network.length + config.network.motion
    interval = config.frame_interval_s
    for clip in tqdm(clips, desc="evidence", unit="clip", disable=None):
        taken = material.load(clip)
        end = ticks(taken.duration, interval)
        # A short clip stands still before it begins.
        for first in range(min(0, end - count), max(1, end - count + 1), AT_ONCE):
            seen = np.arange(first, min(end, first + AT_ONCE + count - 1), dtype=np.float64)
            times = between(seen * interval, config.network.differences)
            (pictures,) = material.plain(taken, times)
            yield clip, pictures
