"""Light or dark: as the system has it, or as the person wants it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QActionGroup, QGuiApplication
from PySide6.QtWidgets import QApplication, QMenu

from har_desktop.view.settings import Settings
from har_desktop.view.theme import APPEARANCES, apply_theme


class Appearance(QObject):
    """Keeps the application in the chosen colours, and fills the menu that chooses them."""

    def __init__(self, menu: QMenu, settings: Settings) -> None:
        super().__init__(menu)
        self._settings = settings
        self._hints = QGuiApplication.styleHints()
        group = QActionGroup(self)
        for name in APPEARANCES:
            action = menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(name == settings.appearance)
            action.triggered.connect(lambda _=False, name=name: self.choose(name))
            group.addAction(action)
        self._hints.colorSchemeChanged.connect(self._apply)
        self.choose(settings.appearance)

    def choose(self, name: str) -> None:
        """Take one of `APPEARANCES`, and remember it."""
        self._settings.appearance = name
        self._hints.setColorScheme(APPEARANCES[name])  # for what Qt leaves to the system
        self._apply()

    def _apply(self) -> None:
        """Not every system can be asked for a scheme, so what was chosen goes first."""
        scheme = APPEARANCES[self._settings.appearance]
        if scheme is Qt.ColorScheme.Unknown:
            scheme = self._hints.colorScheme()
        application = QApplication.instance()
        if isinstance(application, QApplication):
            apply_theme(application, scheme)
