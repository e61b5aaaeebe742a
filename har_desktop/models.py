"""Where the model bundles lie, and which one is taken when none is named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from har_desktop.errors import BundleError
from har_desktop.inference.bundle import read_manifest
from har_desktop.inference.manifest import Manifest

DEFAULT_BUNDLE = "two_stream"


@dataclass(frozen=True, slots=True)
class Shipped:
    """A bundle that comes with the program. Its manifest has been read, its graphs have not.

    Attributes:
        path: Its folder.
        default: True for the one that is taken when none is named.
        manifest: None where it cannot be read.
        error: Why it cannot be read; None where it can.
    """

    path: Path
    default: bool
    manifest: Manifest | None
    error: str | None


def shipped_folder() -> Path:
    """The folder of the bundles: inside the installed package, or at the top of a checkout."""
    package = Path(__file__).resolve().parent
    inside = package / "models"
    return inside if inside.is_dir() else package.parent / "models"


def list_bundles(folder: Path | None = None) -> tuple[Shipped, ...]:
    """All bundles of a folder (`shipped_folder()` if None), the default first, then by name."""
    folder = folder or shipped_folder()
    paths = [path for path in folder.glob("[!._]*") if path.is_dir()]
    paths.sort(key=lambda path: (path.name != DEFAULT_BUNDLE, path.name))
    return tuple(_look(path) for path in paths)


def default_bundle() -> Path:
    """The folder of the bundle that is taken when none is named.

    Raises:
        BundleError: It is missing.
    """
    path = shipped_folder() / DEFAULT_BUNDLE
    if not path.is_dir():
        raise BundleError(
            f"{path}: the default model is missing; reinstall HAR Desktop or name a bundle's folder"
        )
    return path


def _look(path: Path) -> Shipped:
    default = path.name == DEFAULT_BUNDLE
    try:
        return Shipped(path, default, read_manifest(path), None)
    except BundleError as error:
        return Shipped(path, default, None, str(error))
