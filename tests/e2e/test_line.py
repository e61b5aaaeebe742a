"""The whole line through its real commands: clips, training, export, evaluation, replay.

The clips are rendered figures, written by a video encoder and laid out like UCF101; the network is
small enough to learn two actions in a minute. On these it must be right about people it never saw.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from har_desktop.opencv import cv2
from har_desktop.sources.figure import RenderedFigure

CONFIG = """
classes = ["JumpingJack", "PushUps"]
frame_interval_s = 0.15
epochs = 12
batch = 8
windows = 2
learning_rate = 4e-3

[network]
name = "cnn_gru"
height = 48
width = 64
filters = [8, 12, 16]
conv3d = 16
gru = [8, 12]
motion = true

[augment]
mirror = true
scale = [0.85, 1.1]
"""
ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


def run(*command: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", *map(str, command)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    return done


def write_clip(path: Path, label: str, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 20.0, (160, 120))
    with RenderedFigure(label, seed, duration_s=3.0, fps=20.0, size=(120, 160)) as source:
        for frame in source:
            writer.write(frame.image)
    writer.release()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    for label in ("JumpingJack", "PushUps"):
        for group in range(1, 26):
            write_clip(root / label / f"v_{label}_g{group:02d}_c01.mp4", label, seed=group)
    return root


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """A run folder."""
    folder = tmp_path_factory.mktemp("training")
    config = folder / "two.toml"
    config.write_text(CONFIG)
    options = ("--config", config, "--data", data, "--cache", folder / "cache")
    prepared = run("training", "prepare", *options)
    assert "14 clips; g01, g02, g03, g04, g05, g06, g07;" in prepared.stdout
    run("training", "fit", *options, "--run", folder / "run")
    return folder / "run"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, trained: Path) -> Path:
    folder = tmp_path_factory.mktemp("models") / "two"
    run("export", "build", trained, "--out", folder)
    return folder


def test_the_bundle_recognises_people_it_never_saw(bundle: Path, data: Path) -> None:
    for sampling in ("time", "even"):
        done = run(
            "training", "evaluate", "--bundle", bundle, "--data", data, "--json",
            "--sampling", sampling,
        )  # fmt: skip
        report = json.loads(done.stdout)
        assert report["clips"] == 14
        assert report["accuracy"] >= 0.85


def test_the_bundle_is_verified_and_differs_from_keras_by_rounding_only(
    bundle: Path, trained: Path
) -> None:
    run("har_desktop", "models", "verify", bundle)
    run("export", "verify", bundle, "--run", trained)


def test_a_changed_byte_is_named(bundle: Path, tmp_path: Path) -> None:
    for name in ("encoder.onnx", "head.onnx", "manifest.json", "card.md"):
        (tmp_path / name).write_bytes((bundle / name).read_bytes())
    graph = tmp_path / "encoder.onnx"
    content = bytearray(graph.read_bytes())
    content[len(content) // 2] ^= 1
    graph.write_bytes(content)
    done = run("har_desktop", "models", "verify", tmp_path, code=2)
    assert "encoder.onnx" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_replay_finds_the_action(bundle: Path, data: Path, tmp_path: Path) -> None:
    for label in ("JumpingJack", "PushUps"):
        clip = data / label / f"v_{label}_g03_c01.mp4"
        done = run("har_desktop", "replay", clip, "--model", bundle, "--out", tmp_path, "--json")
        summary = json.loads(done.stdout)
        assert summary["frames"] == 60
        assert summary["top"]["label"] == label
        assert summary["provider"] == "cpu" or summary["provider_reason"] is None
        assert all(Path(file).exists() for file in summary["files"])
