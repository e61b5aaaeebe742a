"""Work that takes longer than a person should wait for, in a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from PySide6.QtCore import QObject, Signal

from har_desktop.errors import HarError

_log = logging.getLogger(__name__)


class Task(QObject):
    """Runs one function in a named thread and brings what it gives into the main thread.

    Signals:
        done: What the function returned.
        failed: One line for the person: the message of a `HarError`, or where to look for more.
    """

    done = Signal(object)
    failed = Signal(str)
    _ended = Signal(bool, object)

    def __init__(self, name: str, work: Callable[[], Any], parent: QObject | None = None) -> None:
        """Prepare; `start` begins.

        Args:
            name: Of the thread.
            work: Called in the thread. What it raises ends up in `failed`.
            parent: Owner.
        """
        super().__init__(parent)
        self._work = work
        self._cancelled = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._ended.connect(self._deliver)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def running(self) -> bool:
        """True from `start` until the thread has ended."""
        return self._thread.is_alive()

    def abandon(self, timeout: float) -> None:
        """Deliver nothing any more, and wait for the end for at most `timeout` seconds."""
        self._cancelled = True
        if self._thread.is_alive():
            self._thread.join(timeout)
            if timeout and self._thread.is_alive():
                _log.warning("thread %s is left behind", self._thread.name)

    def _run(self) -> None:
        try:
            ending = True, self._work()
        except HarError as error:
            ending = False, str(error)
        except Exception as error:  # noqa: BLE001, whatever it is, the person is told
            _log.exception("%s failed", self._thread.name)
            ending = False, f"{type(error).__name__}: {error}; the log file has more"
        if self._cancelled:
            ending = False, ""
        with suppress(RuntimeError):  # nobody owns it any more
            self._ended.emit(*ending)

    def _deliver(self, good: bool, outcome: Any) -> None:
        """In the main thread, for that is where this object lives."""
        if not self._cancelled:
            (self.done if good else self.failed).emit(outcome)
        self.deleteLater()
