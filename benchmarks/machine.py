"""On what was measured: for the heading of the tables and the name of the file."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib import metadata

from benchmarks.harness import Effort
from har_desktop.doctor import cores, cpu, system, versions

RUNTIMES = ("onnxruntime-gpu", "onnxruntime")  # one of the two is installed


def heading(effort: Effort) -> str:
    """The machine, the versions, and how busy the machine was before anything was measured."""
    listed = ", ".join(f"{name} {version}" for name, version in _packages().items())
    load = f"; load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{cpu()}, {cores()} cores, {system()}; {listed}.\n"
        f"{datetime.now(UTC):%Y-%m-%d}, {effort.rounds} rounds{load}. Times in milliseconds."
    )


def file_name(measured: Sequence[str]) -> str:
    """Hardware, versions, what is measured, and when; nothing in it that a file system minds.

    Args:
        measured: Names of the benchmarks; none where it is all of them.
    """
    found = _packages()
    short = {"har-desktop": "har-desktop", **dict.fromkeys(RUNTIMES, "ort"), "tensorflow": "tf"}
    parts = (
        f"{cpu()} {cores()} cores",
        *(f"{name}-{found[package]}" for package, name in short.items() if package in found),
        *measured,
        f"{datetime.now(UTC):%Y-%m-%dT%H%M}",
    )
    return "_".join(re.sub(r"[^A-Za-z0-9.]+", "-", part) for part in parts) + ".csv"


def _packages() -> dict[str, str]:
    """Versions; of TensorFlow, too, where it is there, as some benchmarks need it."""
    found = versions()
    with suppress(metadata.PackageNotFoundError):
        found["tensorflow"] = metadata.version("tensorflow")
    return found
