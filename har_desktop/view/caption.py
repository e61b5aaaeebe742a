"""The large words over the picture: a person who moves before the camera reads them from afar."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QTextOption,
)

from har_desktop.decision.decision import Decision, State
from har_desktop.view.icons import draw_icon
from har_desktop.view.theme import RADIUS, RECORDING
from har_desktop.view.words import percent, readable

# Over a picture the colours are those of the dark scheme, whatever the window's.
WHITE = QColor("#ffffff")
SOFT = QColor("#e0e0e0")
HEAT = QColor("#ffa53d")
_TRACK = QColor(255, 255, 255, 60)
_SHADE = QColor(10, 9, 8, 180)
_PILL = QColor(16, 15, 14, 175)
_SMALLEST, _LARGEST = 17, 46  # pixels, of the label
_SMALLER = 0.7  # so many times the size before words are cut


@dataclass(frozen=True, slots=True)
class Caption:
    """What is written under the picture.

    Attributes:
        words: The label, or the state.
        share: 0 to 1, how sure; None where there is nothing to be sure of.
        filled: Places of the window that are filled, and all of them; None once it is full.
        certain: True where `words` is a label.
    """

    words: str
    share: float | None
    filled: tuple[int, int] | None
    certain: bool

    @classmethod
    def of(cls, decision: Decision, filled: int, length: int) -> Caption:
        """The caption of a decision on a window of `length` places."""
        if decision.state is State.FILLING:
            return cls("Filling the window", None, (filled, length), False)
        if decision.label is None:
            return cls("No action", None, None, False)
        return cls(readable(decision.label), decision.confidence, None, True)

    @property
    def spoken(self) -> str:
        """The same in one line, for a screen reader."""
        if self.filled:
            return f"{self.words}, {self.filled[0]} of {self.filled[1]}"
        return self.words if self.share is None else f"{self.words}, {percent(self.share)}"


STOPPED = Caption("Recognition stopped", None, None, False)


def draw_caption(
    painter: QPainter, rect: QRectF, stage: QRectF, caption: Caption, font: QFont
) -> None:
    """Write a caption over the lower edge of a picture.

    Args:
        painter: With anti-aliasing.
        rect: The picture, in device-independent pixels.
        stage: The whole stage, whose corners are round.
        caption: What to write.
        font: Its family is used.
    """
    smallest = max(_SMALLEST, QFontMetricsF(font).height())  # no smaller than the window's
    size = max(smallest, min(_LARGEST, 0.075 * min(rect.height(), 0.8 * rect.width())))
    margin = 0.6 * size
    shade = QRectF(rect.left(), rect.bottom() - 3.4 * size, rect.width(), 3.4 * size)
    gradient = QLinearGradient(shade.topLeft(), shade.bottomLeft())
    gradient.setColorAt(0, QColor(10, 9, 8, 0))
    # Full where the letters begin: behind them may be a white wall.
    gradient.setColorAt(0.3, _SHADE)
    gradient.setColorAt(1, _SHADE)
    corners, below = QPainterPath(), QPainterPath()
    corners.addRoundedRect(stage, RADIUS, RADIUS)
    below.addRect(shade)
    painter.fillPath(below.intersected(corners), gradient)

    bar = QRectF(
        rect.left() + margin, rect.bottom() - margin, rect.width() - 2 * margin, size * 0.13
    )
    bar.moveBottom(rect.bottom() - margin)
    text = QRectF(bar.left(), bar.top() - 1.65 * size, bar.width(), 1.5 * size)
    right = ""
    if caption.share is not None:
        right = percent(caption.share)
    elif caption.filled:
        right = f"{caption.filled[0]} of {caption.filled[1]}"
    side = _font(font, 0.8 * size, QFont.Weight.Normal)
    painter.setFont(side)
    painter.setPen(SOFT)
    align = Qt.AlignmentFlag.AlignVCenter
    painter.drawText(text, align | Qt.AlignmentFlag.AlignRight, right)
    room = text.width() - QFontMetricsF(side).horizontalAdvance(right) - margin
    bold = _font(font, size, QFont.Weight.DemiBold)
    width = QFontMetricsF(bold).horizontalAdvance(caption.words)
    if width > room:  # what tells two classes apart may stand at the end of their names
        bold = _font(font, max(_SMALLER * size, size * room / width - 1), QFont.Weight.DemiBold)
    words = QFontMetricsF(bold).elidedText(caption.words, Qt.TextElideMode.ElideRight, room)
    painter.setFont(bold)
    painter.setPen(WHITE if caption.certain else SOFT)
    painter.drawText(text, align | Qt.AlignmentFlag.AlignLeft, words)
    if caption.filled:
        _draw_places(painter, bar, *caption.filled)
    elif caption.share is not None:
        _draw_bar(painter, bar, caption.share)


def draw_notice(
    painter: QPainter, rect: QRectF, title: str, detail: str, icon: str, font: QFont
) -> None:
    """Say over a darkened picture why there is none at present.

    Args:
        painter: With anti-aliasing.
        rect: The whole stage.
        title: A few words.
        detail: A line or two.
        icon: Name of the icon above the words.
        font: Its family is used.
    """
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(12, 11, 10, 205))
    painter.drawRoundedRect(rect, RADIUS, RADIUS)
    size = max(16.0, min(26.0, 0.05 * rect.height()))
    middle = rect.center()
    mark = QRectF(0, 0, 3 * size, 3 * size)
    mark.moveCenter(QPointF(middle.x(), middle.y() - 2.1 * size))
    draw_icon(painter, icon, mark, SOFT)
    words = QRectF(rect.left() + size, middle.y() - 0.3 * size, rect.width() - 2 * size, 2 * size)
    painter.setFont(_font(font, size, QFont.Weight.DemiBold))
    painter.setPen(WHITE)
    painter.drawText(words, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, title)
    words.translate(0, 1.7 * size)
    words.setHeight(4 * size)
    painter.setFont(_font(font, max(13.0, 0.62 * size), QFont.Weight.Normal))
    painter.setPen(SOFT)
    wrapped = QTextOption(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
    wrapped.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)  # names of files
    painter.drawText(words, detail, wrapped)


def draw_badge(
    painter: QPainter, corner: QPointF, text: str, font: QFont, dot: QColor | None, right: bool
) -> float:
    """Draw a small pill with words, hung from a corner; return its height.

    Args:
        painter: With anti-aliasing.
        corner: Upper left corner of the pill, or its upper right one.
        text: A few words.
        font: As it is.
        dot: Colour of a dot before the words.
        right: True where `corner` is the right one.
    """
    metrics = QFontMetricsF(font)
    height = metrics.height() + 8
    lead = 0.75 * metrics.height() if dot else 0.0
    width = metrics.horizontalAdvance(text) + lead + 18
    left = corner.x() - width if right else corner.x()
    pill = QRectF(left, corner.y(), width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_PILL)
    painter.drawRoundedRect(pill, height / 2, height / 2)
    if dot:
        painter.setBrush(dot)
        radius = 0.21 * metrics.height()
        painter.drawEllipse(QPointF(left + 9 + radius, pill.center().y()), radius, radius)
    painter.setFont(font)
    painter.setPen(WHITE)
    painter.drawText(
        pill.adjusted(9 + lead, 0, 0, 0),
        Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
        text,
    )
    return height


def recording_dot(blink: bool) -> QColor:
    """The red dot that says that a recording runs, in one of its two moods."""
    color = QColor(RECORDING)
    if blink:
        color.setAlpha(110)
    return color


def _draw_bar(painter: QPainter, bar: QRectF, share: float) -> None:
    radius = bar.height() / 2
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_TRACK)
    painter.drawRoundedRect(bar, radius, radius)
    part = QRectF(bar)
    part.setWidth(max(bar.height(), share * bar.width()))
    painter.setBrush(HEAT)
    painter.drawRoundedRect(part, radius, radius)


def _draw_places(painter: QPainter, bar: QRectF, filled: int, length: int) -> None:
    gap = 0.6 * bar.height()
    width = (bar.width() - gap * (length - 1)) / length
    painter.setPen(Qt.PenStyle.NoPen)
    for place in range(length):
        painter.setBrush(SOFT if place < filled else _TRACK)
        left = bar.left() + place * (width + gap)
        painter.drawRoundedRect(
            QRectF(left, bar.top(), width, bar.height()), bar.height() / 2, bar.height() / 2
        )


def _font(base: QFont, pixels: float, weight: QFont.Weight) -> QFont:
    font = QFont(base)
    font.setPixelSize(max(1, round(pixels)))
    font.setWeight(weight)
    return font
