"""Proof that a bundle is whole, safe and, given its run, faithful. TensorFlow only for the last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import onnx

from export.check import OPSET, check
from har_desktop.errors import InputError
from har_desktop.inference.bundle import Bundle, load_bundle
from har_desktop.inference.manifest import Calibration
from har_desktop.inference.model import Model

if TYPE_CHECKING:
    from export.parity import Parity


def verify(folder: Path, run: Path | None = None) -> list[str]:
    """Check a bundle that is there: files, graphs, a dry run and, given its run, parity.

    Returns:
        One line per thing that was checked.

    Raises:
        BundleError: The bundle is damaged, unsafe or breaks its contract.
        InputError: The run is unusable, or not the one that the bundle was built from.
        ParityError: The bundle computes something else than the run's network.
    """
    bundle = load_bundle(folder)
    manifest = Model(bundle, "cpu").manifest
    for graph, data in zip(manifest.graphs, bundle.graphs, strict=True):
        check(onnx.load_from_string(data), str(folder / graph.file))
    lines = [
        f"schema {manifest.schema_version}, {len(manifest.classes)} classes; sizes, SHA-256",
        f"valid ONNX of operator set {OPSET} alone, fixed shapes, no external data",
        "names, types and shapes of the contract; a dry run on the CPU",
    ]
    if run:
        lines.append(f"parity with {run}: {_compare(bundle, run)}")
    return lines


def _compare(bundle: Bundle, folder: Path) -> Parity:
    from export.describe import input_spec, window_spec
    from export.parity import measure
    from export.run import read_run

    run = read_run(folder)
    config, manifest = run.config, bundle.manifest
    stated = manifest.classes, manifest.input, manifest.window
    if stated != (config.classes, input_spec(config), window_spec(config)):
        raise InputError(
            f"{bundle.folder} states other classes, pictures or windows than {folder}/config.json;"
            " give the run that it was built from"
        )
    if differing := list(_differing(manifest.calibration, run.calibration)):
        raise InputError(
            f"{bundle.folder} states another calibration than {folder}/calibration.json:"
            f" {', '.join(differing)}; give the run that it was built from, or build it anew"
        )
    found = measure(bundle, run)
    found.require()
    return found


def _differing(stated: Calibration, found: Calibration) -> Iterator[str]:
    """The limits of a bundle that are not those of a run."""
    for name, value in msgspec.structs.asdict(stated).items():
        if value != (its := getattr(found, name)):
            yield f"{name} {value} instead of {its}"
