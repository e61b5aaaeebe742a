"""One training run: from a configuration and clips to weights in a run folder."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import click
import keras
import msgspec
import numpy as np
from numpy.typing import NDArray

from har_desktop.errors import OutputError
from training import json_file, mobilenet
from training.calibrate import calibrate
from training.callbacks import Backup, Best, Clock, Room, StopOnNan, Waiting, log
from training.config import Config, TunedGru
from training.data.bank import Bank
from training.data.batches import FixedWindows, Material, Pictures, TrainingWindows, Views
from training.data.cache import Cache
from training.data.index import Clip
from training.devices import Scope
from training.environment import write_environment
from training.network import build, build_on_features, find_layer
from training.precision import choose
from training.prepare import Prepared
from training.run_folder import (
    BEST,
    best_loss,
    epochs_done,
    rewind,
    seconds,
    take_calibration,
)
from training.stillness import least_movement, movements

# Of an epoch: the shipped configurations would hardly learn.
FEW_STEPS = 10


class Right(keras.metrics.CategoricalAccuracy):
    """The share of right answers among windows that show one of the classes.

    The others have uniform targets, among which there is no right answer.
    """

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # noqa: ARG002
        """Count a batch, whatever weights it has otherwise."""
        shown = keras.ops.max(y_true, axis=-1) > 1.01 / y_true.shape[-1]
        super().update_state(y_true, y_pred, shown)


def fit(
    config: Config,
    prepared: Prepared,
    run: Path,
    *,
    after: Path | None = None,
    tensorboard: bool = False,
    scope: Scope = nullcontext,
) -> None:
    """Train, keep the best weights by validation loss, calibrate. Resumes by itself.

    Where no clips validate, the last weights are kept, and the calibration is that of `after`.
    Tells at the end what share of the steps' time was spent waiting for data.

    Args:
        config: Everything that decides the run.
        prepared: The clips. Those of other classes teach the network to be unsure. The split's
            `test` is not touched.
        run: The run folder, opened by `open_run`.
        after: A finished run of the same configuration, whose validation clips are learned from.
        tensorboard: Whether to log for TensorBoard, too.
        scope: The devices, see `training.devices`.

    Raises:
        DivergedError: The loss became NaN or infinite.
        OutputError: The folder takes no more; what was written before stays.
    """
    rewind(run)
    keras.utils.set_random_seed(config.seed)
    precision = choose(config.precision)
    keras.config.set_dtype_policy(precision)
    batches = _batches(config, prepared, run)
    with scope():
        network = build(config.network, len(config.classes))
        if isinstance(config.network, TunedGru) and prepared.published:
            differences = config.network.differences if config.network.motion else 0
            mobilenet.load_published(network.get_layer("encoder"), prepared.published, differences)
        learner = _learner(config, network, prepared.store)
        learner.compile(
            optimizer=_optimizer(config, len(batches) * config.epochs),
            loss=keras.losses.CategoricalCrossentropy(
                from_logits=True, label_smoothing=config.label_smoothing
            ),
            metrics=[Right(name="accuracy")],
        )
    unseen, batch = prepared.split.validation, 2 * config.batch
    exact = _exact(config, prepared)
    known = None if after else FixedWindows(config, exact, unseen, batch)
    waiting = Waiting(batches.ready)
    with _keeping(run):
        learner.fit(
            batches,
            epochs=config.epochs,
            validation_data=known,
            shuffle=False,  # `TrainingWindows` does; Keras would do it otherwise after --resume
            callbacks=[waiting, *_callbacks(config, run, network, after, tensorboard=tensorboard)],
            verbose=1 if sys.stderr.isatty() else 2,
        )
        if after:
            take_calibration(after, run)
        elif known:
            foreign = prepared.foreign
            others = FixedWindows(config, exact, foreign, batch) if foreign else None
            _calibrate(config, prepared, known, others, run)
        write_environment(run, keras.backend.backend(), seconds(run), waiting.share, precision)
    click.echo(f"{waiting.share:.1%} of the steps' time was spent waiting for data")
    shutil.rmtree(run / "backup", ignore_errors=True)


def _batches(config: Config, prepared: Prepared, run: Path) -> TrainingWindows:
    """What is learned from; tells where that is little."""
    learn = prepared.split.train + prepared.extra
    material = _material(config, prepared, learn)
    batches = TrainingWindows(config, material, learn, epochs_done(run))
    if len(batches) < FEW_STEPS:
        click.echo(
            f"steps of an epoch: {len(batches)}, which is few: give more clips, or let each"
            " give more windows (`windows = 10`, above the tables of a configuration)",
            err=True,
        )
    return batches


def _calibrate(
    config: Config,
    prepared: Prepared,
    known: FixedWindows,
    others: FixedWindows | None,
    run: Path,
) -> None:
    """Calibrate the weights that were kept on windows that validate, and on those of no class."""
    keras.config.set_dtype_policy("float32")  # what is exported computes in it
    network = build(config.network, len(config.classes))
    network.load_weights(run / BEST)
    learner = _learner(config, network, prepared.store)
    learned = prepared.split.train + prepared.split.validation
    least = least_movement(movements(config, prepared.data, learned))
    foreign = None if others is None else learner.predict(others, verbose=0)
    logits = learner.predict(known, verbose=0)
    keep_calibration(run, logits, known.targets.argmax(axis=1), known.owners, foreign, least)


@contextmanager
def _keeping(run: Path) -> Iterator[None]:
    """Say of a full disk and the like that the run can go on later."""
    try:
        yield
    except OSError as error:
        reason = " ".join(str(error).split())
        raise OutputError(
            f"{run}: the run stopped: {reason}; the last whole epoch is kept: mend that, free space"
            " on the disk, and go on with --resume"
        ) from error


def _learner(config: Config, network: keras.Model, store: Cache | Bank) -> keras.Model:
    """The part of the network that learns."""
    if isinstance(store, Cache):
        return network
    find_layer(network, "trunk").set_weights(store.trunk.get_weights())
    return build_on_features(network, config.network.length)


def _material(config: Config, prepared: Prepared, clips: list[Clip]) -> Material[Any]:
    """What it learns from."""
    store = prepared.store
    if not isinstance(store, Cache):
        return Views(config, store)
    size = config.network.height, config.network.width
    return Pictures(config.augment, size, store, clips, colour=config.network.colour)


def _exact(config: Config, prepared: Prepared) -> Material[Any]:
    """What validates: pictures that were scaled once, to the network's size, as the app does it."""
    store = prepared.store
    if not isinstance(store, Cache):
        return Views(config, store)
    size = config.network.height, config.network.width
    cache = Cache(store.folder.parent, prepared.data, size, config.frame_interval_s)
    cache.fill([*prepared.split.validation, *prepared.foreign])
    return Pictures(config.augment, size, cache)


