"""One bar per class: how probable it is. A click pins the explanation to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from har_desktop.inference.model import TOP
from har_desktop.view.colors import class_color
from har_desktop.view.icons import draw_icon
from har_desktop.view.parts import in_turn, keep_space, tip_of
from har_desktop.view.words import percent, readable

_DOT = 4.0  # pixels, the radius
_Role = QPalette.ColorRole


class ClassBar(QAbstractButton):
    """The bar of one class; checked while the explanation is pinned to it."""

    def __init__(self, index: int, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._index = index
        self._share: float | None = None
        self._explained = False
        self.setText(readable(label))
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the focus where it is
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        keep_space(self)
        self.pin(False)
        self._describe()

    @property
    def share(self) -> float | None:
        """The probability that is shown, 0 to 1."""
        return self._share

    @property
    def explained(self) -> bool:
        """True while the heat-maps explain this class."""
        return self._explained

    def show_share(self, share: float | None, explained: bool) -> None:
        """Change the probability, and whether the heat-maps explain this class."""
        before = self._look()
        self._share, self._explained = share, explained
        if self._look() != before:
            self._describe()
            self.update()

    def pin(self, on: bool) -> None:
        """Mark that the explanation is pinned to this class, or no longer."""
        self.setChecked(on)
        again = "Click to explain the most probable class again"
        pinned = f"Heat-maps are pinned to {self.text()}. {again}"
        self.setToolTip(tip_of(pinned if on else f"Click to pin the heat-maps to {self.text()}"))

    def sizeHint(self) -> QSize:  # noqa: N802, Qt's name
        """One line of text and the bar under it."""
        metrics = self.fontMetrics()
        width = metrics.horizontalAdvance(self.text()) + metrics.horizontalAdvance("100 %") + 75
        return QSize(width, metrics.height() + 17)

    def minimumSizeHint(self) -> QSize:  # noqa: N802, Qt's name
        """Less room around it, for on a low screen more classes are seen; long names are cut."""
        metrics = self.fontMetrics()
        return QSize(metrics.horizontalAdvance("100 %") + 75, metrics.height() + 7)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002, Qt's name
        """Draw name, probability and bar."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        if self.underMouse() or self.hasFocus() or self.isChecked():
            painter.setPen(palette.color(_Role.Accent) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(palette.color(_Role.AlternateBase))
            painter.drawRoundedRect(rect, 6, 6)
        spare = max(0.0, rect.height() - self.fontMetrics().height() - 6)
        inner = rect.adjusted(9, spare / 2, -9, -1 - spare / 2)
        self._draw_line(painter, inner, palette)
        self._draw_bar(painter, inner, palette)

    def _look(self) -> tuple[bool, str, int, bool]:
        """What a person can tell apart: most classes change by less from frame to frame."""
        share = self._share or 0.0
        halves = round(2 * share * self.width() * self.devicePixelRatioF())  # of a pixel
        return self._share is None, percent(share), halves, self._explained

    def _draw_line(self, painter: QPainter, inner: QRectF, palette: QPalette) -> None:
        font = self.font()
        if self._explained:
            font.setWeight(font.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(palette.color(_Role.Text))
        line = QRectF(inner.left(), inner.top(), inner.width(), self.fontMetrics().height())
        vertical = Qt.AlignmentFlag.AlignVCenter
        share = "\u2013" if self._share is None else percent(self._share)
        painter.drawText(line, vertical | Qt.AlignmentFlag.AlignRight, share)
        metrics = QFontMetricsF(font)
        # The colour of its curve and its events, for a bar near zero hardly has any.
        painter.save()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(class_color(self._index, palette))
        painter.drawEllipse(QPointF(line.left() + _DOT, line.center().y()), _DOT, _DOT)
        painter.restore()
        line.setLeft(line.left() + 2 * _DOT + 7)
        room = line.width() - metrics.horizontalAdvance("100 %") - 26
        name = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        painter.drawText(line, vertical | Qt.AlignmentFlag.AlignLeft, name)
        if self.isChecked():
            side = 0.95 * line.height()
            left = line.left() + metrics.horizontalAdvance(name) + 5
            pin = QRectF(left, line.center().y() - side / 2, side, side)
            draw_icon(painter, "pin-line", pin, palette.color(_Role.Accent))

    def _draw_bar(self, painter: QPainter, inner: QRectF, palette: QPalette) -> None:
        bar = QRectF(inner.left(), inner.bottom() - 4, inner.width(), 4)
        painter.setPen(Qt.PenStyle.NoPen)
        track = QColor(palette.color(_Role.Mid))
        painter.setBrush(track)
        painter.drawRoundedRect(bar, 2, 2)
        if self._share:
            bar.setWidth(max(2.0, self._share * bar.width()))
            painter.setBrush(class_color(self._index, palette))
            painter.drawRoundedRect(bar, 2, 2)

    def _describe(self) -> None:
        share = "unknown" if self._share is None else percent(self._share)
        explained = ", explained" if self._explained else ""
        self.setAccessibleName(f"{self.text()}, {share}{explained}")

    def nextCheckState(self) -> None:  # noqa: N802, Qt's name
        """Pins are set by `ClassBars`, which knows the others."""


class ClassBars(QScrollArea):
    """The bars of all classes, in the model's order: bars that change places can't be read.

    Signals:
        pinned: The class to explain from now on, or `TOP`.
    """

    pinned = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars: list[ClassBar] = []
        self._named: int | None = None
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # no turn goes on from what has no focus
        self.setAccessibleName("Classes")
        self.set_classes(())

    @property
    def bars(self) -> tuple[ClassBar, ...]:
        """One per class, in the model's order."""
        return tuple(self._bars)

    def set_classes(self, classes: Sequence[str]) -> None:
        """Show the classes of another model, with nothing known about them yet."""
        focused = next((index for index, bar in enumerate(self._bars) if bar.hasFocus()), None)
        holder = QWidget()
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        self._named = None
        self._bars = [ClassBar(index, label) for index, label in enumerate(classes)]
        for index, bar in enumerate(self._bars):
            bar.clicked.connect(lambda _=False, index=index: self._toggle(index))
            layout.addWidget(bar)
        layout.addStretch(1)
        self.setWidget(holder)
        in_turn(self, self._bars)  # what is made last would come last of all
        if focused is not None and focused < len(self._bars):
            self._bars[focused].setFocus()

    def show_probabilities(
        self,
        probabilities: NDArray[np.float32] | None,
        explained: int | None,
        named: int | None = None,
    ) -> None:
        """Change all bars.

        Args:
            probabilities: (classes,), or None where nothing is known.
            explained: Index of the class that the heat-maps explain; None where there are none.
            named: Index of the class that the person is told; its bar is scrolled to when it
                comes, but not away from under the pointer, or from the bar that has the focus.
        """
        if named is None:
            self._named = None
        elif named != self._named and not self._in_use():
            self.ensureWidgetVisible(self._bars[named], 0, 0)
            self._named = named
        for index, bar in enumerate(self._bars):
            share = None if probabilities is None else float(probabilities[index])
            bar.show_share(share, index == explained)

    def show_pin(self, pinned: int) -> None:
        """Mark the class that the explanation is pinned to; `TOP` for none."""
        for index, bar in enumerate(self._bars):
            bar.pin(index == pinned)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802, Qt's name
        """Keep the class that is named in sight."""
        super().resizeEvent(event)
        if self._named is not None and not self._in_use():
            self.ensureWidgetVisible(self._bars[self._named], 0, 0)

    def _in_use(self) -> bool:
        return self.underMouse() or any(bar.hasFocus() for bar in self._bars)

    def _toggle(self, index: int) -> None:
        pin = TOP if self._bars[index].isChecked() else index
        self.show_pin(pin)
        self.pinned.emit(pin)
