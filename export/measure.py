"""Figures that were measured on a bundle, and their way into its manifest and card."""

from __future__ import annotations

from pathlib import Path

import msgspec

from export.card import write_description
from export.report import Accuracy, Rejection, Report, average, key, read_report
from har_desktop.errors import InputError
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.manifest import Json, Manifest


def measure(folder: Path, reports: list[Path], random: list[Path]) -> list[str]:
    """Add reports to a bundle's metrics, under their names, and write its card anew.

    Args:
        folder: The bundle. Its graphs stay as they are.
        reports: Files that verbs of `training` printed with `--json`; may be none.
        random: Reports of the clip-random protocol, measured on the bundles of other runs; they
            are averaged into one.

    Returns:
        The names of all reports that the bundle has now.

    Raises:
        BundleError: The bundle is damaged.
        InputError: A report cannot be read, was not measured on this bundle's classes or by its
            threshold, or is not of the protocol.
        OutputError: The bundle cannot be written.
    """
    manifest = load_bundle(folder).manifest
    added: Json = {}
    for path in reports:
        raw, report = _read(path)
        if isinstance(report, Accuracy):
            _check_classes(path, report, manifest)
        if isinstance(report, Rejection):
            _check_threshold(path, report, manifest)
        added[key(report)] = raw
    if random:
        runs = [_read_random(path, manifest) for path in random]
        names = {key(run) for run in runs}
        if len(names) > 1:
            raise InputError(f"one cannot average {' and '.join(sorted(names))}")
        added[names.pop()] = msgspec.to_builtins(average(runs))
    metrics = {**manifest.metrics, **added}
    write_description(folder, msgspec.structs.replace(manifest, metrics=metrics))
    return list(metrics)


def _read_random(path: Path, manifest: Manifest) -> Accuracy:
    _, report = _read(path)
    if not isinstance(report, Accuracy) or report.protocol != "clip-random":
        raise InputError(f"{path} is no accuracy of the clip-random protocol")
    _check_classes(path, report, manifest)
    return report


def _check_classes(path: Path, report: Accuracy, manifest: Manifest) -> None:
    if tuple(report.per_class) != manifest.classes:
        raise InputError(f"{path} was measured on other classes than those of {manifest.name}")


def _check_threshold(path: Path, report: Rejection, manifest: Manifest) -> None:
    own = manifest.calibration.rejection_threshold
    if report.threshold != own:
        raise InputError(
            f"{path} was measured by the threshold {report.threshold:g}, that of {manifest.name} is"
            f" {own:g}: measure it anew with `python -m training reject`"
        )


def _read(path: Path) -> tuple[Json, Report]:
    try:
        raw = msgspec.json.decode(path.read_bytes(), type=Json)
        return raw, read_report(raw)
    except (OSError, msgspec.MsgspecError) as error:
        raise InputError(
            f"{path} is no report that `python -m training` printed with --json: {error}"
        ) from error
