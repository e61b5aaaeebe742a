"""Incomplete files: how they are named, and what becomes of those whose writer was killed.

They are found and told of at the next start, and never deleted.
"""

from __future__ import annotations

import glob
import math
import os
import re
from collections.abc import Sequence
from itertools import count
from pathlib import Path

# .NAME.PID.NUMBER.partial.SUFFIX, with NAME the final name
_PARTIAL = re.compile(r"\.(?P<name>.+)\.(?P<pid>\d+)\.\d+\.partial\.\w+", re.DOTALL)
_NAME = re.compile(r"(?P<stem>.+?)(?P<suffix>(\.frames|\.events)?\.\w+)", re.DOTALL)

# Before its first fragment, a video has a type and an index of what is to come: some 1000 bytes.
_TYPE, _FRAGMENT = b"ftyp", b"moof"
_BEGINNING = 1 << 14
_CLOCK_S = 10.0  # clocks are set, and count the start of a process in parts of a second


def partial_of(path: Path, suffix: str) -> Path:
    """A new hidden name, with this suffix, under which this process writes a file."""
    names = (f".{path.name}.{os.getpid()}.{number}.partial{suffix}" for number in count(1))
    return next(new for name in names if not (new := path.with_name(name)).exists())


def find_leftovers(folder: Path) -> tuple[Path, ...]:
    """What dead processes have left in a folder, by name; files that hold nothing don't count.

    To be asked before this process writes there. A folder that cannot be read holds nothing.
    """
    try:
        return tuple(sorted(path for path in folder.iterdir() if _is_leftover(path)))
    except OSError:  # whoever writes there will say so
        return ()


def describe(leftovers: Sequence[Path]) -> str:
    """One line for whoever deals with the files by hand, of at least one."""
    names = ", ".join(path.name for path in leftovers[:2])
    more = f" and {len(leftovers) - 2} more" if len(leftovers) > 2 else ""
    return f"{leftovers[0].parent}: an earlier run was interrupted and left {names}{more}"


def is_partial(name: str) -> bool:
    """Whether an incomplete file of ours has such a name."""
    return _PARTIAL.fullmatch(name) is not None


def final_name(partial: Path) -> str:
    """The name that an incomplete file would have got in the end.

    Raises:
        ValueError: It is no incomplete file of ours.
    """
    name = _PARTIAL.fullmatch(partial.name)
    if name is None:
        raise ValueError(f"{partial.name} is no name of an incomplete file")
    return name["name"]


def rescue(partial: Path) -> Path | None:
    """Give an incomplete file a name that says so, "NAME (interrupted).mp4", in its folder.

    Returns:
        The new name; None where the file holds nothing, and stays.

    Raises:
        OSError: It is gone, or cannot be renamed.
    """
    if _holds_nothing(partial):
        return None
    name = final_name(partial)
    parts = _NAME.fullmatch(name)
    stem, suffix = (parts["stem"], parts["suffix"]) if parts else (name, "")
    names = (f"{stem} (interrupted{f' {n}' if n > 1 else ''}){suffix}" for n in count(1))
    return partial.rename(next(new for x in names if not (new := partial.with_name(x)).exists()))


def being_written(path: Path) -> list[Path]:
    """The incomplete files that other processes are about to give this name."""
    found = path.parent.glob(f".{glob.escape(path.name)}.*.partial.*")
    named = [(partial, _PARTIAL.fullmatch(partial.name)) for partial in found]
    return [
        partial
        for partial, name in named
        if name and name["name"] == path.name and _in_use(partial, int(name["pid"]))
    ]


def is_open(path: Path) -> bool:
    """Whether a program has a file open such that it cannot be replaced, as is so on Windows."""
    if os.name != "nt":
        return False
    try:
        path.rename(path)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _is_leftover(path: Path) -> bool:
    name = _PARTIAL.fullmatch(path.name)
    if name is None:
        return False
    try:
        found = path.is_file() and not _in_use(path, int(name["pid"])) and not _holds_nothing(path)
    except OSError:  # somebody else's, which may not be read
        return False
    return found


def _holds_nothing(path: Path) -> bool:
    """Whether the file is empty, or a video of which not one fragment has reached the disk."""
    with path.open("rb") as file:
        beginning = file.read(_BEGINNING)
    return not beginning or (beginning[4:8] == _TYPE and _FRAGMENT not in beginning)


def _began(pid: int) -> float:
    """When a process began, in seconds of `time.time()`; -inf where that is not known."""
    try:
        # Behind the name of the program, which may hold anything (proc_pid_stat(5), starttime).
        ticks = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[19]
        booted = re.search(r"^btime (\d+)$", Path("/proc/stat").read_text(), re.MULTILINE)
    except OSError:  # another system than Linux, or no such process
        return -math.inf
    return int(booted[1]) + int(ticks) / os.sysconf("SC_CLK_TCK") if booted else -math.inf


def _in_use(path: Path, pid: int) -> bool:
    """Whether the process that began the file may still be writing it."""
    if os.name == "nt":
        return is_open(path)
    if pid == os.getpid():  # the number has come round again: in a container it often does
        return False
    if _began(pid) > path.stat().st_mtime + _CLOCK_S:  # so it has since a boot
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # somebody else's
        return True
    return True
