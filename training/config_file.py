"""Where configurations are read from: TOML files, and the manifests of bundles.

The shipped ones are `training/configs/*.toml`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from har_desktop.errors import InputError
from har_desktop.inference.bundle import MANIFEST, read_manifest
from training.config import Config, Streams, read_config

CONFIGS = Path(__file__).parent / "configs"
SHIPPED = tuple(sorted(path.stem for path in CONFIGS.glob("*.toml")))  # their names


def load_config(name: str) -> Config | Streams:
    """Read a configuration.

    Args:
        name: One of `SHIPPED`, a TOML file, or the folder of a bundle, for the configuration that
            it was trained with. A TOML file that says `streams = ["NAME", "NAME"]` stands for those
            configurations side by side; a NAME means a file beside it before a shipped one.

    Raises:
        InputError: No such configuration, or a key or value that is not allowed.
        BundleError: The bundle's manifest cannot be read.
    """
    path = _path(name)
    if path.suffix != ".toml":
        path, raw = path / MANIFEST, _of_bundle(path)
    else:
        raw = _read(path)
        if isinstance(names := raw.get("streams"), list):
            raw["streams"] = [_read(_beside(path, str(name))) for name in names]
    try:
        return read_config(raw)
    except msgspec.ValidationError as error:
        raise InputError(f"configuration {path} cannot be used: {error}") from None


def _path(name: str) -> Path:
    shipped = CONFIGS / f"{name}.toml"
    return Path(name) if name.endswith(".toml") or _is_bundle(name) else shipped


def _is_bundle(name: str) -> bool:
    """Whether a bundle is meant and no shipped configuration, which may be called like it."""
    return name not in SHIPPED and (Path(name) / MANIFEST).is_file()


def _of_bundle(folder: Path) -> dict[str, Any]:
    raw = read_manifest(folder).training.get("configuration")
    if not isinstance(raw, dict):
        raise InputError(f"{folder}: the manifest does not tell how the bundle was trained")
    return raw


def _beside(path: Path, name: str) -> Path:
    """A stream's configuration: that which lies beside the file that names it, or the shipped one.

    None of them names any itself: its `streams` are an unknown field then.
    """
    near = path.parent / (name if name.endswith(".toml") else f"{name}.toml")
    return near if near.is_file() and near != path else _path(name)


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")  # Notepad marks its files
        return msgspec.toml.decode(text, type=dict[str, Any])
    except FileNotFoundError:
        raise InputError(f"no configuration {path}; known are: {', '.join(SHIPPED)}") from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"configuration {path} cannot be read: {error}; save it as text in UTF-8"
        ) from None
    except (msgspec.DecodeError, OSError) as error:
        raise InputError(f"configuration {path} cannot be used: {error}") from None
