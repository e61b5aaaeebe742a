"""Ctrl-C while a program is still being imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Where Ctrl-C comes is made certain: an import raises what it would raise.
PROGRAM = """
import runpy, sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {imported!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt())
runpy.run_module({program!r}, run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(
    ("program", "imported"),
    [
        ("har_desktop", "har_desktop.cli"),
        ("har_desktop", "click"),
        ("training", "har_desktop.console"),
        ("training", "training.cli"),
        ("export", "export.cli"),
    ],
)
def test_it_ends_quietly(program: str, imported: str) -> None:
    code = PROGRAM.format(program=program, imported=imported)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
