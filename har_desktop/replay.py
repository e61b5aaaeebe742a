"""Recorded videos through the engine, without a window: labels, heat-maps and events as files."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
from tqdm import tqdm

from har_desktop.decision.decision import Event
from har_desktop.decision.events import Decider
from har_desktop.errors import HarError, InputError, one_line
from har_desktop.heat_style import DEFAULT_METHOD, HeatStyle
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.manifest import Manifest, Method
from har_desktop.inference.recognizer import Recognizer
from har_desktop.inference.session import Provider
from har_desktop.models import default_bundle
from har_desktop.pipeline.ordered import Outcome, run_in_order
from har_desktop.sinks.base import RunInfo, Sink
from har_desktop.sinks.outputs import is_result, make_folder, opened, place, spare_others
from har_desktop.sources.base import Source, SourceInfo
from har_desktop.sources.contained import ContainedVideo, Decoder
from har_desktop.sources.decoder_process import DecoderError
from har_desktop.sources.figure import Demo
from har_desktop.sources.files import digest, expand_sources, is_folder

DEMO = "demo"
TOP = "top"


class Top(msgspec.Struct, frozen=True):
    """The class with the highest mean probability over all windows.

    A window without evidence for any class counts as zero.
    """

    label: str
    confidence: float


class ReplaySummary(msgspec.Struct, frozen=True, kw_only=True):
    """What one replay found and wrote.

    Attributes:
        source: As it was named.
        frames: Frames that were read.
        duration_s: From the first frame to the end of the last.
        windows: Windows that were recognised.
        short: True where the source ended before its first window. `top` is then the answer for
            one window in which the first picture stands still before the start. Without windows,
            and not short: its pictures lie too far apart in time for one.
        top: None where no window has evidence for any class, or there was no frame.
        events: The actions with start, end, label and mean confidence.
        provider: The processor that did the work.
        provider_reason: Why it is not the one that was asked for, or None.
        model: Name of the bundle.
        files: What was written.
        seconds: What the replay took, all in all.
        stages: Seconds that each stage took; they overlap.
    """

    source: str
    frames: int
    duration_s: float
    windows: int
    short: bool
    top: Top | None
    events: list[Event]
    provider: str
    provider_reason: str | None
    model: str
    files: list[str]
    seconds: float
    stages: dict[str, float]


class Failure(msgspec.Struct, frozen=True):
    """A source that could not be replayed."""

    source: str
    error: str
    exit_code: int


class Replays(msgspec.Struct, frozen=True):
    """The results of a batch; one bad source does not stop the others."""

    summaries: list[ReplaySummary]
    failures: list[Failure]


def replay(
    sources: Sequence[str],
    out: Path,
    *,
    model: Path | None = None,
    provider: Provider = "auto",
    explain: str = TOP,
    method: Method = DEFAULT_METHOD,
    hop: float = 0.0,
    progress: bool = False,
    on_summary: Callable[[ReplaySummary], object] = lambda _: None,
    on_failure: Callable[[Failure], object] = lambda _: None,
    on_frame: Callable[[], object] = lambda: None,
    interrupt: Callable[[], object] = lambda: None,
) -> Replays:
    """Replay files, folders of files, or "demo", and write the results into a folder.

    Args:
        sources: Paths, or "demo" for the embedded clip.
        out: Folder for the results; made if it is missing.
        model: A bundle's folder; None for the default.
        provider: Which processor to ask for.
        explain: "top", or the class that the heat-maps explain.
        method: Whose heat-maps are drawn.
        hop: Mean time between two results in seconds; 0 for one per frame.
        progress: Show a progress bar on stderr.
        on_summary: Told of each source that is done, while the others go on.
        on_failure: Likewise of a bad one.
        on_frame: Called after each frame that was read. What it raises ends the replay, and
            incomplete files are removed.
        interrupt: Called while a file is looked at before its first frame. Likewise.

    Raises:
        BundleError: The model cannot be used.
        InputError: The output folder, the class to explain or the method cannot be used.
    """
    with closing(Decoder()) as decoder:
        if any(source != DEMO for source in sources):
            with suppress(DecoderError):  # told where a file needs it
                decoder.start()  # while the model loads
        bundle = load_bundle(model if model is not None else default_bundle())
        _check_method(method, bundle.manifest)
        recognizer = Recognizer(bundle, provider, _explained(explain, bundle.manifest))
        make_folder(out)
        summaries: list[ReplaySummary] = []
        failures: list[Failure] = []

        def fail(source: str, error: HarError) -> None:
            failures.append(Failure(source, str(error), error.exit_code))
            on_failure(failures[-1])

        named = list(_named(sources, fail))
        paths = [path for _, path in named if path is not None]
        taken = set[str]()
        for name, path in named:
            source = Demo() if path is None else ContainedVideo(path, decoder)
            try:
                sha256 = None if path is None else digest(path, interrupt)
                target = place(out, DEMO if path is None else _stem(path), sha256, taken)
                spare_others(name, target, paths)
                summary = _replay_one(
                    name, source, sha256, target, recognizer, method, hop, progress, on_frame
                )
            except HarError as error:
                fail(name, error)
            except MemoryError:
                fail(name, HarError(f"{name}: not enough memory for it; close other programs"))
            else:
                summaries.append(summary)
                on_summary(summary)
    return Replays(summaries, failures)


def _explained(explain: str, manifest: Manifest) -> int:
    if explain == TOP:
        return -1
    if explain not in manifest.classes:
        raise InputError(
            f"unknown class {explain!r} to explain; {manifest.name} knows:"
            f" {', '.join(manifest.classes)}, or {TOP}"
        )
    return manifest.classes.index(explain)


def _check_method(method: Method, manifest: Manifest) -> None:
    if method not in manifest.cam.methods:
        raise InputError(
            f"{manifest.name} has no heat-map by {method}, only by {manifest.cam.method}: choose"
            " that, or export the model again"
        )


def _named(
    sources: Sequence[str], fail: Callable[[str, HarError], None]
) -> Iterator[tuple[str, Path | None]]:
    """Each single source once, by the name to report it under; None stands for the demo."""
    seen = set[Path | None]()
    for source in sources:
        if source == DEMO:
            if None not in seen:
                seen.add(None)
                yield DEMO, None
            continue
        try:
            for path in _videos(Path(source)):
                if (film := path.resolve()) not in seen:
                    seen.add(film)
                    yield str(path), path
        except InputError as error:
            fail(source, error)


def _stem(path: Path) -> str:
    """The name without its suffix, where that leaves a name: a file may be called `..mp4`."""
    return path.stem if path.stem.strip(".") else path.name


def _videos(source: Path) -> list[Path]:
    """What a name stands for; a folder's own results are not looked at again."""
    videos = expand_sources([source])
    if not is_folder(source):
        return videos
    if found := [video for video in videos if not is_result(video, videos)]:
        return found
    raise InputError(f"{source}: only results in this folder; name the files themselves")


