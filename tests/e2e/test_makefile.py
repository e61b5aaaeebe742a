"""The Makefile: from a bare checkout to a running program."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", "-C", ROOT, *arguments], capture_output=True, text=True)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_alone_lists_the_targets():
    listed = {line.split()[0] for line in make("-s").stdout.splitlines() if line[:1].isalpha()}
    assert {"run", "test", "test-all", "lint", "setup", "clean"} <= listed


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_without_a_python_says_so():
    done = make("PYTHON=", "setup")
    assert done.returncode != 0
    assert "no Python 3.11 or newer found" in done.stderr


PASSED_ON = ("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "https_proxy", "UV_DEFAULT_INDEX")
NOT_CLONED = (".git", ".venv", ".tools", "runs", "cache", "out", "build", "dist", "__pycache__")


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(sys.platform != "linux", reason="`make run` is for Linux")
def test_make_run_does_the_main_job_in_a_fresh_checkout(uv, tmp_path):
    root = tmp_path / "fresh checkout"
    shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*NOT_CLONED, ".*_cache"))
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    environment |= {"HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"}
    environment["UV_CACHE_DIR"] = uv("cache", "dir").strip()  # spares some hundred megabytes

    def make_run() -> str:
        command = ["make", "-C", root, "run", f"PYTHON={sys.executable}"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    first = make_run()
    assert "setup: fetching uv" in first
    assert "no display" in first
    written = [line.split(maxsplit=1)[1] for line in first.splitlines() if "wrote" in line]
    assert len(written) == 4
    assert all((root / path).stat().st_size for path in written)
    assert "setup:" not in make_run()
