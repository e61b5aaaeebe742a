"""The encoders of a bundle, each in a thread of its own.

Networks side by side need nothing of each other before the head. Run at the same time they take as
long as the slowest one, on as many cores; a second thread within the nodes of the default's small
graphs won nothing (docs/adr/0030-an-encoder-for-each-network.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import wait
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from har_desktop.frame import Image
from har_desktop.helper_thread import HelperThread
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

    def encode(self, picture: Image, previous: Sequence[Image]) -> Features:
        """Compute the features of one frame. See `Model.encode`.

        Raises:
            GraphError: ONNX Runtime failed.
        """
        feeds = {"frame": picture[np.newaxis]}
        if len(previous):
            feeds["previous"] = np.stack(previous)
        parts = self._at_once([_run(session, feeds) for session in self._sessions])
        if self._join is None:
            return Features(*parts[0])
        channels = {
            f"{name}_{number}": value
            for number, part in enumerate(parts)
            for name, value in zip(ENCODED, part, strict=True)
        }
        return Features(*self._join.run_on_device(ENCODED, channels))


class AtOnce(Generic[T]):
    """Makes a fixed number of calls at the same time, the last one in the caller's own thread."""

    def __init__(self, calls: int) -> None:
        self._threads = [HelperThread("encoder") for _ in range(calls - 1)]

    def __call__(self, calls: Sequence[Callable[[], T]]) -> list[T]:
        """What each of them returns, when all have ended.

        Raises:
            Exception: What one of them raised: the last one, or the first of the others.
        """
        *others, own = calls
        futures = [t.submit(call) for t, call in zip(self._threads, others, strict=True)]
        try:
            last = own()
        finally:
            wait(futures)
        return [*(future.result() for future in futures), last]


def _run(session: Session, feeds: dict[str, Image]) -> Callable[[], list[DeviceTensor]]:
    own = {name: feeds[name] for name in session.inputs}
    return lambda: session.run_on_device(ENCODED, own)
