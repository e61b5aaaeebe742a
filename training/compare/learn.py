"""How a row of the comparison learns: the check before, the warm-up of the head, the rest.

Pictures are varied by crops, mirroring and light, all ten of a clip alike, their flow along with
them. The weights with the highest validation accuracy are kept: from scratch, networks become so
sure of clips they know that the loss on others is lowest before they have learned anything.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

import keras
import msgspec
import numpy as np
from numpy.typing import NDArray

from har_desktop.errors import HarError
from training.callbacks import Backup, Best, Clock, log
from training.compare.frames import COUNT, Frames, mirrored_flow
from training.compare.networks import Kind, Network, Row, tune
from training.config import AugmentConfig
from training.data import augment
from training.data.index import Clip
from training.run_folder import BEST, epochs_done, history

# No crop reaches past the picture: what would be filled in has no flow.
CROPS = AugmentConfig(scale=(0.7, 0.9), aspect=1.2)
LIGHT = msgspec.structs.replace(CROPS, brightness=0.2, contrast=0.2, saturation=0.3)

SANITY_CLIPS = 20
SANITY_EPOCHS = 200
SANITY_EVERY = 5
SANITY_ACCURACY = 0.95

HEAD_RATE = 1e-3
WARMUP_SHARE = 0.05  # of the steps with a rising learning rate


class NotLearningError(HarError):
    """A row that must not be measured, for something is wrong with how it learns."""


class Sanity(msgspec.Struct, frozen=True):
    """Whether a network can learn 20 clips by heart.

    Attributes:
        accuracy: On them, as in a measurement: in inference mode.
        epochs: After which that was reached, or given up.
    """

    accuracy: float
    epochs: int

    @property
    def passed(self) -> bool:
        """Whether the row may go on."""
        return self.accuracy >= SANITY_ACCURACY


class Batches(keras.utils.PyDataset):
    """What a kind of network sees of clips, and their classes one-hot.

    Args:
        kind: Pictures one by one, or clips, or clips with their flow.
        frames: Where pictures are kept.
        clips: The clips.
        classes: Class names; each clip is of one of them.
        batch: Clips in a batch.
        per_clip: Pictures of a clip that networks for single pictures see; COUNT for all.
        seed: Of the order and the variation; None shows all clips in order, as they are.
    """

    def __init__(
        self,
        kind: Kind,
        frames: Frames,
        clips: Sequence[Clip],
        classes: Sequence[str],
        *,
        batch: int,
        per_clip: int = COUNT,
        seed: int | None = None,
    ) -> None:
        super().__init__(workers=1, max_queue_size=8)
        self._kind = kind
        self._frames = frames
        self._clips = clips
        self._classes = classes
        self._batch = batch
        self._per_clip = per_clip
        self._seed = seed
        self.epoch = 0  # that is shown; each is varied otherwise

    def __len__(self) -> int:
        return -(-len(self._clips) // self._batch)

    def __getitem__(self, number: int) -> tuple[Any, NDArray[np.float32]]:
        order = np.arange(len(self._clips))
        rng = None
        if self._seed is not None:
            order = np.random.default_rng([self._seed, self.epoch]).permutation(order)
            rng = np.random.default_rng([self._seed, self.epoch, number])
        chosen = [self._clips[i] for i in order[number * self._batch :][: self._batch]]
        windows = zip(*(self._window(clip, rng) for clip in chosen), strict=True)
        inputs = tuple(np.stack(part) for part in windows)
        labels = np.array([self._classes.index(clip.label) for clip in chosen])
        targets = np.eye(len(self._classes), dtype=np.float32)[labels]
        if self._kind == "frames":
            pictures = inputs[0]
            return pictures.reshape(-1, *pictures.shape[2:]), np.repeat(targets, self._per_clip, 0)
        return (inputs if len(inputs) > 1 else inputs[0]), targets

    def on_epoch_end(self) -> None:
        """Called by Keras: the next epoch is varied otherwise."""
        self.epoch += 1

    def _window(self, clip: Clip, rng: np.random.Generator | None) -> tuple[NDArray[np.uint8], ...]:
        pictures = self._frames.pictures(clip)
        flow = self._frames.flow(clip) if self._kind == "two-stream" else None
        if self._kind == "frames":
            pictures = pictures[_places(rng, self._per_clip)]
        if rng is not None:
            pictures, flow = _vary(rng, pictures, flow)
        return (pictures,) if flow is None else (pictures, flow)


def _places(rng: np.random.Generator | None, count: int) -> NDArray[np.int64]:
    """Which of the ten pictures to look at: any, or always the same evenly spaced ones."""
    if rng is not None:
        return np.sort(rng.choice(COUNT, count, replace=False))
    return ((np.arange(count) + 0.5) * COUNT / count).astype(int)


def _vary(
    rng: np.random.Generator, pictures: NDArray[np.uint8], flow: NDArray[np.uint8] | None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    size = pictures.shape[1:3]
    seed, mirror = int(rng.integers(1 << 32)), rng.random() < 0.5
    # One seed, one crop: what is drawn for it is drawn first.
    pictures = augment.vary(np.random.default_rng(seed), LIGHT, pictures, size)
    if flow is not None:
        flow = augment.vary(np.random.default_rng(seed), CROPS, flow, size)
        flow = mirrored_flow(flow) if mirror else flow
    return (pictures[:, :, ::-1] if mirror else pictures), flow


def answers(model: keras.Model, batches: Batches, clips: int) -> NDArray[np.float32]:
    """The probabilities of each clip: (clips, classes) float32, the mean over its pictures."""
    logits = model.predict(batches, verbose=0)
    probabilities = keras.ops.convert_to_numpy(keras.ops.softmax(logits))
    return probabilities.reshape(clips, -1, probabilities.shape[-1]).mean(axis=1)


def handful(clips: Sequence[Clip], count: int = SANITY_CLIPS) -> list[Clip]:
    """A few clips, from all classes in turn."""
    by_class = defaultdict(list)
    for clip in clips:
        by_class[clip.label].append(clip)
    rounds = zip_longest(*(by_class[label] for label in sorted(by_class)))
    return [clip for turn in rounds for clip in turn if clip is not None][:count]


def check_sanity(
    row: Row, network: Network, frames: Frames, clips: Sequence[Clip], classes: Sequence[str]
) -> Sanity:
    """See whether a new network can learn 20 clips by heart, unvaried.

    What cannot, for a wrong rate, wrong preprocessing, or statistics that do not follow, would
    stand in the table at chance.
    """
    few = handful(clips)
    # Forty or fifty pictures in a batch. With ten, BatchNorm's statistics never settled: ResNet50
    # knew its pictures while it learned, and in inference mode it did not.
    batch = len(few) if row.kind == "frames" else 5
    batches = Batches(row.kind, frames, few, classes, batch=batch, per_clip=2)
    truth = np.array([classes.index(clip.label) for clip in few])
    _compile(network.model, keras.optimizers.AdamW(rate(row, network), global_clipnorm=1.0))
    reached, epochs = 0.0, 0
    while reached < SANITY_ACCURACY and epochs < SANITY_EPOCHS:
        network.model.fit(batches, epochs=SANITY_EVERY, verbose=0)
        epochs += SANITY_EVERY
        given = answers(network.model, batches, len(few))
        reached = float((given.argmax(axis=1) == truth).mean())
    return Sanity(reached, epochs)


class Learned(msgspec.Struct, frozen=True):
    """How the learning went.

    Attributes:
        epochs: That were run after the warm-up of the head.
        seconds_per_epoch: Median, validation included.
        validation_accuracy: Of the weights that were kept, per picture or per clip.
    """

    epochs: int
    seconds_per_epoch: float
    validation_accuracy: float


def learn(
    row: Row,
    network: Network,
    training: Batches,
    validation: Batches,
    folder: Path,
    *,
    warmup: int,
    epochs: int,
) -> Learned:
    """Warm up the head on frozen weights, if those are others'; then let all of it learn.

    What an interrupted row has learned in whole epochs is in `folder`, and it goes on from there.

    Raises:
        NotLearningError: The loss is no number any more.
    """
    model, trunk = network.model, network.trunk
    done = epochs_done(folder)
    if trunk is not None and warmup and not done:
        trunk.trainable = False
        _compile(model, keras.optimizers.AdamW(HEAD_RATE, global_clipnorm=1.0))
        model.fit(training, epochs=warmup, verbose=0)
        tune(trunk)
    steps = len(training) * epochs
    rising = int(WARMUP_SHARE * steps)
    top = rate(row, network)
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=top / 20,
        decay_steps=max(1, steps - rising),
        warmup_target=top,
        warmup_steps=rising,
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=1e-3, global_clipnorm=1.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    _compile(model, optimizer)
    training.epoch = (warmup if trunk is not None else 0) + done
    model.fit(
        training,
        validation_data=validation,
        epochs=epochs,
        callbacks=[Clock(), keras.callbacks.TerminateOnNaN(), *_keeping(folder, model)],
        verbose=0,
    )
    rows = history(folder)
    if rows is None or not np.isfinite(rows["loss"]).all():
        raise NotLearningError(
            f"the loss was no number any more in epoch {0 if rows is None else len(rows)}"
        )
    model.load_weights(folder / BEST)
    return Learned(
        epochs=len(rows),
        seconds_per_epoch=round(float(np.median(rows["seconds"])), 4),
        validation_accuracy=float(np.max(rows["val_accuracy"])),
    )


def _keeping(folder: Path, model: keras.Model) -> list[keras.callbacks.Callback]:
    """Keep the weights with the highest validation accuracy, and what an interrupted row needs."""
    rows = history(folder)
    best = float("inf") if rows is None else -float(np.max(rows["val_accuracy"]))
    return [
        Best(folder / BEST, model, best, lambda logs: -logs["val_accuracy"]),
        log(folder),
        Backup(folder),  # the last one: what it calls done has been noted
    ]


def rate(row: Row, network: Network) -> float:
    """The learning rate for all of a network."""
    return row.rate if network.trunk is None else row.tune


def milliseconds_per_frame(
    row: Row, model: keras.Model, batches: Batches, rounds: int = 10
) -> float:
    """Median time for one clip at a time, divided by its ten pictures."""
    inputs, _ = batches[0]
    count = COUNT if row.kind == "frames" else 1
    one = tuple(x[:count] for x in inputs) if isinstance(inputs, tuple) else inputs[:count]
    times = []
    for _ in range(rounds + 2):  # the first ones compile
        began = time.perf_counter()
        model.predict_on_batch(one)
        times.append(time.perf_counter() - began)
    return round(1000 * float(np.median(times[2:])) / COUNT, 2)


def _compile(model: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
    model.compile(
        optimizer=optimizer,
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
    )
