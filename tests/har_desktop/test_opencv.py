import os
import subprocess
import sys

CHATTER = """
import os, sys
os.environ["QT_QPA_FONTDIR"] = "elsewhere"
from har_desktop.opencv import cv2
print(*[name for name in os.environ if name.startswith("QT_QPA_")])
with open(sys.argv[1], "wb") as file:
    file.write(b"no video")
print(cv2.VideoCapture(sys.argv[1], cv2.CAP_FFMPEG).isOpened())
"""


def run(tmp_path, **environment):
    known = ("OPENCV_", "QT_QPA_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(known)}
    return subprocess.run(
        [sys.executable, "-c", CHATTER, str(tmp_path / "broken.mp4")],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=True,
    )


def test_qt_and_stderr_are_left_alone(tmp_path):
    done = run(tmp_path)
    assert done.stdout.splitlines() == ["", "False"]
    assert done.stderr == ""


def test_who_asks_for_the_chatter_gets_it(tmp_path):
    done = run(tmp_path, OPENCV_FFMPEG_LOGLEVEL="48", OPENCV_LOG_LEVEL="WARNING")
    assert "moov atom not found" in done.stdout + done.stderr
    assert "VIDEOIO(FFMPEG)" in done.stderr
