"""A rendered person as a source of frames."""

from __future__ import annotations

import math
from abc import abstractmethod

import numpy as np

from har_desktop.errors import InputError
from har_desktop.frame import Frame
from har_desktop.sources.base import Source, SourceInfo
from har_desktop.sources.figure.body import Body
from har_desktop.sources.figure.idle import Idle
from har_desktop.sources.figure.juggling import Juggling
from har_desktop.sources.figure.motions import JumpingJack, Lunges, Motion, PushUps, Squats
from har_desktop.sources.figure.scene import Scene

MOTIONS: dict[str, type[Motion]] = {
    "BodyWeightSquats": Squats,
    "JugglingBalls": Juggling,
    "JumpingJack": JumpingJack,
    "Lunges": Lunges,
    "PushUps": PushUps,
}
ACTIONS = tuple(MOTIONS)
# Moments that the camera's framing looks at: a whole round of the slowest motion.
ROUND = np.arange(0, 15.4, 0.2)


class FilmedScene(Source):
    """A scene, filmed at a steady rate from time 0 on."""

    def __init__(self, name: str, duration_s: float, fps: float, size: tuple[int, int]) -> None:
        self._name, self._fps, self._size = name, fps, size
        self._frames = max(1, round(duration_s * fps))
        self._scene: Scene | None = None
        self._index = 0

    @abstractmethod
    def _film(self) -> Scene:
        """Set up what is filmed."""

    def open(self) -> SourceInfo:
        """Paint the room and start at the first frame."""
        self._scene, self._index = self._film(), 0
        height, width = self._size
        return SourceInfo(self._name, width, height, self._fps, self._frames, live=False)

    def read(self) -> Frame | None:
        """Render the next frame; None at the end, and while closed."""
        if self._scene is None or self._index >= self._frames:
            return None
        index, time = self._index, self._index / self._fps
        self._index += 1
        return Frame(self._scene.render(time, grain=index), index, time)

    def close(self) -> None:
        """Forget the scene."""
        self._scene = None


class RenderedFigure(FilmedScene):
    """One person doing one thing over and over, drawn by our own code.

    The seed chooses everything else: body, clothes, room, light and camera (the same for every
    action, so that none of them gives the action away), and view, speed and style of the motion.
    Frames depend on action, seed, size and their time alone, but for the sensor's noise, which
    also depends on their index. The whole body stays inside the picture.

    Args:
        action: One of `ACTIONS`, or None for somebody who only stands there.
        seed: Not negative.
        duration_s: Length in seconds.
        fps: Frames per second; the time of a frame is index / fps.
        size: (height, width) in pixels.

    Raises:
        InputError: An unknown action, or a number that makes no film.
    """

    def __init__(
        self,
        action: str | None,
        seed: int,
        duration_s: float = 6.0,
        fps: float = 25.0,
        size: tuple[int, int] = (480, 640),
    ) -> None:
        if action is not None and action not in MOTIONS:
            raise InputError(f"no rendered figure for {action!r}: choose from {', '.join(ACTIONS)}")
        if seed < 0:
            raise InputError(f"rendered figure: the seed is {seed}; it must not be negative")
        if not all(math.isfinite(x) and x > 0 for x in (duration_s, fps)) or min(size) < 16:
            raise InputError(
                f"rendered figure: {duration_s} s at {fps} fps in {size[1]}x{size[0]} is no film; "
                "duration and rate must be positive, the picture at least 16x16"
            )
        super().__init__(f"{action or 'Idle'}_{seed}", duration_s, fps, size)
        self._action, self._seed = action, seed

    def _film(self) -> Scene:
        body = Body.drawn(np.random.default_rng((self._seed, 0)))
        kind = MOTIONS[self._action] if self._action else Idle
        rng = np.random.default_rng(
            (self._seed, 2, ACTIONS.index(self._action) if self._action else 99)
        )
        motion = kind(body, rng)
        heading = np.radians(rng.uniform(*motion.heading)) * rng.choice([-1, 1])
        return Scene(body, lambda t: motion.pose(t).turned(heading), ROUND, self._seed, self._size)
