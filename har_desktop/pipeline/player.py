"""A recorded video inside a window: every frame in order, and back again at once.

    player = Player(lambda: ContainedVideo(path), recognizer, on_moment, on_result, on_status)
    player.play(); player.pause(); player.step(-1); player.seek(12.5); player.jump(-1)
    moment = player.take_moment()    # in answer to on_moment()
    player.stop()                    # at most 3 s

Frames go through the model in order, from the first on, as far as somebody has watched: the
analysis stays a little ahead of the picture that is shown. After a seek forward by more than some
seconds the picture is shown as soon as it is decoded, and what lies between is analysed in the
background; playing waits for it. Probabilities and decisions of all frames are kept. Pictures and
heat-maps are kept within `MEMORY` bytes around the picture that is shown (about two minutes at
640x480); what had to go is decoded and computed anew when it is wanted.

Callbacks come from the thread `player`; they must return at once and call nothing of `Player`.

* `on_moment()`: a newer moment waits; fetch it with `take_moment()`. Called again only after that.
* `on_result(result)`: a frame was analysed: one for each frame, in order, once. For the time line;
  don't keep its picture and its window.
* `on_status(status)`: what the player does has changed; progress of the analysis comes so, too.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from har_desktop.errors import HarError, gist
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.mailbox import Mailbox
from har_desktop.pipeline.projector import Moment, PlayState, Projector
from har_desktop.pipeline.result import Result
from har_desktop.sources.base import Source, SourceInfo

__all__ = ["MEMORY", "SPEED_RANGE", "Moment", "PlayState", "PlayStatus", "Player"]

log = logging.getLogger(__name__)

SPEED_RANGE = (0.25, 4.0)
MEMORY = 384 * 2**20
STOP_S = 2.5
_GRACE_S = 1.0  # of it, before the model is interrupted
# Progress alone is told no more often than this.
_PROGRESS_S = 0.1


@dataclass(frozen=True, slots=True)
class PlayStatus:
    """What the player is doing.

    Attributes:
        state: See `PlayState`.
        analysed: Frames that went through the model so far.
        frames: Frames of the source; None until its end was reached.
        duration: Seconds from the first frame to the last; until the end was reached, by the
            source's header, or of what is known so far.
        busy: True where the wanted picture or its result has not come for a tenth of a second.
        message: One line for the person; None where there is nothing to say.
    """

    state: PlayState
    analysed: int
    frames: int | None
    duration: float
    busy: bool
    message: str | None = None


class Player:
    """Owns the thread of one replay. Methods may be called from any thread, not from a callback.

    Only `stop` waits.
    """

    def __init__(
        self,
        open_source: Callable[[], Source],
        recognizer: Recognizer,
        on_moment: Callable[[], object],
        on_result: Callable[[Result], object],
        on_status: Callable[[PlayStatus], object],
        memory: int = MEMORY,
    ) -> None:
        """Open the source in the background and show its first frame, paused.

        Args:
            open_source: Makes a new, unopened source that gives the same frames every time.
            recognizer: Belongs to the player from now on; cleared here.
            on_moment: See above.
            on_result: See above.
            on_status: See above. STOPPED is told by `stop` itself, in its caller's thread.
            memory: Bytes for pictures and heat-maps.
        """
        self._projector = Projector(open_source, recognizer, memory, self._show, self._result)
        self._recognizer = recognizer
        self._on_moment, self._on_result, self._on_status = on_moment, on_result, on_status
        self._moments: Mailbox[Moment] = Mailbox()
        self._condition = threading.Condition()
        self._wishes: deque[Callable[[], None]] = deque()
        self._stopping = False
        self._status = PlayStatus(PlayState.OPENING, 0, None, 0.0, busy=True)
        self._told = 0.0
        self._thread = threading.Thread(target=self._run, name="player", daemon=True)
        self._thread.start()

    @property
    def info(self) -> SourceInfo | None:
        """What the source says of itself; None while it is being opened."""
        return self._projector.stock.reels.info

    @property
    def status(self) -> PlayStatus:
        """What the player is doing at this moment."""
        return self._status

    def play(self) -> None:
        """Go on from the shown moment; at the end, from the first frame."""
        self._wish(self._projector.play)

    def pause(self) -> None:
        """Stay at the shown moment."""
        self._wish(self._projector.pause)

    def step(self, frames: int = 1) -> None:
        """Pause, and go so many frames forward, or back where negative."""
        self._wish(lambda: self._projector.step(frames))

    def seek(self, time: float) -> None:
        """Show the frame of this time (the last one that is not later), in seconds."""
        self._wish(lambda: self._projector.seek(time))

    def jump(self, seconds: float) -> None:
        """Seek so many seconds ahead, or back where negative; several in a row add up."""
        self._wish(lambda: self._projector.jump(seconds))

    def speed(self, factor: float) -> None:
        """Play at so many times the natural speed.

        Raises:
            ValueError: It is not within `SPEED_RANGE`.
        """
        slowest, fastest = SPEED_RANGE
        if not slowest <= factor <= fastest:
            raise ValueError(f"speed {factor} is not within {slowest} to {fastest}")
        self._wish(lambda: self._projector.set_speed(factor))

    def loop(self, on: bool) -> None:
        """Start again at the first frame when the last one was shown."""
        self._wish(lambda: self._projector.set_loop(on))

    def explain(self, index: int) -> None:
        """Explain the class of this index from now on; -1 for the most probable one.

        Heat-maps that explain another class are computed anew when they are wanted.

        Raises:
            ValueError: The model knows no such class.
        """
        classes = len(self._recognizer.manifest.classes)
        if not -1 <= index < classes:
            raise ValueError(f"there is no class {index} among {classes}")
        self._wish(lambda: self._projector.explain(index))

    def take_moment(self) -> Moment | None:
        """The newest moment, once; None where there is none since the last call."""
        return self._moments.take()

    def stop(self) -> None:
        """End the thread, within three seconds. May be called any number of times."""
        with self._condition:
            first, self._stopping = not self._stopping, True
            self._condition.notify_all()
        deadline = perf_counter() + STOP_S
        self._thread.join(min(_GRACE_S, STOP_S))
        if self._thread.is_alive():
            self._recognizer.interrupt()
            self._thread.join(max(0.0, deadline - perf_counter()))
        if first:
            message = None
            if self._thread.is_alive():
                message = "left behind, for it does not come back: player"
                log.error(message)
            self._moments.clear()
            self._status = self._describe(PlayState.STOPPED, message)
            self._on_status(self._status)

    def _wish(self, wish: Callable[[], None]) -> None:
        with self._condition:
            self._wishes.append(wish)
            self._condition.notify_all()

    def _run(self) -> None:
        try:
            while not self._stopping:
                while self._wishes:
                    self._wishes.popleft()()
                rest = self._projector.work()
                self._tell(rest != 0.0)
                if rest != 0.0:
                    with self._condition:
                        self._condition.wait_for(lambda: self._wishes or self._stopping, rest)
        except Exception as error:
            reason = gist(error, "the replay failed: ")
            log.exception("%s", reason, exc_info=not isinstance(error, HarError))
            self._publish(self._describe(PlayState.FAULTED, reason))
        finally:
            self._projector.close()

    def _tell(self, idle: bool) -> None:
        """Tell of a change; of mere progress only now and then."""
        status, before = self._describe(self._projector.state), self._status
        same = (status.state, status.busy) == (before.state, before.busy)
        if status != before and (idle or not same or perf_counter() - self._told > _PROGRESS_S):
            self._publish(status)

    def _publish(self, status: PlayStatus) -> None:
        if not self._stopping:
            self._status, self._told = status, perf_counter()
            self._on_status(status)

    def _describe(self, state: PlayState, message: str | None = None) -> PlayStatus:
        stock, busy = self._projector.stock, self._projector.busy
        frontier = stock.analysis.frontier
        return PlayStatus(state, frontier, stock.length, stock.duration(), busy, message)

    def _show(self, moment: Moment) -> None:
        if not self._stopping and self._moments.put(moment):
            self._on_moment()

    def _result(self, result: Result) -> None:
        if not self._stopping:
            self._on_result(result)
