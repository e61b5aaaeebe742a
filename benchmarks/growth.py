"""How the cost of a frame grows with window, classes, input and source, on the poster's network.

Ratios: the time over that of the smallest of its kind. The encoder must not notice the window's
length, and the head should grow in proportion to it.
"""

from __future__ import annotations

from benchmarks.graphs import bare_runs
from benchmarks.harness import Effort, alternate
from benchmarks.networks import make_bundle, random_network
from benchmarks.rows import Row, compare
from benchmarks.stream import Stream, random_pictures
from har_desktop.inference.bundle import Bundle
from har_desktop.inference.recognizer import Recognizer
from training.config import CnnGru, Config

LENGTHS = (10, 20, 40)
CLASSES = (10, 101, 400)
SIDES = (64, 112, 160, 224)
SOURCES = {"320x240": (240, 320), "640x480": (480, 640), "1280x720": (720, 1280),
           "1920x1080": (1080, 1920), "3840x2160": (2160, 3840)}  # fmt: skip


def run(effort: Effort) -> list[Row]:
    """Measure all four."""
    by_length = {f"{n} frames": _bundle(CnnGru(length=n), 10) for n in LENGTHS}
    by_classes = {f"{n} classes": _bundle(CnnGru(), n) for n in CLASSES}
    by_side = {f"{n}x{n}": _bundle(CnnGru(height=n, width=n), 10) for n in SIDES}
    return [
        *_compare("window", by_length, effort),
        *_compare("classes", by_classes, effort),
        *_compare("input", by_side, effort),
        *sources(by_length[f"{LENGTHS[0]} frames"], effort),
    ]


def sources(bundle: Bundle, effort: Effort) -> list[Row]:
    """The whole step, for frames of several sizes."""
    steps = {
        f"step, {name}": Stream(Recognizer(bundle, "cpu"), random_pictures(size)).step
        for name, size in SOURCES.items()
    }
    return compare("source", alternate(steps, effort), next(iter(steps)))


def _bundle(network: CnnGru, classes: int) -> Bundle:
    names = tuple(f"class {number}" for number in range(classes))
    config = Config(network=network, classes=names)
    return make_bundle(random_network(network, classes), config)


def _compare(case: str, bundles: dict[str, Bundle], effort: Effort) -> list[Row]:
    """Encoder and head by themselves, each against that of the first bundle."""
    runs = {name: bare_runs(bundle) for name, bundle in bundles.items()}
    rows = []
    for number, graph in enumerate(("encoder", "head")):
        calls = {f"{graph}, {name}": run[number] for name, run in runs.items()}
        rows += compare(case, alternate(calls, effort), next(iter(calls)))
    return rows
