"""The large picture: the newest frame, or the newest recognised one with its own heat-map."""

from __future__ import annotations

from time import perf_counter

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QImage, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from har_desktop.frame import Image
from har_desktop.heat_style import HeatStyle
from har_desktop.inference.recognition import Recognition
from har_desktop.opencv import cv2
from har_desktop.view.caption import (
    Caption,
    draw_badge,
    draw_caption,
    draw_notice,
    recording_dot,
)
from har_desktop.view.heat import newest_heat, picture_image
from har_desktop.view.theme import RADIUS, STAGE

_INSET = 0.27  # of the picture's width
_CAPTION = 420.0  # pixels that a caption may take where the picture is narrower
_AREA_BELOW = 0.5  # scaled down further than this, plain interpolation would leave out pixels


class VideoView(QWidget):
    """Shows one picture, as large as it fits, in the device's own pixels.

    Signals:
        painted: A picture that was not on the screen before has been painted.
    """

    painted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: Image | None = None
        self._scaled: QImage | None = None
        self._pixels: Image | None = None  # what `_scaled` looks at
        self._recognition: Recognition | None = None  # whose picture is shown
        self._heat: QImage | None = None
        self._inset: tuple[Recognition, float] | None = None
        self._inset_heat: QImage | None = None
        self._caption: Caption | None = None
        self._notice: tuple[str, str, str] | None = None
        self._badge = ""
        self._recording: str | None = None
        self._fresh = False
        self._style = HeatStyle()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 110)
        self.setAccessibleName("Picture")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # a screen reader reads the label there
        self._by_key = False  # whether the focus came so, and is shown
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent, False)

    @property
    def recognition(self) -> Recognition | None:
        """Whose picture and heat-map are shown; None while a plain picture is."""
        return self._recognition

    @property
    def heat_shown(self) -> bool:
        """True where the large picture carries a heat-map."""
        return self._heat is not None

    @property
    def caption(self) -> Caption | None:
        """What is written under the picture."""
        return self._caption

    @property
    def recording(self) -> str | None:
        """What is told of the recording that runs, such as its length; None where there is none."""
        return self._recording

    @property
    def inset_words(self) -> str:
        """What is written under the small picture; "" where there is none."""
        if self._inset is None:
            return ""
        return f"heat-map of {perf_counter() - self._inset[1]:.1f} s ago"

    def sizeHint(self) -> QSize:  # noqa: N802, Qt's name
        """Where there is less, the timeline gives way, too."""
        return QSize(360, 270)

    def show_picture(self, image: Image) -> None:
        """Show a picture that no heat-map belongs to: (height, width, 3) uint8 BGR."""
        self._recognition, self._heat = None, None
        self._set_image(image)

    def show_recognition(self, recognition: Recognition) -> None:
        """Show a frame with its own heat-map."""
        self._recognition = recognition
        self._heat = newest_heat(recognition, self._style)
        self._set_image(recognition.frame.image)

    def set_inset(self, recognition: Recognition | None, arrived: float = 0.0) -> None:
        """Show the last frame that has a heat-map as a small picture, and how long ago it came.

        Args:
            recognition: Of that frame; None for no such picture.
            arrived: When the frame came, by `perf_counter`.
        """
        self._inset, self._inset_heat = None, None
        if recognition is not None:
            self._inset = recognition, arrived
            self._inset_heat = newest_heat(recognition, self._style)
        self.update()

    def set_caption(self, caption: Caption | None) -> None:
        """Change the large words under the picture."""
        if caption != self._caption:
            self._caption = caption
            self._describe()

    @property
    def notice(self) -> str:
        """What is said in place of the picture; "" for nothing."""
        return ". ".join(self._notice[:2]) if self._notice else ""

    def set_notice(self, title: str | None, detail: str = "", icon: str = "camera-line") -> None:
        """Say over the darkened picture why there is none at present; None takes it back."""
        notice = (title, detail, icon) if title else None
        if notice != self._notice:
            self._notice = notice
            self._describe()

    def set_badge(self, text: str) -> None:
        """Change the words in the upper left corner."""
        self._badge = text
        self.update()

    def set_recording(self, text: str | None) -> None:
        """Show that a recording runs, and how long it is; None takes it back."""
        self._recording = text
        self.update()

    def set_heat_style(self, style: HeatStyle) -> None:
        """Change how heat-maps are shown, at once."""
        self._style = style
        if self._recognition is not None:
            self._heat = newest_heat(self._recognition, style)
        if self._inset is not None:
            self._inset_heat = newest_heat(self._inset[0], style)
        self.update()

    def clear(self) -> None:
        """Forget everything that belongs to a source."""
        self._image = self._scaled = self._pixels = self._recognition = self._heat = None
        self._inset = self._inset_heat = self._caption = self._notice = self._recording = None
        self._badge = ""
        self._describe()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002, Qt's name
        """Draw picture, heat-map and words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(STAGE)
        painter.drawRoundedRect(QRectF(self.rect()), RADIUS, RADIUS)
        rect = QRectF(self.rect())
        if self._image is not None:
            rect = self._picture_rect(self._image)
            painter.drawImage(rect, self._scale(self._image, rect))
            if self._heat is not None:
                painter.drawImage(rect, self._heat)
        self._draw_words(painter, rect)
        if self._by_key:
            painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        if self._fresh:
            self._fresh = False
            self.painted.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802, Qt's name
        """Show that it has the focus, if it was gone to by the keyboard."""
        keys = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self._by_key = event.reason() in keys
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802, Qt's name
        """Show it no more."""
        self._by_key = False
        super().focusOutEvent(event)

    def _draw_words(self, painter: QPainter, rect: QRectF) -> None:
        room = QRectF(self.rect())
        if self._notice:
            draw_notice(painter, room, *self._notice, self.font())
        elif self._caption:
            spare = min(room.width(), _CAPTION) - rect.width()
            wide = rect.adjusted(-spare / 2, 0, spare / 2, 0) if spare > 0 else rect
            draw_caption(painter, wide, room, self._caption, self.font())
        if self._badge:
            corner = room.topLeft() + QPointF(10, 10)
            most = self.width() // 2  # the other half is for a recording, or the small picture
            words = self.fontMetrics().elidedText(self._badge, Qt.TextElideMode.ElideMiddle, most)
            draw_badge(painter, corner, words, self.font(), None, right=False)
        corner = room.topRight() + QPointF(-10, 10)
        if self._recording is not None:
            dot = recording_dot(blink=self._recording[-1:] in "13579")
            words = f"REC {self._recording}"
            height = draw_badge(painter, corner, words, self.font(), dot, right=True)
            corner += QPointF(0, height + 8)
        if self._inset and not self._notice:
            self._draw_inset(painter, _INSET * rect.width(), corner, self._inset[0])

    def _draw_inset(
        self, painter: QPainter, width: float, corner: QPointF, recognition: Recognition
    ) -> None:
        image = recognition.frame.image
        height = width * image.shape[0] / image.shape[1]
        inset = QRectF(corner.x() - width, corner.y(), width, height)
        painter.drawImage(inset, picture_image(image))
        if self._inset_heat is not None:
            painter.drawImage(inset, self._inset_heat)
        painter.setPen(QPen(QColor(255, 255, 255, 130), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(inset)
        below = QPointF(inset.right(), inset.bottom() + 6)
        draw_badge(painter, below, self.inset_words, self.font(), None, right=True)

    def _set_image(self, image: Image) -> None:
        self._image, self._scaled = image, None
        self._fresh = True
        self.update()

    def _picture_rect(self, image: Image) -> QRectF:
        """Where the picture goes: centred, undistorted, on whole device pixels."""
        height, width = image.shape[:2]
        ratio = self.devicePixelRatioF()
        room = self.size() * ratio
        size = QSize(width, height).scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
        size = size.expandedTo(QSize(1, 1))
        rect = QRect((room.width() - size.width()) // 2, 0, size.width(), size.height())
        rect.moveTop((room.height() - size.height()) // 2)
        return QRectF(
            rect.x() / ratio, rect.y() / ratio, rect.width() / ratio, rect.height() / ratio
        )

    def _scale(self, image: Image, rect: QRectF) -> QImage:
        """The picture at the size that it has on the screen; kept until either changes."""
        ratio = self.devicePixelRatioF()
        width = max(1, round(rect.width() * ratio))
        height = max(1, round(rect.height() * ratio))
        if self._scaled is None or self._scaled.size() != QSize(width, height):
            while image.shape[0] >= 2 * height and image.shape[1] >= 2 * width:
                half = image.shape[1] // 2, image.shape[0] // 2  # which costs a tenth, by pixel
                image = cv2.resize(image, half, interpolation=cv2.INTER_AREA)
            small = width < _AREA_BELOW * image.shape[1]
            method = cv2.INTER_AREA if small else cv2.INTER_LINEAR
            pixels = cv2.resize(image, (width, height), interpolation=method)
            # As the screen has it: of three bytes per pixel, Qt's painting costs thrice as much.
            self._pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2BGRA)
            layout = QImage.Format.Format_RGB32
            self._scaled = QImage(self._pixels.data, width, height, 4 * width, layout)
        return self._scaled

    def _describe(self) -> None:
        """Tell a screen reader what is written over the picture."""
        spoken = self._caption.spoken if self._caption else ""
        self.setAccessibleDescription(self.notice or spoken)
        self.update()
