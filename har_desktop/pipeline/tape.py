"""The files of a recording: time starts with the first result, and no label outlives its action."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from har_desktop.decision.decision import Decision, State
from har_desktop.frame import Frame
from har_desktop.inference.identity import identity
from har_desktop.inference.recognition import Recognition
from har_desktop.pipeline.result import Result
from har_desktop.sinks.base import RunInfo
from har_desktop.sinks.frames_jsonl import FramesJsonl
from har_desktop.sinks.video import AnnotatedVideo

# How long a label may stand in the video when no result follows.
_AFTERGLOW_S = 0.1


class Tape:
    """Writes TARGET.mp4 and TARGET.frames.jsonl.

    Attributes:
        frames: Results that were written.
        held: Seconds after the last one that the video shows already, without its label.

    Raises:
        OutputError: From every method but `abort`, where a file cannot be written.
    """

    def __init__(self, target: Path, run: RunInfo, *, plain: bool = False) -> None:
        self.frames = 0
        self._run = run
        self._first: Frame | None = None
        self._last: Result | None = None
        self._until = 0.0  # of the session: up to here the video shows everything
        self.held = 0.0
        self._video = AnnotatedVideo(target.with_name(f"{target.name}.mp4"), run, plain=plain)
        self._sinks: list[AnnotatedVideo | FramesJsonl] = [self._video]
        try:
            frames = target.with_name(f"{target.name}.frames.jsonl")
            self._sinks.append(FramesJsonl(frames, run, plain=plain))
        except BaseException:
            self.abort()
            raise

    def fits(self, result: Result) -> bool:
        """Whether a result is of the model that the header of the files names."""
        manifest, run = result.manifest, self._run
        there = (manifest.name, manifest.classes, identity(manifest))
        return there == (run.model, run.classes, run.model_identity)

    def write(self, result: Result) -> None:
        """Append one result, later than the one before."""
        frame = result.recognition.frame
        first = self._first = self._first or frame
        if self._last is not None and self._last.stretch != result.stretch and not self.held:
            self._fade(self._last.recognition, frame.time)
        self._last, self.held = result, 0.0
        self._until = max(self._until, frame.time)  # a late one comes after what was held
        recognition = self._rebase(result.recognition)
        told = result.decision
        since = None if told.since is None else told.since - first.time
        decision = replace(told, time=recognition.frame.time, since=since)
        for sink in self._sinks:
            sink.write(recognition, decision, ())  # neither file tells of events
        self.frames += 1

    def lacks(self, time: float) -> float:
        """Seconds up to a time of the session that the video doesn't show yet."""
        return 0.0 if self._last is None else time - self._until

    def hold(self, seconds: float) -> None:
        """Go on without a label until so many seconds after the last result: none is before that.

        Otherwise the video would have minutes to catch up with when a lost camera is back.
        """
        if self._last is None or seconds < _AFTERGLOW_S:
            return
        until = self._last.recognition.frame.time + seconds
        if not self.held:
            self._fade(self._last.recognition, until)
        self.held = max(self.held, seconds)
        self._until = max(self._until, until)
        self._video.hold(until - (self._first or self._last.recognition.frame).time)

    @property
    def size(self) -> int:
        """Bytes of the video on the disk so far."""
        return self._video.size

    def finish(self, *, checked: bool = True) -> tuple[Path, ...]:
        """Complete the files; their paths. Whether all is there, can be left unseen."""
        self._video.checked = checked
        return tuple(sink.finish() for sink in self._sinks)

    def rescue(self) -> tuple[Path, ...]:
        """Keep what was written so far, incomplete as it is; remove what holds nothing."""
        kept = tuple(path for sink in self._sinks if (path := sink.rescue()) is not None)
        self.abort()
        return kept

    def abort(self) -> None:
        """Remove what is incomplete."""
        for sink in self._sinks:
            sink.abort()

    def _fade(self, last: Recognition, until: float) -> None:
        """Show the last picture before a break without its label: the video holds it till then."""
        start = last.frame.time
        time = min(start + _AFTERGLOW_S, (start + until) / 2)
        bare = replace(last, frame=replace(last.frame, time=time), window=None)
        recognition = self._rebase(bare)
        decision = Decision(recognition.frame.time, State.FILLING, None, None, 0.0)
        self._video.write(recognition, decision, ())

    def _rebase(self, recognition: Recognition) -> Recognition:
        """Count index and time from the first frame on."""
        frame, window = recognition.frame, recognition.window
        first = self._first or frame
        if window is not None:
            window = replace(window, times=tuple(time - first.time for time in window.times))
        index, time = frame.index - first.index, frame.time - first.time
        return replace(recognition, frame=Frame(frame.image, index, time), window=window)
