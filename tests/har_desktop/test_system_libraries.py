"""The list of system libraries, which setup reads before anything is installed."""

import subprocess
import sys
from pathlib import Path

import pytest

from har_desktop import system_libraries
from har_desktop.system_libraries import LIBRARIES, SystemLibrary, apt_command, missing_libraries

ROOT = Path(__file__).parents[2]


def test_readable_before_anything_is_installed():
    code = "from har_desktop.system_libraries import missing_libraries; missing_libraries('x11')"
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, '.'); {code}"]
    assert subprocess.run(command, cwd=ROOT).returncode == 0


def test_every_library_names_its_own_package():
    assert len({library.soname for library in LIBRARIES}) == len(LIBRARIES)
    assert len({library.package for library in LIBRARIES}) == len(LIBRARIES)


@pytest.mark.skipif(sys.platform != "linux", reason="sonames are Linux's")
def test_only_what_does_not_load_is_missing():
    there = SystemLibrary("libc.so.6", "libc6")
    absent = SystemLibrary("libabsent.so.9", "libabsent9")
    other = SystemLibrary("libabsent.so.8", "libabsent8", "wayland")
    assert missing_libraries("x11", [there, absent, other]) == [absent]
    assert missing_libraries("wayland", [there, absent, other]) == [absent, other]


def test_nothing_is_missing_elsewhere(monkeypatch):
    monkeypatch.setattr(system_libraries.sys, "platform", "darwin")
    absent = SystemLibrary("libabsent.so.9", "libabsent9")
    assert missing_libraries("x11", [absent]) == []


def test_apt_command():
    command = " ".join(apt_command(["libgl1", "libegl1"]))
    assert command == "apt-get install -y --no-install-recommends libgl1 libegl1"


def test_the_remedy_is_of_the_system(monkeypatch):
    absent = [SystemLibrary("libabsent.so.9", "libabsent9")]
    monkeypatch.setattr(system_libraries.shutil, "which", lambda _: "/usr/bin/apt-get")
    line = "sudo apt-get install -y --no-install-recommends libabsent9"
    assert system_libraries.remedy(x.name for x in absent) == line
    monkeypatch.setattr(system_libraries.shutil, "which", lambda _: None)
    assert system_libraries.remedy(x.name for x in absent) == (
        "install the packages of your system that bring libabsent.so.9"
    )