def _replay_one(
    name: str,
    source: Source,
    sha256: str | None,
    target: Path,
    recognizer: Recognizer,
    method: Method,
    hop: float,
    progress: bool,
    on_frame: Callable[[], object],
) -> ReplaySummary:
    began = time.perf_counter()
    manifest = recognizer.manifest
    decider = Decider(manifest.classes, manifest.calibration.rejection_threshold)
    try:
        info = source.open()
        style = HeatStyle(method=method)
        run = replace(RunInfo.of(info, recognizer), style=style, source_sha256=sha256)
        with opened(target, run) as sinks:
            outcome = _run(source, info, recognizer, decider, sinks, hop, progress, on_frame)
            for sink in sinks:
                sink.hold(outcome.last)
            files = [sink.finish(outcome.unwritten) for sink in sinks]
    finally:
        source.close()
    return ReplaySummary(
        source=name,
        frames=outcome.frames,
        duration_s=round(_duration(outcome, info), 3),
        windows=outcome.windows,
        short=outcome.short,
        top=_top(outcome, manifest),
        events=outcome.events,
        provider=recognizer.provider.used,
        provider_reason=recognizer.provider.reason,
        model=manifest.name,
        files=[str(file) for file in files],
        seconds=round(time.perf_counter() - began, 3),
        stages={stage: round(cost, 3) for stage, cost in outcome.seconds.items()},
    )


def _run(
    source: Source,
    info: SourceInfo,
    recognizer: Recognizer,
    decider: Decider,
    sinks: Sequence[Sink],
    hop: float,
    progress: bool,
    on_frame: Callable[[], object],
) -> Outcome:
    if not progress:  # a bar starts a thread, even one that shows nothing
        return run_in_order(source, recognizer, decider, sinks, hop, on_frame)
    with tqdm(total=info.frames, desc=one_line(info.name), unit="frame", disable=None) as bar:

        def tick() -> None:
            bar.update()
            on_frame()

        return run_in_order(source, recognizer, decider, sinks, hop, tick)


def _duration(outcome: Outcome, info: SourceInfo) -> float:
    """From the first frame to the end of the last, which is shown as long as others are.

    That is the usual frame spacing, or the nominal one where that is less. A header's rate may be
    the mean, which pauses between frames make slow.
    """
    if not outcome.times:
        return 0.0
    steps = np.diff(outcome.times)
    lengths = [float(np.median(steps))] if len(steps) else []
    if info.fps:
        lengths.append(1 / info.fps)
    return float(steps.sum()) + min(lengths, default=0.0)


def _top(outcome: Outcome, manifest: Manifest) -> Top | None:
    if outcome.mean is None or not outcome.mean.any():
        return None
    best = int(np.argmax(outcome.mean))
    return Top(manifest.classes[best], round(float(outcome.mean[best]), 4))
