"""NAME.events.csv: one row for each action, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from har_desktop.decision.decision import Event
from har_desktop.sinks.events import EventSink

COLUMNS = ("start", "end", "label", "confidence")


class EventsCsv(EventSink):
    """Start and end in seconds, to the millisecond; label; mean confidence, 0 to 1."""

    def render(self, events: Sequence[Event]) -> str:
        """A header line, and a row for each event."""
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(COLUMNS)
        for event in events:
            times = (f"{event.start:.3f}", f"{event.end:.3f}")
            rows.writerow((*times, event.label, f"{event.confidence:.4f}"))
        return text.getvalue()
