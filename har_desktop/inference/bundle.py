"""Reading a model bundle. It may come from anywhere, so nothing in it is believed unchecked."""

from __future__ import annotations

import hashlib
import math
import stat
from dataclasses import dataclass
from pathlib import Path

import msgspec

from har_desktop.errors import BundleError, one_line
from har_desktop.inference.manifest import SCHEMA_VERSION, GraphFile, Manifest, joined
from har_desktop.inference.onnx_safety import UnsafeModelError, check_harmless

MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 16 * 2**20
MAX_GRAPH_BYTES = 512 * 2**20
MAX_BYTES = 2 * MAX_GRAPH_BYTES  # of all graphs
MAX_INPUT_SIDE = 2048  # pixels
MAX_FEATURE_VALUES = 2**22  # per frame: 16 MB as float32, fifty times what our networks have


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """A bundle whose files are whole, unchanged and safe to give to ONNX Runtime.

    Attributes:
        folder: Where it was read from.
        manifest: What it says of itself.
        encoders: The encoders' bytes: those that were hashed are those that run.
        head: The head's bytes.
    """

    folder: Path
    manifest: Manifest
    encoders: tuple[bytes, ...]
    head: bytes

    @property
    def graphs(self) -> tuple[bytes, ...]:
        """The encoders and the head, as in the manifest."""
        return *self.encoders, self.head


def load_bundle(folder: Path) -> Bundle:
    """Read a bundle and check everything that can be known without running it.

    `Model` (and so `Recognizer`) checks the rest when it opens the graphs: names, types, shapes
    and a dry run.

    Raises:
        BundleError: The folder holds no usable bundle.
    """
    manifest = read_manifest(folder)
    _check_sizes(folder, manifest)
    *encoders, head = (_read_graph(folder, graph) for graph in manifest.graphs)
    return Bundle(folder, manifest, tuple(encoders), head)


def read_manifest(folder: Path) -> Manifest:
    """Read and check `manifest.json` alone.

    Raises:
        BundleError: It is missing, malformed or of another schema version.
    """
    try:
        there = folder.is_dir()
    except OSError as error:
        raise BundleError(f"{folder}: cannot be read: {error.strerror}") from error
    if not there:
        raise BundleError(f"{folder}: no such folder; give the folder that holds {MANIFEST}")
    path = folder / MANIFEST
    data = _read(folder, MANIFEST, MAX_MANIFEST_BYTES)
    try:
        version = msgspec.json.decode(data, type=_Versioned).schema_version
        if version != SCHEMA_VERSION:
            age, remedy = "older", "export the model again"
            if version > SCHEMA_VERSION:
                age, remedy = "newer", "update HAR Desktop"
            raise BundleError(
                f"{path}: schema version {version} is {age} than this program's "
                f"{SCHEMA_VERSION}; {remedy}"
            )
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BundleError(f"{path}: {one_line(str(error))}; export the model again") from error
    _check_texts(path, manifest)
    _check_sense(path, manifest)
    return manifest


class _Versioned(msgspec.Struct):
    """The one key that every version of the schema has."""

    schema_version: int


def _check_texts(path: Path, manifest: Manifest) -> None:
    """What is shown to people must not clear their screen, or look like another line."""
    for place, texts in {
        "network": [manifest.network],
        "classes": manifest.classes,
        "input.normalization": [manifest.input.normalization],
        "cam.target": [manifest.cam.target],
        "metrics": manifest.metrics,
    }.items():
        for text in texts:
            if not text.isprintable():
                raise BundleError(
                    f"{path}: `{place}` holds unprintable characters: {text[:80]!a}; "
                    "export the model again"
                )


def _check_sense(path: Path, manifest: Manifest) -> None:
    """What the schema cannot say."""
    features = manifest.features
    parts = [encoder.features for encoder in manifest.encoders]
    for wrong, complaint in (
        (
            len(set(manifest.classes)) < len(manifest.classes),
            "`classes` names a class twice",
        ),
        (
            max(manifest.input.height, manifest.input.width) > MAX_INPUT_SIDE,
            f"`input` is larger than {MAX_INPUT_SIDE} pixels",
        ),
        (
            features.partials[0] != 3,
            "`features.partials` must begin with 3 (past, present, future)",
        ),
        (
            math.prod(features.partials) + math.prod(features.activation) > MAX_FEATURE_VALUES,
            f"`features` are more than {MAX_FEATURE_VALUES} values per frame",
        ),
        (
            len({part.grids for part in parts}) > 1 or joined(parts) != features,
            "`features` are not those of the encoders side by side",
        ),
        (
            manifest.input.motion != any(encoder.motion for encoder in manifest.encoders),
            "`input.motion` must be whether any encoder sees motion",
        ),
        (
            manifest.input.differences > 1 and not manifest.input.motion,
            "`input.differences` is for encoders that see motion",
        ),
        (
            len({graph.file for graph in manifest.graphs}) < len(manifest.graphs),
            "two graphs are one file",
        ),
    ):
        if wrong:
            raise BundleError(f"{path}: {complaint}; export the model again")


def _check_sizes(folder: Path, manifest: Manifest) -> None:
    for graph in manifest.graphs:
        if graph.bytes > MAX_GRAPH_BYTES:
            raise BundleError(
                f"{folder / graph.file}: {graph.bytes} bytes, more than the {MAX_GRAPH_BYTES} that "
                "a graph may have"
            )
    if (together := sum(graph.bytes for graph in manifest.graphs)) > MAX_BYTES:
        raise BundleError(
            f"{folder}: graphs of {together} bytes, more than the {MAX_BYTES} that they may have "
            "together"
        )


def _read_graph(folder: Path, graph: GraphFile) -> bytes:
    path = folder / graph.file
    data = _read(folder, graph.file, graph.bytes)
    damaged = "the file is damaged or was changed; fetch or export the bundle again"
    if len(data) != graph.bytes:
        raise BundleError(f"{path}: {len(data)} bytes, the manifest says {graph.bytes}; {damaged}")
    if hashlib.sha256(data).hexdigest() != graph.sha256:
        raise BundleError(f"{path}: its SHA-256 is not the manifest's; {damaged}")
    try:
        check_harmless(data)
    except UnsafeModelError as error:
        raise BundleError(f"{path}: {error}; such a model is never run") from error
    return data


def _read(folder: Path, name: str, limit: int) -> bytes:
    """Read a file of the bundle that must be inside its folder and not longer than `limit`."""
    path = folder / name
    try:
        real = path.resolve(strict=True)
        status = real.stat()
        if real.parent != folder.resolve():
            raise BundleError(
                f"{path}: leads out of the bundle's folder; put the file itself there"
            )
        if not stat.S_ISREG(status.st_mode):
            raise BundleError(f"{path}: not a regular file; put the file itself there")
        if status.st_size > limit:
            raise BundleError(
                f"{path}: {status.st_size} bytes where at most {limit} are expected; "
                "fetch or export the bundle again"
            )
        with real.open("rb") as file:
            return file.read(limit + 1)
    except FileNotFoundError as error:
        raise BundleError(f"{path}: missing; the folder is no complete model bundle") from error
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links, before Python 3.13
        reason = getattr(error, "strerror", None) or error
        raise BundleError(f"{path}: cannot be read ({reason})") from error
