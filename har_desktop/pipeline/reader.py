"""One thread for one opened source, so that both can be left behind if a driver never returns."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import perf_counter

from har_desktop.errors import SourceError
from har_desktop.frame import Frame
from har_desktop.sources.base import Source, SourceInfo

SourceFactory = Callable[[], Source]


class Reader:
    """Opens, reads and closes one source; nobody else touches it.

    Attributes:
        info: What the source said of itself; None until it is open.
        started: When it began to open the source, in seconds of `perf_counter`.
        opened: When it was open; None until then.
        seen: When the last frame came; None until then.
        fresh: When the last frame came that was not an old one again, or the first of all.
        problem: Why the source ended, for a person; None where it just gave no frame any more.
        error: What else was raised.
        ended: True once the source is closed.
    """

    def __init__(
        self,
        number: int,
        open_source: SourceFactory,
        deliver: Callable[[Reader, Frame], object],
        on_end: Callable[[], object],
    ) -> None:
        self.info: SourceInfo | None = None
        self.started = perf_counter()
        self.opened: float | None = None
        self.seen: float | None = None
        self.fresh: float | None = None
        self.problem: str | None = None
        self.error: Exception | None = None
        self.ended = False
        self._open_source, self._deliver, self._on_end = open_source, deliver, on_end
        self._dismissed = threading.Event()
        self.thread = threading.Thread(
            target=self._run, name=f"capture-reader-{number}", daemon=True
        )

    @property
    def name(self) -> str:
        """Of the source, for messages."""
        return self.info.name if self.info else "the source"

    def ran(self) -> float:
        """Seconds from when it was open to its last frame."""
        return 0.0 if self.opened is None or self.seen is None else self.seen - self.opened

    def dismiss(self) -> None:
        """Tell the thread to close the source and end, as soon as the driver lets it."""
        self._dismissed.set()

    def _run(self) -> None:
        try:
            source = self._open_source()
            try:
                self.info = source.open()
                self.opened = perf_counter()
                while not self._dismissed.is_set():
                    frame = source.read()
                    if frame is None:
                        break
                    self._deliver(self, frame)
            finally:
                source.close()
        except SourceError as error:
            self.problem = str(error)
        except Exception as error:  # noqa: BLE001 - handed to whoever watches this thread
            self.error = error
        finally:
            self.ended = True
            self._on_end()
