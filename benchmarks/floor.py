"""The engine's whole step against the bare floor: its two `session.run` calls on ready arrays.

Ratios: the time over the floor's. The step scales the frame, remembers, runs both graphs, smooths
and decides; the heat-map is what the head gives. Drawing it onto the frame comes on top.
"""

from __future__ import annotations

from benchmarks.graphs import both_runs, shipped
from benchmarks.harness import Effort, alternate
from benchmarks.rows import Row, compare
from benchmarks.stream import Stream, random_pictures
from har_desktop.decision.events import Decider
from har_desktop.inference.bundle import Bundle
from har_desktop.inference.recognizer import Recognizer
from har_desktop.overlay import annotate

FLOOR, STEP, DRAWN = "both graphs alone", "the whole step", "the same, drawn"
SIZE = (480, 640)


def run(effort: Effort) -> list[Row]:
    """Measure the shipped bundles with frames of 640x480."""
    return [row for name, bundle in shipped().items() for row in measure(name, bundle, effort)]


def measure(name: str, bundle: Bundle, effort: Effort) -> list[Row]:
    """Measure one bundle."""
    manifest = bundle.manifest
    stream = Stream(Recognizer(bundle, "cpu"), random_pictures(SIZE))
    drawn = Stream(Recognizer(bundle, "cpu"), random_pictures(SIZE))
    deciders = [Decider(manifest.classes, manifest.calibration.rejection_threshold) for _ in "12"]

    def draw() -> None:
        recognition = drawn.step()
        decision, _ = deciders[1].update(recognition)
        annotate(recognition, decision)

    rivals = {
        FLOOR: both_runs(bundle),
        STEP: lambda: deciders[0].update(stream.step()),
        DRAWN: draw,
    }
    return compare(name, alternate(rivals, effort), FLOOR, {STEP: "<= 1.25"})
