"""Films whose pictures are two fields, of every other line each: old cameras and television.

    python -P -m har_desktop.sources.interlaced PATH PICTURES

FFmpeg inside OpenCV 4.13 and 5.0 refuses to convert such pictures and says so in its log alone;
OpenCV delivers what lies in memory, or the picture before, as if it had been decoded. So where
pictures repeat, another process decodes them, in which FFmpeg may speak.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from har_desktop.opencv import cv2

_REFUSAL = b"Cannot convert interlaced"
_ERRORS = "16"  # AV_LOG_ERROR
_PATIENCE_S = 6.0  # less than who waits for the picture has, see `sources.contained`


def is_interlaced(path: Path, pictures: int) -> bool:
    """Whether FFmpeg refuses to convert one of the first pictures of a video.

    Args:
        path: Of a video that can be opened.
        pictures: How many are looked at.
    """
    try:
        done = subprocess.run(  # noqa: S603
            (sys.executable, "-P", "-m", __name__, str(path.absolute()), str(pictures)),
            env={**os.environ, "OPENCV_FFMPEG_LOGLEVEL": _ERRORS},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_PATIENCE_S,
            check=False,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.TimeoutExpired):  # then nothing is known
        return False
    return _REFUSAL in done.stdout


def main() -> None:
    """Decode some pictures, for the sake of what FFmpeg says."""
    path, pictures = sys.argv[1:]
    capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG)
    for _ in range(int(pictures)):
        capture.read()
    capture.release()


if __name__ == "__main__":
    main()
