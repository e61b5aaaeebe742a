"""The training stage's command line in a process of its own, where TensorFlow would be noticed."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("tensorflow", "keras", "onnx")


def command(
    *arguments: object, without: tuple[str, ...] = HEAVY
) -> subprocess.CompletedProcess[str]:
    """Run `python -m training`; the process fails if it imported one of the modules `without`."""
    program = (
        "import sys; from training.cli import main\n"
        "try: main()\n"
        f"finally: assert not set({without!r}) & set(sys.modules)"
    )
    return subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)], capture_output=True, text=True
    )
