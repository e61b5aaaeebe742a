"""Small pictures for buttons, drawn from paths in the colour of the text around them."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

# On a field of 24 x 24. A name that ends in "-line" is stroked, others are filled.
_PATHS = {
    "play": "M8 5.5v13a1 1 0 0 0 1.5.86l10.5-6.5a1 1 0 0 0 0-1.72L9.5 4.64A1 1 0 0 0 8 5.5z",
    "pause": "M7 5h3.2v14H7zM13.8 5H17v14h-3.2z",
    "back-line": "M14.5 6.5 9 12l5.5 5.5",
    "forward-line": "M9.5 6.5 15 12l-5.5 5.5",
    "loop-line": "M17 4.5l3 3-3 3M20 7.5H8a4 4 0 0 0-4 4v.5M7 19.5l-3-3 3-3"
    "M4 16.5h12a4 4 0 0 0 4-4V12",
    "record": "M12 6a6 6 0 1 1 0 12a6 6 0 0 1 0-12z",
    "stop": "M7 7h10v10H7z",
    "snapshot-line": "M4 8.5h3.5l1.5-2.5h6l1.5 2.5H20v10.5H4zM12 16.5a3.2 3.2 0 1 0 0-6.4"
    "a3.2 3.2 0 0 0 0 6.4z",
    "camera-line": "M3.5 7h11.5v10H3.5zM15 10.8l5.5-3v8.4l-5.5-3",
    "file-line": "M6 3.5h8l4.5 4.5v12.5H6zM13.5 3.8V8.5h4.7",
    "stream-line": "M12 12.2v.1M8.6 15.4a4.8 4.8 0 0 1 0-6.6M15.4 8.8a4.8 4.8 0 0 1 0 6.6"
    "M5.8 18.2a8.8 8.8 0 0 1 0-12.3M18.2 5.9a8.8 8.8 0 0 1 0 12.3",
    "person-line": "M12 8.2a2.3 2.3 0 1 0 0-4.6a2.3 2.3 0 0 0 0 4.6zM4.5 6.5 9 10.4h6l4.5-3.9"
    "M9 10.4v5L6.8 20.5M15 10.4v5l2.2 5.1M9 15h6",
    "export-line": "M12 15V4M8 7.8 12 4l4 3.8M5 13.5V20h14v-6.5",
    "pin-line": "M9 4h6l-.8 6 3.3 3.5h-11L9.8 10zM12 13.5V20",
    "lost-line": "M3.5 7h11.5v10H3.5zM15 10.8l5.5-3v8.4l-5.5-3M4 21 20 3",
}
_SIZES = (16, 20, 24, 32, 48, 64)


def icon(name: str, palette: QPalette, color: QColor | None = None) -> QIcon:
    """An icon for normal and disabled buttons.

    Args:
        name: A key of the paths above.
        palette: Gives the colours.
        color: Instead of the palette's colour of button text.
    """
    made = QIcon()
    for mode, group in (
        (QIcon.Mode.Normal, QPalette.ColorGroup.Active),
        (QIcon.Mode.Disabled, QPalette.ColorGroup.Disabled),
    ):
        tint = palette.color(group, QPalette.ColorRole.ButtonText)
        if color is not None and mode is QIcon.Mode.Normal:
            tint = color
        for size in _SIZES:
            made.addPixmap(_pixmap(name, size, tint), mode)
    return made


def draw_icon(painter: QPainter, name: str, rect: QRectF, color: QColor) -> None:
    """Draw an icon into a rectangle, at whatever resolution the painter has."""
    _renderer(name, color).render(painter, rect)


def _pixmap(name: str, size: int, color: QColor) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    draw_icon(painter, name, QRectF(0, 0, size, size), color)
    painter.end()
    return pixmap


def _renderer(name: str, color: QColor) -> QSvgRenderer:
    paint = f'fill="{color.name()}"'
    if name.endswith("-line"):
        paint = (
            f'fill="none" stroke="{color.name()}" stroke-width="1.7" '
            'stroke-linecap="round" stroke-linejoin="round"'
        )
    return QSvgRenderer(
        QByteArray(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
            f'<path d="{_PATHS[name]}" {paint} opacity="{color.alphaF():.3f}"/></svg>'.encode()
        )
    )
