"""Files of JSON: written whole, and read back, saying what to do where that cannot be done."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import msgspec

from har_desktop.errors import InputError
from har_desktop.sinks.atomic import write_whole

T = TypeVar("T")


def write(path: Path, value: object) -> None:
    """Encode into a file, indented for people; what stands under its name is always whole.

    Raises:
        OutputError: It cannot be written. What was there before stays.
    """
    write_whole(path, msgspec.json.format(msgspec.json.encode(value)))


def read(path: Path, kind: type[T], remedy: str = "") -> T:
    """Decode a file.

    Args:
        path: Of the file.
        kind: What it holds.
        remedy: What to do if it cannot be used.

    Raises:
        InputError: It cannot.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (msgspec.MsgspecError, OSError, UnicodeDecodeError, RecursionError) as error:
        hint = f"; {remedy}" if remedy else ""
        raise InputError(f"{path} cannot be used: {error}{hint}") from error
