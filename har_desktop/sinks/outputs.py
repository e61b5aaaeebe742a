"""The four files that a replay writes: where they go, and all of them open at once."""

from __future__ import annotations

import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from har_desktop.errors import InputError
from har_desktop.sinks.atomic import writing
from har_desktop.sinks.base import RunInfo, Sink
from har_desktop.sinks.behind import Behind
from har_desktop.sinks.events_csv import EventsCsv
from har_desktop.sinks.frames_jsonl import FramesJsonl
from har_desktop.sinks.subtitles import Subtitles
from har_desktop.sinks.video import AnnotatedVideo


def make_folder(out: Path) -> None:
    """Make the folder that the files go into, or find that it takes files.

    Raises:
        InputError: It takes none.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise InputError(
            f"cannot write into the folder {out}: {error.strerror}; choose another with --out"
        ) from error


def unique(names: Sequence[str]) -> list[str]:
    """Names for the outputs, numbered where several sources share one.

    Names that some systems take for the same are shared, too: those that differ in the case of
    letters, or in how an accent is written.
    """
    found: list[str] = []
    taken = set[str]()
    for name in names:
        number = 1
        while _same(free := name if number == 1 else f"{name}-{number}") in taken:
            number += 1
        found.append(free)
        taken.add(_same(free))
    return found


def _same(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _outputs(target: Path) -> tuple[Path, Path, Path, Path]:
    """NAME.mp4, NAME.frames.jsonl, NAME.events.csv, NAME.vtt."""
    suffixes = (".mp4", ".frames.jsonl", ".events.csv", ".vtt")
    video, frames, events, subtitles = (target.with_name(target.name + s) for s in suffixes)
    return video, frames, events, subtitles


def is_result(video: Path, videos: Sequence[Path]) -> bool:
    """Whether a replay has drawn it of another one of these videos of a folder."""
    frames = _outputs(video.with_suffix(""))[1]
    twins = [other for other in videos if other != video and other.stem == video.stem]
    return video.suffix == ".mp4" and bool(twins) and frames.exists()


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
        taken = [output for output in outputs if output.exists()]
    for output in taken:
        read = [path for path in sources if path.exists() and output.samefile(path)]
        if read or not own:
            replaced = "it" if name in map(str, read) else output
            raise InputError(f"{name}: the result would replace {replaced}; choose another folder")


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
