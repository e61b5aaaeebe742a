"""Which clips show enough to learn from, or to be measured on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from har_desktop.errors import InputError
from har_desktop.sources.video import VideoFile
from training.config import Config, Streams
from training.data.cache import Cache, decode_all, of_all, refuse_broken
from training.data.index import Clip

if TYPE_CHECKING:
    from training.data.bank import Bank

# A clip this much shorter than a window shows too little of its action.
SHORTEST = 0.5


def long_enough(config: Config, store: Cache | Bank, clips: Collection[Clip]) -> set[Clip]:
    """Those that last at least half a window; tells of the others.

    It tells how many are shorter than a window, too. They stand still before they begin, as in the
    app.

    Args:
        config: Whose window counts.
        store: Where the clips are.
        clips: To learn from, or to validate.
    """
    span = _span(config)
    seconds = {clip: _stored_seconds(config, store, clip) for clip in clips}
    good = {clip for clip, length in seconds.items() if length >= SHORTEST * span}
    for clip in sorted(set(clips) - good, key=lambda c: c.path):
        _tell(clip, seconds[clip], span)
    held = sum(seconds[clip] < span for clip in good)
    if held:
        click.echo(f"{held} clips are shorter than a window of {span:.1f} s and stand still before")
    return good


def testable(config: Config | Streams, data: Path, clips: Sequence[Clip]) -> list[Clip]:
    """Those that can be read and last at least half a window; tells of the others.

    They may not be kept decoded, as test clips are not, so as much of each as that is decoded here.

    Raises:
        InputError: So many cannot be read that something is wrong with the data itself.
    """
    span = _span(config)
    seconds: dict[str, float] = {}

    def measure(clip: Clip) -> None:
        seconds[clip.sha256] = _seconds(data / clip.path, SHORTEST * span)

    broken = decode_all(measure, clips, "look at clips")
    refuse_broken(of_all(broken, clips), len(clips))
    readable = [clip for clip in clips if clip.sha256 in seconds]
    for clip in readable:
        if seconds[clip.sha256] < SHORTEST * span:
            _tell(clip, seconds[clip.sha256], span)
    return [clip for clip in readable if seconds[clip.sha256] >= SHORTEST * span]


@contextmanager
def telling_of_lost(clips: Collection[Clip], left: Collection[Clip]) -> Iterator[None]:
    """Let an error about clips that are left say, too, how many of which class are not.

    Args:
        clips: All.
        left: Those that can be used.
    """
    try:
        yield
    except InputError as error:
        all_of, lost = (Counter(c.label for c in some) for some in (clips, set(clips) - set(left)))
        told = ", ".join(f"{lost[one]} of {all_of[one]} clips of {one}" for one in sorted(lost))
        if not told:
            raise
        raise InputError(
            f"{error}; left out, see above: {told}: replace these, or record more"
        ) from error


def _span(config: Config | Streams) -> float:
    """Seconds from the first picture that a window needs to its last."""
    return (config.network.length - 1 + config.network.motion) * config.frame_interval_s


def _tell(clip: Clip, seconds: float, span: float) -> None:
    click.echo(
        f"left out: {clip.path} lasts {seconds:.1f} s, less than half a window of {span:.1f} s",
        err=True,
    )


def _stored_seconds(config: Config, store: Cache | Bank, clip: Clip) -> float:
    if isinstance(store, Cache):
        return store.duration(clip)
    from training.data.batches import training_views

    return store.duration(clip, training_views(config, clip)[0])


def _seconds(path: Path, enough: float) -> float:
    """When the last picture of a video comes, or the first one that is late enough.

    Raises:
        SourceError: It cannot be read.
    """
    time = 0.0
    with VideoFile(path) as source:
        for frame in source:
            time = frame.time
            if time >= enough:
                break
    return time
