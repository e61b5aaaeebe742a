"""Where a replay stands, and the next small thing to do for it. One thread, no waiting."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter

from har_desktop.errors import SourceError
from har_desktop.frame import Frame
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.album import Album
from har_desktop.pipeline.analysis import Analysis
from har_desktop.pipeline.reels import Reels
from har_desktop.pipeline.result import Result
from har_desktop.sources.base import Source

# The analysis is so many frames ahead of the picture, so that a slow frame does not stop the show.
AHEAD = 5
# Where the analysis cannot keep up, playing gets slower; it doesn't hurry afterwards.
_LATEST_S = 0.1
# A wait that is worth telling of.
_LONG_S = 0.1


class PlayState(StrEnum):
    """What the player is doing."""

    OPENING = "opening"
    PAUSED = "paused"
    PLAYING = "playing"
    ENDED = "ended"  # at the last frame, and not looping; `play` starts again at the first
    FAULTED = "faulted"  # see the message; only `stop` is left
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """What is to be shown.

    Attributes:
        frame: The picture, its index and its time in seconds.
        result: What was made of it; None where it was not analysed yet. Its window is None while
            it fills, and also while heat-maps that had to go are computed anew. Where more comes to
            be known, the moment comes once more.
    """

    frame: Frame
    result: Result | None


class Projector:
    """The place in the video that is shown, and how to get from there to the next.

    Attributes:
        reels: The source.
        analysis: What is known of the video so far.
        state: See `PlayState`.
        length: Number of frames; None until the end was reached.
    """

    def __init__(
        self,
        open_source: Callable[[], Source],
        recognizer: Recognizer,
        memory: int,
        on_moment: Callable[[Moment], object],
        on_result: Callable[[Result], object],
    ) -> None:
        self.reels = Reels(open_source)
        self.state = PlayState.OPENING
        self.length: int | None = None
        self._recognizer, self._on_moment, self._on_result = recognizer, on_moment, on_result
        self._album = Album(memory)
        self.analysis = Analysis(recognizer, self._album)
        self._index = 0
        self._sought: float | None = None  # a time beyond all that is known
        self._passed: Frame | None = None  # the last frame before it so far
        self._since: float | None = None  # when the shown frame was due
        self._shown: tuple[int, int, int] | None = None  # index, detail, wish to explain
        self._wish = 0
        self._asked = perf_counter()  # for what is not complete yet
        self._wanted: tuple[int, int] | None = None
        self._hopeless: int | None = None  # a frame whose window doesn't fit into the memory
        self._held: Result | None = None  # the newest result, until it is sure what ends with it
        self._speed, self._loop = 1.0, False

    @property
    def busy(self) -> bool:
        """Whether it takes long to get the wanted picture or its result."""
        return not self._complete and perf_counter() - self._asked > _LONG_S

    def duration(self) -> float:
        """Seconds from the first frame to the last, as far as is known."""
        known = self.analysis.times[-1] if self.analysis.times else 0.0
        info = self.reels.info
        if self.length is None and info and info.frames and info.fps:
            return max(known, (info.frames - 1) / info.fps)
        return known

    def play(self) -> None:
        """Go on; after the end, from the first frame."""
        if self.state is PlayState.ENDED:
            self._go(0)
        self.state, self._since = PlayState.PLAYING, None

    def pause(self) -> None:
        """Stay here."""
        if self.state is PlayState.PLAYING:
            self.state = PlayState.PAUSED

    def step(self, frames: int) -> None:
        """Pause, and go some frames on, as far as anything is known, or back."""
        self.state = PlayState.PAUSED
        last = len(self.analysis.times) if self.length is None else self.length - 1
        self._go(min(max(0, self._index + frames), last))

    def seek(self, time: float) -> None:
        """Go to the last frame that is not later than a time in seconds."""
        if self.state is PlayState.ENDED:
            self.state = PlayState.PAUSED
        times = self.analysis.times
        if self.length is None and not (times and time < times[-1]):
            self._go(self._index)
            self._sought = time
            return
        self._go(max(0, bisect_right(times, time) - 1))

    def set_speed(self, factor: float) -> None:
        """Play so many times as fast as it was filmed."""
        self._speed, self._since = factor, None

    def set_loop(self, on: bool) -> None:
        """Go from the last frame to the first."""
        self._loop = on

    def explain(self, index: int) -> None:
        """Explain a class; what explains another is computed anew."""
        self._recognizer.explain = index
        self._album.forget_windows()
        self._wish += 1
        self._asked = perf_counter()

    def close(self) -> None:
        """Close the source."""
        self.reels.close()

    def work(self) -> float | None:
        """Do the next small thing.

        Returns:
            0 where there is more to do at once, else the seconds until there will be; None where
            there is nothing to do before somebody wishes something.

        Raises:
            SourceError: The source cannot be opened, holds nothing or breaks.
            GraphError: ONNX Runtime failed.
        """
        if self._sought is not None:
            self._seek_further(self._sought)
            return 0.0
        rest = self._advance()
        if rest == 0.0 or self._show() or self._fetch() or self._answer_again() or self._analyse():
            return 0.0
        return rest

    def _go(self, index: int) -> None:
        self._index = self._album.centre = index
        self._sought = self._since = self._hopeless = None
        self._asked = perf_counter()

    @property
    def _complete(self) -> bool:
        """Whether all that there is to be shown of the wanted frame was shown."""
        return self._sought is None and self._shown == (self._index, 2, self._wish)

    def _advance(self) -> float | None:
        """Go to the next frame if it is time; the seconds until then, None where it never is."""
        if self.state is not PlayState.PLAYING or not self._complete:
            return None
        if self._since is None:
            self._since = perf_counter()
        times, here = self.analysis.times, self._index
        last = here + 1 == self.length
        if not last and here + 1 >= self.analysis.frontier:
            return None  # the analysis comes first
        gap = times[here + 1] - times[here] if not last else times[here] - times[max(0, here - 1)]
        due, now = self._since + gap / self._speed, perf_counter()
        if now < due:
            return due - now
        if last and not self._loop:
            self.state = PlayState.ENDED
            return 0.0
        self._go(0 if last else here + 1)
        self._since = max(due, now - _LATEST_S)
        return 0.0

    def _show(self) -> bool:
        """Show this frame, or more of it than before; False if there is nothing new."""
        index = self._index
        if index not in self._album:
            return False
        detail = 0
        if index < self.analysis.frontier:
            lacking = self.analysis.lacks_window(index) and index != self._hopeless
            detail = 1 if lacking else 2
        view = index, detail, self._wish
        if self._shown is not None and self._shown[0] == index and detail < 2:
            if detail <= self._shown[1]:
                return False
        elif view == self._shown:
            return False
        frame = self._album.frame(index)
        if frame is not None:
            self._shown = view
            self._on_moment(Moment(frame, self.analysis.result(frame)))
        return True

    def _fetch(self) -> bool:
        """Read one frame on the way to a picture that is missing here; False if none is."""
        index, known = self._index, self.analysis
        wanted = [index] if index != known.frontier else []  # that one is analysed anyway
        if known.lacks_window(index) and index != self._hopeless:
            wanted = [*known.sources_of(index), index]
        missing = next((i for i in wanted if i not in self._album), None)
        if missing is None:
            return False
        if self._wanted is not None and self._wanted[0] == index and missing < self._wanted[1]:
            self._hopeless = index  # one picture drives the other out
            return True
        self._wanted = index, missing
        frame = self.reels.read_towards(missing, spare=known.frontier)
        if frame is None:
            self._reach_end(missing)
        elif frame.index == missing:
            known.note(frame)
            self._album.add(frame, known.encode(frame), None)
            if missing not in self._album:
                self._hopeless = index
        return True

    def _answer_again(self) -> bool:
        """Compute the window of this frame anew, if it had to go."""
        if self._index == self._hopeless or not self.analysis.lacks_window(self._index):
            return False
        self.analysis.answer_again(self._index)
        return True

    def _analyse(self) -> bool:
        """Analyse the next frame, unless the analysis is far enough ahead."""
        frontier = self.analysis.frontier
        if frontier == self.length or frontier > self._index + AHEAD:
            return False
        frame = self.reels.read_towards(frontier, spare=frontier)
        if frame is None:
            self._reach_end(frontier)
        elif frame.index == frontier:
            self.analysis.push(frame)
            self._publish(frame)
        return True

    def _publish(self, frame: Frame) -> None:
        """Give out the result before this one; the end may still add an event to this one."""
        if self._held is not None:
            self._on_result(self._held)
        self._held = self.analysis.result(frame)
        if frame.index + 1 == self.length:
            self._finish()
        if self.state is PlayState.OPENING:
            self.state = PlayState.PAUSED

    def _finish(self) -> None:
        """All is analysed."""
        self.analysis.finish()
        if self._held is not None:
            frame = self._held.recognition.frame
            self._on_result(self.analysis.result(frame) or self._held)
            self._held = None

    def _seek_further(self, time: float) -> None:
        """Read one frame on the way to a time beyond all that is known."""
        known = len(self.analysis.times)
        frame = self.reels.read_towards(known, spare=self.analysis.frontier)
        if frame is None:
            self._reach_end(known)
        elif frame.index == known:
            self.analysis.note(frame)
            if frame.time <= time:
                self._passed = frame
                return
            self._arrive(max(0, frame.index - 1))

    def _arrive(self, index: int) -> None:
        """A seek ends here."""
        self._go(index)
        passed, self._passed = self._passed, None
        if passed is not None and passed.index == index and index >= self.analysis.frontier:
            self._album.add(passed, self.analysis.encode(passed), None)

    def _reach_end(self, length: int) -> None:
        """The source has ended after so many frames."""
        name = self.reels.info.name if self.reels.info else "the source"
        if length == 0:
            raise SourceError(f"{name}: holds no picture; choose another file")
        if length < len(self.analysis.times):
            raise SourceError(f"{name}: ended earlier than at the first reading; open it again")
        self.length = length
        if self._sought is not None:
            self._arrive(length - 1)
        elif self._index >= length:
            self._go(length - 1)
        if self.analysis.frontier == length:
            self._finish()
