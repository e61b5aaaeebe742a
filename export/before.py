"""The bundle that stands where a new one is to go."""

from __future__ import annotations

from pathlib import Path

import msgspec

from export.describe import training
from export.place import MANIFEST
from export.run import Run
from har_desktop.errors import BundleError, InputError
from har_desktop.inference.bundle import read_manifest
from har_desktop.inference.manifest import Manifest
from training.config import read_config


def require_same_run(target: Path, run: Run) -> None:
    """See that a bundle at `target`, if there is one, tells of the same training.

    That is one of the same classes, configuration and clips, on whatever day.

    Raises:
        InputError: It doesn't, or cannot be read.
    """
    if not (target / MANIFEST).exists():
        return
    try:
        found = _difference(read_manifest(target), run)
        reason = f"a bundle of a run with other {found}" if found else None
    except BundleError:
        reason = "a bundle whose manifest cannot be read"
    if reason:
        raise InputError(f"{target} holds {reason}: name another folder, or give --replace")


def figures(target: Path) -> list[str]:
    """The names of what was measured on the bundle at `target`; none where none can be read."""
    try:
        return list(read_manifest(target).metrics)
    except BundleError:
        return []


def _difference(old: Manifest, run: Run) -> str | None:
    """What the run has other than the one that the bundle was built from, if anything."""
    if old.classes != run.config.classes:
        return "classes"
    try:
        config = read_config(old.training.get("configuration"))
    except msgspec.ValidationError:  # of before
        config = None
    if config != run.config:
        return "configuration"
    told, new = old.training, training(run)
    split, other = told.get("split"), new["split"]
    if isinstance(split, dict) and isinstance(other, dict) and "learned" not in split:
        other = {key: value for key, value in other.items() if key != "learned"}  # of before
    return None if (told.get("data"), split) == (new["data"], other) else "clips"
