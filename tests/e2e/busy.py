"""Records, or replays, one thing after another until it is killed.

    python busy.py record|replay BUNDLE FOLDER CLIP

Prints a line when the work begins. The pictures are those of CLIP.
"""

import sys
import time
from itertools import count
from pathlib import Path

from har_desktop.cli import main
from har_desktop.decision.events import Decider
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.recorder import CAPACITY, Recorder
from har_desktop.pipeline.result import Result
from har_desktop.sinks.base import RunInfo
from har_desktop.sources.video import VideoFile


def record(bundle, target, clip):
    recognizer = Recognizer(bundle, "cpu")
    manifest = recognizer.manifest
    decider = Decider(manifest.classes, 0.0)
    with VideoFile(clip) as source:
        info = source.open()
        run = RunInfo.of(info, recognizer)
        recorder = Recorder(target, run, sys.exit)
        for frame in source:
            recognition = recognizer.push(frame)
            decision, events = decider.update(recognition)
            while recorder.stats().waiting >= CAPACITY:
                time.sleep(0.001)
            recorder.feed(Result(recognition, decision, events, manifest, 0.0, 0))
        recorder.stop(60.0)


def run(mode, folder, out, clip):
    bundle = load_bundle(folder)
    out.mkdir()
    sys.stdout.write("at work\n")
    sys.stdout.flush()
    for number in count(1):
        if mode == "record":
            record(bundle, out / f"take {number}", clip)
        else:
            copy = clip.with_name(f"{out.name} {number}.avi")
            copy.hardlink_to(clip)
            options = ["--out", str(out), "--model", str(folder), "--provider", "cpu"]
            if main(["replay", str(copy), *options]):
                sys.exit("the replay failed")


run(sys.argv[1], *map(Path, sys.argv[2:]))
