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
from har_desktop.sources.figure.skeleton import Array, Pose, Skeleton, unit

# Metres of flesh, cloth and hair around the joints, kept inside the picture.
FLESH = 0.15
# One sheet of noise, this much larger than the picture, is laid over every frame in another place.
NOISE_SPARE = 64


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
        height, width = size
        # A stream of its own for each thing, so that none changes with what another one draws.
        streams = np.random.SeedSequence(seed).spawn(4)
        looks, view, place, sensor = (np.random.default_rng(stream) for stream in streams)

        self.flesh = Flesh(body, Appearance.drawn(looks))
        everywhere = np.concatenate([self.joints(float(time)) for time in times])
        self.camera = Camera.drawn(view).framed(everywhere, FLESH, size, view)
        self.shake = Shake(view)
        self.edge = int(np.ceil(self.shake.reach * height)) + 2

        from_left = bool(place.random() < 0.5)
        aside = float(place.uniform(0.2, 0.6)) * (-1 if from_left else 1)
        x, y, z = unit(np.array([aside, -0.65, 0.65]))
        self.light = Light((x, y, z), place.uniform(0.42, 0.6), place.uniform(0.5, 0.65))
        wide = height + 2 * self.edge, width + 2 * self.edge
        self.room = Room(place, from_left).paint(self.camera.shifted(self.edge, self.edge), wide)

        self.softness = float(sensor.uniform(0.3, 0.9)) * height / 480
        shape = height + NOISE_SPARE, width + NOISE_SPARE
        grey = sensor.standard_normal((*shape, 1), np.float32)
        colour = sensor.standard_normal((*shape, 3), np.float32)
        self.noise = (grey + 0.4 * colour) * np.float32(sensor.uniform(1.5, 5.0))

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
        x0, y0 = np.random.default_rng(grain).integers(0, NOISE_SPARE, 2)
        noise = self.noise[y0 : y0 + height, x0 : x0 + width]
        return np.asarray(cv2.add(picture, noise, dtype=cv2.CV_8U), np.uint8)
