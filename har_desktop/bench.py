"""How fast a model is on this machine, stage by stage and processor by processor."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from time import perf_counter

import msgspec
import numpy as np
from numpy.typing import NDArray

from har_desktop.decision.events import Decider
from har_desktop.doctor import cores, cpu, system, versions
from har_desktop.frame import Frame, Image
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.recognizer import Recognizer
from har_desktop.models import default_bundle
from har_desktop.overlay import annotate
from har_desktop.sources.figure import Demo

STAGES = ("prepare", "encoder", "head", "decide", "overlay", "step")
# Different pictures, as a camera gives them: each is long out of the processor's caches when its
# turn comes again.
PICTURES = 16
FPS = 30.0
WARM_UP = 10  # steps
LEAST, MOST = 50, 2000  # steps


class Stage(msgspec.Struct, frozen=True):
    """Milliseconds that a stage takes: in half of the steps at most, and in 95 of 100 at most."""

    p50_ms: float
    p95_ms: float


class Speed(msgspec.Struct, frozen=True, kw_only=True):
    """One processor's figures.

    Attributes:
        provider: "cpu" or "cuda".
        steps: How many were measured.
        stages: By name of `STAGES`. `prepare` scales a frame to the encoder's input, `decide`
            smooths, `overlay` draws heat-map and label onto the frame, `step` is all of them.
        camera_fps: The highest frame rate at which 95 of 100 steps end before the next frame.
    """

    provider: str
    steps: int
    stages: dict[str, Stage]
    camera_fps: float


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one model on one machine.

    Attributes:
        model: Name of the bundle.
        path: Its folder.
        system: Operating system.
        cpu: Name of the processor.
        cores: How many of its cores may be used.
        versions: Of the packages.
        width: Of the frames, in pixels.
        height: Of the frames, in pixels.
        speeds: One for each processor that works, the fastest kind first.
        absent: Why there is none with CUDA; None where there is one, and on macOS.
    """

    model: str
    path: str
    system: str
    cpu: str
    cores: int
    versions: dict[str, str]
    width: int
    height: int
    speeds: list[Speed]
    absent: str | None


def bench(model: Path | None = None, seconds: float = 2.0) -> Bench:
    """Measure a model on every processor that works here, with pictures of the demo.

    Args:
        model: A bundle's folder; None for the default.
        seconds: For each processor, besides the time to open it; within `LEAST` and `MOST` steps.

    Raises:
        BundleError: The model cannot be used.
    """
    folder = model if model is not None else default_bundle()
    bundle = load_bundle(folder)
    fastest = Recognizer(bundle)
    recognizers = [fastest]
    if fastest.provider.used != "cpu":
        recognizers.append(Recognizer(bundle, "cpu"))
    with Demo() as demo:
        pictures = [frame.image for frame in islice(demo, PICTURES)]
    height, width = pictures[0].shape[:2]
    return Bench(
        model=bundle.manifest.name,
        path=str(folder),
        system=system(),
        cpu=cpu(),
        cores=cores(),
        versions=versions(),
        width=width,
        height=height,
        speeds=[_speed(recognizer, pictures, seconds) for recognizer in recognizers],
        absent=fastest.provider.reason,
    )


def rows(found: Bench) -> list[tuple[str, str]]:
    """The figures for reading: names, and what was found."""
    table = [
        ("model", f"{found.model} ({found.path})"),
        ("machine", f"{found.cpu}, {found.cores} cores; {found.system}"),
        ("frames", f"{found.width}x{found.height}"),
    ]
    for speed in found.speeds:
        table.append((speed.provider, f"{'p50':>8} {'p95':>8}    of {speed.steps} steps, in ms"))
        table += [
            (f"  {name}", f"{stage.p50_ms:8.2f} {stage.p95_ms:8.2f}")
            for name, stage in speed.stages.items()
        ]
        table.append(("  camera", f"keeps up with {speed.camera_fps:.0f} frames a second"))
    if found.absent is not None:
        table.append(("compared", f"with nothing else: {found.absent}"))
    return table


def _speed(recognizer: Recognizer, pictures: list[Image], seconds: float) -> Speed:
    manifest = recognizer.manifest
    decider = Decider(manifest.classes, manifest.calibration.rejection_threshold)
    interval = manifest.window.frame_interval_s
    measured: list[list[float]] = []
    filled = 0
    ends = float("inf")
    for frame in _frames(pictures, manifest.window.length + 2, interval):
        began = perf_counter()
        recognition = recognizer.push(frame)
        pushed = perf_counter()
        decision, _ = decider.update(recognition)
        decided = perf_counter()
        annotate(recognition, decision, manifest.classes)
        ended = perf_counter()
        if recognition.window is None:
            continue
        filled += 1
        if filled == WARM_UP:
            ends = ended + seconds
        if filled > WARM_UP:
            t = recognition.timings
            stages = (t.prepare, t.encode, t.head, decided - pushed, ended - decided, ended - began)
            measured.append([1000.0 * stage for stage in stages])
        if len(measured) >= MOST or (len(measured) >= LEAST and ended >= ends):
            break
    times = np.array(measured)
    return Speed(
        provider=recognizer.provider.used,
        steps=len(times),
        stages={name: _stage(column) for name, column in zip(STAGES, times.T, strict=True)},
        camera_fps=round(1000.0 / float(np.percentile(times[:, -1], 95)), 1),
    )


def _frames(pictures: list[Image], places: int, interval: float) -> Iterator[Frame]:
    """Fill a window as fast as it can be filled, then go on at a camera's rate, without end."""
    time, index = 0.0, 0
    while True:
        # A camera's pictures are new memory each time.
        yield Frame(pictures[index % len(pictures)].copy(), index, time)
        index += 1
        time += interval if index < places else min(interval, 1.0 / FPS)


def _stage(milliseconds: NDArray[np.float64]) -> Stage:
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return Stage(round(float(p50), 3), round(float(p95), 3))
