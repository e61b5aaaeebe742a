"""The one interface of everything that keeps results in a file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from har_desktop.decision.decision import Decision, Event
from har_desktop.heat_style import DEFAULT_STYLE, HeatStyle
from har_desktop.inference.identity import identity
from har_desktop.inference.recognition import Recognition
from har_desktop.sources.base import SourceInfo

if TYPE_CHECKING:  # whoever reads results needs no engine
    from har_desktop.inference.recognizer import Recognizer


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What a result file says of how it came about.

    Attributes:
        source: What was looked at.
        model: Name of the bundle.
        model_identity: What the bundle answers with, see `har_desktop.inference.identity`.
        provider: The processor that is used: "cpu", "cuda" or "coreml".
        provider_reason: Why it is not the one that was asked for; None where it is.
        classes: Names in the order of the model's probabilities.
        frame_interval_s: Seconds between the frames of the model's window.
        style: How heat-maps are drawn; its method is also the one whose peaks are told.
        source_sha256: Of the content of the file that was looked at; None where there is none.
    """

    source: SourceInfo
    model: str
    model_identity: str
    provider: str
    provider_reason: str | None
    classes: tuple[str, ...]
    frame_interval_s: float
    style: HeatStyle = DEFAULT_STYLE
    source_sha256: str | None = None

    @classmethod
    def of(cls, source: SourceInfo, recognizer: Recognizer) -> Self:
        """What the one who recognises knows of it."""
        manifest, provider = recognizer.manifest, recognizer.provider
        return cls(
            source=source,
            model=manifest.name,
            model_identity=identity(manifest),
            provider=provider.used,
            provider_reason=provider.reason,
            classes=manifest.classes,
            frame_interval_s=manifest.window.frame_interval_s,
        )


class Sink(ABC):
    """Fed result by result, then finished; aborted where anything failed.

    The file has its final name only when it is complete. Until then it is a hidden one beside it.
    """

    @abstractmethod
    def write(self, recognition: Recognition, decision: Decision, events: Sequence[Event]) -> None:
        """Take one result.

        Args:
            recognition: What the engine said about the frame.
            decision: What was made of it.
            events: The events that ended with this decision.

        Raises:
            OutputError: It could not be written.
        """

    def hold(self, time: float) -> None:  # noqa: B027, most sinks tell of results alone
        """Let the last result stand up to `time` in seconds, where the source goes on that long.

        Raises:
            OutputError: It could not be written.
        """

    @abstractmethod
    def finish(self, events: Sequence[Event] = ()) -> Path:
        """Complete the file and give it its name.

        Args:
            events: The events that the end of the source ended.

        Returns:
            The file.

        Raises:
            OutputError: It could not be completed. An older file of that name is untouched.
        """

    def interrupt(self) -> None:  # noqa: B027, most sinks have nothing that takes long
        """Let a `write` in another thread end as soon as it can: `abort` is to follow."""

    @abstractmethod
    def abort(self) -> None:
        """Remove what is incomplete. May be called in any state, any number of times."""
