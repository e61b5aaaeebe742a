"""What this machine has of what the program needs, and what the program would use of it."""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import msgspec

from har_desktop.display import Display, find_display
from har_desktop.errors import HarError, gist, unloadable
from har_desktop.system_libraries import missing_libraries, remedy

PACKAGES = ("numpy", "opencv-python", "onnxruntime", "onnxruntime-gpu", "PySide6")


class Camera(msgspec.Struct, frozen=True):
    """A camera as the system names it; nobody opened it."""

    index: int
    name: str


class Providers(msgspec.Struct, frozen=True):
    """The processors that ONNX Runtime knows, the one that is used, and why not a faster one."""

    available: list[str]
    used: str | None
    reason: str | None


class DefaultModel(msgspec.Struct, frozen=True):
    """The default bundle, which has been loaded and run once."""

    name: str
    path: str
    measured: str


class SystemLibraries(msgspec.Struct, frozen=True):
    """Packages of the system that are missing, and the line that installs them."""

    missing: list[str]
    remedy: str | None


class Report(msgspec.Struct, kw_only=True):
    """The findings. `problems` has a line for each thing that must be mended."""

    versions: dict[str, str]
    system: str
    cpu: str
    cores: int
    display: Display
    system_libraries: SystemLibraries
    providers: Providers | None = None
    cameras: list[Camera] | None = None
    model: DefaultModel | None = None
    problems: list[str] = []


def examine() -> Report:
    """Look at everything; what is broken lands in `problems`, and the rest is still looked at."""
    display = find_display()
    missing = missing_libraries(display.window)
    advice = remedy(library.name for library in missing) if missing else None
    report = Report(
        versions=versions(),
        system=system(),
        cpu=cpu(),
        cores=cores(),
        display=display,
        system_libraries=SystemLibraries([library.package for library in missing], advice),
    )
    if any(library.essential or display.available for library in missing):
        report.problems.append(f"system libraries are missing: {advice}")
    if {"onnxruntime", "onnxruntime-gpu"} <= report.versions.keys():
        report.problems.append(
            "onnxruntime and onnxruntime-gpu overwrite each other: uninstall both, "
            "then install har-desktop again"
        )
    _try_qt(report)
    _try_opencv(report)
    _try_model(report)
    return report


def versions() -> dict[str, str]:
    """Of the program, of Python and of the packages that matter."""
    found = {"har-desktop": metadata.version("har-desktop"), "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue  # of the two ONNX Runtimes one is installed; what is missing fails below
    return found


def system() -> str:
    """Name and architecture of the operating system."""
    name = platform.platform(terse=True)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            name = platform.freedesktop_os_release()["PRETTY_NAME"]
    return f"{name}, {platform.machine()}"


def cpu() -> str:
    """The processor's name."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """How many of the processor's cores this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _try_qt(report: Report) -> None:
    """Import Qt in a process of its own: where a library is missing it may abort."""
    command = [sys.executable, "-P", "-c", "import PySide6.QtWidgets"]
    probe = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if probe.returncode:
        reason = (probe.stderr.strip().splitlines() or [f"exit code {probe.returncode}"])[-1]
        report.problems.append(f"Qt cannot be loaded: {reason}")


def _try_opencv(report: Report) -> None:
    try:
        from har_desktop.sources.cameras import list_cameras
    except ImportError as error:
        report.problems.append(f"OpenCV cannot be loaded: {unloadable(error)}")
        return
    try:
        report.cameras = [Camera(camera.index, camera.label) for camera in list_cameras()]
    except Exception as error:  # noqa: BLE001 - of whatever the library for that is missing
        report.problems.append(gist(error, "cameras cannot be listed: "))


def _try_model(report: Report) -> None:
    """Load the default model and run it once, where it would run for a person."""
    try:
        import onnxruntime as ort

        from har_desktop.inference.bundle import load_bundle
        from har_desktop.inference.model import Model
        from har_desktop.model_report import headline
        from har_desktop.models import default_bundle
    except ImportError as error:
        report.problems.append(f"ONNX Runtime cannot be loaded: {unloadable(error)}")
        return
    used = reason = None
    try:
        folder = default_bundle()
        model = Model(load_bundle(folder))
    except HarError as error:
        report.problems.append(f"the default model cannot be used: {error}")
        reason = "not tried without a model"
    else:
        used, reason = model.provider.used, model.provider.reason
        manifest = model.manifest
        report.model = DefaultModel(manifest.name, str(folder), headline(manifest.metrics))
    report.providers = Providers(ort.get_available_providers(), used, reason)


def findings(report: Report) -> list[tuple[str, str]]:
    """The report for reading: names, and what was found."""
    display, remedy = report.display, report.system_libraries.remedy
    rows = [
        *report.versions.items(),
        ("system", report.system),
        ("cpu", f"{report.cpu}, {report.cores} cores"),
        ("libraries", f"some are missing: {remedy}" if remedy else "all there"),
        ("display", display.detail if display.available else f"none ({display.detail})"),
    ]
    if report.cameras is not None:
        names = ", ".join(f"{camera.name} ({camera.index})" for camera in report.cameras)
        rows.append(("cameras", names or "none"))
    if (providers := report.providers) is not None:
        why = f" ({providers.reason})" if providers.reason else ""
        rows.append(("providers", ", ".join(providers.available)))
        rows.append(("runs on", f"{providers.used or 'nothing'}{why}"))
    if report.model is not None:
        rows.append(("model", f"{report.model.name} ({report.model.path})"))
        rows.append(("measured", report.model.measured))
    return rows
