"""NAME.frames.jsonl: a header, then one line for each result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import msgspec
from msgspec import UNSET, UnsetType

from har_desktop.decision.decision import Decision, Event
from har_desktop.errors import OutputError
from har_desktop.inference.manifest import Method
from har_desktop.inference.recognition import Recognition
from har_desktop.sinks.atomic import AtomicText
from har_desktop.sinks.base import RunInfo, Sink

SCHEMA_VERSION = 1
_LONGEST_HEADER = 1 << 20  # bytes: a thousand classes fit


class Header(msgspec.Struct, frozen=True, kw_only=True, tag="header"):
    """The first line: how the file came about. See `RunInfo`.

    Attributes:
        source_sha256: Tells the results of one video from those of another of the same name.
        drawn: Whether heat-map and label are drawn onto the video beside this file.
        program_version: Of HAR Desktop.

    Headers of before lack what may be unset.
    """

    schema_version: int
    source: str
    source_sha256: str | UnsetType | None = UNSET
    width: int
    height: int
    fps: float | None
    model: str
    model_identity: str | UnsetType = UNSET
    provider: str
    provider_reason: str | None
    classes: tuple[str, ...]
    frame_interval_s: float
    method: Method
    drawn: bool | UnsetType = UNSET
    program_version: str | UnsetType = UNSET


class FrameLine(msgspec.Struct, frozen=True, kw_only=True, tag="frame"):
    """One result.

    Attributes:
        index: Of the frame, counted from 0.
        time: Of the frame, in seconds.
        state: "filling", "no action" or "action".
        label: The action, or None.
        since: When the action began, as its event will have it, in seconds; None without a label.
            Lines between then and this one were written before it had stayed long enough.
        confidence: Smoothed probability of the label, or of the top class; 0 while filling.
        probabilities: Smoothed probability of each class; None while filling.
        heatmap_max: Largest raw value of the window's heat-maps, by the header's method; None while
            filling, and where a place of the window is empty for a moment.
        explained: The class that the heat-maps explain; None where `heatmap_max` is.
        evident: Whether this window, not smoothed, has evidence enough that any class is shown;
            None where `heatmap_max` is.
        filled: How many of the window's places are filled.
    """

    index: int
    time: float
    state: str
    label: str | None
    since: float | None
    confidence: float
    probabilities: dict[str, float] | None
    heatmap_max: float | None
    explained: str | None
    evident: bool | None
    filled: int


class FramesJsonl(Sink):
    """Writes JSON lines.

    Args:
        path: The final name.
        run: Goes into the header.
        plain: Nothing is drawn onto the video that these results belong to.

    Raises:
        OutputError: It cannot be written there.
    """

    def __init__(self, path: Path, run: RunInfo, *, plain: bool = False) -> None:
        self._path = path
        self._classes, self._method = run.classes, run.style.method
        self._text = AtomicText(path)
        self._encoder = msgspec.json.Encoder()
        try:
            self._line(_header(run, plain=plain))
        except BaseException:
            self._text.discard()
            raise

    def write(
        self,
        recognition: Recognition,
        decision: Decision,
        events: Sequence[Event],  # noqa: ARG002
    ) -> None:
        """Append one line.

        Raises:
            OutputError: It cannot be written, or a number is not finite, which JSON doesn't know.
        """
        probabilities, window = None, recognition.window
        if decision.probabilities is not None:
            values = (_number(value) for value in decision.probabilities)
            probabilities = dict(zip(self._classes, values, strict=True))
        line = FrameLine(
            index=recognition.frame.index,
            time=_number(decision.time),
            state=decision.state.value,
            label=decision.label,
            since=None if decision.since is None else _number(decision.since),
            confidence=_number(decision.confidence),
            probabilities=probabilities,
            heatmap_max=None if window is None else _number(window.maps_by(self._method).max()),
            explained=None if window is None else self._classes[window.explained],
            evident=None if window is None else window.evident,
            filled=recognition.filled,
        )
        numbers = [line.time, line.confidence, line.heatmap_max or 0.0]
        if not all(map(math.isfinite, [*numbers, *(probabilities or {}).values()])):
            raise OutputError(
                f"{self._path}: frame {line.index} has a result that is not a finite number; "
                "verify the model"
            )
        self._line(line)

    def finish(self, events: Sequence[Event] = ()) -> Path:  # noqa: ARG002
        """Close the file and give it its name."""
        return self._text.commit()

    def rescue(self) -> Path | None:
        """Keep the lines that were written so far under a name that says so."""
        return self._text.rescue()

    def abort(self) -> None:
        """Remove the incomplete file."""
        self._text.discard()

    def _line(self, record: Header | FrameLine) -> None:
        self._text.write(self._encoder.encode(record).decode() + "\n")


def read_header(path: Path) -> Header | None:
    """The header of such a file; None where there is none that this program has written."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.readline(_LONGEST_HEADER), type=Header)
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError):
        return None


def _number(value: float) -> float:
    """Six decimals are more than a float32 can promise here, and keep the lines short."""
    return round(float(value), 6)


def _header(run: RunInfo, *, plain: bool) -> Header:
    return Header(
        schema_version=SCHEMA_VERSION,
        source=run.source.name,
        source_sha256=run.source_sha256,
        width=run.source.width,
        height=run.source.height,
        fps=run.source.fps,
        model=run.model,
        model_identity=run.model_identity,
        provider=run.provider,
        provider_reason=run.provider_reason,
        classes=run.classes,
        frame_interval_s=run.frame_interval_s,
        method=run.style.method,
        drawn=not plain,
        program_version=metadata.version("har-desktop"),
    )
