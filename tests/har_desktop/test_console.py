"""Every way in which a command can end: its one line and its exit code."""

import errno
import io
import json
import os
import subprocess
import sys

import click
import pytest

from har_desktop import console
from har_desktop.errors import InputError, OutputError


@pytest.fixture
def run(capsys):
    """Run a verb with the given body; return exit code, stdout, stderr."""

    def start(body, *arguments):
        @click.group()
        @console.debug_option
        def tool():
            pass

        @tool.command()
        @click.option("--count", type=int, expose_value=False)
        @console.debug_option
        def verb():
            return body()

        code = console.run(tool, "tool", arguments or ["verb"])
        return code, *capsys.readouterr()

    return start


def fail(error):
    def body():
        raise error

    return body


def test_a_name_cannot_command_the_terminal(run):
    told = run(fail(InputError("\x1b]0;owned\x07\x1b[2J.mp4: no video")))[2]
    assert told == "tool: error: \\x1b]0;owned\\x07\\x1b[2J.mp4: no video\n"
    assert console.columns([("wrote", "\x1b[2J.mp4")]) == "  wrote  \\x1b[2J.mp4"
    real = "9.41.00\u202fAM \U0001f469\u200d\U0001f52c.mp4"  # as a Mac names recordings
    assert console.columns([("wrote", real)]) == f"  wrote  {real}"


def test_success(run):
    assert run(lambda: click.echo("fine")) == (0, "fine\n", "")


def test_a_verb_may_return_its_exit_code(run):
    assert run(lambda: 1) == (1, "", "")


@pytest.mark.parametrize(("error", "code"), [(InputError, 2), (OutputError, 1)])
def test_our_errors_are_one_line(run, error, code):
    assert run(fail(error("clip\n.mp4: cut short"))) == (
        code,
        "",
        "tool: error: clip .mp4: cut short\n",
    )


def test_wrong_usage_points_to_the_help(run):
    code, out, err = run(lambda: 0, "verb", "--count", "many")
    assert (code, out) == (2, "")
    assert err.startswith("tool: error: Invalid value for '--count': 'many'")
    assert err.endswith("See tool verb --help.\n")
    assert err.count("\n") == 1


def test_without_a_verb_the_help_is_as_long_as_it_is(capsys):
    @click.group()
    def tool():
        """Does this and that."""

    @tool.command()
    def verb():
        """Does this."""

    assert console.run(tool, "tool", ["--help"]) == 0
    printed = capsys.readouterr().out
    assert console.run(tool, "tool", []) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", printed)
    assert "\n  verb  Does this.\n" in err


def test_what_is_not_installed_is_named(run):
    code, _, err = run(fail(ModuleNotFoundError("No module named 'onnx'", name="onnx")))
    assert code == 1
    assert err == (
        "tool: error: onnx is not installed: `make setup` brings what the program needs, `make"
        " setup EXTRAS=train` what training, export and benchmarks need, too\n"
    )


def test_windows_users_are_told_what_they_have(run, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    _, _, err = run(fail(ModuleNotFoundError("No module named 'onnx'", name="onnx")))
    assert "make" not in err
    assert "`--extra train`" in err
    code, _, err = run(fail(ImportError("DLL load failed while importing x")))
    assert code == 1
    assert err == (
        "tool: error: DLL load failed while importing x; install the Visual C++ runtime:"
        " https://aka.ms/vs/17/release/vc_redist.x64.exe\n"
    )


def test_what_cannot_be_loaded_may_be_foreign_and_other_imports_are_bugs(run, monkeypatch):
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    monkeypatch.setenv("PYTHONPATH", "/opt/ros")
    lost = "libx.so: cannot open shared object file: No such file or directory"
    _, _, err = run(fail(ImportError(lost)))
    assert err == f"tool: error: {lost}; PYTHONPATH may lead to other packages: unset it\n"
    _, _, err = run(fail(ImportError("cannot import name 'a' from 'b'")))
    assert "a bug; --debug" in err


def test_a_full_disk_is_no_bug(run):
    code, _, err = run(fail(OSError(errno.ENOSPC, "No space left on device")))
    assert (code, err) == (1, "tool: error: No space left on device; free some space\n")


NAME = "Приседания é.avi"


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])
def test_names_are_told_whatever_the_encoding(monkeypatch, encoding):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    tell = click.Command("tool", callback=lambda: click.echo(NAME))
    tell_json = click.Command("tool", callback=lambda: console.print_json({"name": NAME}))
    assert console.run(tell, "tool", []) == 0
    assert console.run(tell_json, "tool", []) == 0
    line, json_line = written.getvalue().decode(encoding).splitlines()
    assert line.endswith(".avi")
    assert (NAME in line) is (encoding == "utf-8")
    assert json.loads(json_line) == {"name": NAME}


def test_a_bug_is_called_a_bug(run):
    code, _, err = run(fail(ZeroDivisionError("division by zero")))
    assert code == 1
    assert err.startswith("tool: error: ZeroDivisionError: division by zero (a bug; --debug")
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [("--debug", "verb"), ("verb", "--debug")])
@pytest.mark.parametrize(("error", "code"), [(InputError("no"), 2), (KeyError("no"), 1)])
def test_debug_shows_the_traceback_and_keeps_the_code(run, arguments, error, code):
    found, _, err = run(fail(error), *arguments)
    assert found == code
    assert err.startswith("Traceback")
    assert "test_console.py" in err


def test_interrupt(run):
    assert run(fail(KeyboardInterrupt()))[0] == 130


def test_a_reader_that_leaves_is_no_failure_to_speak_of():
    code = (
        "import click, sys; from har_desktop import console\n"
        "tool = click.Command('tool', callback=lambda: click.echo('x' * 10))\n"
        "sys.stdin.read()\n"
        "sys.exit(console.run(tool, 'tool', []))"
    )
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writing)
    os.close(reading)
    _, err = process.communicate("")
    assert (process.returncode, err) == (1, "")


@pytest.mark.skipif(os.name == "nt", reason="a shell's way to close what is written to")
@pytest.mark.parametrize(
    ("verb", "closed"),
    [
        ("click.echo('x')", ">&-"),
        ("console.print_json([1])", ">&- 2>&-"),
        ("click.echo('x', err=True)", "2>&-"),
    ],
)
def test_nobody_needs_to_listen(verb, closed):
    code = (
        "import click, sys; from har_desktop import console\n"
        f"tool = click.Command('tool', callback=lambda: {verb})\n"
        "console.leave(console.run(tool, 'tool', []))"
    )
    line = f'exec "{sys.executable}" -c "$0" {closed}'
    process = subprocess.run(["/bin/sh", "-c", line, code], capture_output=True, text=True)
    assert (process.returncode, process.stderr) == (0, "")


def test_a_name_that_is_not_unicode_is_told_with_escapes(capsys):
    console.print_json([{"source": "caf\udce9.mp4", "files": ["größe"]}])
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == [{"source": "caf\udce9.mp4", "files": ["größe"]}]


def test_json_is_the_same_in_every_code_page(capsys):
    value = {"source": 'Übung "1".mp4', "files": ["跳.vtt", "\U0001f938.mp4"], "none": None}
    console.print_json(value)
    out = capsys.readouterr().out
    assert out.isascii()
    assert json.loads(out) == value


def test_columns_are_aligned():
    assert console.columns([("a", "x y"), ("long", "z")]) == "  a     x y\n  long  z"
