"""How a command line of this project ends: one line on stderr and an exit code, no traceback."""

from __future__ import annotations

import errno
import io
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
import msgspec
from click.exceptions import NoArgsIsHelpError

from har_desktop.errors import UNLOADABLE, HarError, one_line, printable, unloadable

FAILURE = 1
INTERRUPTED = 130  # 128 + SIGINT, as shells report it
HELP = {"help_option_names": ["-h", "--help"]}

Function = TypeVar("Function", bound=Callable[..., Any])


def debug_option(function: Function) -> Function:
    """Give a group or a verb `--debug`, so that it may stand before the verb or behind it."""

    def remember(context: click.Context, _: click.Parameter, value: bool) -> None:
        if value:
            context.find_root().obj["debug"] = True

    return click.option(
        "--debug",
        is_flag=True,
        expose_value=False,
        callback=remember,
        help="Show the traceback of a failure.",
    )(function)


def run(command: click.Command, name: str, arguments: Sequence[str] | None = None) -> int:
    """Run a command line to its end, whatever happens.

    Args:
        command: Its functions return an exit code, or None for 0.
        name: The program's name in messages.
        arguments: Instead of `sys.argv[1:]`.

    Returns:
        The exit code: 0, that of a `HarError`, 2 for wrong usage, 130 for Ctrl-C, else 1.
    """
    settings = {"debug": False}
    for stream in ("stdout", "stderr"):
        if getattr(sys, stream) is None:  # closed by whoever started us, or of `pythonw`
            setattr(sys, stream, Path(os.devnull).open("w"))  # noqa: SIM115, for good
    if isinstance(sys.stdout, io.TextIOWrapper):  # for names that its encoding lacks
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = command.main(arguments, prog_name=name, obj=settings, standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
    except click.Abort:
        return INTERRUPTED
    except NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except Exception as error:  # noqa: BLE001, nothing above us would tell it better
        if settings["debug"]:
            traceback.print_exc()
        return tell(name, error)
    return code or 0


def tell(name: str, error: Exception) -> int:
    """Say on stderr, in one line, what went wrong; return the exit code for it."""
    message, code = _explain(error)
    print_error(name, message)
    return code


def print_error(name: str, message: str) -> None:
    """Print one line to stderr, whatever the message holds: file names may hold anything."""
    click.echo(f"{name}: error: {one_line(message)}", err=True)


def leave(code: int) -> NoReturn:
    """End the process with an exit code, whatever its threads are doing.

    A thread that was left behind in a driver or a model, and comes back from there while the
    interpreter shuts down, would abort the process: C++ does not let it end.
    """
    if not any(thread.daemon for thread in threading.enumerate()):
        sys.exit(code)
    import logging  # not before it is needed: --version answers at once

    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # nobody reads it any more
            stream.flush()
    logging.shutdown()
    os._exit(code)


def print_json(value: object) -> None:
    """Print a struct, or a list of them, as one line of JSON.

    In ASCII, with escapes: a shell may write into a file what it takes for another code.
    """
    import json

    try:
        line = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # a file's name need not be Unicode
        line = json.dumps(msgspec.to_builtins(value))
    click.echo(re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found[0])[1:-1], line))


def columns(rows: Sequence[tuple[str, str]]) -> str:
    """Lines of a name and what there is to say of it, indented and aligned."""
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"  {name:<{width}}  {printable(text)}" for name, text in rows)


def _explain(error: Exception) -> tuple[str, int]:
    """The message for a person, and the exit code."""
    if isinstance(error, HarError):
        return str(error), error.exit_code
    if isinstance(error, click.UsageError) and error.ctx:
        return f"{error.format_message()} See {error.ctx.command_path} --help.", error.exit_code
    if isinstance(error, click.ClickException):
        return error.format_message(), error.exit_code
    if isinstance(error, ModuleNotFoundError):
        brings, more = "`make setup` brings", "`make setup EXTRAS=train`"
        if sys.platform == "win32":  # where there is no make
            brings, more = "`uv run --no-dev` before the command brings", "with `--extra train`"
        return (
            f"{error.name} is not installed: {brings} what the program needs, {more} what"
            " training, export and benchmarks need, too",
            FAILURE,
        )
    if isinstance(error, ImportError) and any(x in str(error) for x in UNLOADABLE):
        return unloadable(error), FAILURE
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"{error.strerror}; free some space", FAILURE
    return f"{type(error).__name__}: {error} (a bug; --debug shows where it happened)", FAILURE
