"""The four files that a replay writes: where they go, and all of them open at once."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from msgspec import UNSET

from har_desktop.errors import InputError
from har_desktop.sinks.atomic import writing
from har_desktop.sinks.base import RunInfo, Sink
from har_desktop.sinks.behind import Behind
from har_desktop.sinks.events_csv import EventsCsv
from har_desktop.sinks.frames_jsonl import FramesJsonl, read_header
from har_desktop.sinks.leftovers import being_written, is_open
from har_desktop.sinks.subtitles import Subtitles
from har_desktop.sinks.video import AnnotatedVideo, is_written_here


def make_folder(out: Path) -> None:
    """Make the folder that the files go into, or find that it takes files.

    Raises:
        InputError: It takes none.
    """
    try:
        str(out.absolute()).encode()
    except UnicodeEncodeError as error:  # no video can be written there
        raise InputError(
            f"{str(out)!a}: the path is not valid UTF-8; choose another folder"
        ) from error
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise InputError(
            f"cannot write into the folder {out}: {error.strerror}; choose another one"
        ) from error


def place(out: Path, name: str, sha256: str | None, taken: set[str]) -> Path:
    """Where the results of a source go, numbered where another source has the name.

    Results of the same content that are there already are meant to be replaced, unless a program
    has one of them open and the system keeps it for that one. Names that some
    systems take for the same are shared, too: those that differ in the case of letters, or in how
    an accent is written.

    Args:
        out: The folder.
        name: Of the source.
        sha256: Of its content, as in `RunInfo`.
        taken: By the sources before it; the name that is found is added.

    Returns:
        The target of `opened`.
    """
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    free = next(x for x in names if _same(x) not in taken and not _is_kept(out / x, sha256))
    taken.add(_same(free))
    return out / free


def _is_kept(target: Path, sha256: str | None) -> bool:
    """Whether results are there, or on their way, that stay; old ones don't say whose they are."""
    frames = _outputs(target)[1]
    there, *coming = [read_header(path) for path in (frames, *being_written(frames))]
    if any(header and header.source_sha256 not in (UNSET, sha256) for header in (there, *coming)):
        return True
    return there is not None and any(is_open(output) for output in _outputs(target))


def _same(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _outputs(target: Path) -> tuple[Path, Path, Path, Path]:
    """NAME.mp4, NAME.frames.jsonl, NAME.events.csv, NAME.vtt."""
    suffixes = (".mp4", ".frames.jsonl", ".events.csv", ".vtt")
    video, frames, events, subtitles = (target.with_name(target.name + s) for s in suffixes)
    return video, frames, events, subtitles


def is_result(video: Path, videos: Sequence[Path]) -> bool:
    """Whether it is a video of this program's that shows heat-map and label.

    Args:
        video: One of `videos`.
        videos: All of its folder. Results of before don't say what is drawn: they count where
            there is another video of that name, their source.
    """
    header = read_header(_outputs(video.with_suffix(""))[1]) if video.suffix == ".mp4" else None
    if header is None:
        return False
    if header.drawn is UNSET:
        return any(other != video and other.stem == video.stem for other in videos)
    return header.drawn


def spare_others(name: str, target: Path, sources: Sequence[Path]) -> None:
    """Never write over a video that is to be read, nor over files that no replay has written.

    Args:
        name: The source whose results these are.
        target: As of `opened`.
        sources: All that are replayed together.

    Raises:
        InputError: One of the files would take the place of such a one.
        OutputError: The system takes no files of such names.
    """
    outputs = _outputs(target)
    with writing(outputs[1]):  # the name may be too long for the system
        own = outputs[1].exists()  # no other program has a use for that name
        own = own and (is_written_here(outputs[0]) or not outputs[0].exists())
        taken = [output for output in outputs if output.exists()]
    for output in taken:
        read = [path for path in sources if _is_source(output, path)]
        if read or not own:
            replaced = "it" if name in map(str, read) else output
            raise InputError(f"{name}: the result would replace {replaced}; choose another folder")


def _is_source(output: Path, source: Path) -> bool:
    """Whether a result that is there is this source, perhaps under another name."""
    try:
        return output.samefile(source)
    except OSError:  # that cannot be reached, and tells so when its turn comes
        return False


@contextmanager
def opened(target: Path, info: RunInfo) -> Iterator[list[Sink]]:
    """The four sinks; where something fails, what they have not finished is removed.

    Args:
        target: The files' name without what each adds to it.
        info: The run that they tell of.
    """
    video, frames, events, subtitles = _outputs(target)
    sinks: list[Sink] = []
    try:
        # Drawing and encoding take 3 to 4 ms a picture of 640x480, in which the engine can go on.
        sinks.append(Behind(AnnotatedVideo(video, info)))
        sinks.append(FramesJsonl(frames, info))
        sinks.append(EventsCsv(events, info))
        sinks.append(Subtitles(subtitles, info))
        yield sinks
    except BaseException:
        with ExitStack() as undo:  # should one be interrupted once more, the others still are done
            for sink in sinks:
                undo.callback(sink.abort)
        raise
