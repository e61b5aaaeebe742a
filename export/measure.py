"""Figures that were measured on a bundle, and their way into its manifest and card."""

from __future__ import annotations

from pathlib import Path

import msgspec

from export.card import write_description
from export.report import Report, key
from har_desktop.errors import InputError
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.manifest import Json


def measure(folder: Path, reports: list[Path]) -> list[str]:
    """Add reports to a bundle's metrics, under their protocols' names, and write its card anew.

    Args:
        folder: The bundle. Its graphs stay as they are.
        reports: Files that `training evaluate --json` printed; may be none.

    Returns:
        The names of all reports that the bundle has now.

    Raises:
        BundleError: The bundle is damaged.
        InputError: A report cannot be read, or was not measured on this bundle's classes.
        OutputError: The bundle cannot be written.
    """
    manifest = load_bundle(folder).manifest
    added = {}
    for path in reports:
        raw, report = _read(path)
        if tuple(report.per_class) != manifest.classes:
            raise InputError(f"{path} was measured on other classes than those of {folder}")
        added[key(report)] = raw
    metrics = {**manifest.metrics, **added}
    write_description(folder, msgspec.structs.replace(manifest, metrics=metrics))
    return list(metrics)


def _read(path: Path) -> tuple[Json, Report]:
    try:
        raw = msgspec.json.decode(path.read_bytes(), type=Json)
        return raw, msgspec.convert(raw, Report)
    except (OSError, msgspec.MsgspecError) as error:
        raise InputError(
            f"{path} is no report of `python -m training evaluate --json`: {error}"
        ) from error
