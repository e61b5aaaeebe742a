"""`groups.csv`: which clips of one's own belong together, as columns `file` and `group`."""

from __future__ import annotations

import csv
import re
import unicodedata
from pathlib import Path, PurePosixPath

from har_desktop.errors import InputError

NAME = "groups.csv"
COLUMNS = ("file", "group")


def read_groups(root: Path) -> dict[str, str] | None:
    """Read the file in a data folder.

    Returns:
        Group by path (`LABEL/NAME`, as by `plain`); None where there is no such file.

    Raises:
        InputError: The file is no such table, a line lacks something or contradicts another, or a
            group is written in two ways: it would be two, and might stand on both sides of a split.
    """
    path = root / NAME
    if not path.exists():
        return None
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}; save it as CSV in UTF-8") from error
    first = text.partition("\n")[0]
    delimiter = next((mark for mark in ";\t" if mark in first), ",")  # as spreadsheets write it
    rows = csv.DictReader(text.splitlines(), delimiter=delimiter)
    rows.fieldnames = [name.strip().lower() for name in rows.fieldnames or ()]
    if not set(COLUMNS) <= set(rows.fieldnames or ()):
        raise InputError(f"{path}: the first line must name the columns {','.join(COLUMNS)}")
    groups: dict[str, str] = {}
    spellings: dict[str, str] = {}
    for row in rows:
        file, group = ((row[column] or "").strip() for column in COLUMNS)
        if "".join(row.get(None) or ()).strip():
            raise InputError(
                f"{path}, line {rows.line_num}: more cells than the first line names: put a name"
                f" that holds a {delimiter!r} into double quotes"
            )
        if not file and not group:  # spreadsheets fill up with empty rows
            continue
        if not file or not group:
            raise InputError(f"{path}, line {rows.line_num}: give both a file and a group")
        file = plain(file.replace("\\", "/"))
        if groups.setdefault(file, group) != group:
            raise InputError(f"{path}, line {rows.line_num}: {file} has another group already")
        spelling = spellings.setdefault(_letters(group), group)
        if spelling != group:
            raise InputError(
                f"{path}, line {rows.line_num}: the groups {spelling!r} and {group!r} are too much"
                " alike: write the same one alike, or rename one"
            )
    return groups


def _letters(group: str) -> str:
    return re.sub(r"[\s_-]+", " ", unicodedata.normalize("NFKC", group).casefold()).strip()


def plain(path: str) -> str:
    """A path with slashes, in one spelling: macOS takes accents from letters, and others don't."""
    return PurePosixPath(unicodedata.normalize("NFC", path)).as_posix()
