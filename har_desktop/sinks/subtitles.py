"""NAME.vtt: the actions as subtitles, which any player shows (WebVTT, W3C)."""

from __future__ import annotations

import html
from collections.abc import Sequence

from webvtt import Caption, WebVTT

from har_desktop.decision.decision import Event
from har_desktop.sinks.events import EventSink


class Subtitles(EventSink):
    """One cue for each event: its label and its mean confidence in percent."""

    def render(self, events: Sequence[Event]) -> str:
        """A note on how the file came about, and the cues."""
        run = self._run
        reason = f" ({run.provider_reason})" if run.provider_reason else ""
        note = f"source: {run.source.name}, model: {run.model}, provider: {run.provider}{reason}"
        cues = [_cue(event) for event in events]
        content: str = WebVTT(captions=cues, header_comments=[_one_line(note)]).content
        return content


def _cue(event: Event) -> Caption:
    start = round(1000 * event.start)
    end = max(start + 1, round(1000 * event.end))  # a cue must last
    text = html.escape(_one_line(event.label), quote=False)
    return Caption(_timestamp(start), _timestamp(end), f"{text} {event.confidence:.0%}")


def _timestamp(milliseconds: int) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}"


def _one_line(text: str) -> str:
    """Empty lines and arrows would end the note or the cue."""
    return " ".join(text.split()).replace("-->", "->")
