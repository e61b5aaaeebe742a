"""The lower edge of the window: rates, ages, drops, processor, model. A click tells more."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from har_desktop.inference.session import ProviderReport
from har_desktop.view.parts import button, label, tip_of
from har_desktop.view.words import count, milliseconds, rate

_NAMES = {"cpu": "CPU", "cuda": "CUDA", "coreml": "CoreML"}
_LEFT, _RIGHT = 14, 8  # pixels
_MARGINS = _LEFT + _RIGHT + 16


@dataclass(frozen=True, slots=True)
class Figures:
    """What a session achieves at one moment; None is unknown or does not apply.

    Attributes:
        source: What is looked at.
        state: What is being done with it, in a few words.
        capture: Frames per second that arrive.
        inference: Results per second.
        display: Pictures per second that reach the screen.
        age_p50: Median age of the shown label in seconds.
        age_p95: The age that 95 of 100 labels stay under, in seconds.
        dropped: Frames that no model saw.
        more: Further rows for the details.
    """

    source: str
    state: str
    capture: float | None = None
    inference: float | None = None
    display: float | None = None
    age_p50: float | None = None
    age_p95: float | None = None
    dropped: int | None = None
    more: tuple[tuple[str, str], ...] = ()


def processor(name: str) -> str:
    """A provider's name as it is usually written."""
    return _NAMES.get(name, name)


class StatusLine(QWidget):
    """Words in a row.

    Signals:
        clicked: The person wants to see the details.
    """

    clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figures: Figures | None = None
        self._source = label(quiet=True)
        self._source.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._rates = self._button("Rates", "Frames per second: camera, model, screen")
        self._ages = self._button("Age of the label", "How old the shown label is: p50 and p95")
        self._drops = self._button("Dropped frames", "Frames that gave way to newer ones")
        self._badge = self._button("Processor", "")
        self._badge.setProperty("badge", True)
        self._model = self._button("Model", "")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(_LEFT, 0, _RIGHT, 4)
        layout.setSpacing(0)
        layout.addWidget(self._source, 1)
        for each in (self._rates, self._ages, self._drops, self._badge, self._model):
            layout.addWidget(each)
        self.show_figures(None)
        self.show_model(None, None)

    @property
    def texts(self) -> tuple[str, ...]:
        """What can be read, from left to right."""
        buttons = (self._rates, self._ages, self._drops, self._badge, self._model)
        shown = [each.text() for each in buttons if not each.isHidden()]
        return (self._source.text(), *shown)

    @property
    def badge_tip(self) -> str:
        """What the processor's badge says when pointed at."""
        return self._badge.toolTip()

    def show_figures(self, figures: Figures | None) -> None:
        """Show what a session achieves; None where there is none."""
        self._figures = figures
        for each in (self._rates, self._ages, self._drops):
            each.setVisible(figures is not None)
        if figures is None:
            self._source.setText("")
            return
        named = (
            ("camera", figures.capture),
            ("model", figures.inference),
            ("screen", figures.display),
        )
        self._rates.setVisible(any(value is not None for _, value in named))  # no film that stands
        known = [(name, value) for name, value in named if name != "camera" or value is not None]
        long = "  ".join(f"{name} {rate(value)}" for name, value in known)
        short = " / ".join(rate(value) for _, value in known)
        has_age = figures.age_p50 is not None
        self._ages.setVisible(has_age)
        if has_age:
            old = milliseconds(figures.age_p95).removesuffix(" ms")
            young = milliseconds(figures.age_p50).removesuffix(" ms")
            self._set(self._ages, f"label {young} / {old} ms")
        self._drops.setVisible(figures.dropped is not None)
        if figures.dropped is not None:
            self._set(self._drops, f"{figures.dropped} dropped")
            self._drops.setToolTip(
                f"{count(figures.dropped, 'frame')} gave way to newer ones; click for details"
            )
        words = f"{figures.source}  \u00b7  {figures.state}"
        metrics = self.fontMetrics()
        for rates in (long, short):
            self._set(self._rates, f"{rates} fps")
            if metrics.horizontalAdvance(words) <= self._room():
                break
        self._source.setText(metrics.elidedText(words, Qt.TextElideMode.ElideMiddle, self._room()))
        self._source.setToolTip(tip_of(words))

    def show_model(self, name: str | None, provider: ProviderReport | None) -> None:
        """Show the model in use and where it runs; None while there is none."""
        self._set(self._model, name or "no model")
        self._model.setToolTip("The model in use; click for details")
        self._badge.setVisible(provider is not None)
        if provider is not None:
            used = processor(provider.used)
            self._set(self._badge, used)
            told = provider.reason or f"The model runs on {used}, as asked for"
            self._badge.setToolTip(tip_of(told))

    def show_loading(self) -> None:
        """Say that a model is being checked."""
        self._set(self._model, "loading model\u2026")

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802, Qt's name
        """Say it shorter where there is less room."""
        self.show_figures(self._figures)
        super().resizeEvent(event)

    def _room(self) -> int:
        """Pixels that the buttons leave for the source's name."""
        buttons = (self._rates, self._ages, self._drops, self._badge, self._model)
        taken = sum(each.sizeHint().width() for each in buttons if not each.isHidden())
        return max(0, self.width() - taken - _MARGINS)

    def _button(self, name: str, tip: str) -> QPushButton:
        made = button(tip=tip, quiet=True)
        made.setAccessibleName(name)
        made.clicked.connect(self.clicked)
        return made

    @staticmethod
    def _set(target: QPushButton, text: str) -> None:
        if text != target.text():
            target.setText(text)
            target.setAccessibleDescription(text)
