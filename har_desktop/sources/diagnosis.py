"""Why a file is no source: OpenCV only says that it cannot open it."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import NamedTuple

from har_desktop.errors import SourceError

_PROBE = 1 << 12  # bytes
_HEAD = 1 << 20  # Bytes looked at from each end of a file; an mp4's index may be at its end.


class _Container(NamedTuple):
    """How to know a kind of file. Patterns of bytes."""

    start: bytes  # how such a file begins
    picture: bytes  # what only a file with a video track says
    sound: bytes  # what only a file with an audio track says


_NEVER = rb"(?!)"
_ALWAYS = rb""
_CONTAINERS = (
    # MP4 and QuickTime: the handler of each track (ISO 14496-12, 8.4.3).
    _Container(rb".{4}(ftyp|moov|mdat|wide|free|skip)", rb"hdlr.{8}vide", rb"hdlr.{8}soun"),
    _Container(rb"RIFF.{4}AVI ", rb"strh.{4}vids", rb"strh.{4}auds"),
    # Matroska and WebM: the CodecID of each track, element 0x86 (RFC 9559).
    _Container(rb"\x1aE\xdf\xa3", rb"\x86.V_", rb"\x86.A_"),
    _Container(rb"OggS", rb"\x80theora", rb"\x01vorbis|OpusHead|\x7fFLAC"),
    # MPEG program and transport streams, elementary streams, Flash, ASF: their tracks are not told.
    _Container(rb"\x00\x00\x00?\x01|G.{187}G|FLV|\x30\x26\xb2\x75", _ALWAYS, _NEVER),
)

# Nothing but sound: WAV, FLAC, MP3 with and without a tag, AAC, MPEG-4 audio.
_SOUND = rb"RIFF.{4}WAVE|fLaC|ID3|\xff[\xe2\xe3\xf1-\xf3\xf9-\xfb]|.{4}ftypM4A"
_CONTROL = {*range(0x20), 0x7F} - set(b"\t\n\r\f\x1b")
# The sample entry in MP4, and the CodecID in Matroska and WebM.
_AV1 = rb"av01|V_AV1"
_NO_VIDEO = "holds sound but no video; name a video file"


def check_file(path: Path) -> os.stat_result:
    """See that there is a file with something in it that is neither text nor mere sound.

    FFmpeg would paint text as a picture of letters, follow a play list to other files, and show
    the cover of a song.

    Returns:
        The status of the file.

    Raises:
        SourceError: It is missing, a folder, no regular file, unreadable, empty, text, or sound.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise SourceError(f"{path}: is a folder; name a video file")
        if not stat.S_ISREG(status.st_mode):
            raise SourceError(f"{path}: is not a regular file; name a video file")
        with path.open("rb") as file:
            start = file.read(1024)
    except FileNotFoundError as error:
        raise SourceError(f"{path}: no such file; check the path") from error
    except PermissionError as error:
        raise SourceError(
            f"{path}: no permission to read it; change its permissions or copy it"
        ) from error
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
    if not start:
        raise SourceError(f"{path}: the file is empty (0 bytes); copy or record it again")
    if _is_text(start):
        raise SourceError(f"{path}: holds text, not video; name a video file")
    if re.match(_SOUND, start, re.DOTALL):
        raise SourceError(f"{path}: {_NO_VIDEO}")
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError as error:  # the decoder would crash on it
        raise SourceError(f"{str(path)!a}: the path is not valid UTF-8; rename it") from error
    return status


def check_readable(path: Path, before: os.stat_result, *, whole: bool) -> None:
    """See whether a file that seems to be over could be read: FFmpeg takes a fault for the end.

    Args:
        path: Of the file. Where another one has taken its name, that tells nothing.
        before: Its status when it was opened.
        whole: All that it claims to hold was read: then it may be gone.

    Raises:
        SourceError: It cannot be read any more, or has become shorter.
    """
    try:
        with path.open("rb", buffering=0) as file:
            now = os.fstat(file.fileno())
            if not os.path.samestat(now, before):
                return
            for place in (0, before.st_size // 2, max(0, before.st_size - _PROBE)):
                if hasattr(os, "posix_fadvise"):  # from the disk, not from memory
                    os.posix_fadvise(file.fileno(), place, _PROBE, os.POSIX_FADV_DONTNEED)
                file.seek(place)
                file.read(_PROBE)
    except FileNotFoundError as error:
        if not whole:
            raise SourceError(f"{path}: is gone, before its end; bring its disk back") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SourceError(
            f"{path}: cannot be read to its end: {reason}; see whether its disk is still there"
        ) from error
    else:
        if now.st_size < before.st_size:
            raise SourceError(f"{path}: became shorter while it was read; open it again")


def check_film(path: Path) -> None:
    """See that a file of one picture is no song, whose cover that is.

    Raises:
        SourceError: It is one.
    """
    data = _ends(path)
    if any(
        re.match(container.start, data, re.DOTALL)
        and _says(container.sound, data)
        and not _says(container.picture, data)
        for container in _CONTAINERS
    ):
        raise SourceError(f"{path}: {_NO_VIDEO}")


def why_undecodable(path: Path) -> str:
    """The likely reason why not one picture of a readable file could be decoded."""
    data = _ends(path)
    for container in _CONTAINERS:
        if re.match(container.start, data, re.DOTALL):
            if _says(container.sound, data) and not _says(container.picture, data):
                return _NO_VIDEO
            if _says(_AV1, data):
                return "is coded as AV1, which is not known here; convert it with another program"
            what = "truncated, damaged or mere sound"
            if container.sound != _NEVER:
                what = "truncated or damaged"
            return f"is {what}, not one picture can be decoded; copy it again"
    return "is not a video; name a video file"


def _ends(path: Path) -> bytes:
    """What stands at the beginning and at the end of a file."""
    with path.open("rb") as file:
        data = file.read(_HEAD)
        file.seek(max(file.tell(), path.stat().st_size - _HEAD))
        return data + file.read(_HEAD)


def _says(pattern: bytes, data: bytes) -> bool:
    return re.search(pattern, data, re.DOTALL) is not None


def _is_text(start: bytes) -> bool:
    """Whether a file that begins so is text, in whatever encoding: it has no control characters."""
    return not set(start) & _CONTROL
