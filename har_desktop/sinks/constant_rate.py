"""Pictures with times of their own become a video of constant rate."""

from __future__ import annotations

import shutil
import threading

from har_desktop.errors import OutputError
from har_desktop.frame import Image
from har_desktop.opencv import cv2
from har_desktop.sinks.atomic import AtomicFile

# An ordinary MP4 has its index at the end, and nothing plays it before that is there. OpenCV lets
# nobody ask FFmpeg for the other kind, MP4 in fragments, but by this suffix (docs/adr/0017).
FRAGMENTED = ".ismv"

_LOWEST_FPS, _HIGHEST_FPS = 0.01, 600.0
_LONGEST_SIDE = 8190  # of MPEG-4 in FFmpeg, in pixels


class ConstantRateVideo:
    """Each picture is seen from its own time to the next one's, to within half a frame.

    Of several pictures that fall on one frame of the video, the last is kept; where there is none
    for a while, the one before stands. An odd size is padded to an even one, as the codec wants it;
    pictures of another size are scaled to the first one's, and that to what the codec knows. What
    is on the disk plays at any time.

    Args:
        file: Hidden under the suffix `FRAGMENTED`, .mp4 in the end; neither committed nor discarded
            here.
        fps: Frames per second of the video.
        size: (height, width) of the first picture in pixels.
        interrupted: Once set, by whatever thread, no picture is written any more.

    Raises:
        OutputError: The encoder doesn't start, or would crash on the name.
    """

    def __init__(
        self,
        file: AtomicFile,
        fps: float,
        size: tuple[int, int],
        interrupted: threading.Event | None = None,
    ) -> None:
        self._file = file
        self._interrupted = interrupted or threading.Event()
        name = str(file.partial.absolute())
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise OutputError(f"{name!a}: not valid UTF-8; choose another folder") from error
        # MPEG-4's clock ticks at most 65535 times a second.
        rate = round(fps, 3 if fps < 65.0 else 2)
        # Twice: of what it gives, too, the encoder makes a fraction.
        self.fps = _encoded(_encoded(min(max(rate, _LOWEST_FPS), _HIGHEST_FPS)))
        self._size = size = _shrunk(size)
        self._even = size[0] + size[0] % 2, size[1] + size[1] % 2
        self._frames = 0  # written
        self._picture: Image | None = None  # to be written from frame `_frames` on
        self._writer = cv2.VideoWriter(
            name,
            cv2.CAP_FFMPEG,
            cv2.VideoWriter.fourcc(*"mp4v"),
            self.fps,
            self._even[::-1],
        )
        if not self._writer.isOpened():
            raise OutputError(
                f"{file.path}: the encoder does not start for {size[1]}x{size[0]} pixels at"
                f" {self.fps:g} frames per second, {self._remedy()}"
            )

    def show(self, time: float, image: Image) -> None:
        """Show a picture from `time` on.

        Args:
            time: Seconds; not before that of the picture before.
            image: (height, width, 3) uint8 BGR.
        """
        self.hold(time)
        self._picture = self._fit(image)

    def hold(self, time: float) -> None:
        """Write the picture shown up to `time`, where the next one is not before that."""
        self._write_until(round(time * self.fps))

    def close(self, *, checked: bool = True) -> None:
        """Show the last picture for one frame, and see that all is really there.

        Args:
            checked: False where nobody can wait until the file was read.

        Raises:
            OutputError: The file is not what was written: OpenCV fails in silence.
        """
        self._write_until(self._frames + 1)
        self._writer.release()
        if not checked:
            return
        arrived = self._count_arrived()
        if arrived != self._frames:
            raise OutputError(
                f"{self._file.path}: only {arrived} of {self._frames} frames could be written,"
                f" {self._remedy()}"
            )

    def release(self) -> None:
        """Stop the encoder. May be called in any state, any number of times."""
        self._writer.release()

    def _write_until(self, frame: int) -> None:
        """Hold the picture up to the given frame of the video, excluded."""
        while self._picture is not None and self._frames < frame:
            if self._interrupted.is_set():  # a claimed pause may take minutes to write
                return
            self._writer.write(self._picture)
            self._frames += 1

    def _fit(self, image: Image) -> Image:
        height, width = self._size
        if image.shape[:2] != self._size:
            image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        below, right = self._even[0] - height, self._even[1] - width
        if below or right:
            image = cv2.copyMakeBorder(image, 0, below, 0, right, cv2.BORDER_REPLICATE)
        return image

    def _count_arrived(self) -> int:
        """How many frames the file holds; 0 if its last one cannot be decoded."""
        video = cv2.VideoCapture(str(self._file.partial.absolute()), cv2.CAP_FFMPEG)
        frames = round(video.get(cv2.CAP_PROP_FRAME_COUNT)) if video.isOpened() else 0
        video.set(cv2.CAP_PROP_POS_FRAMES, frames - 1)
        decoded, _ = video.read()
        video.release()
        return frames if decoded else 0

    def _remedy(self) -> str:
        """OpenCV gives no reason; what is left on the disk is the likely one."""
        try:
            free = shutil.disk_usage(self._file.partial.absolute().parent).free / 1e6
        except OSError:  # as it is after a stick was pulled out
            return "for the folder is gone; choose another one"
        return f"with {free:.1f} MB left on the disk; free some space, or choose another folder"


def _shrunk(size: tuple[int, int]) -> tuple[int, int]:
    """A size of the same shape that the codec knows."""
    scale = min(1.0, _LONGEST_SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _encoded(fps: float) -> float:
    """The rate that OpenCV's encoder takes for one: a decimal fraction to within a thousandth.

    A thousandth of a frame a second would be three frames in an hour.
    """
    base = 1
    while abs(int(fps * base + 0.5) / base - fps) > 0.001:
        base *= 10
    return int(fps * base + 0.5) / base
