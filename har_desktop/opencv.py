"""cv2, tamed: import it from here wherever videos are opened or a window may follow.

Importing cv2 points Qt at OpenCV's own plugins and fonts, which breaks PySide6. And FFmpeg inside
OpenCV writes its complaints straight to the process's stderr, where we promise one clear line.
Whoever wants to read them sets OPENCV_LOG_LEVEL and OPENCV_FFMPEG_LOGLEVEL (48 is chatty).
"""

from __future__ import annotations

import os

# Read when cv2 is loaded. A camera that hangs blocks the whole device for so many seconds; and on
# Windows some take minutes to open unless hardware transforms are off (opencv/opencv#17687).
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")
os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")

import cv2

__all__ = ["cv2"]

for _name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR"):
    os.environ.pop(_name, None)

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET; read at the first capture
if "OPENCV_LOG_LEVEL" not in os.environ:
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
