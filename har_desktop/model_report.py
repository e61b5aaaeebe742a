"""What there is to tell about model bundles: the list of them, and the proof of one."""

from __future__ import annotations

from pathlib import Path

import msgspec

from har_desktop.inference.manifest import Json, Manifest
from har_desktop.inference.model import verify_bundle
from har_desktop.models import list_bundles


class ModelEntry(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A bundle in the list; `error` says why it cannot be used, and then little else is known."""

    name: str
    path: str
    default: bool
    classes: tuple[str, ...]
    networks: list[str]
    metrics: Json
    error: str | None = None


def model_entries() -> list[ModelEntry]:
    """The bundles that come with the program, the default first."""
    return [
        ModelEntry(
            name=bundle.path.name,
            path=str(bundle.path),
            default=bundle.default,
            classes=bundle.manifest.classes if bundle.manifest else (),
            networks=[bundle.manifest.network] if bundle.manifest else [],
            metrics=bundle.manifest.metrics if bundle.manifest else {},
            error=bundle.error,
        )
        for bundle in list_bundles()
    ]


def headline(metrics: Json) -> str:
    """The measured accuracies of a manifest in one line, protocol by protocol.

    Left out are numbers that can be no accuracy, and names that would break the line.
    """
    parts = []
    for protocol, report in metrics.items():
        match report:
            case {"accuracy": float() | int() as accuracy, **figures} if (
                0 <= accuracy <= 1 and protocol.isprintable()
            ):
                interval = figures.get("grouped95") or figures.get("wilson95")
                parts.append(f"{protocol} {accuracy:.3f}{_in_words(interval)}")
    return f"accuracy {', '.join(parts)}" if parts else "accuracy not measured"


def _in_words(interval: object) -> str:
    match interval:
        case [float() | int() as low, float() | int() as high] if 0 <= low <= high <= 1:
            return f" ({low:.3f} to {high:.3f})"
    return ""


def prove(folder: Path) -> list[tuple[str, str]]:
    """Check a bundle as loading does, up to the dry run on the CPU; what was checked, by file.

    Raises:
        BundleError: The first check that fails.
    """
    manifest = verify_bundle(folder)
    return [
        ("manifest.json", _summary(manifest)),
        *(
            (graph.file, f"{graph.bytes} bytes, SHA-256 as stated, self-contained")
            for graph in manifest.graphs
        ),
        ("all graphs", "names, types and shapes as agreed"),
        ("dry run", "finite, probabilities sum to 1"),
        ("measured", headline(manifest.metrics)),
    ]


def _summary(manifest: Manifest) -> str:
    window = manifest.window
    return (
        f"schema {manifest.schema_version}, network {manifest.network}, "
        f"{len(manifest.classes)} classes, {window.length} frames {window.frame_interval_s} s apart"
    )
