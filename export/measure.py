"""Figures that were measured on a bundle, and their way into its manifest and card."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import msgspec

from export.card import write_description
from export.report import Accuracy, Rejection, Report, average, key, read_report
from har_desktop.errors import InputError
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.identity import identity
from har_desktop.inference.manifest import Json, Manifest
from training.evaluate import is_shuffled


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
        InputError: A report cannot be read, was measured on another bundle or not on all groups
            and clips that test it, or is there twice; or one of `random` knows other classes or is
            not of the protocol, or this bundle is of that protocol itself.
        OutputError: The bundle cannot be written.
    """
    manifest = load_bundle(folder).manifest
    added: Json = {}
    for path in reports:
        raw, report = _read(path)
        _check_bundle(path, report, manifest)
        _check_groups(path, report, manifest)
        if key(report) in added:
            raise InputError(f"{path} is the second report of {key(report)}: give one of them")
        added[key(report)] = raw
    if random:
        if is_shuffled(manifest):
            raise InputError(f"{manifest.name} was trained on shuffled clips: measure it by itself")
        runs = [_read_random(path, manifest) for path in random]
        names = {key(run) for run in runs}
        if len(names) > 1:
            raise InputError(f"one cannot average {' and '.join(sorted(names))}")
        known = [run.bundle for run in runs if run.bundle]
        if len(set(known)) < len(known):
            raise InputError("two of the clip-random reports are of one bundle: give one of each")
        added[names.pop()] = msgspec.to_builtins(average(runs))
    metrics = {**_of_this(manifest), **added}
    write_description(folder, msgspec.structs.replace(manifest, metrics=metrics))
    return list(metrics)


def _of_this(manifest: Manifest) -> Json:
    """The figures that it has, but for those of what it was before it was calibrated anew."""
    own = (None, identity(manifest))
    return {
        name: figures
        for name, figures in manifest.metrics.items()
        if not isinstance(figures, dict) or figures.get("bundle") in own
    }


def _read_random(path: Path, manifest: Manifest) -> Accuracy:
    _, report = _read(path)
    if not isinstance(report, Accuracy) or report.protocol != "clip-random":
        raise InputError(f"{path} is no accuracy of the clip-random protocol")
    if tuple(report.per_class) != manifest.classes:
        raise InputError(f"{path} was measured on other classes than those of {manifest.name}")
    return report


def _check_bundle(path: Path, report: Report, manifest: Manifest) -> None:
    if report.bundle != identity(manifest):
        raise InputError(
            f"{path} was measured on another bundle than {manifest.name}, or before it was built or"
            " calibrated anew: measure it again"
        )


def _check_groups(path: Path, report: Report, manifest: Manifest) -> None:
    match manifest.training.get("split"):
        case {"sets": {"test": {"groups": list() as groups, "clips": int() as clips}}} if (
            report.tested is not None
        ):
            if missing := sorted(set(map(str, groups)) - set(report.tested)):
                raise InputError(
                    f"{path} was not measured on all of {manifest.name}'s {len(groups)} test groups"
                    f" ({len(missing)} are missing, such as {missing[0]}), of which its card tells:"
                    " measure it without --groups, or with --split RUN/split.json"
                )
            if isinstance(report, Accuracy) and report.clips < clips:
                raise InputError(
                    f"{path} was measured on {report.clips} of {manifest.name}'s {clips} test clips"
                    ": the others are gone or cannot be read; put them back and measure it again"
                )
            if isinstance(report, Rejection) and (lost := _of_classes(report.skipped, manifest)):
                raise InputError(
                    f"{path} was measured without {len(lost)} of {manifest.name}'s test clips, such"
                    f" as {lost[0]}: they could not be read; put them back and measure it again"
                )


def _of_classes(skipped: list[str], manifest: Manifest) -> list[str]:
    """Those that are clips of the bundle's classes: by their path, which begins with the class."""
    return [name for name in skipped if PurePosixPath(name).parts[:-1] in _folders(manifest)]


def _folders(manifest: Manifest) -> set[tuple[str, ...]]:
    return {PurePosixPath(label).parts for label in manifest.classes}


def _read(path: Path) -> tuple[Json, Report]:
    try:
        data = path.read_bytes()
        # What PowerShell redirects is UTF-16.
        raw = msgspec.json.decode(data.decode(json.detect_encoding(data)), type=Json)
        return raw, read_report(raw)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            f"{path} is no report that `python -m training` printed with --json: {error}"
        ) from error
