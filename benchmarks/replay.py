"""`replay` against what it cannot do without: the decoder, the graphs, the video encoder.

Times are for one frame of 640x480, over a whole clip. Ratios: the slowest part's time over the
replay's, which is the share of the slowest part's frame rate that is reached.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import numpy as np

from benchmarks.graphs import bare_runs, shipped
from benchmarks.harness import Effort, alternate, ratio
from benchmarks.rows import Row
from benchmarks.video import FPS, record
from har_desktop.decision.events import Decider
from har_desktop.frame import Image
from har_desktop.inference.bundle import Bundle
from har_desktop.inference.recognizer import Recognizer
from har_desktop.opencv import cv2
from har_desktop.pipeline.ordered import Outcome, run_in_order
from har_desktop.sinks.base import RunInfo, Sink
from har_desktop.sinks.behind import Behind
from har_desktop.sinks.events_csv import EventsCsv
from har_desktop.sinks.frames_jsonl import FramesJsonl
from har_desktop.sinks.subtitles import Subtitles
from har_desktop.sinks.video import AnnotatedVideo
from har_desktop.sources.contained import ContainedVideo, Decoder
from har_desktop.sources.figure import RenderedFigure
from har_desktop.sources.video import VideoFile

DECODER, GRAPHS, ENCODER = "decoder alone", "the graphs alone", "video encoder alone"
TEXTS, ALL = "replay without video", "replay with all sinks"
SECONDS, SIZE = 4.0, (480, 640)


def run(effort: Effort) -> list[Row]:
    """Measure the shipped bundles on one rendered clip."""
    with tempfile.TemporaryDirectory() as folder:
        clip = Path(folder) / "clip.mp4"
        pictures = _film(clip)
        return [
            row
            for name, bundle in shipped().items()
            for row in measure(name, bundle, clip, pictures, effort)
        ]


def measure(
    name: str, bundle: Bundle, clip: Path, pictures: list[Image], effort: Effort
) -> list[Row]:
    """Measure one bundle on a clip of these pictures."""
    encode, answer = bare_runs(bundle)
    manifest = bundle.manifest
    # Frames without a picture one interval before them show no motion, and are not encoded.
    unseen = round(manifest.window.frame_interval_s * FPS) if manifest.input.motion else 0
    with closing(_Replay(bundle, clip)) as replay:
        outcome = replay.run([])

        def graphs() -> None:
            for _ in range(outcome.frames - unseen):
                encode()
            for _ in range(outcome.windows):
                answer()

        calls = {
            DECODER: lambda: _decode(clip),
            GRAPHS: graphs,
            ENCODER: lambda: record(clip.with_name("encoded.mp4"), pictures),
            TEXTS: lambda: replay.run([FramesJsonl, EventsCsv, Subtitles]),
            ALL: lambda: replay.run([_video, FramesJsonl, EventsCsv, Subtitles]),
        }
        samples = {
            call: sample.scaled(1.0 / outcome.frames)
            for call, sample in alternate(calls, effort.fewer()).items()
        }
    goals = {TEXTS: ((DECODER, GRAPHS), ">= 0.8"), ALL: ((DECODER, GRAPHS, ENCODER), ">= 0.6")}
    rows = [Row(name, part, samples[part]) for part in (DECODER, GRAPHS, ENCODER)]
    for call, (parts, goal) in goals.items():
        slowest = max(parts, key=lambda part: float(np.median(samples[part].calls)))
        found = ratio(samples[slowest], samples[call])
        rows.append(Row(name, call, samples[call], found, goal, f"slowest part: {slowest}"))
    return rows


class _Replay:
    """Replays one clip, as the app does, with one bundle and a decoder that are open already."""

    def __init__(self, bundle: Bundle, clip: Path) -> None:
        self._recognizer = Recognizer(bundle, "cpu")
        self._clip = clip
        self._decoder = Decoder()
        self._decoder.start()

    def close(self) -> None:
        """End the decoder."""
        self._decoder.close()

    def run(self, kinds: Iterable[Callable[[Path, RunInfo], Sink]]) -> Outcome:
        """Replay with these sinks, and remove what they write."""
        manifest = self._recognizer.manifest
        decider = Decider(manifest.classes, manifest.calibration.rejection_threshold)
        with closing(ContainedVideo(self._clip, self._decoder)) as source:
            info = RunInfo.of(source.open(), self._recognizer)
            sinks = [
                kind(self._clip.with_name(f"result{number}.mp4"), info)
                for number, kind in enumerate(kinds)
            ]
            outcome = run_in_order(source, self._recognizer, decider, sinks, 0.0, lambda: None)
            for sink in sinks:
                sink.finish(outcome.unwritten).unlink()
        return outcome


def _video(path: Path, info: RunInfo) -> Sink:
    return Behind(AnnotatedVideo(path, info))


def _film(path: Path) -> list[Image]:
    """Film a rendered figure; return its pictures as the file gives them back."""
    with RenderedFigure("Lunges", 1, SECONDS, FPS, SIZE) as figure:
        record(path, (frame.image for frame in figure))
    with VideoFile(path) as video:
        return [frame.image for frame in video]


def _decode(path: Path) -> None:
    """The bare decoder, without the program's clock and checks."""
    video = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    while video.read()[0]:
        pass
    video.release()
