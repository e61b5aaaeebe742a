"""The menu of models: those that come with the program, and a folder of one's own."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from har_desktop.models import list_bundles
from har_desktop.view.actions import Actions
from har_desktop.view.parts import tip_of, unmarked


class ModelMenu(QObject):
    """Bundles to choose from.

    Signals:
        chosen: The folder of a bundle, unchecked as yet; None for the default.
    """

    chosen = Signal(object)

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._menu: QMenu = actions.model
        self._actions, self._window = actions, parent
        self._group = QActionGroup(self)
        self._end = self._menu.addSeparator()
        self._menu.addActions([actions.choose_model, actions.default_model])
        self._menu.addSeparator()
        self._menu.addAction(actions.card)
        actions.choose_model.triggered.connect(self.ask)
        actions.default_model.triggered.connect(lambda: self.chosen.emit(None))
        self._menu.aboutToShow.connect(self.refresh)
        self._current: Path | None = None
        self.refresh()

    def show_current(self, folder: Path | None) -> None:
        """Check the model that is in use."""
        self._current = folder
        self.refresh()

    def refresh(self) -> None:
        """List the bundles that come with the program, and the one in use."""
        for action in self._group.actions():
            self._menu.removeAction(action)
            self._group.removeAction(action)
            action.deleteLater()
        bundles = {bundle.path: bundle for bundle in list_bundles()}
        folders = list(bundles)
        if self._current is not None and self._current not in bundles:
            folders.append(self._current)
        for folder in folders:
            shipped = bundles.get(folder)
            action = QAction(unmarked(folder.name), self._menu, checkable=True)
            action.setChecked(folder == self._current)
            action.setToolTip(tip_of((shipped.error if shipped else None) or str(folder)))
            action.setEnabled(shipped is None or shipped.error is None)
            action.triggered.connect(lambda _=False, folder=folder: self.chosen.emit(folder))
            self._group.addAction(action)
        self._menu.insertActions(self._end, self._group.actions())

    def ask(self) -> None:
        """Ask for a folder."""
        start = str(self._current.parent) if self._current else ""
        folder = QFileDialog.getExistingDirectory(self._window, "Folder of a model bundle", start)
        if folder:
            self.chosen.emit(Path(folder))
