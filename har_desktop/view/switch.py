"""A check box that looks like a switch, and can be seen in the dark scheme, too."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QCheckBox

_Role = QPalette.ColorRole


class Switch(QCheckBox):
    """Words at the left, the switch at the right; in all else a check box.

    A click leaves the focus where it is, so that shortcuts go on.
    """

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def sizeHint(self) -> QSize:  # noqa: N802, Qt's name
        """Words and switch."""
        metrics = self.fontMetrics()
        words = metrics.size(Qt.TextFlag.TextShowMnemonic, self.text())
        track = self._track()
        return QSize(
            round(words.width() + 12 + track.width()), max(metrics.height() + 6, words.height())
        )

    minimumSizeHint = sizeHint  # noqa: N815, Qt's name

    def hitButton(self, pos: QPoint) -> bool:  # noqa: N802, Qt's name
        """All of it can be clicked."""
        return self.rect().contains(pos)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002, Qt's name
        """Draw words, track and knob."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette, track = self.palette(), self._track()
        painter.setPen(palette.color(_Role.Text))
        flags = Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextShowMnemonic
        painter.drawText(QRectF(self.rect()), flags, self.text())
        ring = palette.color(_Role.Text if self.hasFocus() else _Role.Shadow)
        ground = palette.color(_Role.Accent if self.isChecked() else _Role.AlternateBase)
        bare = self.isChecked() and not self.hasFocus()
        painter.setPen(Qt.PenStyle.NoPen if bare else QPen(ring, 1))
        painter.setBrush(ground)
        radius = track.height() / 2
        painter.drawRoundedRect(track, radius, radius)
        x = track.right() - radius if self.isChecked() else track.left() + radius
        painter.setPen(Qt.PenStyle.NoPen)
        knob = _Role.HighlightedText if self.isChecked() else _Role.PlaceholderText
        painter.setBrush(palette.color(knob))
        painter.drawEllipse(QPointF(x, track.center().y()), radius - 3, radius - 3)

    def _track(self) -> QRectF:
        height = 1.1 * self.fontMetrics().height()
        track = QRectF(0, 0, 1.8 * height, height)
        track.moveCenter(QPointF(0, self.height() / 2))
        track.moveRight(self.width() - 1)
        return track
