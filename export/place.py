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

ENCODER, HEAD, MANIFEST, CARD = "encoder.onnx", "head.onnx", "manifest.json", "card.md"
CONFUSION = "confusion.png"  # from the first measurement on
FILES = {ENCODER, HEAD, MANIFEST, CARD, CONFUSION}
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
    found = {path.name for path in target.iterdir()} if target.exists() else set()
    strange = {name for name in found - FILES if not NUMBERED.fullmatch(name)}
    if strange or (found and MANIFEST not in found):
        raise InputError(f"{target} holds no bundle and will not be replaced; name another one")


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
            if target.exists():
                target.rename(old)
            try:
                new.rename(target)
            except OSError:
                if old.exists():
                    old.rename(target)
                raise
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror or error}") from error


def write(path: Path, data: bytes) -> None:
    """Write a file of a bundle; what was there stays until the new content is whole.

    Raises:
        OutputError: It cannot be written.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise OutputError(f"{path} cannot be written: {error.strerror or error}") from error
