"""One person in one room before one camera: a picture for every moment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from har_desktop.frame import Image
from har_desktop.opencv import cv2
from har_desktop.sources.figure.appearance import Appearance
from har_desktop.sources.figure.body import Body
from har_desktop.sources.figure.camera import Camera, Shake
from har_desktop.sources.figure.drawing import draw_figure, draw_shadow
from har_desktop.sources.figure.flesh import Flesh
from har_desktop.sources.figure.room import Room
from har_desktop.sources.figure.shading import Light
from har_desktop.sources.figure.skeleton import Array, Pose, Skeleton

# Metres of flesh, cloth and hair around the joints, kept inside the picture.
FLESH = 0.15


class Scene:
    """What is filmed. Nothing in here depends on the frame rate.

    Args:
        body: Whose bones.
        pose_at: The pose at a time in seconds.
        times: Moments that show all places where the person ever is.
        seed: Chooses looks, camera, room and light.
        size: (height, width) of the pictures in pixels.
    """

    def __init__(
        self,
        body: Body,
        pose_at: Callable[[float], Pose],
        times: NDArray[np.float64],
        seed: int,
        size: tuple[int, int],
    ) -> None:
        self.body, self.pose_at, self.size = body, pose_at, size
        rng = np.random.default_rng((seed, 1))
        height, width = size
        left = bool(rng.random() < 0.5)
        aside = float(rng.uniform(0.2, 0.6)) * (-1 if left else 1)
        direction = np.array([aside, -0.65, 0.65])
        x, y, z = direction / np.linalg.norm(direction)
        self.light = Light((x, y, z), float(rng.uniform(0.42, 0.6)), float(rng.uniform(0.5, 0.65)))
        self.flesh = Flesh(body, Appearance.drawn(rng))
        self.shake = Shake(rng)
        everywhere = np.concatenate([self.joints(float(time)) for time in times])
        self.camera = Camera.drawn(rng).framed(everywhere, FLESH, size, rng)
        self.edge = int(np.ceil(self.shake.reach * height)) + 2
        wide = height + 2 * self.edge, width + 2 * self.edge
        self.room = Room(rng, left).paint(self.camera.shifted(self.edge, self.edge), wide)
        self.softness = float(rng.uniform(0.3, 0.9)) * height / 480
        self.grain = float(rng.uniform(1.5, 5.5))
        self.noise = rng.standard_normal((height + 64, width + 64, 1), np.float32) * self.grain

    def joints(self, time: float) -> Array:
        """(n, 3) all joints, ends and balls in metres."""
        return Skeleton(self.body, self.pose_at(time)).points()

    def camera_at(self, time: float) -> Camera:
        """The camera with its shake."""
        x, y = self.shake.at(time) * self.size[0]
        return self.camera.shifted(float(x), float(y))

    def render(self, time: float, grain: int) -> Image:
        """(height, width, 3) uint8 BGR: the picture at `time`, with the sensor's noise `grain`."""
        height, width = self.size
        camera = self.camera_at(time)
        x, y = camera.centre[0] - self.camera.centre[0], camera.centre[1] - self.camera.centre[1]
        middle = (width - 1) / 2 + self.edge - x, (height - 1) / 2 + self.edge - y
        picture = cv2.getRectSubPix(self.room, (width, height), middle, patchType=cv2.CV_32F)
        skeleton = Skeleton(self.body, self.pose_at(time))
        draw_shadow(picture, skeleton, self.body.height, camera, self.light)
        draw_figure(picture, skeleton, self.flesh, camera, self.light)
        cv2.GaussianBlur(picture, (3, 3), self.softness, dst=picture)
        x0, y0 = np.random.default_rng((grain, 2)).integers(0, 64, 2)
        noise = self.noise[y0 : y0 + height, x0 : x0 + width]
        return np.asarray(cv2.add(picture, cv2.merge([noise] * 3), dtype=cv2.CV_8U), np.uint8)
