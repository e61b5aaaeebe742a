"""What the timeline is drawn of: axes, curves and the blocks of the events."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPalette, QPen, QPolygonF

from har_desktop.decision.decision import Event
from har_desktop.view.colors import class_color, ink_on
from har_desktop.view.course import Course
from har_desktop.view.words import clock, percent, readable

_STEP = 3.0  # pixels between two points of a curve
_FLAT = 0.02  # a class that stays below this is not drawn
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
_Role = QPalette.ColorRole


@dataclass(frozen=True, slots=True)
class Field:
    """Where things are, in device-independent pixels.

    Attributes:
        plot: The curves, 0 at the bottom and 1 at the top.
        lane: The events.
        start: Seconds at the left edge of both.
        end: Seconds at the right edge.
        live: True where times are told from `end`.
        last: What `end` is called in a live one.
    """

    plot: QRectF
    lane: QRectF
    start: float
    end: float
    live: bool
    last: str = "now"

    @property
    def pixels_per_second(self) -> float:
        """How wide a second is."""
        return max(1.0, self.plot.width()) / (self.end - self.start)

    def x(self, seconds: float) -> float:
        """Where a time is."""
        share = (seconds - self.start) / (self.end - self.start)
        return self.plot.left() + share * self.plot.width()

    def seconds(self, x: float) -> float:
        """Which time is at `x`, not beyond the edges."""
        share = (x - self.plot.left()) / max(1.0, self.plot.width())
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)

    def y(self, share: float) -> float:
        """Where a probability is."""
        return self.plot.bottom() - share * self.plot.height()


def draw_axes(painter: QPainter, palette: QPalette, field: Field, threshold: float | None) -> None:
    """Draw lines, lane and words. A threshold of None stands for nothing to compare with."""
    plot, lane = field.plot, field.lane
    metrics = QFontMetricsF(painter.font())
    quiet = palette.color(_Role.PlaceholderText)
    for share in (0.0, 1.0) if threshold is None else (0.0, 0.5, 1.0):
        y = field.y(share)
        painter.setPen(palette.color(_Role.Mid))
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
        if share != 0.5:
            words = QRectF(0, y - metrics.height() / 2, plot.left() - 7, metrics.height())
            painter.setPen(quiet)
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(words, flags, percent(share))
    if threshold is not None:
        painter.setPen(QPen(palette.color(_Role.Shadow), 1, Qt.PenStyle.DashLine))
        y = field.y(threshold)
        painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(palette.color(_Role.AlternateBase))
    painter.drawRoundedRect(lane, 4, 4)
    painter.setPen(quiet)
    for seconds, mark in _ticks(field, metrics):
        width = metrics.horizontalAdvance(mark)
        left = min(max(plot.left(), field.x(seconds) - width / 2), plot.right() - width)
        painter.drawText(QPointF(left, lane.bottom() + metrics.ascent() + 4), mark)


def draw_course(painter: QPainter, palette: QPalette, field: Field, course: Course) -> None:
    """Draw the curves and, under them, the events."""
    columns = max(2, int(field.plot.width() / _STEP))
    times, shares = course.columns(field.start, field.end, columns)
    xs = np.array([field.x(time) for time in times.tolist()])
    painter.save()
    painter.setClipRect(field.plot.adjusted(0, -2, 0, 1))
    for low, high in _runs(~np.isnan(shares[:, 0])):
        part = shares[low:high]
        for index in np.argsort(part.max(axis=0)).tolist():  # the highest lies on top
            if part[:, index].max() >= _FLAT:
                ys = field.y(1.0) + (1.0 - part[:, index]) * field.plot.height()
                _draw_curve(painter, class_color(index, palette), xs[low:high], ys, field.y(0.0))
    painter.restore()
    for event in course.events():
        if event.end >= field.start:
            color = class_color(course.classes.index(event.label), palette)
            _draw_event(painter, field, event, color)


def _ticks(field: Field, metrics: QFontMetricsF) -> list[tuple[float, str]]:
    """Seconds and words of the marks on the axis, as many as have room."""
    room = 2.2 * metrics.horizontalAdvance("0:00:00")
    wanted = (field.end - field.start) * room / max(room, field.plot.width())
    longest = _TICKS[-1]
    step = next((step for step in _TICKS if step >= wanted), longest * ceil(wanted / longest))
    if field.live:
        marks = np.arange(0, field.end - field.start + 1e-6, step).tolist()
        return [(field.end - m, f"\u2212{m:.0f} s" if m else field.last) for m in marks]
    marks = np.arange(0, field.end + 1e-6, step).tolist()
    return [(mark, clock(mark, tenths=step < 1)) for mark in marks]


def _draw_curve(
    painter: QPainter,
    color: QColor,
    xs: NDArray[np.float64],
    ys: NDArray[np.float32],
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


def _draw_event(painter: QPainter, field: Field, event: Event, color: QColor) -> None:
    left = field.x(max(event.start, field.start))
    width = max(3.0, field.x(event.end) - left)
    block = QRectF(left, field.lane.top(), width, field.lane.height())
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawRoundedRect(block, 4, 4)
    metrics = QFontMetricsF(painter.font())
    words = metrics.elidedText(
        readable(event.label), Qt.TextElideMode.ElideRight, block.width() - 12
    )
    if len(words) > 2:
        painter.setPen(ink_on(color))
        painter.drawText(block.adjusted(6, 0, -6, 0), Qt.AlignmentFlag.AlignVCenter, words)


def _runs(known: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where a boolean array is true: pairs of first and past-the-last index."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(np.int8)))
    return [(int(low), int(high)) for low, high in edges.reshape(-1, 2)]
