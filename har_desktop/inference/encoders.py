"""The encoders of a bundle, each in a thread of its own.

Networks side by side need nothing of each other before the head. Run at the same time they take as
long as the slowest one, on as many cores; a second thread within the nodes of the default's small
graphs won nothing (docs/adr/0030-an-encoder-for-each-network.md). Of frames that come before others
are done each encoder takes one after the other, and waits neither for the other encoders nor for
the head (docs/adr/0037-encoders-go-ahead.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from har_desktop.frame import Image
from har_desktop.helper_thread import HelperThread
from har_desktop.inference.session import DeviceTensor, Session

ENCODED = ("partials", "activation")  # what an encoder gives

_Part = list[DeviceTensor]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What the encoders give for one frame; it stays on the device.

    Attributes:
        partials: (1, 3, h, w, C) float32, the Conv3D's temporal taps past, present, future.
        activation: (1, h', w', K) float32, the Grad-CAM target.
        seconds: What they took, all at once.
    """

    partials: DeviceTensor
    activation: DeviceTensor
    seconds: float


class Encoders:
    """Pictures in, features out, in the order of the pictures."""

    def __init__(self, sessions: Sequence[Session], join: Session | None) -> None:
        """Take sessions that are open.

        Args:
            sessions: One per encoder.
            join: Puts the channels of several beside each other (`join_model`).
        """
        self._sessions = sessions
        self._join = join
        self._threads = [HelperThread("encoder") for _ in sessions]

    def encode(self, picture: Image, previous: Sequence[Image]) -> Features:
        """Compute the features of one frame, by the last encoder in the caller's own thread.

        To wake another one takes longer than a single frame can win by it. See `Model.encode`.

        Raises:
            GraphError: ONNX Runtime failed.
        """
        return self._features(*self._runs(picture, previous))

    def begin(self, picture: Image, previous: Sequence[Image]) -> Future[Features]:
        """Have the features of one frame computed, after those of all frames begun before."""
        parts, last = self._runs(picture, previous)
        return self._threads[-1].submit(lambda: self._features(parts, last))

    def _runs(
        self, picture: Image, previous: Sequence[Image]
    ) -> tuple[list[Future[_Part]], Callable[[], _Part]]:
        """What all encoders but the last one are to give, and the call that runs that."""
        feeds = {"frame": picture[np.newaxis]}
        if len(previous):
            feeds["previous"] = np.stack(previous)
        *others, last = (_run(session, feeds) for session in self._sessions)
        threads = self._threads[:-1]
        return [thread.submit(run) for thread, run in zip(threads, others, strict=True)], last

    def _features(self, parts: Sequence[Future[_Part]], last: Callable[[], _Part]) -> Features:
        """Run the last encoder, and join what all give, once all have ended.

        Raises:
            GraphError: Of the last one, or the first of the others.
        """
        began = perf_counter()
        try:
            own = last()
        finally:
            wait(parts)
        given = [*(part.result() for part in parts), own]
        if self._join is not None:
            channels = {
                f"{name}_{number}": value
                for number, part in enumerate(given)
                for name, value in zip(ENCODED, part, strict=True)
            }
            own = self._join.run_on_device(ENCODED, channels)
        partials, activation = own
        return Features(partials, activation, perf_counter() - began)


def _run(session: Session, feeds: dict[str, Image]) -> Callable[[], _Part]:
    own = {name: feeds[name] for name in session.inputs}
    return lambda: session.run_on_device(ENCODED, own)
