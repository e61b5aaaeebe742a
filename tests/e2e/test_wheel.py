"""The wheel, installed into an empty environment, away from the checkout."""

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from har_desktop.inference.bundle import read_manifest
from har_desktop.models import DEFAULT_BUNDLE

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(uv, tmp_path_factory):
    out = tmp_path_factory.mktemp("dist")
    uv("build", "--wheel", "--out-dir", out)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(uv, wheel, tmp_path_factory):
    """The folder of the programs of an environment with the wheel and its locked dependencies."""
    folder = tmp_path_factory.mktemp("installed")
    locked = folder / "requirements.txt"
    uv("export", "--frozen", "--no-dev", "--no-emit-project", "--output-file", locked)
    uv("venv", "--python", sys.executable, folder / "venv")
    python = folder / "venv" / "bin" / "python"
    if sys.platform == "win32":
        python = folder / "venv" / "Scripts" / "python.exe"
    install = ["pip", "install", "--python", python]
    uv(*install, "--require-hashes", "--requirements", locked)
    uv(*install, "--no-deps", wheel)
    return python.parent


@pytest.fixture
def har_desktop(installed, tmp_path):
    """Run the installed program in an empty folder; it must succeed. What it printed."""

    def run(*arguments):
        environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "DISPLAY")}
        command = [installed / "har-desktop", *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_holds_the_program_and_the_default_bundle_alone(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    inside = [name for name in names if ".dist-info/" not in name]
    models = {name for name in inside if name.startswith("har_desktop/models/")}
    graphs = read_manifest(ROOT / "models" / DEFAULT_BUNDLE).graphs
    files = (*(graph.file for graph in graphs), "manifest.json", "card.md")
    assert models >= {f"har_desktop/models/{DEFAULT_BUNDLE}/{file}" for file in files}
    assert all(name.startswith(f"har_desktop/models/{DEFAULT_BUNDLE}/") for name in models)
    assert all(name.startswith("har_desktop/") for name in inside)
    assert {Path(name).suffix for name in set(inside) - models} == {".py", ".svg"}  # one icon


def test_knows_its_version(har_desktop):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert har_desktop("--version") == f"har-desktop {project['version']}\n"


def test_brings_its_model(har_desktop, installed):
    (model,) = json.loads(har_desktop("models", "--json"))
    assert model["name"] == DEFAULT_BUNDLE
    assert model["default"]
    assert "error" not in model
    assert Path(model["path"]).is_relative_to(installed.parent)


def test_replays_the_demo(har_desktop, tmp_path):
    summary = json.loads(har_desktop("replay", "demo", "--out", "results", "--json"))
    assert summary["model"] == DEFAULT_BUNDLE
    assert summary["windows"] > 0
    assert {Path(file).suffix for file in summary["files"]} == {".mp4", ".jsonl", ".csv", ".vtt"}
    assert all((tmp_path / file).stat().st_size for file in summary["files"])
