"""The end of the program while a thread of it hangs in a driver, and comes back too late."""

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

# A camera that does not open, until the interpreter is being taken down; then it has a while to
# come back, though nobody waits for it.
HANGING = """
import os, runpy, sys, threading, time
from har_desktop.opencv import cv2

class Last:
    def __del__(self, os=os, time=time):
        os.close(os.open("camera", os.O_WRONLY))
        time.sleep(2)

os.mkfifo("camera")
last = Last()
threading.Thread(target=cv2.VideoCapture, args=("camera", cv2.CAP_FFMPEG), daemon=True).start()
runpy.run_module("har_desktop", run_name="__main__", alter_sys=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.parametrize(
    ("arguments", "code", "out", "err"),
    [
        (["--version"], 0, f"har-desktop {metadata.version('har-desktop')}\n", ""),
        (["recognise"], 2, "", "No such command 'recognise'. See har-desktop --help.\n"),
    ],
)
def test_the_program_ends_as_it_would_without_it(tmp_path: Path, arguments, code, out, err):
    command = [sys.executable, "-c", HANGING, *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (code, out)
    assert done.stderr.endswith(err)
    assert "terminate" not in done.stderr
