"""How the window looks: one palette for light, one for dark, and a short style sheet.

Everything that paints itself takes its colours from the widget's palette, so a change of the
system's colour scheme arrives everywhere by itself:

- `Window` is the ground, `Base` a card upon it, `Mid` a hairline, `AlternateBase` an empty track;
- `PlaceholderText` is quiet text (contrast at least 4.5 on both grounds);
- `Accent` is the one colour that asks for attention: the orange of the heat-map.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

# Behind the picture, whatever the scheme: a picture is judged best against near-black.
STAGE = QColor("#100f0e")
RECORDING = QColor("#e5484d")

# Spacing in device-independent pixels, and the radius of a card.
GAP = 12
RADIUS = 8

_CHEVRON = Path(__file__).with_name("chevron.svg")

# What a person can choose; the system's may be either, or not known.
DEFAULT_APPEARANCE = "As the system"
APPEARANCES = {
    DEFAULT_APPEARANCE: Qt.ColorScheme.Unknown,
    "Light": Qt.ColorScheme.Light,
    "Dark": Qt.ColorScheme.Dark,
}

_Role = QPalette.ColorRole
_LIGHT = {
    _Role.Window: "#f4f2ef",
    _Role.WindowText: "#1f1d1a",
    _Role.Base: "#ffffff",
    _Role.AlternateBase: "#e9e6e1",
    _Role.Text: "#1f1d1a",
    _Role.PlaceholderText: "#69635c",
    _Role.Button: "#ffffff",
    _Role.ButtonText: "#1f1d1a",
    _Role.BrightText: "#ffffff",
    _Role.ToolTipBase: "#1f1d1a",
    _Role.ToolTipText: "#f4f2ef",
    _Role.Light: "#ffffff",
    _Role.Midlight: "#efece8",
    _Role.Mid: "#dcd8d1",
    _Role.Dark: "#b9b3aa",
    _Role.Shadow: "#8f8981",
    _Role.Accent: "#b9500a",
    _Role.Highlight: "#b9500a",
    _Role.HighlightedText: "#ffffff",
    _Role.Link: "#b9500a",
    _Role.LinkVisited: "#8a4513",
}
_DARK = {
    _Role.Window: "#1a1918",
    _Role.WindowText: "#ece9e5",
    _Role.Base: "#232120",
    _Role.AlternateBase: "#33302e",
    _Role.Text: "#ece9e5",
    _Role.PlaceholderText: "#a8a29b",
    _Role.Button: "#2d2a28",
    _Role.ButtonText: "#ece9e5",
    _Role.BrightText: "#ffffff",
    _Role.ToolTipBase: "#3a3634",
    _Role.ToolTipText: "#ece9e5",
    _Role.Light: "#45413e",
    _Role.Midlight: "#3a3634",
    _Role.Mid: "#3a3634",
    _Role.Dark: "#57524e",
    _Role.Shadow: "#7d7670",
    _Role.Accent: "#f59a3c",
    _Role.Highlight: "#f59a3c",
    _Role.HighlightedText: "#1a1918",
    _Role.Link: "#f59a3c",
    _Role.LinkVisited: "#d9915a",
}
_FAINT = {_Role.WindowText, _Role.Text, _Role.ButtonText}

_STYLE = """
QToolTip {{ padding: 4px 6px; border: 1px solid {line}; border-radius: 4px;
  background: {tip}; color: {tip_text}; }}
QMenuBar {{ background: {ground}; padding: 2px 6px; }}
QMenuBar::item {{ padding: 4px 9px; border-radius: 5px; background: transparent; }}
QMenuBar::item:selected {{ background: {accent}; color: {on_accent}; }}
QMenu {{ background: {card}; border: 1px solid {line}; padding: 5px; }}
QMenu::item {{ padding: 5px 26px 5px 22px; border-radius: 5px; }}
QMenu::item:selected {{ background: {accent}; color: {on_accent}; }}
QMenu::item:disabled {{ color: {quiet}; background: transparent; }}
QMenu::item:disabled:selected {{ color: {quiet}; background: {track}; }}
QMenu::separator {{ height: 1px; background: {line}; margin: 5px 8px; }}
QPushButton, QToolButton {{ background: {button}; color: {text}; border: 1px solid {line};
  border-radius: 6px; padding: 5px 11px; }}
