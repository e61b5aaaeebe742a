"""A recorded video, decoded by FFmpeg inside OpenCV."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np

from har_desktop.errors import SourceError
from har_desktop.frame import Frame, Image
from har_desktop.opencv import cv2
from har_desktop.sources.base import ASSUMED_FPS, Source, SourceInfo
from har_desktop.sources.diagnosis import check_file, check_film, check_readable, why_undecodable
from har_desktop.sources.interlaced import is_interlaced
from har_desktop.sources.stamps import StampClock

# Slower than this, and the stamps would be taken for damage, see `StampClock`.
_SLOWEST_FPS = 1.0 / 3600.0
# From here on, a "rate" is a container's time base: browsers write 1000, MPEG 90000.
_UNBELIEVABLE_FPS = 1000.0
# Twice what 8K has. A header may claim far more than any memory holds.
_MOST_PIXELS = 2**26
# Of pixels, height to width or the other way round; no camera and no disc has any like that.
_FLATTEST = 0.25
# So much off a square is what rounding a width to an even one leaves, and nobody sees it.
_NEARLY_SQUARE = 0.02
# OpenCV reports a broken packet just as it reports the end. This many misses in a row are the end;
# fewer are a damaged stretch, behind which the next key frame decodes again.
_MISSES_AT_END = 1000
# Pictures of an interlaced film are the same from the first to the second, or from somewhere on for
# so many; and sometimes those of others.
_ALIKE = 8
# They begin so early, or it is not asked: FFmpeg decodes everything before the place in question
# anew, while who reads here waits.
_EARLY = 250


class VideoFile(Source):
    """Every frame of a video file that can be decoded, upright, with its true time.

    A rotation flag is honoured, and so are pixels that are not square: such pictures get as wide as
    they are meant to be. Grey, deep and transparent ones become BGR, uint8; a picture size that
    changes in mid-file is scaled to the first. Damaged stretches are left out, and the
    times around them stay true. Stamps that are missing, repeat, or run backwards are replaced by
    steps of the nominal rate.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._capture: cv2.VideoCapture | None = None
        self._ahead: list[Frame] = []  # decoded by `open`, not yet delivered
        self._before: Image | None = None  # the picture decoded last; None where nothing may repeat
        self._alike = 0
        self._clock = StampClock(0.0, 1.0 / ASSUMED_FPS)
        self._index = 0
        self._pixel = 1.0  # width of a pixel over its height
        self._status: os.stat_result
        self._claimed: int | None = None  # frames

    def open(self) -> SourceInfo:
        """Start at the first frame.

        Raises:
            SourceError: There is no such file, it cannot be read, or none of it can be decoded,
                which is so of an interlaced one.
        """
        self.close()
        self._status = check_file(self._path)
        # An absolute path, for FFmpeg takes "take1:2.mp4" for an address with a protocol.
        self._capture = cv2.VideoCapture(str(self._path.absolute()), cv2.CAP_FFMPEG)
        self._refuse_huge_pictures()
        self._pixel = _pixel_shape(self._capture)
        image = self._decode()
        if image is None:
            self.close()
            raise SourceError(f"{self._path}: {why_undecodable(self._path)}")

        fps = self._capture.get(cv2.CAP_PROP_FPS)
        known = _SLOWEST_FPS <= fps < _UNBELIEVABLE_FPS  # False for nan
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        # A frame takes at least one byte.
        self._claimed = int(count) if 1 <= count <= self._status.st_size else None
        self._clock = StampClock(self._stamp(), 1.0 / (fps if known else ASSUMED_FPS))
        self._index, self._alike, self._before = 0, 0, image
        second = self._following()
        self._ahead = [Frame(image, 0, 0.0)] if second is None else [Frame(image, 0, 0.0), second]
        return SourceInfo(
            name=self._path.name,
            width=image.shape[1],
            height=image.shape[0],
            fps=fps if known else None,
            frames=self._claimed,
            live=False,
        )

    def read(self) -> Frame | None:
        """Decode the next frame; None at the end, and from then on.

        Raises:
            SourceError: It is interlaced, which its first seconds show; or what seemed its end was
                that of the disk it is on.
        """
        return self._ahead.pop(0) if self._ahead else self._following()

    def seek(self, index: int, time: float) -> bool:
        """Go on with about this frame, however far back the key frame is that it needs."""
        if self._capture is None:
            return False
        self._ahead, self._before, self._index = [], None, index - 1
        self._clock.go_elsewhere()
        return self._capture.set(cv2.CAP_PROP_POS_MSEC, 1000.0 * (self._clock.first + time))

    def close(self) -> None:
        """Release the decoder and the file."""
        self._ahead, self._before = [], None
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _refuse_huge_pictures(self) -> None:
        if self._capture is None:
            return
        sides = (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        width, height = (int(self._capture.get(side)) for side in sides)
        if width * height > _MOST_PIXELS:
            self.close()
            raise SourceError(
                f"{self._path}: pictures of {width}x{height} are too large; make them smaller"
                " with another program, or choose another file"
            )

    def _decode(self) -> Image | None:
        """The next picture that can be had, or None at the end (and while closed)."""
        if self._capture is None or not self._capture.isOpened():
            return None
        for _ in range(_MISSES_AT_END):
            decoded, image = self._capture.read()
            if decoded:
                return self._square(image)
        return None

    def _following(self) -> Frame | None:
        image = self._decode()
        if image is None:
            if self._capture is not None:
                claimed = self._claimed or math.inf  # which may be a few too many
                whole = self._index + 1 >= 0.98 * claimed - 2
                check_readable(self._path, self._status, whole=whole)
                if self._index == 0:
                    check_film(self._path)
            return None
        self._index += 1
        self._refuse_fields(image)
        return Frame(image, self._index, self._clock.time(self._stamp()))

    def _refuse_fields(self, image: Image) -> None:
        """See that it is no repetition of the picture before, or a film in which that may be."""
        if self._before is None or self._index > _EARLY:
            self._before = None
            return
        few = slice(None, None, 32)  # rows that tell most pictures apart
        alike = np.array_equal(image[few], self._before[few]) and np.array_equal(
            image, self._before
        )
        self._alike = self._alike + 1 if alike else 0
        self._before = image
        if self._alike == _ALIKE or self._alike == self._index:
            self._before = None  # it is asked once
            if is_interlaced(self._path, self._index + 1):
                self.close()
                raise SourceError(
                    f"{self._path}: is interlaced, which is not known here; convert it to"
                    " progressive pictures with another program"
                )

    def _square(self, image: Image) -> Image:
        """The picture as it is to be seen."""
        if self._pixel == 1.0:
            return image
        height, width = image.shape[:2]
        square: Image = cv2.resize(image, (max(1, round(width * self._pixel)), height))
        return square

    def _stamp(self) -> float:
        """Presentation time in seconds of the picture decoded last, by the container."""
        return self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0 if self._capture else 0.0


def _pixel_shape(capture: cv2.VideoCapture) -> float:
    """Width over height of a pixel as the picture is delivered; 1 where a header talks nonsense."""
    above = capture.get(cv2.CAP_PROP_SAR_NUM)
    below = capture.get(cv2.CAP_PROP_SAR_DEN)
    shape = above / below if above > 0 and below > 0 else 1.0
    if not _FLATTEST <= shape <= 1.0 / _FLATTEST or abs(shape - 1.0) < _NEARLY_SQUARE:
        return 1.0
    lying = capture.get(cv2.CAP_PROP_ORIENTATION_META) % 180.0 == 90.0
    return 1.0 / shape if lying else shape
