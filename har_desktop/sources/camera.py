"""A camera that is plugged in."""

from __future__ import annotations

import sys
from collections.abc import Collection

from har_desktop.errors import SourceError, gist
from har_desktop.opencv import cv2
from har_desktop.sources.arrival import ArrivingSource
from har_desktop.sources.cameras import BACKEND, CameraId, find_camera, list_cameras

# What a person may choose from; a camera takes the nearest that it can do. (height, width) pixels.
SIZES = ((480, 640), (720, 1280), (1080, 1920))
DEFAULT_SIZE = SIZES[0]
RATES = (15.0, 30.0, 60.0)

_HIGHEST_FPS = 1000.0
# USB 2 has no room for more pixels a second unless they are compressed.
_RAW_RATE = DEFAULT_SIZE[0] * DEFAULT_SIZE[1] * 30.0


class Camera(ArrivingSource):
    """Frames of a camera, stamped on arrival.

    Args:
        device: Looked up among the cameras that are there, each time it is opened.
        size: (height, width) in pixels to ask for; None for the camera's own choice.
        fps: Frames per second to ask for; None for the camera's own choice.
        others: See `find_camera`.
    """

    def __init__(
        self,
        device: CameraId,
        size: tuple[int, int] | None = None,
        fps: float | None = None,
        others: Collection[str] = (),
    ) -> None:
        super().__init__(device.label)
        self._device, self._size, self._fps, self._others = device, size, fps, others

    def _connect(self) -> cv2.VideoCapture:
        try:
            there = list_cameras()
        except Exception as error:  # whatever the library raises where one goes in this moment
            raise SourceError(
                f"{self._name}: {gist(error, 'cameras cannot be listed: ')}"
            ) from error
        camera = find_camera(self._device, there, self._others)
        if camera is None:
            raise SourceError(f"{self._name}: not plugged in; plug it in, or choose another source")
        capture = cv2.VideoCapture(camera.index, BACKEND)
        if not capture.isOpened():
            allowed = "check that this one may"
            if sys.platform == "darwin":  # which asks for the program that started this one
                allowed = "allow the terminal in System Settings, Privacy & Security, Camera"
            raise SourceError(
                f"{self._name}: cannot be opened; close other programs that use it, and {allowed}"
            )
        for setting, value in self._settings():
            capture.set(setting, value)  # a camera that cannot, stays as it is
        return capture

    def _settings(self) -> list[tuple[int, float]]:
        settings: list[tuple[int, float]] = []
        height, width = self._size or DEFAULT_SIZE
        if height * width * (self._fps or 30.0) > _RAW_RATE:
            settings.append((cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")))
        if self._size is not None:
            settings += [(cv2.CAP_PROP_FRAME_WIDTH, width), (cv2.CAP_PROP_FRAME_HEIGHT, height)]
        if self._fps is not None:
            settings.append((cv2.CAP_PROP_FPS, self._fps))
        return settings

    def _nominal_fps(self, stated: float) -> float | None:
        return stated if 0.0 < stated <= _HIGHEST_FPS else None
