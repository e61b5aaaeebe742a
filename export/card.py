"""The model card: a manifest in words, for people. Nothing stands in it that isn't measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from export import place
from export.card_data import ORIGINS, Training, data, is_ucf101, licence
from export.card_measured import sections
from export.confusion import draw, pictured
from export.markdown import table
from export.report import read_metrics
from har_desktop.errors import BundleError
from har_desktop.inference.manifest import Json, Manifest
from har_desktop.sinks.atomic import write_whole
from training import json_file
from training.config import (
    CnnGru,
    Config,
    OnPublished,
    Stream,
    Streams,
    TunedGru,
    parts,
    read_config,
)


def write_description(folder: Path, manifest: Manifest) -> None:
    """Write `manifest.json`, and the card and the picture that follow from it.

    Raises:
        BundleError: The manifest lacks what a card tells.
        OutputError: A file cannot be written.
    """
    card = render(manifest)
    report = pictured(read_metrics(manifest.metrics))
    if report:
        write_whole(folder / place.CONFUSION, draw(report))
    json_file.write(folder / place.MANIFEST, manifest)
    write_whole(folder / place.CARD, card.encode())


def render(manifest: Manifest) -> str:
    """Write the card.

    Returns:
        Markdown.

    Raises:
        BundleError: `training` or `metrics` of the manifest lack what the card tells.
    """
    try:
        training = msgspec.convert(manifest.training, Training)
        config = read_config(training.configuration)
        reports = read_metrics(manifest.metrics)
    except msgspec.ValidationError as error:
        raise BundleError(f"the manifest of {manifest.name} cannot make a card: {error}") from error
    parts = {
        f"# {manifest.name}": _purpose(manifest),
        "## Network": _network(manifest, config),
        "## Data": data(manifest, training, config),
        "## Calibration": _calibration(manifest),
        **sections(reports, len(manifest.classes)),
        "## Limits": _limits(manifest),
        "## Licence": licence(manifest, training, config),
        "## How to make it": _reproduction(manifest, training, config),
    }
    return (
        "\n".join(line for title, body in parts.items() for line in (title, "", *body, "")).rstrip()
        + "\n"
    )


def _purpose(manifest: Manifest) -> Iterator[str]:
    yield (
        f"Tells which of {len(manifest.classes)} actions a person performs in a video, and where "
        "in the picture the evidence lies. HAR Desktop runs it in ONNX Runtime."
    )
    yield ""
    yield f"Classes: {', '.join(manifest.classes)}."


def _network(manifest: Manifest, config: Config | Streams) -> Iterator[str]:
    window, shape = manifest.window, manifest.input
    rows, columns, _ = manifest.features.activation
    height, width = manifest.features.partials[1:3]
    second = [("HiResCAM", f"of the Conv3D, {height} x {width}, blurred by one place")]
    if manifest.cam.second is None:
        second = []
    streams = [part.network for part in parts(config)]
    if len(streams) > 1:
        yield (
            f"`{manifest.network}`: {len(streams)} networks side by side, each trained by itself. "
            "The mean of their logits counts, and their Grad-CAM targets are taken as the channels "
            "of one."
        )
        yield ""
    for stream in streams:
        yield ("- " if len(streams) > 1 else "") + _stream(stream)
    yield ""
    yield from table(
        ("part", "what"),
        [
            ("picture", f"{shape.height} x {shape.width} {shape.color}, {shape.fit}"),
            ("normalisation", shape.normalization),
            ("window", f"{window.length} pictures, {window.frame_interval_s:g} s apart"),
            ("Grad-CAM", f"of the {manifest.cam.score}, at `{manifest.cam.target}`"),
            ("heat-map", f"{rows} x {columns} for each picture of the window"),
            *second,
            *(
                (f"`{graph.file}`", f"{graph.bytes / 1e6:.2f} MB, SHA-256 `{graph.sha256}`")
                for graph in manifest.graphs
            ),
        ],
    )


def _stream(network: Stream) -> str:
    size = f"{network.height} x {network.width}"
    if isinstance(network, CnnGru):
        filters = " / ".join(map(str, network.filters))
        encoder = (
            f"three times Conv2D ({filters} filters), BatchNorm and pooling for each picture of "
            f"{size}"
        )
        if network.motion:
            encoder += (
                ", whose fourth channel holds the difference in brightness to the picture one "
                "interval before"
            )
    elif isinstance(network, TunedGru):
        seen = f"each picture of {size}"
        if network.motion:
            seen = f"the difference in brightness between {seen} and the one an interval before it"
            if network.differences > 1:
                seen += f", told in {network.differences} steps between pictures on the way"
        encoder = (
            f"for {seen}, the backbone of {ORIGINS[network.trunk]} to its thirteenth block, all of "
            f"it trained further, then a Conv2D ({network.filters} filters) and BatchNorm"
        )
    else:
        encoder = (
            f"for each picture of {size}, two frozen MobileNetV2 trunks (MoveNet Lightning's "
            "without its joint detectors, and ImageNet's to its thirteenth block), joined by a "
            f"Conv2D ({network.filters} filters) and BatchNorm"
        )
    return (
        f"`{network.kind}`: {encoder}; one Conv3D ({network.conv3d}) over the window, the "
        f"maximum over space, GRU({network.gru[0]}), GRU({network.gru[1]}), one logit per class."
    )


def _calibration(manifest: Manifest) -> Iterator[str]:
    calibration = manifest.calibration
    limits = [f"where the largest probability is below {calibration.rejection_threshold:g}"]
    if calibration.least_evidence is not None:
        limits.append(f"where the largest logit is below {calibration.least_evidence:g}")
    if calibration.least_movement is not None:
        limits.append(f"where less moves than {calibration.least_movement:g} grey levels")
    yield (
        f"Probabilities are softmax(logits / {calibration.temperature:g}). "
        f'The answer is "no action" {", or ".join(limits)}.'
    )


def _limits(manifest: Manifest) -> Iterator[str]:
    window = manifest.window
    span = (window.length - 1 + manifest.input.motion) * window.frame_interval_s
    yield (
        "- It knows only the classes above. Anything else should end below the threshold as "
        '"no action"; some of it will not.'
    )
    yield (
        "- It has seen few people, rooms and cameras. From another distance or angle it will do "
        "worse than the figures above."
    )
    yield f"- A window spans {span:.1f} s, and one person should fill much of the picture."
    yield (
        "- A heat-map shows what raised one class's score, on a coarse grid. It doesn't outline "
        "the person and proves no cause."
    )
    yield "- It is not fit to judge people by."


def _reproduction(
    manifest: Manifest, training: Training, config: Config | Streams
) -> Iterator[str]:
    environment, source = training.environment, manifest.source
    joined = environment.get("joined")
    calibrated = f"; put together at commit `{joined}`" if joined else ""
    yield (
        f"Trained at commit `{environment.get('commit')}` in {environment.get('seconds')} s on "
        f"{environment.get('machine')}{calibrated}; exported at commit `{source.get('commit')}` on "
        f"{source.get('exported')}. The configuration stands in `manifest.json` under "
        "`training.configuration`."
    )
    for graph in manifest.graphs:
        if isinstance(again := source.get(Path(graph.file).stem), dict):
            yield (
                f"`{graph.file}` was exported once more from the same weights, at commit "
                f"`{again.get('commit')}` on {again.get('exported')}."
            )
    parity = source.get("parity")
    if isinstance(parity, dict):
        yield from _parity(parity, exported_once="head" not in source)
    yield ""
    if training.split.protocol == "group-wise":
        yield "Where other groups than those above would validate, `--fold` chooses them."
    yield from ("", "```sh", *_commands(manifest, training, config), "```")


def _parity(parity: Json, *, exported_once: bool) -> Iterator[str]:
    first = "" if exported_once else ", as they were exported at first,"
    yield ""
    yield f"Largest differences between the graphs{first} and the Keras network:"
    yield ""
    yield from table(
        ("figure", "difference"), [(name, f"{value:.1e}") for name, value in parity.items()]
    )
    if "rounding" in parity:
        yield ""
        yield (
            "`probabilities` and `heatmaps` are compared with Keras in float64. `rounding` is "
            "how far the heat-maps of Keras in float32 are from the same."
        )
    if "streaming" in parity:
        yield (
            "`streaming` is no difference to Keras: it is that between frames that come one by one "
            "and their window at once, by the graphs alone."
        )
    if "evidence" in parity:
        yield "`evidence` is the largest logit, compared likewise."


def _commands(manifest: Manifest, training: Training, config: Config | Streams) -> Iterator[str]:
    """From the clips to the bundle and its figures."""
    split, bundle, run = training.split, f"models/{manifest.name}", "RUN"
    builds = any(isinstance(part.network, OnPublished) for part in parts(config))
    clips = "--data DATA --published NETWORKS" if builds else "--data DATA"
    leaks = split.protocol == "clip-random"
    shuffle = " --clip-random" if leaks else ""
    yield f"python -m training fit {clips} --config {bundle}{shuffle} --run {run}"
    if split.validated:
        yield f"python -m training refit --after {run} {clips} --run AGAIN"
        run = "AGAIN"
    yield f"python -m export build {run} --out {bundle} --replace"
    # Without a split, the official test groups are looked at.
    official = is_ucf101(manifest, training) and not leaks
    tests = "" if official else f" --split {run}/split.json"
    reports = {"evaluate.json": "evaluate"}
    if f"{split.protocol}, even" in manifest.metrics:
        reports["even.json"] = "evaluate --sampling even"
    if isinstance(rejection := manifest.metrics.get("rejection"), dict):
        reports["reject.json"] = "reject --idle IDLE" if rejection.get("idle") else "reject"
    if "explanations" in manifest.metrics:
        reports["explain.json"] = "explain"
    for file, verb in reports.items():
        yield f"python -m training {verb} --bundle {bundle} --data DATA{tests} --json > {file}"
    yield f"python -m export measure {bundle} {' '.join(reports)}"
    if any(isinstance(m, dict) and m.get("kind") == "seeds" for m in manifest.metrics.values()):
        # By runs of their own, of other seeds: docs/results.md has them.
        yield f"python -m export measure {bundle} --random LEAK.json"
