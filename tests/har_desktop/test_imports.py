"""Arrows point one way: what the app may import, at once or later."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import har_desktop

ROOT = Path(har_desktop.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
MODULES = [path for path in FILES if path.name != "__main__.py"]  # which runs when imported
# What training and export need, and those two themselves.
FOREIGN = {
    "tensorflow",
    "keras",
    "onnx",
    "tf2onnx",
    "sklearn",
    "matplotlib",
    "training",
    "export",
    "benchmarks",
}


def module(path):
    name = ".".join(("har_desktop", *path.relative_to(ROOT).with_suffix("").parts))
    return name.removesuffix(".__init__")


def imported(path):
    """The top-level packages that a file names in an import, wherever in the file that is."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.partition(".")[0]


def in_view(path):
    return path.relative_to(ROOT).parts[0] == "view"


@pytest.mark.parametrize("path", FILES, ids=module)
def test_file_names_nothing_that_the_app_must_not_import(path):
    names = set(imported(path))
    assert not names & FOREIGN
    assert in_view(path) or "PySide6" not in names


def loaded_after(modules):
    """Top-level packages that a fresh interpreter has loaded after importing these."""
    code = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)\n"
    code += "print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code, *modules], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_fresh_interpreter_loads_neither_tensorflow_nor_qt():
    """Not even by way of another package."""
    loaded = loaded_after(module(path) for path in MODULES if not in_view(path))
    assert {"har_desktop", "onnxruntime", "cv2"} <= loaded
    assert not loaded & FOREIGN
    assert "PySide6" not in loaded


def test_fresh_interpreter_loads_no_tensorflow_with_the_window():
    assert (
        not loaded_after([module(path) for path in FILES if path.name != "__main__.py"]) & FOREIGN
    )
