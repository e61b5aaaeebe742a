"""How heat-maps are shown: on or off, how strongly, in which colours, by which method."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from har_desktop.heat_style import COLORMAPS, DEFAULT_METHOD, METHODS, HeatStyle
from har_desktop.view.heat import legend_image
from har_desktop.view.parts import choice, keep_space, label, only_focused_wheel
from har_desktop.view.switch import Switch

OPACITY_STEP = 0.05
METHOD_HINT = (
    "Grad-CAM shows what speaks for this class; HiResCAM shows where the model looked, more "
    "precisely, and much the same for every class"
)
NO_OTHER = "This model has no other heat-map; export it again to add one"


class Legend(QWidget):
    """The colours from no evidence to the strongest of the window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._style = HeatStyle()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Legend: from no evidence to the strongest of the window")

    def set_style(self, style: HeatStyle) -> None:
        """Show another colour map."""
        self._style = style
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802, Qt's name
        """A thin bar."""
        return QSize(120, 10)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002, Qt's name
        """Draw the bar."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = QPainterPath()
        path.addRoundedRect(QRectF(self.rect()), 5, 5)
        painter.setClipPath(path)
        if not self.isEnabled():
            painter.setOpacity(0.35)
        painter.drawImage(self.rect(), legend_image(self._style, 256))


class HeatPanel(QWidget):
    """The controls of the heat-map.

    Signals:
        changed: The new `HeatStyle`.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._style = HeatStyle()
        self._shown = Switch("He&at-map")
        self._shown.setToolTip("Show where in the picture the evidence lies (H)")
        keep_space(self._shown)
        self._map = choice("Colours of the heat-map")
        self._map.addItems(list(COLORMAPS))
        self._method = choice("Method of the heat-map")
        self._method.addItems(list(METHODS.values()))
        self._has_both = True  # until a model has but one map
        self._opacity = QSlider(Qt.Orientation.Horizontal)
        self._opacity.setRange(0, 100)
        self._opacity.setAccessibleName("Opacity of the heat-map in per cent")
        only_focused_wheel(self._opacity)
        self._value = label()
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._legend = Legend()
        self._lay_out()
        self._shown.toggled.connect(lambda on: self._change(shown=on))
        self._map.currentTextChanged.connect(lambda name: self._change(colormap=name))
        self._method.currentIndexChanged.connect(
            lambda index: self._change(method=list(METHODS)[index])
        )
        self._opacity.valueChanged.connect(lambda value: self._change(opacity=value / 100))
        self.set_style(self._style)

    @property
    def style_shown(self) -> HeatStyle:
        """As it is set."""
        return self._style

    def set_style(self, style: HeatStyle) -> None:
        """Show another style, without `changed`."""
        widgets = (self._shown, self._map, self._method, self._opacity)
        for widget in widgets:
            widget.blockSignals(True)
        self._style = style
        self._shown.setChecked(style.shown)
        self._map.setCurrentText(style.colormap)
        self._method.setCurrentText(METHODS[style.method if self._has_both else DEFAULT_METHOD])
        self._opacity.setValue(round(100 * style.opacity))
        for widget in widgets:
            widget.blockSignals(False)
        self._show()

    def offer_methods(self, both: bool) -> None:
        """Say whether the model has both heat-maps; what was chosen is remembered."""
        self._has_both = both
        self.set_style(self._style)

    def toggle(self) -> None:
        """Switch heat-maps on or off."""
        self._shown.toggle()

    def change_opacity(self, steps: int) -> None:
        """Make heat-maps stronger, or weaker where `steps` is negative."""
        self._opacity.setValue(self._opacity.value() + round(100 * OPACITY_STEP) * steps)

    def next_colormap(self) -> None:
        """Take the next colours of the list."""
        self._map.setCurrentIndex((self._map.currentIndex() + 1) % self._map.count())

    def next_method(self) -> None:
        """Take the other method, where there is one."""
        if self._has_both:
            self._method.setCurrentIndex((self._method.currentIndex() + 1) % self._method.count())

    def _lay_out(self) -> None:
        opacity = QLabel("&Opacity")
        opacity.setBuddy(self._opacity)
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.addWidget(opacity, 0, 0)
        grid.addWidget(self._opacity, 0, 1)
        grid.addWidget(self._value, 0, 2)
        colors = label("Co&lours")
        colors.setBuddy(self._map)
        grid.addWidget(colors, 1, 0)
        grid.addWidget(self._map, 1, 1, 1, 2)
        method = label("Me&thod")
        method.setBuddy(self._method)
        grid.addWidget(method, 2, 0)
        grid.addWidget(self._method, 2, 1, 1, 2)
        grid.setColumnStretch(1, 1)
        self._value.setMinimumWidth(self._value.fontMetrics().horizontalAdvance("100 %"))
        words = QHBoxLayout()
        words.addWidget(label("no evidence", quiet=True))
        words.addStretch(1)
        words.addWidget(label("strongest", quiet=True))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._shown)
        layout.addLayout(grid)
        layout.addWidget(self._legend)
        layout.addLayout(words)

    def _change(self, **fields: object) -> None:
        self._style = replace(self._style, **fields)  # type: ignore[arg-type]
        self._show()
        self.changed.emit(self._style)

    def _show(self) -> None:
        self._value.setText(f"{100 * self._style.opacity:.0f}\u202f%")
        self._legend.set_style(self._style)
        for widget in (self._map, self._opacity, self._legend, self._value):
            widget.setEnabled(self._style.shown)
        self._method.setEnabled(self._style.shown and self._has_both)
        self._method.setToolTip(METHOD_HINT if self._has_both else NO_OTHER)
