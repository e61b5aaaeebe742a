"""The room behind the person: painted once, from flat walls and boxes that the camera projects."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from har_desktop.frame import Image
from har_desktop.opencv import cv2
from har_desktop.sources.figure.camera import Camera
from har_desktop.sources.figure.skeleton import Array

# Pixels per metre of the flat walls before they are projected.
FLAT = 80
HALF_WIDTH, HEIGHT = 7.0, 7.0
WALLS = (
    (214, 222, 226), (200, 205, 205), (178, 196, 208), (150, 182, 205), (190, 190, 175),
    (160, 150, 140), (120, 140, 120), (110, 120, 170), (205, 190, 170), (95, 98, 105),
)  # fmt: skip
FLOORS = (
    (92, 128, 168),
    (60, 90, 130),
    (120, 150, 180),
    (110, 112, 115),
    (70, 72, 76),
    (140, 120, 100),
)
WOODS = ((60, 90, 130), (40, 55, 80), (105, 145, 180), (215, 218, 220), (50, 48, 46))


class Room:
    """Plan of a room, drawn by chance; `paint` gives the picture.

    Args:
        rng: Chooses everything else.
        light_left: True where the light comes from the left of the picture.
    """

    def __init__(self, rng: np.random.Generator, light_left: bool) -> None:
        self.rng = rng
        self.light_left = light_left
        self.depth = float(rng.uniform(1.5, 3.2))  # from the person to the back wall
        self.ceiling = float(rng.uniform(2.5, 3.2))
        self.wall = rng.choice(WALLS) + rng.normal(0, 8, 3)
        self.floor = rng.choice(FLOORS) + rng.normal(0, 8, 3)
        self.corner = float(rng.choice([0.0, rng.uniform(1.6, 3.0) * rng.choice([-1, 1])]))

    def paint(self, camera: Camera, size: tuple[int, int]) -> Image:
        """The empty room as (height, width, 3) uint8 BGR."""
        picture = np.zeros((*size, 3), np.uint8)
        w, d, near = HALF_WIDTH, -self.depth, camera.position[2] - 0.5
        floor = [(-w, 0, d), (w, 0, d), (w, 0, near), (-w, 0, near)]
        self.plane(picture, camera, self.flat_floor(near + self.depth), floor)
        back = [(-w, HEIGHT, d), (w, HEIGHT, d), (w, 0, d), (-w, 0, d)]
        self.plane(picture, camera, self.flat_wall(), back)
        if self.corner:
            x = self.corner
            side = [(x, HEIGHT, d), (x, HEIGHT, near), (x, 0, near), (x, 0, d)]
            shade = 0.82 if (x < 0) == self.light_left else 0.94
            flat = np.empty((int(HEIGHT * FLAT), int((near + self.depth) * FLAT), 3), np.float32)
            flat[:] = self.wall * shade
            self.edges(flat)
            self.plane(picture, camera, flat, side)
        self.furnish(picture, camera)
        return self.lit(picture)

    def plane(
        self, picture: Image, camera: Camera, flat: NDArray[np.float32], corners: ArrayLike
    ) -> None:
        """Project a flat picture; `corners` (4, 3) are its corners in metres, clockwise."""
        height, width = flat.shape[:2]
        source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        target = camera.project(np.asarray(corners, np.float64))[0].astype(np.float32)
        matrix = cv2.getPerspectiveTransform(source, target)
        size = picture.shape[1], picture.shape[0]
        texture = np.clip(flat, 0, 255).astype(np.uint8)
        cv2.warpPerspective(
            texture,
            matrix,
            size,
            dst=picture,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_TRANSPARENT,
        )

    def flat_floor(self, length: float) -> NDArray[np.float32]:
        """Boards, tiles or carpet."""
        rng, shape = self.rng, (int(length * FLAT), int(2 * HALF_WIDTH * FLAT), 3)
        flat = np.empty(shape, np.float32)
        flat[:] = self.floor
        kind = rng.choice(["boards", "tiles", "carpet"])
        if kind == "carpet":
            flat += rng.normal(0, 5, (*shape[:2], 1)).astype(np.float32)
        else:
            step = int((0.14 if kind == "boards" else rng.uniform(0.35, 0.6)) * FLAT)
            for x in range(0, shape[1], step):
                flat[:, x : x + step] *= rng.uniform(0.93, 1.05) if kind == "boards" else 1.0
                flat[:, x : x + 1] *= 0.82
            if kind == "tiles":
                flat[::step] *= 0.82
        return flat + mottle(rng, shape, 4)

    def flat_wall(self) -> NDArray[np.float32]:
        """The back wall with what hangs on it."""
        rng, shape = self.rng, (int(HEIGHT * FLAT), int(2 * HALF_WIDTH * FLAT), 3)
        flat = np.empty(shape, np.float32)
        flat[:] = self.wall
        flat += mottle(rng, shape, 3)

        def box(x: float, y: float, w: float, h: float, colour: ArrayLike) -> None:
            corner = int((x + HALF_WIDTH) * FLAT), int((HEIGHT - y - h) * FLAT)
            other = int((x + w + HALF_WIDTH) * FLAT), int((HEIGHT - y) * FLAT)
            cv2.rectangle(flat, corner, other, np.asarray(colour).tolist(), -1)

        x = -HALF_WIDTH + rng.uniform(0, 2)
        while x < HALF_WIDTH - 1.5:
            kind = rng.choice(["window", "picture", "door", "nothing"], p=[0.25, 0.35, 0.12, 0.28])
            if kind == "window":
                w, h = rng.uniform(0.8, 1.8), rng.uniform(1.0, 1.4)
                sky = np.array([235, 225, 210]) + rng.normal(0, 12, 3)
                box(x - 0.06, 0.84, w + 0.12, h + 0.12, (232, 235, 236))
                box(x, 0.9, w, h, sky)
                box(x, 0.9, w, h * rng.uniform(0.15, 0.45), sky * rng.uniform(0.45, 0.75))
                box(x + w / 2 - 0.025, 0.9, 0.05, h, (225, 228, 230))
            elif kind == "picture":
                w, h = rng.uniform(0.3, 1.0), rng.uniform(0.3, 0.8)
                y = 1.55 - h / 2 + rng.uniform(-0.15, 0.2)
                box(x, y, w, h, rng.choice(WOODS))
                box(x + 0.04, y + 0.04, w - 0.08, h - 0.08, rng.uniform(40, 230, 3))
                box(x + 0.1 * w, y + 0.2 * h, w * 0.5, h * 0.35, rng.uniform(40, 230, 3))
            elif kind == "door":
                w, h = 0.9, 2.05
                colour = rng.choice(WOODS) + rng.normal(0, 6, 3)
                box(x - 0.07, 0, w + 0.14, h + 0.07, colour * 0.85)
                box(x, 0, w, h, colour)
                box(x + 0.8, 1.0, 0.06, 0.04, (120, 130, 135))
            else:
                w = 0.6
            x += w + rng.uniform(0.3, 1.4)
        self.edges(flat)
        return flat

    def edges(self, flat: NDArray[np.float32]) -> None:
        """A strip along the foot of a wall, the soft dark below it, and the ceiling above."""
        flat[-int(0.09 * FLAT) :] = self.wall * 0.55 + 90
        flat[-1:] *= 0.5
        flat[: int((HEIGHT - self.ceiling) * FLAT)] = np.minimum(self.wall * 0.3 + 165, 242)

    def furnish(self, picture: Image, camera: Camera) -> None:
        """A few boxes (cupboard, table, sofa) along the back wall, and perhaps a gym ball."""
        rng = self.rng
        for side in rng.permutation([-1, 1])[: int(rng.integers(0, 3))]:
            x = side * rng.uniform(0.9, 1.9) - 0.5
            w, t = rng.uniform(0.6, 1.6), rng.uniform(0.3, 0.5)
            h = rng.choice([0.45, 0.75, 0.9, 1.8])
            colour = rng.choice(np.array(WOODS + WALLS)) + rng.normal(0, 8, 3)
            back = -self.depth + 0.02
            rug = [(x - 0.03, 0, back), (x + w + 0.03, 0, back)]
            rug += [(x + w + 0.03, 0, back + t + 0.05), (x - 0.03, 0, back + t + 0.05)]
            polygon(picture, camera, rug, self.floor * 0.5)  # its shadow
            self.cuboid(picture, camera, (x, back), (w, h, t), colour)
            doors = int(rng.integers(1, 4))
            for k in range(1, doors):  # the gaps between doors or cushions
                gap = [(x + w * k / doors, y, back + t) for y in (0.04, h - 0.04)]
                polygon(picture, camera, [*gap, *reversed(gap)], colour * 0.6)
        if rng.random() < 0.2:
            self.gym_ball(picture, camera, rng.uniform(-2.2, 2.2), rng.uniform(60, 220, 3))

    def cuboid(
        self,
        picture: Image,
        camera: Camera,
        place: tuple[float, float],
        size: tuple[float, float, float],
        colour: Array,
    ) -> None:
        """A box that stands on the floor: what the camera sees of its faces."""
        (x, z), (w, h, t) = place, size
        front, right = z + t, x + w
        edge = x if x > 0 else right  # the side that faces the middle of the room
        if x > 0 or right < 0:
            side = [(edge, 0, z), (edge, 0, front), (edge, h, front), (edge, h, z)]
            lit = (x > 0) == self.light_left
            polygon(picture, camera, side, colour * (0.8 if lit else 0.55))
        top = [(x, h, z), (right, h, z), (right, h, front), (x, h, front)]
        if camera.position[1] > h:
            polygon(picture, camera, top, colour * 1.12)
        face = [(x, 0, front), (right, 0, front), (right, h, front), (x, h, front)]
        polygon(picture, camera, face, colour * 0.92)

    def gym_ball(self, picture: Image, camera: Camera, x: float, colour: Array) -> None:
        """A ball of 65 cm, in rings of light."""
        radius = 0.32
        (centre,), (depth,) = camera.project(np.array([[x, radius, 0.5 - self.depth]]))
        scale = camera.focal / float(depth)
        for k in np.linspace(0, 1, 30):
            shift = np.array([-0.3 if self.light_left else 0.3, -0.35]) * k * radius * scale
            at = np.round((centre + shift) * 16).astype(int).tolist()
            reach = int(radius * scale * (1 - 0.85 * k) * 16)
            tone = np.minimum(colour * (0.55 + 0.55 * k), 255).tolist()
            cv2.circle(picture, at, reach, tone, -1, cv2.LINE_AA, 4)

    def lit(self, picture: Image) -> Image:
        """Brighter towards the light, darker towards the edges."""
        height, width = picture.shape[:2]
        x = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
        y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        slope = self.rng.uniform(0.03, 0.2) * (-1 if self.light_left else 1)
        gain = 1 + slope * x - 0.05 * y - self.rng.uniform(0.02, 0.12) * (x * x + y * y)
        gain = gain.astype(np.float32)
        return np.asarray(cv2.multiply(picture, cv2.merge([gain] * 3), dtype=cv2.CV_8U), np.uint8)


def mottle(rng: np.random.Generator, shape: tuple[int, ...], spread: float) -> NDArray[np.float32]:
    """(h, w, 1) slow unevenness, as every painted or worn surface has it."""
    small = rng.normal(0, spread, (9, 25)).astype(np.float32)
    wide = cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return np.asarray(wide[..., None], np.float32)


def polygon(picture: Image, camera: Camera, corners: ArrayLike, colour: Array) -> None:
    """A filled polygon in the room, with smooth edges."""
    points, _ = camera.project(np.asarray(corners, np.float64))
    fixed = np.round(points * 16).astype(np.int32)
    tone = np.clip(colour, 0, 255).tolist()
    cv2.fillPoly(picture, [fixed], tone, cv2.LINE_AA, 4)
