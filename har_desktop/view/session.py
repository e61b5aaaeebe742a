"""What the main window knows of a session, be it live or a replay."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from har_desktop.heat_style import HeatStyle
from har_desktop.inference.model import TOP
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.result import Result
from har_desktop.view.stage import Stage
from har_desktop.view.status_line import Figures


class Session(QObject):
    """One source on the stage. `close` must be called before it is let go.

    Signals:
        trouble: One line about something that failed; the session may go on.
        mended: The line of before about what works again now.
        changed: What can be done has changed: with `result`, or with the state.
    """

    trouble = Signal(str)
    mended = Signal(str)
    changed = Signal()

    def __init__(self, stage: Stage, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._stage = stage
        self._pinned = TOP
        self._result: Result | None = None
        self._trouble: str | None = None  # the line that was told of it, until it is over
        self._closed = False  # what threads have sent before the end may still arrive after it
        stage.bars.pinned.connect(self.explain)
        stage.heat.changed.connect(self.restyle)

    @property
    def pinned(self) -> int:
        """Index of the class that the explanation is pinned to, or `TOP`."""
        return self._pinned

    @property
    def result(self) -> Result | None:
        """The result that is shown; None where there is none."""
        return self._result

    @property
    def told(self) -> str | None:
        """The trouble that was told and is not over."""
        return self._trouble

    @property
    def faulted(self) -> bool:
        """Whether it has stopped, and does not go on by itself."""
        raise NotImplementedError

    def use(self, recognizer: Recognizer) -> None:
        """Recognise with this model from now on; the explanation is of the top class again."""
        raise NotImplementedError

    def explain(self, index: int) -> None:
        """Explain one class from now on, or the most probable one (`TOP`)."""
        raise NotImplementedError

    def restyle(self, style: HeatStyle) -> None:
        """Heat-maps are shown differently from now on."""

    def figures(self) -> Figures:
        """What the session achieves at this moment."""
        raise NotImplementedError

    def _tell(self, trouble: str) -> None:
        self._trouble = trouble
        self.trouble.emit(trouble)

    def _mend(self) -> None:
        """What was told is over."""
        trouble, self._trouble = self._trouble, None
        if trouble is not None:
            self.mended.emit(trouble)

    def close(self) -> None:
        """End everything within a few seconds; nothing is shown any more afterwards."""
        self._closed = True
        self._mend()  # nobody is to be told of it any more
        self._stage.bars.pinned.disconnect(self.explain)
        self._stage.heat.changed.disconnect(self.restyle)