def _optimizer(config: Config, steps: int) -> keras.optimizers.Optimizer:
    """AdamW, cosine schedule with warm-up, optionally averaged weights."""
    warmup = int(config.warmup * steps)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=config.learning_rate / 20 if warmup else config.learning_rate,
        decay_steps=max(1, steps - warmup),
        warmup_target=config.learning_rate if warmup else None,
        warmup_steps=warmup,
    )
    optimizer = keras.optimizers.AdamW(
        schedule,
        weight_decay=config.weight_decay,
        global_clipnorm=1.0,
        use_ema=config.average > 0,
        ema_momentum=_average(config.average, steps),
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _average(decay: float, steps: int) -> float:
    """The decay, or as much less that of the weights at the start 2 % are left at the end.

    Keras' average begins with them, and does not correct for that.
    """
    return min(decay, max(0.0, 1.0 - 4.0 / steps)) if decay else 0.99


def _callbacks(
    config: Config, run: Path, network: keras.Model, after: Path | None, *, tensorboard: bool
) -> list[keras.callbacks.Callback]:
    # The order matters: the backup keeps the raw weights, the checkpoint the averaged ones.
    callbacks: list[keras.callbacks.Callback] = [
        StopOnNan(),
        Room(run),
        Clock(),
        Backup(run),
    ]
    if config.average:
        callbacks.append(keras.callbacks.SwapEMAWeights(swap_on_epoch=True))
    if tensorboard:
        callbacks.append(keras.callbacks.TensorBoard(str(run / "tensorboard"), write_graph=False))
    callbacks += [Best(run / BEST, network, best_loss(run)), log(run)]
    if after is None:
        callbacks.append(keras.callbacks.EarlyStopping("val_loss", patience=config.patience))
    return callbacks


def keep_calibration(
    run: Path,
    logits: NDArray[np.float32],
    labels: NDArray[np.int64],
    owners: NDArray[np.int64],
    foreign: NDArray[np.float32] | None,
    least: float,
) -> None:
    """Calibrate on the validation windows and say how the best weights do on them.

    Args:
        run: The run folder.
        logits: (windows, classes) of windows of the classes.
        labels: (windows,) what they show.
        owners: (windows,) the number of the clip of each.
        foreign: (windows, classes) logits of windows of other classes, if there are.
        least: How much has to move, see `training.stillness`.
    """
    calibration = msgspec.structs.replace(calibrate(logits, labels, foreign), least_movement=least)
    json_file.write(run / "calibration.json", calibration)
    probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(logits / calibration.temperature))
    clips = owners.max() + 1
    votes = np.zeros((clips, logits.shape[1]))
    np.add.at(votes, owners, probabilities)
    clip_labels = np.zeros(clips, dtype=int)
    clip_labels[owners] = labels
    found = {
        "windows": len(labels),
        "clips": int(clips),
        "window_accuracy": float((logits.argmax(axis=1) == labels).mean()),
        "clip_accuracy": float((votes.argmax(axis=1) == clip_labels).mean()),
    }
    json_file.write(run / "validation.json", found)
