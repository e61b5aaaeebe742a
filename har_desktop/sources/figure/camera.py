"""A pinhole camera that frames the whole person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from har_desktop.sources.figure.skeleton import Array


@dataclass(frozen=True, slots=True)
class Camera:
    """Where it stands, where it looks, and how the picture lies on what it sees.

    Attributes:
        position: (3,) metres; the person stands near the origin, the camera on the positive z side.
        axes: (3, 3) rows: right, up and back (towards the camera) in the room.
        focal: Pixels per unit of slope.
        centre: (2,) x, y in pixels of the point that the camera looks at.
    """

    position: Array
    axes: Array
    focal: float = 1.0
    centre: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Self:
        """A place by chance: 3 to 6 metres away, knee to head height, hardly ever quite level."""
        distance, height = rng.uniform(3.0, 6.0), rng.uniform(0.75, 1.65)
        tilt = np.arctan2(height - 0.85, distance) + rng.normal(0, 0.02)
        roll = float(np.clip(rng.normal(0, 0.012), -0.03, 0.03))
        ct, st, cr, sr = np.cos(tilt), np.sin(tilt), np.cos(roll), np.sin(roll)
        up, back = np.array([0.0, ct, -st]), np.array([0.0, st, ct])
        right = np.array([1.0, 0.0, 0.0])
        axes = np.stack([right * cr + up * sr, up * cr - right * sr, back])
        return cls(position=np.array([0.0, height, distance]), axes=axes)

    def project(self, points: Array) -> tuple[Array, Array]:
        """Points (n, 3) in metres to the picture.

        Returns:
            (n, 2) x, y in pixels, y downwards, and (n,) distances along the camera's axis in
            metres; `focal / distance` is the scale in pixels per metre.
        """
        seen = (points - self.position) @ self.axes.T
        depth = -seen[:, 2]
        flat = seen[:, :2] / depth[:, None]
        return np.array(self.centre) + self.focal * flat * [1.0, -1.0], depth

    def framed(
        self, points: Array, radius: float, size: tuple[int, int], rng: np.random.Generator
    ) -> Camera:
        """The same camera, zoomed and shifted until all points lie inside the picture.

        Args:
            points: (n, 3) metres, all that has to be seen.
            radius: Metres that are kept free around each point.
            size: (height, width) of the picture in pixels.
            rng: Chooses how much of the picture they fill, and where.
        """
        flat, depth = Camera(self.position, self.axes).project(points)
        around = (radius / depth)[:, None]
        low, high = np.min(flat - around, axis=0), np.max(flat + around, axis=0)
        room = np.array([size[1], size[0]]) * (1 - 2 * MARGIN)
        focal = float(np.min(room / (high - low))) * rng.uniform(0.7, 1.0)
        spare = room - focal * (high - low)
        place = np.array([rng.uniform(0.1, 0.9), rng.uniform(0.3, 0.9)])
        corner = MARGIN * np.array([size[1], size[0]]) + place * spare
        x, y = corner - focal * low
        return Camera(self.position, self.axes, focal, (float(x), float(y)))

    def shifted(self, x: float, y: float) -> Camera:
        """The same camera with the picture moved by so many pixels."""
        centre = (self.centre[0] + x, self.centre[1] + y)
        return Camera(self.position, self.axes, self.focal, centre)


# Part of the picture that is kept free on every side.
MARGIN = 0.02


class Shake:
    """The small unrest of a hand that holds a camera, or the rest of a tripod.

    Attributes:
        reach: The greatest shift, as part of the picture's height.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.reach = float(rng.choice([0.0, rng.uniform(0.002, 0.009)]))
        self._speed = rng.uniform([1.0, 4.0], [2.5, 9.0], (2, 2))
        self._phase = rng.uniform(0, 2 * np.pi, (2, 2))

    def at(self, time: float) -> NDArray[np.float64]:
        """(2,) shift to the right and down, as part of the picture's height."""
        waves = np.sin(self._speed * time + self._phase) @ [0.8, 0.2]
        return np.asarray(self.reach * waves)
