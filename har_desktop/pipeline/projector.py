"""Where a replay stands, and the next small thing to do for it. One thread, no waiting."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter

from har_desktop.frame import Frame
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.result import Result
from har_desktop.pipeline.stock import ALL, Stock
from har_desktop.sources.base import Source

# The analysis is so many frames ahead of the picture, so that a slow frame does not stop the show.
AHEAD = 5
# Where the analysis cannot keep up, playing gets slower; it doesn't hurry afterwards.
_LATEST_S = 0.1
# A wait that is worth telling of.
_LONG_S = 0.1
# A seek ahead leads through the analysis where that takes no longer than so many seconds: to look
# there first would take its reading away, and all up to here would be decoded once more.
_CLOSE_S = 2.0


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
        state: See `PlayState`.
        stock: What is there of the video.
    """

    def __init__(
        self,
        open_source: Callable[[], Source],
        recognizer: Recognizer,
        memory: int,
        on_moment: Callable[[Moment], object],
        on_result: Callable[[Result], object],
    ) -> None:
        self.state = PlayState.OPENING
        self.stock = Stock(open_source, recognizer, memory, on_result)
        self._recognizer, self._on_moment = recognizer, on_moment
        self._index = 0
        self._sought: float | None = None  # a time beyond all that is known
        self._passed: Frame | None = None  # the last frame before it so far
        self._since: float | None = None  # when the shown frame was due
        self._asked = perf_counter()  # for what is not complete yet
        self._shown: tuple[int, int, int] | None = None  # index, detail, wish to explain
        self._wish = 0
        self._cost = 0.0  # seconds for a frame's analysis
        self._speed, self._loop = 1.0, False

    @property
    def busy(self) -> bool:
        """Whether it takes long to get the wanted picture or its result."""
        return not self._complete and perf_counter() - self._asked > _LONG_S

    def play(self) -> None:
        """Go on; after the end, from the first frame."""
        at_end = self._sought is None and self._index + 1 == self.stock.length
        if self.state is PlayState.ENDED or at_end:
            self._go(0)
        self.state, self._since = PlayState.PLAYING, None

    def pause(self) -> None:
        """Stay here."""
        if self.state is PlayState.PLAYING:
            self.state = PlayState.PAUSED

    def step(self, frames: int) -> None:
        """Pause, and go some frames on, as far as anything is known, or back."""
        self.state = PlayState.PAUSED
        length = self.stock.length
        last = len(self.stock.analysis.times) if length is None else length - 1
        self._go(min(max(0, self._index + frames), last))

    def seek(self, time: float) -> None:
        """Go to the last frame that is not later than a time in seconds."""
        if self.state is PlayState.ENDED:
            self.state = PlayState.PAUSED
        times = self.stock.analysis.times
        if self.stock.length is None and not (times and time < times[-1]):
            self._go(self._index)
            self._sought = time
        else:
            self._go(max(0, bisect_right(times, time) - 1))

    def jump(self, seconds: float) -> None:
        """Go so many seconds on, or back, from where it is going already."""
        stock, times = self.stock, self.stock.analysis.times
        here = times[min(self._index, len(times) - 1)] if times else 0.0
        goal = (here if self._sought is None else self._sought) + seconds
        if stock.length is not None or (times and stock.duration() > times[-1]):
            goal = min(goal, stock.duration())
        self.seek(max(0.0, goal))

    def set_speed(self, factor: float) -> None:
        """Play so many times as fast as it was filmed."""
        self._speed, self._since = factor, None

    def set_loop(self, on: bool) -> None:
        """Go from the last frame to the first."""
        self._loop = on

    def explain(self, index: int) -> None:
        """Explain a class; what explains another is computed anew."""
        self._recognizer.explain = index
        self.stock.album.forget_windows()
        self._wish += 1
        self._asked = perf_counter()

    def close(self) -> None:
        """Close the source, and let go of everything: whoever called back may hold this one."""
        self._on_moment = _nobody
        self.stock.close()

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
        stock = self.stock
        if stock.length is not None and self._index >= stock.length:
            self._go(stock.length - 1)
        rest = self._advance()
        if rest == 0.0 or self._show() or stock.restore(self._index):
            return 0.0
        if self._analyse(self._index + AHEAD):
            if self.state is PlayState.OPENING:
                self.state = PlayState.PAUSED
            return 0.0
        return rest

    def _go(self, index: int) -> None:
        self._index, self._asked = index, perf_counter()
        self._sought = self._since = self._passed = None
        self.stock.look_at(index)

    @property
    def _complete(self) -> bool:
        """Whether all that there is to be shown of the wanted frame was shown."""
        return self._sought is None and self._shown == (self._index, ALL, self._wish)

    def _advance(self) -> float | None:
        """Go to the next frame if it is time; the seconds until then, None where it never is."""
        if self.state is not PlayState.PLAYING or not self._complete:
            return None
        if self._since is None:
            self._since = perf_counter()
        times, here = self.stock.analysis.times, self._index
        last = here + 1 == self.stock.length
        if not last and here + 1 >= self.stock.analysis.frontier:
            return None  # the analysis comes first
        gap = times[here + 1] - times[here] if not last else times[here] - times[max(0, here - 1)]
        due, now = self._since + gap / self._speed, perf_counter()
        if now < due:
            return due - now
        if last and not (self._loop and here):  # a single picture takes no time to loop in
            self.state = PlayState.ENDED
            return 0.0
        self._go(0 if last else here + 1)
        self._since = max(due, now - _LATEST_S)
        return 0.0

    def _show(self) -> bool:
        """Show this frame, or more of it than before; False if there is nothing new."""
        index, detail = self._index, self.stock.detail(self._index)
        if detail is None or (detail < ALL and not self._is_worthwhile(detail)):
            return False
        view = index, detail, self._wish
        frame = self.stock.album.frame(index) if view != self._shown else None
        if frame is None:
            return False
        self._shown = view
        self._on_moment(Moment(frame, self.stock.analysis.result(frame)))
        return True

    def _is_worthwhile(self, detail: int) -> bool:
        """Whether to show a frame already that is not complete yet."""
        if self.state is PlayState.PLAYING and not self.busy:
            return False  # the rest comes so soon that it would only flicker
        shown = self._shown
        return shown is None or shown[0] != self._index or shown[1] < detail

    def _seek_further(self, time: float) -> None:
        """Read one frame on the way to a time beyond all that is known."""
        analysis = self.stock.analysis
        frontier = analysis.frontier
        if frontier == len(analysis.times) > 1 and self._wait_until(time) <= _CLOSE_S:
            self.stock.look_at(frontier)  # there it is needed next
            self._analyse(frontier)
            if analysis.times[-1] > time or self.stock.length == analysis.frontier:
                self._arrive(bisect_right(analysis.times, time) - 1)
            return
        frame = self.stock.explore()
        if frame is not None and frame.time <= time:
            self._passed = frame
        elif frame is not None:
            self._arrive(max(0, frame.index - 1))
            self.stock.keep(frame)  # for a step on
        elif self.stock.length is not None:
            self._arrive(self.stock.length - 1)

    def _analyse(self, index: int) -> bool:
        """Go on with the analysis, and see how long it takes."""
        began = perf_counter()
        if not self.stock.analyse(index):
            return False
        self._cost += 0.1 * (perf_counter() - began - self._cost)
        return True

    def _wait_until(self, time: float) -> float:
        """Seconds that the analysis will take up to a time beyond it."""
        times = self.stock.analysis.times
        rate = (len(times) - 1) / (times[-1] - times[0])
        return max(0.0, time - times[-1]) * rate * self._cost

    def _arrive(self, index: int) -> None:
        """A seek ends here."""
        passed = self._passed
        self._go(index)
        if passed is not None and passed.index == index:
            self.stock.keep(passed)


def _nobody(_: object) -> None:
    """Takes what nobody wants any more."""
