"""A recorded video inside a window: every frame in order, and back again at once.

    player = Player(lambda: VideoFile(path), recognizer, on_moment, on_result, on_status)
    player.play(); player.pause(); player.step(-1); player.seek(12.5); player.speed(2.0)
    moment = player.take_moment()    # in answer to on_moment()
    player.stop()                    # at most 3 s

Frames go through the model in order, from the first on, as far as somebody has watched: the
analysis stays a little ahead of the picture that is shown. After a seek forward, the picture is
shown as soon as it is decoded, and what lies between is analysed in the background; playing waits
for it. Probabilities and decisions of all frames are kept. Pictures and heat-maps are kept within
`MEMORY` bytes around the picture that is shown; what had to go is computed anew when it is wanted.

Callbacks come from the thread `player`; they must return at once and call nothing of `Player`.

* `on_moment()`: a newer moment waits; fetch it with `take_moment()`. Called again only after that.
* `on_result(result)`: a frame was analysed for the first time: one for each frame, in order. For
  the time line; don't keep its window.
* `on_status(status)`: what the player does has changed; progress of the analysis comes so, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from har_desktop.frame import Frame
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.result import Result
from har_desktop.sources.base import Source, SourceInfo

SPEEDS = (0.25, 4.0)


class PlayState(StrEnum):
    """What the player is doing."""

    OPENING = "opening"
    PAUSED = "paused"
    PLAYING = "playing"
    ENDED = "ended"  # at the last frame, and not looping; `play` starts again at the first
    FAULTED = "faulted"  # see the message; only `stop` is left
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class PlayStatus:
    """What the player is doing.

    Attributes:
        state: See `PlayState`.
        analysed: Frames that went through the model so far.
        frames: Frames of the source; None until its end was reached.
        duration: Seconds from the first frame to the last; until the end was reached, by the
            source's header, or of what is known so far.
        busy: True while the shown moment waits for its picture or for its result.
        message: One line for the person; None where there is nothing to say.
    """

    state: PlayState
    analysed: int
    frames: int | None
    duration: float
    busy: bool
    message: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """What is to be shown.

    Attributes:
        frame: The picture, its index and its time in seconds.
        result: What was made of it; None where it was not analysed yet. Its window is None while
            it fills, and also while heat-maps that had to go are computed anew: then the moment
            comes once more.
    """

    frame: Frame
    result: Result | None


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
    ) -> None:
        """Open the source in the background and show its first frame, paused.

        Args:
            open_source: Makes a new, unopened source that gives the same frames every time.
            recognizer: Belongs to the player from now on; cleared here.
            on_moment: See above.
            on_result: See above.
            on_status: See above.
        """
        raise NotImplementedError

    @property
    def info(self) -> SourceInfo | None:
        """What the source says of itself; None while it is being opened."""
        raise NotImplementedError

    @property
    def status(self) -> PlayStatus:
        """What the player is doing at this moment."""
        raise NotImplementedError

    def play(self) -> None:
        """Go on from the shown moment; at the end, from the first frame."""
        raise NotImplementedError

    def pause(self) -> None:
        """Stay at the shown moment."""
        raise NotImplementedError

    def step(self, frames: int = 1) -> None:
        """Pause, and go so many frames forward, or back where negative."""
        raise NotImplementedError

    def seek(self, time: float) -> None:
        """Show the frame of this time (the last one that is not later), in seconds."""
        raise NotImplementedError

    def speed(self, factor: float) -> None:
        """Play at so many times the natural speed.

        Raises:
            ValueError: It is not within `SPEEDS`.
        """
        raise NotImplementedError

    def loop(self, on: bool) -> None:
        """Start again at the first frame when the last one was shown."""
        raise NotImplementedError

    def explain(self, index: int) -> None:
        """Explain the class of this index from now on; -1 for the most probable one.

        Heat-maps that explain another class are computed anew when they are wanted.

        Raises:
            ValueError: The model knows no such class.
        """
        raise NotImplementedError

    def take_moment(self) -> Moment | None:
        """The newest moment, once; None where there is none since the last call."""
        raise NotImplementedError

    def stop(self) -> None:
        """End the thread, within three seconds. May be called any number of times."""
        raise NotImplementedError
