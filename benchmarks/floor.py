"""The engine's whole step against the bare floor: its `session.run` calls on ready arrays.

Ratios: the time over the floor's. The step scales the frame, remembers, runs the graphs, smooths
and decides; the heat-map is what the head gives. Drawing it onto the frame comes on top. Several
encoders run at the same time, in the floor as in the step; one after another is measured, too.
"""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.graphs import all_runs, shipped
from benchmarks.harness import Effort, alternate
from benchmarks.rows import Row, compare
from benchmarks.stream import Stream, random_pictures
from har_desktop.decision.events import Decider
from har_desktop.inference.bundle import Bundle
from har_desktop.inference.recognizer import Recognizer
from har_desktop.overlay import annotate

FLOOR, STEP, DRAWN = "the graphs alone", "the whole step", "the same, drawn"
IN_TURN = "the graphs alone, one after another"
SIZE = (480, 640)


def run(effort: Effort) -> list[Row]:
    """Measure the shipped bundles with frames of 640x480."""
    return [row for name, bundle in shipped().items() for row in measure(name, bundle, effort)]


def measure(name: str, bundle: Bundle, effort: Effort) -> list[Row]:
    """Measure one bundle."""
    rivals = {FLOOR: all_runs(bundle), STEP: _step(bundle, draw=False), DRAWN: _step(bundle)}
    if len(bundle.encoders) > 1:
        rivals[IN_TURN] = all_runs(bundle, at_once=False)
    return compare(name, alternate(rivals, effort), FLOOR, {STEP: "<= 1.25"})


def _step(bundle: Bundle, draw: bool = True) -> Callable[[], object]:
    """A step of an engine of its own."""
    manifest = bundle.manifest
    stream = Stream(Recognizer(bundle, "cpu"), random_pictures(SIZE))
    decider = Decider(manifest.classes, manifest.calibration.rejection_threshold)

    def step() -> None:
        recognition = stream.step()
        decision, _ = decider.update(recognition)
        if draw:
            annotate(recognition, decision, manifest.classes)

    return step
