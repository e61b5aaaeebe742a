"""One training run: from a configuration and clips to weights in a run folder.

A run folder holds `config.json`, `split.json`, `environment.json`, `history.csv`,
`best.weights.h5`, `calibration.json`, `validation.json` and, while the run lasts, `backup/`.
See `training.streams` for a run of several networks.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keras
import msgspec
import numpy as np
from numpy.typing import NDArray

from har_desktop.errors import HarError, InputError
from training.calibrate import calibrate
from training.config import Config, Streams, read_config
from training.data.bank import Bank
from training.data.batches import Material, Pictures, TrainingWindows, Views, fixed_windows
from training.data.cache import Cache
from training.data.index import Clip
from training.data.split import Split
from training.network import build, build_on_features, find_layer

PACKAGES = ("tensorflow", "keras", "numpy", "opencv-python")


class DivergedError(HarError):
    """The loss is no longer a number. The last good weights are kept."""


def open_run(run: Path, config: Config | Streams, split: Split, *, resume: bool) -> None:
    """Make the run folder, or check that an existing one belongs to this configuration.

    Raises:
        InputError: The folder holds another run, or nothing to resume.
    """
    written = msgspec.json.format(msgspec.json.encode(config))
    path = run / "config.json"
    if resume:
        if not path.exists():
            raise InputError(f"nothing to resume in {run}: it has no config.json")
        if read_config(msgspec.json.decode(path.read_bytes())) != config:
            raise InputError(f"{path} is another configuration; give the run a folder of its own")
        return
    if run.exists() and any(run.iterdir()):
        raise InputError(f"{run} is not empty: go on with --resume, or give another folder")
    run.mkdir(parents=True, exist_ok=True)
    path.write_bytes(written)
    (run / "split.json").write_bytes(msgspec.json.format(msgspec.json.encode(split)))


def fit(config: Config, split: Split, extra: list[Clip], store: Cache | Bank, run: Path) -> None:
    """Train, keep the best weights by validation loss, calibrate. Resumes by itself.

    Args:
        config: Everything that decides the run.
        split: Its `train` and `validation` are used, its `test` is not touched.
        extra: More clips to learn from: rendered ones, and clips of none of the classes, which
            teach the network to be unsure.
        store: Holds all these clips: their pictures, or what a frozen trunk makes of them.
        run: The run folder, opened by `open_run`.

    Raises:
        DivergedError: The loss became NaN or infinite.
    """
    keras.utils.set_random_seed(config.seed)
    keras.config.set_dtype_policy(config.precision)
    network = build(config.network, len(config.classes))
    learn = split.train + extra
    learner, material = _learner(config, network, store, learn)
    batches = TrainingWindows(config, material, learn, _epochs_done(run))
    learner.compile(
        optimizer=_optimizer(config, len(batches) * config.epochs),
        loss=keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=config.label_smoothing
        ),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
    )
    windows, targets, owners = fixed_windows(config, material, split.validation)
    learner.fit(
        batches,
        epochs=config.epochs,
        validation_data=(windows, targets),
        validation_batch_size=2 * config.batch,
        callbacks=_callbacks(config, run, network),
        verbose=1 if sys.stderr.isatty() else 2,
    )
    network.load_weights(run / "best.weights.h5")
    logits = learner.predict(windows, batch_size=2 * config.batch, verbose=0)
    report(run, logits, targets, owners)
    write_environment(run, _seconds(run))
    shutil.rmtree(run / "backup", ignore_errors=True)


def _learner(
    config: Config, network: keras.Model, store: Cache | Bank, clips: list[Clip]
) -> tuple[keras.Model, Material[Any]]:
    """The part of the network that learns, and what it learns from."""
    if isinstance(store, Cache):
        size = config.network.height, config.network.width
        return network, Pictures(config.augment, size, store, clips)
    find_layer(network, "trunk").set_weights(store.trunk.get_weights())
    return build_on_features(network, config.network.length), Views(config, store)


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
        ema_momentum=config.average or 0.99,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _callbacks(config: Config, run: Path, network: keras.Model) -> list[keras.callbacks.Callback]:
    # The order matters: the backup keeps the raw weights, the checkpoint the averaged ones.
    callbacks: list[keras.callbacks.Callback] = [
        _StopOnNan(),
        _Clock(),
        keras.callbacks.BackupAndRestore(str(run / "backup"), delete_checkpoint=False),
    ]
    if config.average:
        callbacks.append(keras.callbacks.SwapEMAWeights(swap_on_epoch=True))
    return [
        *callbacks,
        _Best(run / "best.weights.h5", network, _best_loss(run)),
        keras.callbacks.CSVLogger(str(run / "history.csv"), append=True),
        keras.callbacks.EarlyStopping("val_loss", patience=config.patience),
    ]


class _Best(keras.callbacks.Callback):
    """Keeps the weights with the lowest validation loss, also across a resumed run.

    Those of the whole network: what learns may be a part of it.
    """

    def __init__(self, path: Path, network: keras.Model, best: float) -> None:
        super().__init__()
        self._path = path
        self._network = network
        self._best = best

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        loss = (logs or {})["val_loss"]
        if loss < self._best:
            self._best = loss
            temporary = self._path.with_name(f"next.{self._path.name}")
            self._network.save_weights(temporary)
            temporary.replace(self._path)


class _Clock(keras.callbacks.Callback):
    """Notes the seconds that each epoch took, so that a resumed run can add them up."""

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002
        if logs is not None:
            logs["seconds"] = time.perf_counter() - self._began


class _StopOnNan(keras.callbacks.Callback):
    """Ends the run before a broken step is written anywhere."""

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        loss = (logs or {}).get("loss", 0.0)
        if not np.isfinite(loss):
            raise DivergedError(
                f"the loss became {loss} at batch {batch}; the last good weights are kept."
                " Lower learning_rate and start anew"
            )


def _history(run: Path) -> NDArray[np.void] | None:
    path = run / "history.csv"
    if not path.exists() or path.read_text().count("\n") < 2:
        return None
    return np.atleast_1d(np.genfromtxt(path, delimiter=",", names=True))


def _epochs_done(run: Path) -> int:
    history = _history(run)
    return 0 if history is None else int(history["epoch"][-1]) + 1


def _best_loss(run: Path) -> float:
    history = _history(run)
    if history is None or not (run / "best.weights.h5").exists():
        return float("inf")
    return float(np.min(history["val_loss"]))


def report(
    run: Path,
    logits: NDArray[np.float32],
    targets: NDArray[np.float32],
    owners: NDArray[np.int64],
) -> None:
    """Calibrate on the validation windows and say how the best weights do on them."""
    labels = targets.argmax(axis=1)
    calibration = calibrate(logits, labels)
    (run / "calibration.json").write_bytes(msgspec.json.encode(calibration))
    probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(logits / calibration.temperature))
    clips = owners.max() + 1
    votes = np.zeros((clips, logits.shape[1]))
    np.add.at(votes, owners, probabilities)
    clip_labels = np.zeros(clips, dtype=int)
    clip_labels[owners] = labels
    report = {
        "windows": len(labels),
        "clips": int(clips),
        "window_accuracy": float((logits.argmax(axis=1) == labels).mean()),
        "clip_accuracy": float((votes.argmax(axis=1) == clip_labels).mean()),
    }
    (run / "validation.json").write_bytes(msgspec.json.format(msgspec.json.encode(report)))


def _seconds(run: Path) -> float:
    history = _history(run)
    return 0.0 if history is None else float(np.sum(history["seconds"]))


def write_environment(run: Path, seconds: float) -> None:
    """Tell how the run came about; its presence says that the run has finished."""
    environment = {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds),
        "commit": commit(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "backend": keras.backend.backend(),
        "packages": {name: _version(name) for name in PACKAGES},
    }
    (run / "environment.json").write_bytes(msgspec.json.format(msgspec.json.encode(environment)))


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None  # another backend than TensorFlow


def commit() -> str:
    """The commit of this checkout, with "+" where the tree is changed; "unknown" without git."""
    folder = Path(__file__).parent
    try:
        run = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--dirty=+"],  # noqa: S607
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return run.stdout.strip()
