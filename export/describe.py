"""The files of a bundle, and what its manifest says of it."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from export import place
from export.card import write_description
from export.graphs import Graphs, feature_spec
from export.run import Run
from har_desktop.inference.manifest import (
    SCHEMA_VERSION,
    CamSpec,
    EncoderFile,
    GraphFile,
    InputSpec,
    Json,
    Manifest,
    WindowSpec,
)
from har_desktop.sinks.atomic import write_whole
from training.config import Config, Streams
from training.data.index import Clip, content
from training.data.split import Others, Split
from training.environment import commit

PACKAGES = ("tensorflow", "keras", "tf2onnx", "onnx", "onnxruntime-gpu", "onnxruntime", "numpy")


def write_bundle(folder: Path, name: str, run: Run, graphs: Graphs) -> Manifest:
    """Write the files of a bundle, unchecked, without metrics: they are measured on it later.

    Raises:
        OutputError: A file cannot be written.
    """
    encoders = [encoder.SerializeToString() for encoder in graphs.encoders]
    head = graphs.head.SerializeToString()
    config = run.config
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        name=name,
        network=config.network.kind,
        classes=config.classes,
        input=input_spec(config),
        window=window_spec(config),
        features=graphs.features,
        cam=cam_spec(graphs),
        calibration=run.calibration,
        encoder=encoder_spec(graphs, encoders),
        head=graph_file(place.HEAD, head),
        training=training(run),
        metrics={},
        source={
            "commit": commit(),
            "exported": datetime.now(UTC).isoformat(timespec="seconds"),
            "packages": dict(_versions()),
        },
    )
    for graph, data in zip(manifest.graphs, (*encoders, head), strict=True):
        write_whole(folder / graph.file, data)
    write_description(folder, manifest)
    return manifest


def training(run: Run) -> Json:
    """What the manifest tells of the run."""
    return {
        "data": run.split.data,
        "split": _summary(run.split),
        "configuration": msgspec.to_builtins(run.config),
        "environment": run.environment,
    }


def input_spec(config: Config | Streams) -> InputSpec:
    """What the encoder of this configuration wants to see."""
    network = config.network
    return InputSpec(
        height=network.height,
        width=network.width,
        normalization="RGB / 127.5 - 1, computed by the encoder",
        motion=network.motion,
        differences=network.differences,
    )


def window_spec(config: Config | Streams) -> WindowSpec:
    """The window in time that this configuration trains."""
    return WindowSpec(length=config.network.length, frame_interval_s=config.frame_interval_s)


def cam_spec(graphs: Graphs) -> CamSpec:
    """The heat-maps that the head gives."""
    return CamSpec(target=graphs.target, second="hires-cam")


def encoder_spec(graphs: Graphs, encoders: Sequence[bytes]) -> GraphFile | tuple[EncoderFile, ...]:
    """The encoder as the manifest names it, or several.

    Args:
        graphs: Whose encoders these are.
        encoders: As serialised.
    """
    if len(encoders) == 1:
        return graph_file(place.ENCODER, encoders[0])
    files = [graph_file(place.numbered(n), data) for n, data in enumerate(encoders, 1)]
    return tuple(
        EncoderFile(
            **msgspec.structs.asdict(file),
            motion=any(picture.name == "previous" for picture in model.graph.input),
            features=feature_spec(model),
        )
        for file, model in zip(files, graphs.encoders, strict=True)
    )


def graph_file(name: str, data: bytes) -> GraphFile:
    """A serialised graph as the manifest names it."""
    return GraphFile(file=name, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))


def _summary(split: Split) -> Json:
    """Of each set: how many clips, in all and of each class, and which groups.

    `learned` are the contents of those that it learned from or was chosen by: groups may be called
    otherwise some day, and `training evaluate` refuses these all the same. Not among them is what
    only one of several networks could use.
    """
    sets = {name: _counted(clips) for name, clips in split.sets().items()}
    summary: Json = {"protocol": split.protocol, "sets": sets}
    others = split.others or Others([], [])
    learned = [*split.train, *split.validation, *others.train, *others.validation]
    summary["learned"] = sorted({content(clip) for clip in learned})
    if split.validated:
        summary["validated"] = _counted(split.validated)
    return summary


def _counted(clips: Sequence[Clip]) -> Json:
    return {
        "clips": len(clips),
        "groups": sorted({clip.group for clip in clips}),
        "per_class": dict(sorted(Counter(clip.label for clip in clips).items())),
    }


def _versions() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        try:
            yield package, importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue  # one of the two builds of ONNX Runtime
