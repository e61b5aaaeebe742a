"""What a training run was made with: `environment.json`. No TensorFlow."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import msgspec

from training import json_file
from training.run_folder import stream_folders

PACKAGES = ("tensorflow", "keras", "numpy", "opencv-python")


def write_environment(
    run: Path,
    backend: str,
    seconds: float,
    waited: float | None = None,
    precision: str | None = None,
) -> None:
    """Tell how the run came about; its presence says that the run has finished.

    Args:
        run: The folder.
        backend: Keras' name of it.
        seconds: How long it took.
        waited: Share of the steps' time that was spent waiting for data, where there were steps.
        precision: What they computed in.
    """
    environment = {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds),
        "waited": None if waited is None else round(waited, 4),
        "precision": precision,
        "commit": commit(),
        "python": platform.python_version(),
        "machine": machine(),
        "backend": backend,
        "packages": {name: _version(name) for name in PACKAGES},
    }
    json_file.write(run / "environment.json", environment)


def write_environment_of_streams(run: Path) -> None:
    """The same of a run of several networks, which may have learned elsewhere, and at other times.

    Where they differ, all is told: "1f004e6 and 2709326".
    """
    streams = [
        msgspec.json.decode((folder / "environment.json").read_bytes())
        for folder in stream_folders(run)
    ]

    def each(values: Iterable[str | None]) -> str | None:
        return " and ".join(dict.fromkeys(value for value in values if value)) or None

    told = ("precision", "commit", "python", "machine", "backend")
    environment = {
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": sum(stream["seconds"] for stream in streams),
        **{key: each(stream.get(key) for stream in streams) for key in told},
        "packages": {
            name: each(stream["packages"].get(name) for stream in streams) for name in PACKAGES
        },
        "joined": commit(),
    }
    json_file.write(run / "environment.json", environment)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None  # another backend than TensorFlow


def machine() -> str:
    """What a run is made on."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"


@cache
def commit() -> str:
    """The commit of this checkout, with "+" where the tree is changed; "unknown" without git.

    As it was when it was first asked for: what runs by then goes on as it was loaded.
    """
    folder = Path(__file__).parent
    try:
        run = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--dirty=+"],  # noqa: S607
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return run.stdout.strip()
