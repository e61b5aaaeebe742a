"""What can go wrong in a way that a person can mend: one line, and an exit code.

The message of every error below is one line that says what, where, and what to do.
"""

from __future__ import annotations

import os
import sys
import unicodedata

_WINDOWS_RUNTIME = "https://aka.ms/vs/17/release/vc_redist.x64.exe"
# What systems say of a library that a package needs.
UNLOADABLE = ("DLL load failed", "cannot open shared object file", "not found (required by")
_JOINERS = "\u200c\u200d"


class HarError(Exception):
    """A failure with a message for a person. The program ends with `exit_code`."""

    exit_code = 1


class InputError(HarError):
    """What the person gave cannot be used: a path, a class name, a folder, an option."""

    exit_code = 2


class SourceError(InputError):
    """A camera, file or stream that cannot be opened, or that breaks while it is read."""


class BundleError(InputError):
    """A model bundle that is incomplete, damaged, unsafe or of another kind."""


class OutputError(HarError):
    """A result that could not be written (full disk, folder gone)."""


def unloadable(error: ImportError) -> str:
    """Why a package that is installed cannot be loaded, and what to do where that is known."""
    if sys.platform == "win32" and UNLOADABLE[0] in str(error):
        return f"{error}; install the Visual C++ runtime: {_WINDOWS_RUNTIME}"
    foreign = [name for name in ("PYTHONPATH", "LD_LIBRARY_PATH") if os.environ.get(name)]
    hint = f"; {' and '.join(foreign)} may lead to other packages: unset it" if foreign else ""
    return f"{error}{hint}"


def gist(error: Exception, where: str = "") -> str:
    """An error in one line: what it says, if that is meant for a person, else its kind, too.

    Args:
        error: The error.
        where: What failed, before a kind.
    """
    kind = "" if isinstance(error, HarError) else f"{where}{type(error).__name__}: "
    return " ".join(f"{kind}{error}".split())


def one_line(text: str) -> str:
    """Text that may hold anything, file names for example, as one line for a terminal."""
    return printable(" ".join(text.split()))


def printable(text: str) -> str:
    """Text that somebody else chose, with escapes in place of what a terminal would obey."""
    return "".join(one if _is_harmless(one) else ascii(one)[1:-1] for one in text)


def _is_harmless(letter: str) -> bool:
    # Blanks that do not break, and what joins letters and emoji, stand in names of real files.
    return letter.isprintable() or letter in _JOINERS or unicodedata.category(letter) == "Zs"
