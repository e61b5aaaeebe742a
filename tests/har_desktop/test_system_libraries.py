"""The list of system libraries, which setup reads before anything is installed."""

import subprocess
import sys
from pathlib import Path

import pytest

from har_desktop import system_libraries
from har_desktop.system_libraries import LIBRARIES, SystemLibrary, apt_command, missing_libraries

ROOT = Path(__file__).parents[2]


def test_readable_before_anything_is_installed():
    code = "from har_desktop.system_libraries import missing_libraries; missing_libraries()"
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, '.'); {code}"]
    assert subprocess.run(command, cwd=ROOT).returncode == 0


def test_every_library_names_its_own_package():
    assert len({library.soname for library in LIBRARIES}) == len(LIBRARIES)
    assert len({library.package for library in LIBRARIES}) == len(LIBRARIES)


@pytest.mark.skipif(sys.platform != "linux", reason="sonames are Linux's")
def test_only_what_does_not_load_is_missing():
    there = SystemLibrary("libc.so.6", "libc6", "everything", essential=True)
    absent = SystemLibrary("libabsent.so.9", "libabsent9", "a test", essential=True)
    assert missing_libraries([there, absent]) == [absent]


def test_nothing_is_missing_elsewhere(monkeypatch):
    monkeypatch.setattr(system_libraries.sys, "platform", "darwin")
    absent = SystemLibrary("libabsent.so.9", "libabsent9", "a test", essential=True)
    assert missing_libraries([absent]) == []


def test_apt_command():
    command = " ".join(apt_command(["libgl1", "libegl1"]))
    assert command == "apt-get install -y --no-install-recommends libgl1 libegl1"
