"""The pictures of the current window, each with its own heat-map and its age."""

from __future__ import annotations

from math import ceil

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QFontMetricsF, QImage, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from har_desktop.heat_style import HeatStyle
from har_desktop.inference.letterbox import Letterbox
from har_desktop.inference.recognition import Recognition
from har_desktop.view.heat import as_strong_as, heat_image, picture_image
from har_desktop.view.theme import STAGE

_GAP = 6.0
_TALLEST, _LOWEST = 132.0, 60.0  # tiles, in pixels
_EVERY_MS = 90  # ten small pictures change no more often: more could not be taken in
_Role = QPalette.ColorRole


class FilmStrip(QWidget):
    """One tile per place of the window, the oldest at the left; maps share the window's scale."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recognition: Recognition | None = None
        self._tiles: list[tuple[QImage, QImage | None]] = []
        self._ages: list[float] = []
        self._stale = False  # the tiles wait to be built, which is done only when they are seen
        self._pause = QTimer(self, singleShot=True, interval=_EVERY_MS)
        self._pause.timeout.connect(self._catch_up)
        self._length = 10
        self._filled = 0
        self._shape = 4 / 3  # width by height of the pictures
        self._style = HeatStyle()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setAccessibleName("Frames of the window")

    @property
    def ages(self) -> tuple[float, ...]:
        """Seconds between each picture and the newest one, oldest first; empty while filling."""
        return tuple(self._ages)

    @property
    def maps(self) -> int:
        """How many tiles carry a heat-map."""
        self._build()
        return sum(heat is not None for _, heat in self._tiles)

    def start(self, length: int) -> None:
        """Show the empty places of another window."""
        self._length, self._filled = length, 0
        self._recognition, self._tiles, self._ages, self._stale = None, [], [], False
        self._describe()

    def show_recognition(self, recognition: Recognition) -> None:
        """Show the window of a recognition; while it fills, how far it is."""
        self._filled = recognition.filled
        height, width = recognition.frame.size
        if width / height != self._shape:
            self._shape = width / height
            self.updateGeometry()
        self._recognition, self._stale = recognition, True
        window = recognition.window
        self._ages = [window.times[-1] - time for time in window.times] if window else []
        if not self._pause.isActive():
            self._catch_up()

    def set_heat_style(self, style: HeatStyle) -> None:
        """Change how heat-maps are shown, at once."""
        self._style, self._stale = style, True
        self._describe()

    def sizeHint(self) -> QSize:  # noqa: N802, Qt's name
        """As high as the tiles become at the present width."""
        return QSize(480, round(min(_TALLEST, self._room() / self._shape) + self._below()))

    def minimumSizeHint(self) -> QSize:  # noqa: N802, Qt's name
        """Small tiles are better than none, and than a window that the screen does not hold."""
        return QSize(320, min(self.sizeHint().height(), round(_LOWEST + self._below())))

    def resizeEvent(self, event: object) -> None:  # noqa: N802, ARG002, Qt's name
        """Tiles keep their shape, so the height follows the width."""
        self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002, Qt's name
        """Draw the tiles, and under each its age."""
        self._build()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for place in range(self._length):
            self._draw_tile(painter, place)
        if self._ages:
            for place in range(self._length - 1, -1, -self._places_per_age()):
                self._draw_age(painter, place)

    def _room(self) -> float:
        """How wide a tile may be."""
        return max(1.0, (self.width() - _GAP * (self._length - 1)) / self._length)

    def _below(self) -> float:
        """How high it is below the tiles, for their ages."""
        return self.fontMetrics().height() + 5

    def _tile_width(self) -> float:
        return max(1.0, min(self._room(), self._tile_height() * self._shape))

    def _tile_height(self) -> float:
        highest = max(1.0, min(_TALLEST, self.height() - self._below()))
        return min(highest, self._room() / self._shape)

    def _pitch(self) -> float:
        """From the left of a tile to the left of the next."""
        width = self._tile_width()
        return width + (self.width() - self._length * width) / max(1, self._length - 1)

    def _tile(self, place: int) -> QRectF:
        return QRectF(place * self._pitch(), 0, self._tile_width(), self._tile_height())

    def _draw_tile(self, painter: QPainter, place: int) -> None:
        tile = self._tile(place)
        palette = self.palette()
        newest = place == self._length - 1
        painter.setPen(Qt.PenStyle.NoPen)
        if place < len(self._tiles):
            picture, heat = self._tiles[place]
            painter.fillRect(tile, STAGE)
            painter.drawImage(tile, picture)
            if heat is not None:
                painter.drawImage(tile, heat)
        else:
            filled = place < self._filled
            painter.setBrush(palette.color(_Role.Dark if filled else _Role.AlternateBase))
            painter.drawRoundedRect(tile, 4, 4)
        if newest and self._tiles:
            painter.setPen(QPen(palette.color(_Role.Accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(tile.adjusted(1, 1, -1, -1))

    def _age(self, place: int) -> str:
        newest = place == self._length - 1
        return "now" if newest else f"\u2212{self._ages[place]:.1f} s"

    def _places_per_age(self) -> int:
        """How many tiles share one age, such that none runs into the next."""
        metrics = QFontMetricsF(self.font())
        widest = max(metrics.horizontalAdvance(self._age(n)) for n in range(len(self._ages)))
        return ceil((widest + _GAP) / self._pitch())

    def _draw_age(self, painter: QPainter, place: int) -> None:
        newest = place == self._length - 1
        role = _Role.Text if newest else _Role.PlaceholderText
        painter.setPen(self.palette().color(role))
        metrics, tile, words = QFontMetricsF(self.font()), self._tile(place), self._age(place)
        width = metrics.horizontalAdvance(words)
        x = min(tile.center().x() - width / 2, self.width() - width)
        painter.drawText(QPointF(x, tile.bottom() + metrics.ascent() + 3), words)

    def _catch_up(self) -> None:
        """Show what has come, unless that was done just now."""
        if self._stale:
            self._describe()
            self._pause.start()

    def _build(self) -> None:
        """Cut the letterbox's black from the pictures and colour the maps."""
        if not self._stale:
            return
        self._tiles, self._stale = [], False
        recognition = self._recognition
        if recognition is None or recognition.window is None:
            return
        window = recognition.window
        maps = window.maps_by(self._style.method)
        maximum, style = float(maps.max()), as_strong_as(window, self._style)
        fit = Letterbox.fit(recognition.frame.size, window.images[-1].shape[:2])
        rows = slice(fit.top, fit.top + fit.height)
        columns = slice(fit.left, fit.left + fit.width)
        for image, heatmap in zip(window.images, maps, strict=True):
            # Qt reads whole rows alone, and of an upright picture columns are cut away.
            cut = np.ascontiguousarray(image[rows, columns])
            picture = picture_image(cut, rgb=True).copy()
            self._tiles.append((picture, heat_image(heatmap, maximum, fit, style)))

    def _strongest(self) -> str:
        """When evidence is strongest: the large picture, the newest one, may show none of it."""
        window = self._recognition.window if self._recognition else None
        if window is None or not self._style.shown:
            return ""
        peaks = window.maps_by(self._style.method).max(axis=(1, 2))
        age = self._ages[int(peaks.argmax())]
        when = f"{age:.1f} seconds ago" if age else "now"
        return f"; evidence is strongest {when}" if peaks.max() > 0 else ""

    def _describe(self) -> None:
        spoken = f"{self._filled} of {self._length} filled"
        if self._ages:
            spoken = f"{self._length} pictures, the oldest {self._ages[0]:.1f} seconds old"
            spoken += self._strongest()
        self.setAccessibleDescription(spoken)
        self.setToolTip(spoken)
        self.update()
