"""What cameras and streams share: pictures through OpenCV, stamped when they arrive."""

from __future__ import annotations

from abc import abstractmethod
from time import perf_counter

from har_desktop.errors import SourceError
from har_desktop.frame import Frame, Image
from har_desktop.opencv import cv2
from har_desktop.sources.base import Source, SourceInfo

# Some drivers miss a picture or two when they start.
_MISSES = 3


class ArrivingSource(Source):
    """A live source. A frame's time is that of its arrival since the first frame's."""

    def __init__(self, name: str) -> None:
        """Take a name for people."""
        self._name = name
        self._capture: cv2.VideoCapture | None = None
        self._ahead: Image | None = None  # what `open` has read
        self._index = 0
        self._began = 0.0

    @abstractmethod
    def _connect(self) -> cv2.VideoCapture:
        """Open the device or the connection.

        Raises:
            SourceError: It is not there.
        """

    @abstractmethod
    def _nominal_fps(self, stated: float) -> float | None:
        """The frame rate, out of what OpenCV states; None where that is not to be believed."""

    def _repeats(self, codec: int) -> bool:  # noqa: ARG002
        """See `SourceInfo`. A camera's own pictures differ by the noise of its sensor.

        Args:
            codec: As OpenCV numbers it.
        """
        return False

    def open(self) -> SourceInfo:
        """Start the source and wait for its first picture.

        Raises:
            SourceError: It is not there, in use, does not answer, or gives no picture.
        """
        self.close()
        self._capture = self._connect()
        self._ahead, self._index = self._decode(), 0
        if self._ahead is None:
            self.close()
            raise SourceError(f"{self._name}: gives no picture; check it in another program")
        height, width = self._ahead.shape[:2]
        fps = self._nominal_fps(self._capture.get(cv2.CAP_PROP_FPS))
        repeats = self._repeats(int(self._capture.get(cv2.CAP_PROP_FOURCC)))
        return SourceInfo(self._name, width, height, fps, None, live=True, repeats=repeats)

    def read(self) -> Frame | None:
        """Wait for the next picture; None where it does not come in time, and while closed."""
        image, self._ahead = self._ahead, None
        if image is None:
            image = self._decode()
        if image is None:
            return None
        now = perf_counter()
        if self._index == 0:
            self._began = now
        frame = Frame(image, self._index, now - self._began)
        self._index += 1
        return frame

    def close(self) -> None:
        """Release the device or the connection."""
        self._ahead = None
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _decode(self) -> Image | None:
        for _ in range(_MISSES):
            if self._capture is None or not self._capture.isOpened():
                return None
            try:
                decoded, image = self._capture.read()
            except cv2.error:  # half a compressed picture, as of a camera that is being unplugged
                continue
            if decoded and image is not None and image.size:
                picture: Image = image
                return picture
        return None
