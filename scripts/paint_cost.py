#!/usr/bin/env python3
"""What the window costs at 30 frames per second of 1280x720, as a share of one core.

The stage of the real window is painted offscreen, with and without results of the bundle in
`models/`, which are computed beforehand. What is measured is the processor time of this process
(user and system, all threads), not the clock, so that other programs disturb it little. A run
takes about half a minute:

    .venv/bin/python scripts/paint_cost.py
    QT_SCALE_FACTOR=2 .venv/bin/python scripts/paint_cost.py
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from har_desktop.decision.events import Decider
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.model import TOP
from har_desktop.inference.recognizer import Recognizer
from har_desktop.overlay import annotate
from har_desktop.pipeline.result import Result
from har_desktop.sources.figure import RenderedFigure
from har_desktop.view.stage import Stage
from har_desktop.view.theme import apply_theme

ROOT = Path(__file__).resolve().parent.parent
SIZE, FPS = (720, 1280), 30
SHOWN = 45  # results that are shown, over and over
WINDOW = 1280, 760  # of the stage: that of the main window when it is opened first


def results(bundle: Path) -> list[Result]:
    """The last results of a rendered person: full windows."""
    recognizer = Recognizer(load_bundle(bundle), "cpu")
    manifest = recognizer.manifest
    decider = Decider(manifest.classes, manifest.calibration.rejection_threshold)
    spec = manifest.window
    seconds = spec.length * spec.frame_interval_s + SHOWN / FPS
    source = RenderedFigure("JumpingJack", 1, seconds, FPS, SIZE)
    source.open()
    found = []
    while frame := source.read():
        recognition = recognizer.push(frame)
        decision, events = decider.update(recognition)
        found.append(Result(recognition, decision, events, manifest, 0.0, 0))
        found = found[-SHOWN:]
    return found


def cost(step: Callable[[int], object], count: int) -> float:
    """Share of one core in per cent that `FPS` steps per second take: the median of nine parts."""
    parts = []
    part = max(1, count // 9)
    for first in range(0, 9 * part, part):
        used = 0.0
        for index in range(first, first + part):
            began, clock = time.process_time(), time.perf_counter()
            step(index)
            used += time.process_time() - began
            # The film strip and the timeline are throttled by the clock.
            time.sleep(max(0.0, 1 / FPS - (time.perf_counter() - clock)))
        parts.append(100 * FPS * used / part)
    return float(np.median(parts))


def main() -> None:
    """Print one line for each thing that is painted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=Path, default=ROOT / "models" / "two_stream")
    parser.add_argument("--frames", type=int, default=180, help="painted per measurement")
    parser.add_argument("--picture", type=Path, help="save what was seen last as a PNG")
    arguments = parser.parse_args()
    application = QApplication(sys.argv[:1])
    application.setStyle("Fusion")
    apply_theme(application, Qt.ColorScheme.Dark)
    shown = results(arguments.bundle)
    stage = Stage()
    stage.resize(*WINDOW)
    stage.show()
    stage.begin(replay=False, badge="Camera")
    painted: list[None] = []
    stage.video.painted.connect(lambda: painted.append(None))

    def picture(index: int) -> None:
        stage.video.show_picture(shown[index % SHOWN].recognition.frame.image)
        application.processEvents()

    def result(index: int) -> None:
        one = shown[index % SHOWN]
        stage.video.show_recognition(one.recognition)
        stage.show_result(one)
        course.add(replace(one.decision, time=index / FPS), one.events)
        stage.timeline.refresh()
        application.processEvents()

    def annotated(index: int) -> None:
        one = shown[index % SHOWN]
        annotate(one.recognition, one.decision, one.manifest.classes)

    def report(name: str, step: Callable[[int], object]) -> None:
        print(f"{name:34} {cost(step, arguments.frames):6.1f} % of one core at {FPS} fps")

    report("window, pictures alone", picture)
    course = stage.use_model(shown[0].manifest, None, TOP)
    report("window, pictures and results", result)
    report("annotated video, drawing alone", annotated)
    if len(painted) < arguments.frames:
        sys.exit("the window was not painted")
    if arguments.picture:
        stage.grab().save(str(arguments.picture))


if __name__ == "__main__":
    main()
