"""Where a bundle may stand, and how it gets there in one piece."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from har_desktop.errors import InputError, OutputError
from har_desktop.inference.manifest import FileName
from har_desktop.sinks.leftovers import is_partial

ENCODER, HEAD, MANIFEST, CARD = "encoder.onnx", "head.onnx", "manifest.json", "card.md"
CONFUSION = "confusion.png"  # from the first measurement on
FILES = {ENCODER, HEAD, MANIFEST, CARD, CONFUSION}
NOBODYS = {".DS_Store", "Thumbs.db"}  # file managers leave them wherever they have looked
NUMBERED = re.compile(r"encoder-\d+\.onnx")


def numbered(encoder: int) -> str:
    """The file of one encoder of several."""
    return f"encoder-{encoder}.onnx"


def check_place(target: Path) -> None:
    """See that a bundle may be written to a folder: it is new, empty, or holds a bundle.

    Raises:
        InputError: Something else is there, or its name cannot name a bundle.
    """
    try:
        msgspec.convert(target.name, FileName)
    except msgspec.ValidationError:
        raise InputError(
            f"{target.name!r} cannot name a bundle: use letters, digits, '_', '-' and '.'"
        ) from None
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise InputError(f"{target} is not a folder; name another one")
    found = {path.name for path in target.iterdir()} - NOBODYS if target.exists() else set()
    strange = sorted(name for name in found - FILES if not _is_ours(name))
    if strange or (found and MANIFEST not in found):
        reason = f"holds {strange[0]}" if strange else f"has no {MANIFEST}"
        raise InputError(
            f"{target} {reason}, so it is no bundle and will not be replaced; name another one"
        )


def _is_ours(name: str) -> bool:
    """Whether it is a bundle's file of several, or what an interrupted `measure` left of one."""
    return bool(NUMBERED.fullmatch(name)) or is_partial(name)


@contextmanager
def workshop(target: Path) -> Iterator[Path]:
    """An empty folder that takes the place of `target` at the end, if all goes well.

    Raises:
        OutputError: Nothing can be written there. What was at `target` stays.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Beside the target, so that putting it in place is a rename.
        with TemporaryDirectory(prefix=".export-", dir=target.parent) as folder:
            new, old = Path(folder, "new"), Path(folder, "old")
            new.mkdir()
            yield new
            try:
                if target.exists():
                    target.rename(old)
                new.rename(target)
            except BaseException:  # Ctrl-C, too: what is left in here is removed
                if old.exists() and not target.exists():
                    old.rename(target)
                raise
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror or error}") from error
