"""What the tests that start from outside share."""

import importlib.util
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def load_bootstrap():
    """scripts/bootstrap.py as a new module."""
    path = ROOT / "scripts" / "bootstrap.py"
    spec = importlib.util.spec_from_file_location("bootstrap", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def uv():
    """Run the uv of this checkout in it, and return what it printed."""
    bootstrap = load_bootstrap()
    program, environment = bootstrap.set_up_uv(), bootstrap.uv_environment()

    def run(*arguments):
        done = subprocess.run(
            [program, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def bootstrap(monkeypatch):
    """The setup script as a module, deaf to this machine's own mirrors."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    module = load_bootstrap()
    monkeypatch.setattr(module, "PIP_CONFIGS", [])
    return module
