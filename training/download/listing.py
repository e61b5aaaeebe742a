"""What belongs to UCF101, by the official lists, and where single clips of it are to be had.

The whole data set is one archive of 7 GB. The folder below shows the same clips one by one in an
index that Apache's mod_autoindex writes; TensorFlow's video tutorials read it too.
"""

from __future__ import annotations

import difflib
import html
import io
import re
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urljoin

from har_desktop.errors import InputError

CLIPS_URL = "https://www.crcv.ucf.edu/THUMOS14/UCF101/UCF101/"
LISTS_URL = "https://www.crcv.ucf.edu/data/UCF101/UCF101TrainTestSplits-RecognitionTask.zip"
LIST_NAMES = (
    "classInd.txt",
    *(f"{kind}list0{split}.txt" for kind in ("train", "test") for split in (1, 2, 3)),
)

_LINK = re.compile(r'<a\s[^>]*href="([^"]+)"', re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
# The index states a time and then a size, in bytes or rounded: 973, 2.4K, 266K, 1.1M.
_SIZE = re.compile(r"\d\d:\d\d\s+(\d+(?:\.\d)?)([KMG]?)\b")
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@dataclass(frozen=True)
class Size:
    """What an index says of a file's size.

    Attributes:
        text: As it stands there.
        low: Fewest bytes that it can mean.
        high: Most bytes that it can mean.
    """

    text: str
    low: int
    high: int


@dataclass(frozen=True)
class Remote:
    """A clip to be had.

    Attributes:
        path: Where it belongs, relative to the data folder: CLASS/v_CLASS_gNN_cNN.avi.
        url: Its address.
        size: What the index says; None where it says nothing.
    """

    path: str
    url: str
    size: Size | None


def read_lists(archive: bytes) -> dict[str, bytes]:
    """The official lists by name, out of their zip archive.

    Raises:
        InputError: It is no zip archive, or lacks one of the lists.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as file:
            members = {PurePosixPath(name).name: name for name in file.namelist()}
            missing = [name for name in LIST_NAMES if name not in members]
            if missing:
                raise InputError(f"the archive of the split lists lacks {', '.join(missing)}")
            return {name: file.read(members[name]) for name in LIST_NAMES}
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise InputError(f"the split lists are no whole zip archive: {error}") from error


def official_clips(lists: Mapping[str, bytes]) -> list[str]:
    """The paths CLASS/v_CLASS_gNN_cNN.avi of all clips, sorted.

    Every split names each clip once. A folder's name may differ from the name inside the clips'
    names: HandstandPushups/v_HandStandPushups_g01_c01.avi.
    """
    lines = b"\n".join(lists[name] for name in ("trainlist01.txt", "testlist01.txt")).split(b"\n")
    return sorted({line.split()[0].decode() for line in lines if line.strip()})


def read_index(page: str, address: str) -> dict[str, tuple[str, Size | None]]:
    """The clips that an index shows: file name -> address and size."""
    found = {}
    links = list(_LINK.finditer(page))
    ends = [*(link.start() for link in links), len(page)][1:]
    for link, end in zip(links, ends, strict=False):
        target = html.unescape(link[1])
        name = PurePosixPath(unquote(target)).name
        if name.endswith(".avi"):
            behind = html.unescape(_TAG.sub(" ", page[link.end() : end]))
            found[name] = urljoin(address, target), _size(behind)
    return found


def choose(
    paths: Collection[str],
    index: Mapping[str, tuple[str, Size | None]],
    classes: Collection[str] | None,
) -> tuple[list[Remote], list[str]]:
    """The clips of the wanted classes.

    Args:
        paths: All clips, from the official lists.
        index: The clips that can be had.
        classes: Names as in the lists; None for all.

    Returns:
        Those that can be had, and the paths of those that the index does not show.

    Raises:
        InputError: A class is none of UCF101's; or the index shows none of the wanted clips.
    """
    known = sorted({path.partition("/")[0] for path in paths})
    classes = known if classes is None else classes
    for name in classes:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(known)}"
            raise InputError(f"UCF101 has no class {name}; {hint}")
    wanted = [path for path in sorted(paths) if path.partition("/")[0] in classes]
    there = [(path, index.get(PurePosixPath(path).name)) for path in wanted]
    remotes = [Remote(path, *entry) for path, entry in there if entry is not None]
    if not remotes:
        raise InputError(f"the listing shows none of the {len(wanted)} clips: is it one of clips?")
    return remotes, [path for path, entry in there if entry is None]


def _size(text: str) -> Size | None:
    match = _SIZE.search(text)
    if match is None:
        return None
    number, unit = match.groups()
    # Rounded up or down in the last digit that is shown.
    step = _UNITS[unit] * (0.1 if "." in number else 1.0) if unit else 0.0
    middle = float(number) * _UNITS[unit]
    return Size(number + unit, round(middle - step), round(middle + step))
