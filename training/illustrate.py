"""All figures of a run and its bundle, as files. No TensorFlow here.

The curves come from the run, everything else from the bundle: from the very ONNX files that run.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from har_desktop.errors import InputError
from har_desktop.inference.bundle import Bundle
from har_desktop.inference.manifest import Json
from training import json_file
from training.data.index import Clip
from training.evaluate import ask
from training.figures import confusion, curves, reliability, strips
from training.figures.style import save, styled
from training.metrics import classification
from training.run_folder import history, stream_folders


def draw_run(run: Path, out: Path) -> list[Path]:
    """The curves of a run, one figure for each of its streams; what was written.

    Raises:
        InputError: The run has no whole epoch.
        OutputError: The folder takes no files.
    """
    streams = stream_folders(run)
    names = {folder: f"curves-{folder.name}" for folder in streams} or {run: "curves"}
    found = [
        (name, rows) for folder, name in names.items() if (rows := history(folder)) is not None
    ]
    if not found:
        raise InputError(f"{run} has no history.csv with an epoch in it: nothing to draw")
    with styled():
        return [path for name, rows in found for path in save(curves.draw(rows), out, name)]


def draw_bundle(
    bundle: Bundle, data: Path, clips: Sequence[Clip], count: int, out: Path
) -> list[Path]:
    """Confusion matrix, reliability diagram, and strips of heat-maps; what was written.

    Args:
        bundle: As loaded.
        data: The folder of the clips.
        clips: Of its classes; it learned from none of them.
        count: So many strips of recognised clips, and so many of others, if there are.
        out: The folder for the figures.

    Raises:
        InputError: There are no readable clips.
        OutputError: The folder takes no files.
    """
    answers = ask(bundle, data, clips, "time")
    classes = bundle.manifest.classes
    report = classification(answers.truth, answers.probabilities.argmax(axis=1), classes)
    found = strips.find(bundle, data, clips, count)
    written = save(confusion.draw(np.array(report["confusion"]), classes), out, "confusion")
    with styled():
        written += save(reliability.draw(answers.probabilities, answers.truth), out, "reliability")
        for name, right in (("recognised", True), ("misclassified", False)):
            chosen = [strip for strip in found if strip.right == right]
            if chosen:
                written += save(strips.draw(chosen), out, name)
    return written


def check_belongs(bundle: Bundle, run: Path) -> None:
    """See that a bundle was built from this run.

    Raises:
        InputError: It was not.
    """
    path = run / "environment.json"
    environment = json_file.read(path, Json, "is the run finished?")
    if bundle.manifest.training.get("environment") != environment:
        raise InputError(f"{bundle.folder} was not built from {run}: give the bundle of that run")
