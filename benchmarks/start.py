"""How long the program takes to start, against the imports that nothing of the kind can do without.

Ratios: the time over that of a fresh interpreter which only imports what the note says. The window
is painted offscreen, with settings of its own; it has no source, and its model still loads. The
first label is that of `replay` on a file of 25 frames a second: it ends with the line of the first
full window, two seconds into the file, and every frame up to there is recognised and drawn.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.harness import Effort, alternate
from benchmarks.rows import Row, compare
from benchmarks.video import record
from har_desktop.sources.figure import RenderedFigure

VERSION = "from har_desktop.cli import main; main(['--version'])"
WINDOW = """
import os
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
from har_desktop.view.app import run_window

class UntilPainted(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and isinstance(watched, QMainWindow):
            QTimer.singleShot(0, lambda: os._exit(0))  # with all that is in it
        return False

application = QApplication([])
watch = UntilPainted()
application.installEventFilter(watch)
raise SystemExit(run_window() or "the window was closed before it was painted")
"""
LABEL = """
import os, sys, tempfile
from pathlib import Path
from har_desktop.cli import main
from har_desktop.sinks.frames_jsonl import FramesJsonl

write = FramesJsonl.write

def write_until_full(sink, recognition, *others):
    write(sink, recognition, *others)
    if recognition.window is not None:
        os._exit(0)

FramesJsonl.write = write_until_full
clip = Path(sys.argv[1])
main(["replay", str(clip), "--out", tempfile.mkdtemp(dir=clip.parent)])
raise SystemExit("the clip ended before a window was full")
"""
# What is asked for: the code that does it, and the imports that it cannot do without.
STARTS = {
    "--version": (VERSION, "click, importlib.metadata"),
    "window painted": (WINDOW, "PySide6.QtWidgets"),
    "first label of replay": (LABEL, "numpy, cv2, onnxruntime, msgspec"),
}
IMPORTS, START = "its imports", "start"
SECONDS = 4.0  # of the clip


def run(effort: Effort) -> list[Row]:
    """Measure all three."""
    return [row for name in STARTS for row in measure(name, effort)]


def measure(name: str, effort: Effort) -> list[Row]:
    """Measure one of `STARTS`, each time in an interpreter of its own."""
    code, imports = STARTS[name]
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        with RenderedFigure("Lunges", 1, SECONDS) as figure:
            record(clip, (frame.image for frame in figure))
        fresh = partial(_interpreter, Path(folder))
        rivals = {IMPORTS: fresh(f"import {imports}"), START: fresh(code, str(clip))}
        samples = alternate(rivals, effort)
    return compare(name, samples, IMPORTS, notes={IMPORTS: imports})


def _interpreter(home: Path, code: str, *arguments: str) -> Callable[[], object]:
    """A call that runs code in a fresh interpreter to its end.

    Raises:
        subprocess.CalledProcessError: The code failed.
    """
    places = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"), str(home))
    environment = {**os.environ, **places, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", code, *arguments]
    return partial(
        subprocess.run,
        command,
        check=True,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
