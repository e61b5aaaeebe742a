"""The small table of values beside the pointer."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPalette, QPen

_Role = QPalette.ColorRole
Row = tuple[QColor | None, str, str]


def draw_hover(
    painter: QPainter, palette: QPalette, plot: QRectF, x: float, title: str, rows: Sequence[Row]
) -> None:
    """Draw a line at `x`, and beside it a title over rows of colour, name and value.

    Args:
        painter: With anti-aliasing and the font to use.
        palette: Gives the colours.
        plot: The line goes from its top to its bottom; the table stays within its sides.
        x: In pixels.
        title: First line, quiet.
        rows: Colour of a dot (or None), name, value.
    """
    painter.setPen(QPen(palette.color(_Role.Shadow), 1))
    painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))
    metrics = QFontMetricsF(painter.font())
    names = max((metrics.horizontalAdvance(name) for _, name, _ in rows), default=0.0)
    values = max((metrics.horizontalAdvance(value) for _, _, value in rows), default=0.0)
    width = max(metrics.horizontalAdvance(title), names + values + 26) + 18
    height = metrics.height() * (1 + len(rows)) + 11
    width = min(width, plot.width())
    left = x + 10 if x + 10 + width <= plot.right() else max(plot.left(), x - 10 - width)
    box = QRectF(left, plot.top() + 1, width, height)
    painter.setPen(palette.color(_Role.Mid))
    painter.setBrush(palette.color(_Role.Window))
    painter.drawRoundedRect(box, 6, 6)
    line = QRectF(box.left() + 9, box.top() + 5, width - 18, metrics.height())
    painter.setPen(palette.color(_Role.PlaceholderText))
    painter.drawText(line, Qt.AlignmentFlag.AlignLeft, title)
    for color, name, value in rows:
        line.translate(0, metrics.height())
        indent = 0.0
        if color is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color)
            painter.drawEllipse(QPointF(line.left() + 4, line.center().y()), 4, 4)
            indent = 14
        painter.setPen(palette.color(_Role.Text))
        room = line.width() - indent - values - 10
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room)
        painter.drawText(line.adjusted(indent, 0, 0, 0), Qt.AlignmentFlag.AlignLeft, shown)
        painter.drawText(line, Qt.AlignmentFlag.AlignRight, value)
