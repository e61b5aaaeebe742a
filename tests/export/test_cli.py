from __future__ import annotations

import subprocess
import sys

import pytest

from export.cli import cli
from har_desktop import console


@pytest.fixture
def export(capsys):
    """Factory: arguments -> exit code, stdout, stderr."""

    def run(*arguments: object):
        code = console.run(cli, "python -m export", [str(a) for a in arguments])
        return code, *capsys.readouterr()

    return run


def test_verify_says_what_it_checked(export, built):
    code, out, err = export("verify", built)
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 3


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("build", "nowhere", "--out", "models/x"), 2, "no run folder nowhere"),
        (("verify", "nowhere"), 2, "nowhere"),
        (("measure", "nowhere", "report.json"), 2, "nowhere"),
        (("measure", "nowhere", "--random", "report.json"), 2, "nowhere"),
        (("measure",), 2, "FOLDER"),
        (("polish",), 2, "polish"),
    ],
)
def test_wrong_input_is_one_line_and_code_2(export, arguments, code, complaint):
    found, out, err = export(*arguments)
    assert (found, out) == (code, "")
    assert complaint in err
    assert len(err.splitlines()) == 1


def test_only_what_needs_tensorflow_imports_it():
    program = (
        "import sys, export.run, export.verify, export.measure; print('tensorflow' in sys.modules)"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_module_is_a_command():
    done = subprocess.run(
        [sys.executable, "-m", "export", "--help"], capture_output=True, text=True, check=True
    )
    assert all(verb in done.stdout for verb in ("build", "verify", "measure"))
