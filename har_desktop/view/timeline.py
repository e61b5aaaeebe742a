"""Probabilities over time, and the events under them.

Painted here rather than by a plotting widget: two lanes with one shared axis, that follow the
palette, cost a few polygons and no dependency, and stay sharp at any scaling.
"""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from har_desktop.view.chart import Field, draw_axes, draw_course
from har_desktop.view.colors import class_color
from har_desktop.view.course import Course
from har_desktop.view.hover import Row, draw_hover
from har_desktop.view.theme import RADIUS
from har_desktop.view.words import clock, percent, readable

LIVE_SECONDS = 60.0
_REDRAW = 0.2  # seconds of the source between two redraws of the live curves
_JUMP = 1.0  # seconds per press of an arrow key
_NEAR = 12.0  # pixels between the pointer and the moment whose values are shown
_ROWS = 3  # classes whose values are shown
_NOW = 0.05  # seconds: what is no farther from the moment shown is there
_SAME = 1.0  # seconds: whoever has just gone to an action, and goes back, wants the one before
_Role = QPalette.ColorRole


class Timeline(QWidget):
    """Shows a course: the last minute of a live one, all of a recorded one.

    Signals:
        seek: Seconds that the person wants to go to; only in a recorded course.
        jump: Seconds to go ahead, or back where negative; likewise.
    """

    seek = Signal(float)
    jump = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._course = Course(())
        self._threshold = 0.5
        self._duration: float | None = None
        self._position: float | None = None
        self._current = True
        self._hover: QPointF | None = None
        self._canvas: QPixmap | None = None
        self._drawn = -math.inf
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setAccessibleName("Timeline")

    @property
    def course(self) -> Course:
        """What is shown."""
        return self._course

    @property
    def position(self) -> float | None:
        """Seconds of the frame that is shown; None in a live course."""
        return self._position

    def start(self, course: Course, threshold: float, duration: float | None) -> None:
        """Show another course.

        Args:
            course: Grows while it is shown; call `refresh` then.
            threshold: The bundle's rejection threshold, 0 to 1.
            duration: Of a recorded source in seconds; None for a live one.
        """
        self._course, self._threshold = course, threshold
        self._duration, self._position, self._hover = duration, None, None
        self._current = True
        recorded = duration is not None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if recorded else Qt.FocusPolicy.NoFocus)
        self.setCursor(
            Qt.CursorShape.PointingHandCursor if recorded else Qt.CursorShape.ArrowCursor
        )
        self._describe()
        self._redraw()

    def set_duration(self, duration: float) -> None:
        """Correct the length of a recorded source, in seconds."""
        if duration != self._duration:
            self._duration = duration
            self._describe()
            self._redraw()

    def set_position(self, seconds: float | None) -> None:
        """Move the mark of the frame that is shown."""
        self._position = seconds
        self._describe()
        self.update()

    def set_current(self, current: bool) -> None:
        """Say whether the end of a live course is now, or nothing has come since."""
        if current is not self._current:
            self._current = current
            self._redraw()

    def refresh(self, whole: bool = False) -> None:
        """Draw what the course has gained: all of it, or if it is worth it. Then cheap to call."""
        self._describe()
        span = self._course.span
        gain = span[1] - self._drawn if span else 0.0
        if gain < 0 or gain >= self._resolution() or (whole and gain > 0):
            self._redraw()

    def sizeHint(self) -> QSize:  # noqa: N802, Qt's name
        """High enough for curves, events and axis."""
        return QSize(480, round(self.fontMetrics().height() * 4.2) + 66)

    def minimumSizeHint(self) -> QSize:  # noqa: N802, Qt's name
        """Where there is little room, the curves are low."""
        return self.sizeHint() - QSize(200, 34)

    def _field(self) -> Field:
        """Where things are, and which times are shown."""
        metrics = self.fontMetrics()
        left = metrics.horizontalAdvance("100 %") + 16.0
        bottom = self.height() - 2.25 * metrics.height() - 20
        plot = QRectF(left, 12, self.width() - left - 16, bottom - 12)
        lane = QRectF(left, bottom + 5, plot.width(), metrics.height() + 4)
        if self._duration is not None:
            return Field(plot, lane, 0.0, max(self._duration, 0.1), live=False)
        span = self._course.span
        last = span[1] if span else 0.0
        words = "now" if self._current else "last"
        return Field(plot, lane, last - LIVE_SECONDS, last, live=True, last=words)

    def _resolution(self) -> float:
        """Seconds of new course that are worth drawing."""
        field = self._field()
        return max(_REDRAW, 1.0 / field.pixels_per_second)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002, Qt's name
        """Draw the curves (kept from last time where nothing changed) and the marks over them."""
        ratio = self.devicePixelRatioF()
        if self._canvas is None or self._canvas.devicePixelRatio() != ratio:
            self._canvas = QPixmap(self.size() * ratio)
            self._canvas.setDevicePixelRatio(ratio)
            self._canvas.fill(Qt.GlobalColor.transparent)
            canvas = QPainter(self._canvas)
            canvas.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._draw_course(canvas)
            canvas.end()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(0, 0, self._canvas)
        if self._position is not None:
            self._draw_position(painter, self._position)
        if self._hover is not None:
            self._draw_hover(painter, self._hover)
        if self.hasFocus():
            painter.setPen(QPen(self.palette().color(_Role.Accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS, RADIUS)

    def _describe(self) -> None:
        """Say in words what is drawn at the moment that is shown, for a screen reader."""
        if self._position is None:
            self.setAccessibleDescription("")
            return
        words = [f"{clock(self._position)} of {clock(self._duration or 0)}"]
        if (event := self._course.during(self._position)) is not None:
            words.append(readable(event.label))
        if self.accessibleDescription() != ", ".join(words):
            self.setAccessibleDescription(", ".join(words))

    def _draw_course(self, painter: QPainter) -> None:
        palette, field, course = self.palette(), self._field(), self._course
        painter.setPen(palette.color(_Role.Mid))
        painter.setBrush(palette.color(_Role.Base))
        card = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(card, RADIUS, RADIUS)
        draw_axes(painter, palette, field, self._threshold if len(course) else None)
        if course.span is None:
            painter.setPen(palette.color(_Role.PlaceholderText))
            painter.drawText(field.plot, Qt.AlignmentFlag.AlignCenter, "Nothing recognised yet")
        else:
            draw_course(painter, palette, field, course)
            self._drawn = course.span[1]

    def _draw_position(self, painter: QPainter, seconds: float) -> None:
        field = self._field()
        x, top = field.x(seconds), field.plot.top() - 3
        color = self.palette().color(_Role.Text)
        painter.setPen(QPen(color, 1.5))
        painter.drawLine(QPointF(x, top), QPointF(x, field.lane.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(QPointF(x, top), 4, 4)

    def _draw_hover(self, painter: QPainter, pointer: QPointF) -> None:
        field = self._field()  # a live one moves on below a pointer that rests
        x = pointer.x()
        if field.lane.contains(pointer):
            self._draw_action(painter, field, x)
            return
        found = self._course.at(field.seconds(x))
        if found is None or abs(field.x(found[0]) - x) > _NEAR:
            return
        time, shares = found
        since = f"{field.end - time:.1f} s {'ago' if self._current else 'before the last'}"
        title = since if field.live else clock(time, tenths=True)
        rows: list[Row] = [(None, "filling", "")]
        if not np.isnan(shares[0]):
            rows = [
                (
                    class_color(index, self.palette()),
                    readable(self._course.classes[index]),
                    percent(float(shares[index])),
                )
                for index in np.argsort(shares)[::-1][:_ROWS].tolist()
            ]
        draw_hover(painter, self.palette(), field.plot, field.x(time), title, rows)

    def _draw_action(self, painter: QPainter, field: Field, x: float) -> None:
        """Tell of the action under the pointer, whose block may be too narrow for its name."""
        event = self._course.during(field.seconds(x), 1.5 / field.pixels_per_second)
        if event is None:
            return
        color = class_color(self._course.classes.index(event.label), self.palette())
        lasts = f"{event.end - event.start:.1f} s"
        title = lasts if field.live else f"{clock(event.start, tenths=True)}, {lasts}"
        rows: list[Row] = [(color, readable(event.label), percent(event.confidence))]
        draw_hover(painter, self.palette(), field.plot, x, title, rows)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802, Qt's name
        """Show the values under the pointer; with the button held, seek along."""
        self._hover = event.position()
        self.update()
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._ask(self._field().seconds(self._hover.x()))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802, Qt's name
        """Seek."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._ask(self._field().seconds(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802, Qt's name
        """Left and Right jump a second, Home and End to the ends, Page keys to actions."""
        key = Qt.Key(event.key())
        pages = (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
        ends = {Qt.Key.Key_Home: 0.0, Qt.Key.Key_End: self._duration or 0.0}
        jumps = {Qt.Key.Key_Left: -_JUMP, Qt.Key.Key_Right: _JUMP}
        if self._duration is None or key not in (*ends, *jumps, *pages):
            super().keyPressEvent(event)
        elif key in pages:
            self._go_to_action(1 if key == Qt.Key.Key_PageDown else -1)
        elif key in ends:
            self._ask(ends[key])
        else:
            self.jump.emit(jumps[key])

    def _go_to_action(self, direction: int) -> None:
        """Ask for the start of the next action, or of the one before."""
        here = self._position or 0.0
        starts = [event.start for event in self._course.events()]
        later = [start for start in starts if start > here + _NOW]
        earlier = [start for start in starts if start < here - _SAME]
        if direction > 0 and later:
            self._ask(later[0])
        elif direction < 0 and earlier:
            self._ask(earlier[-1])

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        """Hide the values."""
        self._hover = None
        self.update()
        super().leaveEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        """Draw anew in other colours or letters."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._redraw()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802, Qt's name
        """Draw anew in another size."""
        self._redraw()
        super().resizeEvent(event)

    def _ask(self, seconds: float) -> None:
        if self._duration is not None:
            self.seek.emit(min(max(0.0, seconds), self._duration))

    def _redraw(self) -> None:
        self._canvas, self._drawn = None, -math.inf
        self.update()
