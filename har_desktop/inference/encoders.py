"""The encoders of a bundle, each in a thread of its own.

Networks side by side need nothing of each other before the head. Run at the same time they take as
long as the slowest one, on as many cores; a second thread within the nodes of one small graph costs
nearly as much as it helps (docs/performance.md).
"""

from __future__ import annotations

import queue
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from har_desktop.frame import Image
from har_desktop.inference.session import DeviceTensor, Session

T = TypeVar("T")

ENCODED = ("partials", "activation")  # what an encoder gives


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What the encoders give for one frame; it stays on the device.

    Attributes:
        partials: (1, 3, h, w, C) float32, the Conv3D's temporal taps past, present, future.
        activation: (1, h', w', K) float32, the Grad-CAM target.
    """

    partials: DeviceTensor
    activation: DeviceTensor


class Encoders:
    """Pictures in, features out, in one thread at a time."""

    def __init__(self, sessions: Sequence[Session], join: Session | None) -> None:
        """Take sessions that are open.

        Args:
            sessions: One per encoder.
            join: Puts the channels of several beside each other (`join_model`).
        """
        self._sessions = sessions
        self._join = join
        self._at_once = AtOnce[list[DeviceTensor]](len(sessions))

    def encode(self, picture: Image, previous: Image) -> Features:
        """Compute the features of one frame. See `Model.encode`.

        Raises:
            GraphError: ONNX Runtime failed.
        """
        feeds = {"frame": picture[np.newaxis], "previous": previous[np.newaxis]}
        parts = self._at_once([_run(session, feeds) for session in self._sessions])
        if self._join is None:
            return Features(*parts[0])
        channels = {
            f"{name}_{number}": value
            for number, part in enumerate(parts)
            for name, value in zip(ENCODED, part, strict=True)
        }
        return Features(*self._join.run_on_device(ENCODED, channels))

    def interrupt(self) -> None:
        """Let a call in another thread fail as soon as it can: with a GraphError."""
        for session in self._sessions:
            session.interrupt()


class AtOnce(Generic[T]):
    """Makes a fixed number of calls at the same time, the last one in the caller's own thread."""

    def __init__(self, calls: int) -> None:
        self._tasks = [_work_for(self) for _ in range(calls - 1)]

    def __call__(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """What each of them returns, when all have ended.

        Raises:
            Exception: What the first one raised that failed.
        """
        *others, own = calls
        futures = [Future[T]() for _ in calls]
        for tasks, future, call in zip(self._tasks, futures[:-1], others, strict=True):
            tasks.put((future, call))
        _settle(futures[-1], own)
        wait(futures)
        return [future.result() for future in futures]


_Tasks = queue.SimpleQueue[tuple[Future[T], Callable[[], T]] | None]


def _work_for(owner: AtOnce[T]) -> _Tasks[T]:
    """The tasks of a new thread, which ends with its owner."""
    tasks: _Tasks[T] = queue.SimpleQueue()
    # No pool of `concurrent.futures`: the interpreter would wait for it, and a driver can hang.
    threading.Thread(target=_work, args=(tasks,), name="encoder", daemon=True).start()
    weakref.finalize(owner, tasks.put, None)
    return tasks


def _work(tasks: _Tasks[T]) -> None:
    while (task := tasks.get()) is not None:
        _settle(*task)
        del task  # holds pictures, and what was made of them


def _settle(future: Future[T], call: Callable[[], T]) -> None:
    try:
        future.set_result(call())
    except BaseException as error:  # noqa: BLE001, told by the future
        future.set_exception(error)


def _run(session: Session, feeds: dict[str, Image]) -> Callable[[], list[DeviceTensor]]:
    own = {name: feeds[name] for name in session.inputs}
    return lambda: session.run_on_device(ENCODED, own)
