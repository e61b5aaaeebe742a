"""On what was measured: for the heading of the tables and the name of the file."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from importlib import metadata

from benchmarks.harness import Effort
from har_desktop.doctor import cores, cpu, system, versions

RUNTIMES = ("onnxruntime-gpu", "onnxruntime")  # one of the two is installed


def heading(effort: Effort) -> str:
    """The machine, the versions, and how busy the machine was before anything was measured."""
    packages = {**versions(), "tensorflow": metadata.version("tensorflow")}
    listed = ", ".join(f"{name} {version}" for name, version in packages.items())
    load = f"; load average {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{cpu()}, {cores()} cores, {system()}; {listed}.\n"
        f"{datetime.now(UTC):%Y-%m-%d}, {effort.rounds} rounds{load}. Times in milliseconds."
    )


def file_name() -> str:
    """Hardware, versions and day, with nothing in it that a file system minds."""
    found = versions()
    runtime = next(f"ort-{found[name]}" for name in RUNTIMES if name in found)
    parts = (
        f"{cpu()} {cores()} cores",
        f"har-desktop-{found['har-desktop']}",
        runtime,
        f"tf-{metadata.version('tensorflow')}",
        f"{datetime.now(UTC):%Y-%m-%d}",
    )
    return "_".join(re.sub(r"[^A-Za-z0-9.]+", "-", part) for part in parts) + ".csv"