QToolButton {{ padding: 5px; }}
QPushButton:hover, QToolButton:hover {{ background: {track}; }}
QPushButton:pressed, QToolButton:pressed, QToolButton:checked {{ background: {track};
  border-color: {accent}; }}
QPushButton:focus, QToolButton:focus {{ border-color: {accent}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {faint}; background: transparent; }}
QPushButton[primary="true"] {{ background: {accent}; color: {on_accent}; border-color: {accent}; }}
QPushButton[primary="true"]:hover {{ background: {accent_hover}; }}
QPushButton[primary="true"]:focus, QToolButton:checked:focus {{ border: 2px solid {text}; }}
QToolButton[quiet="true"], QPushButton[quiet="true"] {{ background: transparent;
  border-color: transparent; }}
QToolButton[quiet="true"]:hover, QPushButton[quiet="true"]:hover {{ background: {track}; }}
QToolButton[quiet="true"]:focus, QPushButton[quiet="true"]:focus {{ border-color: {accent}; }}
QPushButton[badge="true"] {{ border-color: {line}; border-radius: 9px; padding: 1px 9px;
  margin: 0 6px; }}
QPushButton[lead="true"] {{ text-align: left; padding-left: 16px; }}
QToolButton[quiet="true"]:checked {{ background: {track}; }}
QFrame#card {{ background: {card}; border: 1px solid {line}; border-radius: 8px; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}
QScrollBar:vertical {{ background: transparent; width: 9px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {thumb}; border-radius: 3px; min-height: 28px;
  margin: 0 1px 0 2px; }}
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
  background: transparent; height: 0; }}
QSlider {{ min-height: 20px; }}
QSlider::groove:horizontal {{ background: {line}; height: 4px; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {button}; border: 1px solid {thumb}; width: 14px;
  height: 14px; margin: -6px 0; border-radius: 8px; }}
QSlider::handle:horizontal:focus {{ border-color: {accent}; }}
QSlider::sub-page:horizontal:disabled {{ background: {line}; }}
QComboBox {{ background: {button}; color: {text}; border: 1px solid {line}; border-radius: 6px;
  padding: 4px 10px; }}
QComboBox:focus {{ border-color: {accent}; }}
QComboBox:disabled {{ color: {faint}; background: transparent; }}
QComboBox::drop-down {{ border: none; width: 24px; }}
QComboBox::down-arrow {{ image: url("{chevron}"); width: 12px; height: 12px; }}
QComboBox QAbstractItemView {{ background: {card}; border: 1px solid {line}; outline: 0;
  selection-background-color: {accent}; selection-color: {on_accent}; }}
QLabel[quiet="true"] {{ color: {quiet}; }}
"""


def is_dark(palette: QPalette) -> bool:
    """True where text is lighter than its ground."""
    text, ground = palette.color(_Role.WindowText), palette.color(_Role.Window)
    return text.lightness() > ground.lightness()


def palette_for(scheme: Qt.ColorScheme) -> QPalette:
    """The palette of a colour scheme; an unknown one is taken for light."""
    colors = _DARK if scheme is Qt.ColorScheme.Dark else _LIGHT
    palette = QPalette()
    for role, name in colors.items():
        palette.setColor(role, QColor(name))
    faint = "#76706a" if scheme is Qt.ColorScheme.Dark else colors[_Role.Dark]
    for role in _FAINT:
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(faint))
    return palette


def apply_theme(application: QApplication, scheme: Qt.ColorScheme) -> None:
    """Give the whole application the palette and style sheet of a colour scheme."""
    palette = palette_for(scheme)
    application.setPalette(palette)

    def name(role: QPalette.ColorRole) -> str:
        return palette.color(role).name()

    accent = palette.color(_Role.Accent)
    disabled = palette.color(QPalette.ColorGroup.Disabled, _Role.Text)
    application.setStyleSheet(
        _STYLE.format(
            ground=name(_Role.Window),
            card=name(_Role.Base),
            line=name(_Role.Mid),
            thumb=name(_Role.Shadow),
            chevron=_CHEVRON.as_posix(),
            track=name(_Role.AlternateBase),
            text=name(_Role.Text),
            quiet=name(_Role.PlaceholderText),
            faint=disabled.name(),
            button=name(_Role.Button),
            tip=name(_Role.ToolTipBase),
            tip_text=name(_Role.ToolTipText),
            accent=accent.name(),
            accent_hover=accent.lighter(110).name(),
            on_accent=name(_Role.HighlightedText),
        )
    )
