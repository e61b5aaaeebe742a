"""Sinks that only keep the events, and write them at the end."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

from har_desktop.decision.decision import Decision, Event
from har_desktop.inference.recognition import Recognition
from har_desktop.sinks.atomic import AtomicText
from har_desktop.sinks.base import RunInfo, Sink


class EventSink(Sink):
    """Collects events; a subclass says what the file looks like.

    Args:
        path: The final name.
        run: What the file may say of how it came about.

    Raises:
        OutputError: It cannot be written there.
    """

    def __init__(self, path: Path, run: RunInfo) -> None:
        self._run = run
        self._file = AtomicText(path)
        self._events: list[Event] = []

    @abstractmethod
    def render(self, events: Sequence[Event]) -> str:
        """The whole text of the file."""

    def write(
        self,
        recognition: Recognition,  # noqa: ARG002
        decision: Decision,  # noqa: ARG002
        events: Sequence[Event],
    ) -> None:
        """Keep the events."""
        self._events.extend(events)

    def finish(self, events: Sequence[Event] = ()) -> Path:
        """Write the file and give it its name."""
        self._file.write(self.render([*self._events, *events]))
        return self._file.commit()

    def abort(self) -> None:
        """Remove the incomplete file."""
        self._file.discard()
