"""The training stage's command line, here or in a process where TensorFlow would be noticed."""

from __future__ import annotations

import subprocess
import sys

from har_desktop import console
from training.cli import cli

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


def here(*arguments: object) -> int:
    """The same in this process: its exit code."""
    return console.run(cli, "python -m training", [str(argument) for argument in arguments])
