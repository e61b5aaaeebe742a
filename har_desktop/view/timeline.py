"""Probabilities over time, and the events under them.

Painted here rather than by a plotting widget: two lanes with one shared axis, that follow the
palette, cost a few polygons and no dependency, and stay sharp at any scaling.
"""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from har_desktop.view.colors import class_color
from har_desktop.view.course import Course, Stretch
from har_desktop.view.hover import draw_hover
from har_desktop.view.theme import RADIUS
from har_desktop.view.words import clock, percent, readable

LIVE_SECONDS = 60.0
_STEP = 2.0  # pixels between two points of a curve
_FLAT = 0.02  # a class that stays below this is not drawn
_REDRAW = 0.1  # seconds of the source between two redraws of the live curves
_JUMP = 1.0  # seconds per press of an arrow key
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
_Role = QPalette.ColorRole


class Timeline(QWidget):
    """Shows a course: the last minute of a live one, all of a recorded one.

    Signals:
        seek: Seconds that the person wants to go to; only in a recorded course.
    """

    seek = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._course = Course(())
        self._threshold = 0.5
        self._duration: float | None = None
        self._position: float | None = None
        self._hover: float | None = None
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
        recorded = duration is not None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if recorded else Qt.FocusPolicy.NoFocus)
        self.setCursor(
            Qt.CursorShape.PointingHandCursor if recorded else Qt.CursorShape.ArrowCursor
        )
        self._redraw()

    def set_duration(self, duration: float) -> None:
        """Correct the length of a recorded source, in seconds."""
        if duration != self._duration:
            self._duration = duration
            self._redraw()

    def set_position(self, seconds: float | None) -> None:
        """Move the mark of the frame that is shown."""
        self._position = seconds
        if seconds is not None:
            self.setAccessibleDescription(f"{clock(seconds)} of {clock(self._duration or 0)}")
        self.update()

    def refresh(self) -> None:
        """Draw what the course has gained. Cheap when called often."""
        span = self._course.span
        if span and (span[1] < self._drawn or span[1] - self._drawn >= self._resolution()):
            self._redraw()

    def sizeHint(self) -> QSize:  # noqa: N802, Qt's name
        """High enough for curves, events and axis."""
        return QSize(480, round(self.fontMetrics().height() * 4.2) + 66)

    def minimumSizeHint(self) -> QSize:  # noqa: N802, Qt's name
        """Where there is little room, the curves are low."""
        return self.sizeHint() - QSize(200, 34)

    # What is where

    def _range(self) -> tuple[float, float]:
        """Seconds at the left and the right edge."""
        if self._duration is not None:
            return 0.0, max(self._duration, 0.1)
        span = self._course.span
        last = span[1] if span else 0.0
        return last - LIVE_SECONDS, last

    def _plot(self) -> QRectF:
        metrics = self.fontMetrics()
        side = metrics.horizontalAdvance("100 %") + 16
        top, bottom = 12.0, self.height() - 2.25 * metrics.height() - 20
        return QRectF(side, top, self.width() - side - 16, bottom - top)

    def _lane(self) -> QRectF:
        plot, height = self._plot(), self.fontMetrics().height() + 4.0
        return QRectF(plot.left(), plot.bottom() + 5, plot.width(), height)

    def _x(self, seconds: float) -> float:
        start, end = self._range()
        plot = self._plot()
        return plot.left() + (seconds - start) / (end - start) * plot.width()

    def _seconds(self, x: float) -> float:
        start, end = self._range()
        plot = self._plot()
        share = (x - plot.left()) / max(1.0, plot.width())
        return start + min(1.0, max(0.0, share)) * (end - start)

    def _resolution(self) -> float:
        start, end = self._range()
        return max(_REDRAW, (end - start) / max(1.0, self._plot().width()))

    # Painting

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

    def _draw_course(self, painter: QPainter) -> None:
        palette = self.palette()
        card = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(palette.color(_Role.Mid))
        painter.setBrush(palette.color(_Role.Base))
        painter.drawRoundedRect(card, RADIUS, RADIUS)
        self._draw_axes(painter, palette)
        start, end = self._range()
        plot = self._plot()
        if len(self._course):
            self._draw_curves(painter, palette, start, end, plot)
            for stretch in self._course.stretches():
                if stretch.end >= start:
                    self._draw_stretch(painter, palette, stretch, start)
            span = self._course.span
            self._drawn = span[1] if span else -math.inf
        else:
            painter.setPen(palette.color(_Role.PlaceholderText))
            painter.drawText(plot, Qt.AlignmentFlag.AlignCenter, "Nothing recognised yet")

    def _draw_axes(self, painter: QPainter, palette: QPalette) -> None:
        plot, lane = self._plot(), self._lane()
        metrics = QFontMetricsF(self.font())
        quiet, line = palette.color(_Role.PlaceholderText), palette.color(_Role.Mid)
        for share in (0.0, 0.5, 1.0) if len(self._course) else (0.0, 1.0):
            y = plot.bottom() - share * plot.height()
            painter.setPen(QPen(line, 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            if share != 0.5:
                words = QRectF(0, y - metrics.height() / 2, plot.left() - 7, metrics.height())
                painter.setPen(quiet)
                flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(words, flags, percent(share))
        if len(self._course):
            painter.setPen(QPen(palette.color(_Role.Shadow), 1, Qt.PenStyle.DashLine))
            y = plot.bottom() - self._threshold * plot.height()
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.color(_Role.AlternateBase))
        painter.drawRoundedRect(lane, 4, 4)
        painter.setPen(quiet)
        for seconds, mark in self._ticks(metrics):
            width = metrics.horizontalAdvance(mark)
            left = min(max(plot.left(), self._x(seconds) - width / 2), plot.right() - width)
            painter.drawText(QPointF(left, lane.bottom() + metrics.ascent() + 4), mark)

    def _ticks(self, metrics: QFontMetricsF) -> list[tuple[float, str]]:
        """Seconds and words of the marks on the axis, as many as have room."""
        start, end = self._range()
        room = metrics.horizontalAdvance("0:00:00") * 2.2
        wanted = (end - start) * room / max(room, self._plot().width())
        step = next((step for step in _TICKS if step >= wanted), _TICKS[-1])
        if self._duration is None:
            marks = np.arange(0, LIVE_SECONDS + 0.1, step)
            return [(end - m, f"\u2212{m:.0f} s" if m else "now") for m in marks]
        return [(t, clock(t, tenths=step < 1)) for t in np.arange(0, end + 1e-6, step)]

    def _draw_curves(
        self, painter: QPainter, palette: QPalette, start: float, end: float, plot: QRectF
    ) -> None:
        times, shares = self._course.columns(start, end, max(2, int(plot.width() / _STEP)))
        known = ~np.isnan(shares[:, 0])
        xs = plot.left() + (times - start) / (end - start) * plot.width()
        painter.save()
        painter.setClipRect(plot.adjusted(0, -2, 0, 1))
        for low, high in _runs(known):
            part = shares[low:high]
            for index in np.argsort(part.max(axis=0)):
                if part[:, index].max() < _FLAT:
                    continue
                ys = plot.bottom() - part[:, index] * plot.height()
                color = class_color(int(index), palette)
                self._draw_curve(painter, color, xs[low:high], ys, plot.bottom())
        painter.restore()

    def _draw_curve(
        self,
        painter: QPainter,
        color: QColor,
        xs: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
        ys: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
        ground: float,
    ) -> None:
        points = [QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)]
        fill = QColor(color)
        fill.setAlphaF(0.16)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        ends = [QPointF(points[-1].x(), ground), QPointF(points[0].x(), ground)]
        painter.drawPolygon(QPolygonF([*points, *ends]))
        painter.setPen(QPen(color, 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))

    def _draw_stretch(
        self, painter: QPainter, palette: QPalette, stretch: Stretch, start: float
    ) -> None:
        lane = self._lane()
        left = self._x(max(stretch.start, start))
        block = QRectF(left, lane.top(), max(3.0, self._x(stretch.end) - left), lane.height())
        color = class_color(stretch.index, palette)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawRoundedRect(block, 4, 4)
        words = readable(self._course.classes[stretch.index])
        metrics = QFontMetricsF(self.font())
        words = metrics.elidedText(words, Qt.TextElideMode.ElideRight, block.width() - 12)
        if len(words) > 2:
            painter.setPen(QColor("#1a1918") if color.lightnessF() > 0.42 else QColor("#ffffff"))
            painter.drawText(block.adjusted(6, 0, -6, 0), Qt.AlignmentFlag.AlignVCenter, words)

    def _draw_position(self, painter: QPainter, seconds: float) -> None:
        plot, lane, x = self._plot(), self._lane(), self._x(seconds)
        color = self.palette().color(_Role.Text)
        painter.setPen(QPen(color, 1.5))
        painter.drawLine(QPointF(x, plot.top() - 3), QPointF(x, lane.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(QPointF(x, plot.top() - 4), 4, 4)

    def _draw_hover(self, painter: QPainter, seconds: float) -> None:
        found = self._course.at(seconds)
        if found is None:
            return
        time, shares = found
        if abs(self._x(time) - self._x(seconds)) > 12:
            return
        _, end = self._range()
        ago = f"{end - time:.1f} s ago" if self._duration is None else clock(time, tenths=True)
        rows: list[tuple[QColor | None, str, str]] = []
        if np.isnan(shares[0]):
            rows.append((None, "filling", ""))
        else:
            for index in np.argsort(shares)[::-1][:3].tolist():
                name = readable(self._course.classes[index])
                rows.append((class_color(index, self.palette()), name, percent(shares[index])))
        draw_hover(painter, self.palette(), self._plot(), self._x(time), ago, rows)

    # Mouse and keys

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802, Qt's name
        """Show the values under the pointer; with the button held, seek along."""
        self._hover = self._seconds(event.position().x())
        self.update()
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._ask(self._hover)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802, Qt's name
        """Seek."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._ask(self._seconds(event.position().x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802, Qt's name
        """Left and Right jump a second, Home and End to the ends."""
        here = self._position or 0.0
        goals = {
            Qt.Key.Key_Left: here - _JUMP,
            Qt.Key.Key_Right: here + _JUMP,
            Qt.Key.Key_Home: 0.0,
            Qt.Key.Key_End: self._duration or 0.0,
        }
        goal = goals.get(Qt.Key(event.key()))
        if goal is None or self._duration is None:
            super().keyPressEvent(event)
        else:
            self._ask(goal)

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


def _runs(known: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> list[tuple[int, int]]:
    """Where a boolean array is true: pairs of first and past-the-last index."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(np.int8)))
    return [(int(low), int(high)) for low, high in edges.reshape(-1, 2)]
