"""What happens after each step and each epoch of a run."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from har_desktop.errors import HarError

Logs = dict[str, float] | None


class DivergedError(HarError):
    """The loss is no longer a number."""


class StopOnNan(keras.callbacks.Callback):
    """Ends the run before a broken step is written anywhere."""

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Look at the loss of the epoch so far."""
        self._check((logs or {}).get("loss", 0.0), f"the loss became {{}} at batch {batch}")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Half precision may overflow where nothing is learned, too."""
        loss = (logs or {}).get("val_loss", 0.0)
        self._check(loss, f"the validation loss became {{}} in epoch {epoch}")

    def _check(self, loss: float, words: str) -> None:
        if not np.isfinite(loss):
            raise DivergedError(
                f"{words.format(loss)}; lower learning_rate, and start in another run folder"
            )


class Room(keras.callbacks.Callback):
    """Ends the run before an epoch's files are written that the disk has no room for.

    The library that writes them takes the process down where the disk is full.

    Args:
        run: Folder of the files.
    """

    def __init__(self, run: Path) -> None:
        super().__init__()
        self._run = run

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:  # noqa: ARG002
        """Ask how much is free.

        Raises:
            OSError: Less than the files take.
        """
        variables = [*self.model.variables, *self.model.optimizer.variables]
        # The backup, which has all of them, and no more than as much again in the best weights.
        needed = 2 * sum(int(np.prod(one.shape)) * 4 for one in variables)
        if shutil.disk_usage(self._run).free < needed:
            raise OSError(errno.ENOSPC, f"{os.strerror(errno.ENOSPC)} for {needed} bytes")


class Backup(keras.callbacks.BackupAndRestore):
    """Keeps what an interrupted run goes on with.

    Two of them: a full disk may spoil the one that is being written. Ctrl-C would, too, and leave a
    file that looks whole.
    """

    def __init__(self, run: Path) -> None:
        super().__init__(str(run / "backup"), delete_checkpoint=False, double_checkpoint=True)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Write it to the end."""
        with uninterrupted():
            super().on_epoch_end(epoch, logs)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait until what happens inside is done. For the main thread.

    Raises:
        KeyboardInterrupt: At the end, where it was pressed meanwhile.
    """
    pressed = []
    before = signal.signal(signal.SIGINT, lambda *_: pressed.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt


def log(run: Path) -> keras.callbacks.Callback:
    """Writes the history, one row per epoch, also across a resumed run."""
    return keras.callbacks.CSVLogger(str(run / "history.csv"), append=True)


class Best(keras.callbacks.Callback):
    """Keeps the weights with the lowest validation loss, also across a resumed run.

    Where nothing validates, the last ones. Those of the whole network: what learns may be a part
    of it.

    Args:
        path: Of the weights.
        network: Whose weights they are.
        best: The lowest value so far.
        value: What is to be low, of an epoch's logs; None for the validation loss.
    """

    def __init__(
        self,
        path: Path,
        network: keras.Model,
        best: float,
        value: Callable[[dict[str, float]], float] | None = None,
    ) -> None:
        super().__init__()
        self._path = path
        self._network = network
        self._best = best
        self._value = value

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Replace the file by a whole one."""
        logs = logs or {}
        # Without validation each epoch is better than the one before.
        value = self._value(logs) if self._value else logs.get("val_loss", float(-epoch))
        if value < self._best:
            self._best = value
            save_weights(self._network, self._path)


def save_weights(network: keras.Model, path: Path) -> None:
    """Write the weights; what stands under `path` is always whole."""
    temporary = path.with_name(f"next.{path.name}")
    network.save_weights(temporary)
    temporary.replace(path)


class Clock(keras.callbacks.Callback):
    """Notes the seconds that each epoch took, so that a resumed run can add them up."""

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:  # noqa: ARG002
        """Begin to count."""
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:  # noqa: ARG002
        """Note them."""
        if logs is not None:
            logs["seconds"] = time.perf_counter() - self._began


class Waiting(keras.callbacks.Callback):
    """Measures how long the steps waited for their data.

    A step begins when the one before is done, and waits until its batch is ready, where it isn't
    yet.

    Args:
        ready: (batches,) the moment, `time.perf_counter()`, at which each batch was ready last.
    """

    def __init__(self, ready: NDArray[np.float64]) -> None:
        super().__init__()
        self._ready = ready
        self._steps = self._waited = 0.0

    @property
    def share(self) -> float:
        """Of the time of all steps so far, 0..1."""
        return self._waited / self._steps if self._steps else 0.0

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:  # noqa: ARG002
        """Nothing else is to be done from now on but to wait."""
        self._began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:  # noqa: ARG002
        """Add up."""
        self._steps += time.perf_counter() - self._began
        self._waited += max(0.0, float(self._ready[batch]) - self._began)
