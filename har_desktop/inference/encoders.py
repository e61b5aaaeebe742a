"""The encoders of a bundle, all of them at once.

Networks side by side need nothing of each other before the head. Run at the same time they take as
long as the slowest one, on as many cores; a second thread within the nodes of the default's small
graphs won nothing (docs/adr/0030-an-encoder-for-each-network.md). Where several frames are there,
each encoder takes one after the other, and waits neither for the other encoders nor for the head
(docs/adr/0037-encoders-go-ahead.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import NamedTuple

import numpy as np

from har_desktop.frame import Image
from har_desktop.helper_thread import HelperThread, together
from har_desktop.inference.session import DeviceTensor, Session

ENCODED = ("partials", "activation")  # what an encoder gives


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What the encoders give for one frame; it stays on the device.

    Attributes:
        partials: (1, 3, h, w, C) float32, the Conv3D's temporal taps past, present, future.
        activation: (1, h', w', K) float32, the Grad-CAM target.
        seconds: What it took. Of a frame that was begun, the slowest encoder's own time and that of
            joining them, for each is at another frame.
    """

    partials: DeviceTensor
    activation: DeviceTensor
    seconds: float


class _Part(NamedTuple):
    """What one encoder gives for one frame, and the seconds that it took."""

    tensors: list[DeviceTensor]
    seconds: float


class Encoders:
    """Pictures in, features out. What was begun is to be done before the next `encode`."""

    def __init__(self, sessions: Sequence[Session], join: Session | None) -> None:
        """Take sessions that are open.

        Args:
            sessions: One per encoder.
            join: Puts the channels of several beside each other (`join_model`).
        """
        self._sessions = sessions
        self._join = join
        self._threads = [HelperThread("encoder") for _ in sessions]
        self._joiner = self._threads[0] if join is None else HelperThread("join")

    def encode(self, picture: Image, previous: Sequence[Image]) -> Features:
        """Compute the features of one frame. See `Model.encode`.

        The last encoder runs in the caller's own thread: to wake another one for a single frame
        takes longer than it wins.

        Raises:
            GraphError: Of the last encoder, or of the first of the others, when all have ended.
        """
        began = perf_counter()
        parts = together(self._threads[:-1], self._runs(picture, previous))
        partials, activation = self._joined(parts)
        return Features(partials, activation, perf_counter() - began)

    def begin(self, picture: Image, previous: Sequence[Image]) -> Future[Features]:
        """Have the features of one frame computed. See `Model.begin`.

        Each encoder takes the frames one after the other and waits for no other encoder.
        """
        runs = self._runs(picture, previous)
        parts = [t.submit(run) for t, run in zip(self._threads, runs, strict=True)]
        return self._joiner.submit(lambda: self._features(parts))

    def _runs(self, picture: Image, previous: Sequence[Image]) -> list[Callable[[], _Part]]:
        """The calls that run the encoders."""
        feeds = {"frame": picture[np.newaxis]}
        if len(previous):
            feeds["previous"] = np.stack(previous)
        return [partial(_run, session, feeds) for session in self._sessions]

    def _features(self, parts: Sequence[Future[_Part]]) -> Features:
        wait(parts)
        given = [part.result() for part in parts]
        began = perf_counter()
        partials, activation = self._joined(given)
        slowest = max(part.seconds for part in given)
        return Features(partials, activation, slowest + perf_counter() - began)

    def _joined(self, parts: Sequence[_Part]) -> list[DeviceTensor]:
        """The tensors of all encoders, in their order, beside each other."""
        if self._join is None:
            return parts[0].tensors
        channels = {
            f"{name}_{number}": value
            for number, part in enumerate(parts)
            for name, value in zip(ENCODED, part.tensors, strict=True)
        }
        return self._join.run_on_device(ENCODED, channels)


def _run(session: Session, feeds: dict[str, Image]) -> _Part:
    began = perf_counter()
    own = {name: feeds[name] for name in session.inputs}
    return _Part(session.run_on_device(ENCODED, own), perf_counter() - began)
