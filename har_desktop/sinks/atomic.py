"""Files that appear under their name only when they are complete."""

from __future__ import annotations

import ctypes
import errno
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from har_desktop.errors import OutputError
from har_desktop.sinks.leftovers import partial_of, rescue

_REMEDIES = {
    errno.ENOSPC: "free some space, or choose another folder",
    errno.EDQUOT: "free some space, or choose another folder",
    errno.EFBIG: "choose a folder that takes larger files",
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.EROFS: "choose a folder that you may write to",
    errno.ENAMETOOLONG: "give the source a shorter name",
}
# What the file system of most memory sticks, FAT32, doesn't take as one file any more, in bytes.
FAT_LIMIT = 2**32


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says while `path` is written into an OutputError of one line."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        remedy = _REMEDIES.get(error.errno or 0, "check the folder")
        raise OutputError(f"{path}: cannot be written: {reason}; {remedy}") from error


def make_folder(folder: Path) -> None:
    """Make a folder, and those that it lies in.

    Raises:
        OutputError: It cannot be made.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)


class AtomicFile:
    """A hidden file beside `path`, and in the end `path` itself.

    Should the process be killed, the hidden file stays: see `leftovers`.

    Args:
        path: The final name. A file that has it already stays until `commit`.
        suffix: Of the hidden file, which tells a video its container; None for that of `path`.

    Attributes:
        path: The final name.
        partial: The name until then.

    Raises:
        OutputError: The folder is missing or takes no new file.
    """

    def __init__(self, path: Path, suffix: str | None = None) -> None:
        self.path = path
        with writing(path):
            self.partial = partial_of(path, suffix or path.suffix)
            self.partial.touch()

    def commit(self) -> Path:
        """Give the complete file its name.

        Raises:
            OutputError: The name is a folder's, or the folder is gone; or, on Windows, another
                program has the file of that name open.
        """
        with writing(self.path):
            self.partial.replace(self.path)
        return self.path

    def rescue(self) -> Path | None:
        """Keep the incomplete file under a name that says so; None where it holds nothing."""
        try:
            return rescue(self.partial)
        except OSError:  # gone with its folder, or not to be renamed: then it stays as it is
            return None

    def discard(self) -> None:
        """Remove the incomplete file. May be called in any state, any number of times."""
        with suppress(OSError):  # gone with its folder, perhaps
            self.partial.unlink(missing_ok=True)


def write_whole(path: Path, *pieces: bytes | memoryview) -> None:
    """Write a file at once, piece by piece; what stands under `path` is always whole.

    Raises:
        OutputError: It cannot be written. What was there before stays.
    """
    file = AtomicFile(path)
    try:
        with writing(path), file.partial.open("wb") as stream:
            stream.writelines(pieces)
        file.commit()
    finally:
        file.discard()


def takes_files_of(size: int, folder: Path) -> bool:
    """Whether the file system there knows files of so many bytes; writes none of them."""
    if sys.platform == "win32":  # where a file that is made longer is written
        return size < FAT_LIMIT or _file_system(folder) not in ("FAT", "FAT32")
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.truncate(size)
    except OSError as error:
        return error.errno not in (errno.EFBIG, errno.EINVAL)
    return True


if sys.platform == "win32":

    def _file_system(folder: Path) -> str:
        """What Windows calls it."""
        kernel = ctypes.WinDLL("kernel32")
        root, name = (ctypes.create_unicode_buffer(32768) for _ in range(2))
        kernel.GetVolumePathNameW(str(folder.absolute()), root, len(root))
        kernel.GetVolumeInformationW(root, None, 0, None, None, None, name, len(name))
        return name.value


class AtomicText:
    """Text in UTF-8 that is written bit by bit into an `AtomicFile`.

    Each line reaches the system at once: a kill costs none of them.

    Raises:
        OutputError: From every method but `discard`, where the system refuses.
    """

    def __init__(self, path: Path) -> None:
        self._file = AtomicFile(path)
        try:
            with writing(path):
                self._stream = self._file.partial.open("w", 1, encoding="utf-8", newline="")
        except BaseException:
            self._file.discard()
            raise

    def write(self, text: str) -> None:
        """Append text as it is: line ends are not translated."""
        with writing(self._file.path):
            self._stream.write(text)

    def commit(self) -> Path:
        """Write the rest, close, and give the file its name."""
        with writing(self._file.path):
            self._stream.close()
        return self._file.commit()

    def rescue(self) -> Path | None:
        """Close, and keep what was written as `AtomicFile.rescue` does."""
        with suppress(OSError):  # the disk is full, perhaps: what came before is there
            self._stream.close()
        return self._file.rescue()

    def discard(self) -> None:
        """Close and remove the incomplete file. May be called in any state, any number of times."""
        with suppress(OSError):  # what is left in the buffer is not wanted
            self._stream.close()
        self._file.discard()
