"""scripts/bootstrap.py: what the system lacks is installed, or told."""

import sys
from pathlib import Path

import pytest

from har_desktop.system_libraries import SystemLibrary

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there uv is run by hand")


@pytest.fixture
def lacking(monkeypatch, tmp_path):
    """A system that lacks one library, until the file `installed` names its package."""
    installed = tmp_path / "installed"

    def lack(essential: bool) -> Path:
        window = "" if essential else "x11"
        library = SystemLibrary("libmissing.so.1", "libmissing1", window)
        monkeypatch.setattr(
            "har_desktop.system_libraries.missing_libraries",
            lambda _: (
                [] if installed.exists() and "libmissing1" in installed.read_text() else [library]
            ),
        )
        return installed

    tools = tmp_path / "bin"
    tools.mkdir()
    apt = tools / "apt-get"
    apt.write_text(f'#!/bin/sh\n[ "$1" = update ] || echo "$@" > "{installed}"\n')
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    return lack


def test_missing_library_is_installed_as_root(bootstrap, lacking, monkeypatch):
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 0)
    installed = lacking(essential=True)
    bootstrap.set_up_system()
    assert installed.read_text() == "install -y --no-install-recommends libmissing1\n"


def test_without_permission_the_exact_line_is_printed(bootstrap, lacking, monkeypatch):
    monkeypatch.setattr(bootstrap, "privilege", lambda: None)
    installed = lacking(essential=True)
    line = "sudo apt-get install -y --no-install-recommends libmissing1"
    with pytest.raises(bootstrap.SetupError, match=line):
        bootstrap.set_up_system()
    assert not installed.exists()


def test_what_only_a_window_needs_does_not_stop_the_setup(bootstrap, lacking, monkeypatch, capfd):
    monkeypatch.setattr(bootstrap, "privilege", lambda: None)
    lacking(essential=False)
    bootstrap.set_up_system()
    assert "sudo apt-get install -y --no-install-recommends libmissing1" in capfd.readouterr().out


def test_without_apt_the_libraries_are_named(bootstrap, lacking, monkeypatch, capfd):
    lacking(essential=False)
    monkeypatch.setenv("PATH", "")
    bootstrap.set_up_system()
    told = capfd.readouterr().out
    assert "the packages of your system that bring libmissing.so.1" in told
    assert "apt-get" not in told


def test_apt_that_fails_is_not_believed(bootstrap, lacking, monkeypatch, tmp_path, capfd):
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 0)
    lacking(essential=True)
    (tmp_path / "bin" / "apt-get").write_text("#!/bin/sh\necho no network; exit 100\n")
    with pytest.raises(bootstrap.SetupError, match="libmissing1"):
        bootstrap.set_up_system()
    assert "no network" in capfd.readouterr().out
