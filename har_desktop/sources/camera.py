"""A camera that is plugged in."""

from __future__ import annotations

from har_desktop.frame import Frame
from har_desktop.sources.base import Source, SourceInfo
from har_desktop.sources.cameras import CameraId

# What a person may choose from; a camera takes the nearest that it can do. (height, width) pixels.
SIZES = ((480, 640), (720, 1280), (1080, 1920))
RATES = (15.0, 30.0, 60.0)


class Camera(Source):
    """Frames of a camera, stamped on arrival.

    Args:
        device: Looked up among the cameras that are there, each time it is opened.
        size: (height, width) in pixels to ask for; None for the camera's own choice.
        fps: Frames per second to ask for; None for the camera's own choice.
    """

    def __init__(
        self, device: CameraId, size: tuple[int, int] | None = None, fps: float | None = None
    ) -> None:
        raise NotImplementedError

    def open(self) -> SourceInfo:
        """Start the camera and wait for its first picture.

        Raises:
            SourceError: It is not plugged in, in use, or gives no picture.
        """
        raise NotImplementedError

    def read(self) -> Frame | None:
        """Wait for the next picture; None where the camera gives none."""
        raise NotImplementedError

    def close(self) -> None:
        """Release the camera."""
        raise NotImplementedError
