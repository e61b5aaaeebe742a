"""What the model makes of a recorded video: each frame once, in order, and again where asked."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from har_desktop.decision.decision import Decision, Event
from har_desktop.decision.events import Decider
from har_desktop.frame import Frame, Image
from har_desktop.inference.history import Moment
from har_desktop.inference.recognition import Recognition, Timings
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.album import Album
from har_desktop.pipeline.result import Result

# Of frames that were encoded again, so many are kept: the windows of the next frames share most of
# their places, which span two seconds. 25 MB of the default model.
_MOMENTS = 128


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """What is kept of the answer to each frame, for ever.

    Attributes:
        filled: How many of the window's places were filled.
        timings: What it cost.
        decision: What was made of it.
        events: The actions that ended with it.
        places: Indices of the window's frames, oldest first; None while it filled.
        before: Indices of the frames before that motion is told by, the last one first.
        arrived: When the frame was decoded, in seconds of `perf_counter`.
    """

    filled: int
    timings: Timings
    decision: Decision
    events: tuple[Event, ...]
    places: NDArray[np.int32] | None
    before: tuple[int, ...]
    arrived: float


class Analysis:
    """Pushes frame after frame through the model, and keeps what came out.

    Attributes:
        times: Time of each frame that was seen so far, in seconds; perhaps more than were analysed.
        records: Answer to each frame that was analysed.
    """

    def __init__(self, recognizer: Recognizer, album: Album) -> None:
        """Begin with an empty window; the recogniser's stream is used by nobody else."""
        manifest = recognizer.manifest
        self.times: list[float] = []
        self.records: list[Record] = []
        self._recognizer, self._album = recognizer, album
        self._moments: dict[int, Moment] = {}
        self._decider = Decider(manifest.classes, manifest.calibration.rejection_threshold)
        recognizer.clear()

    @property
    def frontier(self) -> int:
        """Index of the frame that is analysed next."""
        return len(self.records)

    def note(self, frame: Frame) -> None:
        """Remember the time of a frame."""
        if frame.index == len(self.times):
            self.times.append(frame.time)

    def push(self, frame: Frame) -> None:
        """Analyse the frame at the frontier.

        Raises:
            GraphError: ONNX Runtime failed.
        """
        arrived = perf_counter()
        self.note(frame)
        recognition = self._recognizer.push(frame)
        decision, events = self._decider.update(recognition)
        window, places = recognition.window, None
        if window is not None:
            places = np.array([self._index(time) for time in window.times], np.int32)
        self._album.add(frame, window.images[-1] if window else self.encode(frame), window)
        before = tuple(self._index(time) for time in recognition.previous)
        filled, timings = recognition.filled, recognition.timings
        self.records.append(Record(filled, timings, decision, events, places, before, arrived))

    def finish(self) -> None:
        """The source has ended: the action that still goes on ends with the last frame."""
        events = self._decider.finish()
        if events and self.records:
            last = self.records[-1]
            self.records[-1] = replace(last, events=last.events + events)

    def encode(self, frame: Frame) -> Image:
        """The frame as the encoder sees it, (height, width, 3) uint8 RGB, read-only."""
        return self._recognizer.picture(frame)

    def result(self, frame: Frame) -> Result | None:
        """What was made of this frame; None if it was not analysed yet."""
        if frame.index >= self.frontier:
            return None
        record = self.records[frame.index]
        window = self._album.window(frame.index)
        return Result(
            Recognition(frame, record.filled, window, record.timings),
            record.decision,
            record.events,
            self._recognizer.manifest,
            record.arrived,
            stretch=0,
        )

    def lacks_window(self, index: int) -> bool:
        """Whether there was an answer to this frame that is not kept any more."""
        analysed = index < self.frontier and self.records[index].places is not None
        return analysed and self._album.window(index) is None

    def sources_of(self, index: int) -> list[int]:
        """Indices of all frames that the answer to a frame was computed from, in order."""
        places = self.records[index].places
        if places is None:
            return []
        return sorted({*places.tolist(), *chain.from_iterable(self._previous(places))})

    def answer_again(self, index: int) -> None:
        """Compute a window anew, out of the album, which must hold `sources_of(index)`.

        Raises:
            GraphError: ONNX Runtime failed.
        """
        places = self.records[index].places
        if places is None:
            return
        moments = [self._moment(place) for place in places.tolist()]
        self._album.set_window(index, self._recognizer.answer_moments(moments))

    def _moment(self, index: int) -> Moment:
        """A frame encoded again, once for all windows around it."""
        moment = self._moments.pop(index, None)
        if moment is None:
            picture, *before = self._pictures([index, *self.records[index].before])
            moment = self._recognizer.moment(picture, before, self.times[index])
        self._moments[index] = moment
        if len(self._moments) > _MOMENTS:
            del self._moments[next(iter(self._moments))]  # the one that was not used for longest
        return moment

    def _pictures(self, indices: Sequence[int]) -> list[Image]:
        return [image for i in indices if (image := self._album.encoded(i)) is not None]

    def _previous(self, places: NDArray[np.int32]) -> list[tuple[int, ...]]:
        """Of each place the frames that motion is told by; none where the network sees none."""
        return [self.records[place].before for place in places]

    def _index(self, time: float) -> int:
        """The frame of a time."""
        return bisect_left(self.times, time)
