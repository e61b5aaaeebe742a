"""Everything that can be done, as actions with words, mnemonics and shortcuts, and their menus."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

_Role = QAction.MenuRole


class Actions:
    """The actions and menus of a main window. Whoever owns them connects them.

    Menus that change (`recent`, `camera`, `model`, `appearance`) are filled by others.
    """

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        self._all: dict[str, list[QAction]] = {}
        self._file()
        self.camera = self._menu("&Camera")
        self._playback()
        self.model = self._menu("&Model")
        self.choose_model = self._action("Choose a &folder\u2026", "Ctrl+Shift+M", "Model")
        self.default_model = self._action("The &default model", (), "Model")
        self.card = self._action("Model &card\u2026", "Ctrl+I", "Model")
        self._view()
        self._help()

    def shortcuts(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """For each menu its actions that have shortcuts: words, and keys joined by "or"."""
        return [
            (menu, rows)
            for menu, actions in self._all.items()
            if (rows := [(_plain(a.text()), _keys(a)) for a in actions if a.shortcuts()])
        ]

    def enable(self, replay: bool, live: bool, shown: bool, model: bool) -> None:
        """Allow what makes sense.

        Args:
            replay: A recorded source is open.
            live: A live source is open, and gives results.
            shown: A result is shown.
            model: There is a model.
        """
        for action in self.replay_only:
            action.setEnabled(replay)
        self.export.setEnabled(replay and model)
        self.record.setEnabled(live or self.record.isChecked())
        self.snapshot.setEnabled(shown)
        self.card.setEnabled(model)
        self.explain_top.setEnabled(model)

    def _file(self) -> None:
        menu = self._menu("&File")
        self.open = self._action("&Open a video\u2026", "Ctrl+O", "File", menu)
        self.recent = menu.addMenu("Open &recent")
        self.recent.setToolTipsVisible(True)
        self.stream = self._action("Network s&tream\u2026", "Ctrl+U", "File", menu)
        self.demo = self._action("&Demo", "Ctrl+D", "File", menu)
        menu.addSeparator()
        self.snapshot = self._action("&Snapshot", "Ctrl+S", "File", menu)
        self.record = self._action("Re&cord", "Ctrl+R", "File", menu, checkable=True)
        self.plain = self._action("Record the &plain picture", (), "File", menu, checkable=True)
        self.export = self._action("&Export results\u2026", "Ctrl+E", "File", menu)
        self.folder = self._action("&Folder for recordings\u2026", (), "File", menu)
        self.look = self._action("Open the folder for recordin&gs", (), "File", menu)
        menu.addSeparator()
        self.close = self._action("C&lose the source", "Ctrl+W", "File", menu)
        self.quit = self._action("&Quit", "Ctrl+Q", "File", menu)
        self.quit.setMenuRole(_Role.QuitRole)

    def _playback(self) -> None:
        menu = self._menu("&Playback")
        self.play = self._action("&Play or pause", ("Space", "K"), "Playback", menu)
        self.back = self._action("Step &back", ",", "Playback", menu, repeats=True)
        self.forward = self._action("Step &forward", ".", "Playback", menu, repeats=True)
        self.earlier = self._action("A second b&ack", "Ctrl+Left", "Playback", menu, repeats=True)
        self.later = self._action("A second a&head", "Ctrl+Right", "Playback", menu, repeats=True)
        menu.addSeparator()
        self.slower = self._action("&Slower", "-", "Playback", menu, repeats=True)
        self.faster = self._action("Fas&ter", ("+", "="), "Playback", menu, repeats=True)
        self.loop = self._action("&Loop", "L", "Playback", menu, checkable=True)
        self.replay_only = (
            self.play,
            self.back,
            self.forward,
            self.earlier,
            self.later,
            self.slower,
            self.faster,
            self.loop,
        )

    def _view(self) -> None:
        menu = self._menu("&View")
        self.heat = self._action("&Heat-map on or off", "H", "View", menu)
        self.stronger = self._action("&Stronger heat-map", "]", "View", menu, repeats=True)
        self.weaker = self._action("&Weaker heat-map", "[", "View", menu, repeats=True)
        self.colors = self._action("Next &colours", "C", "View", menu)
        self.method = self._action("Next &method", "M", "View", menu)
        self.explain_top = self._action("&Explain the most probable class", "T", "View", menu)
        menu.addSeparator()
        self.strip = self._action("Film st&rip", "Ctrl+F", "View", menu, checkable=True)
        self.timeline = self._action("&Timeline", "Ctrl+L", "View", menu, checkable=True)
        menu.addSeparator()
        self.details = self._action("&Details\u2026", "Ctrl+T", "View", menu)
        self.appearance = menu.addMenu("&Appearance")
        self.full = self._action("F&ull screen", "F11", "View", menu, checkable=True)
        if sys.platform == "darwin":  # which has another use for F11
            self.full.setShortcut(QKeySequence(QKeySequence.StandardKey.FullScreen))

    def _help(self) -> None:
        menu = self._menu("&Help")
        self.keys = self._action("&Keyboard shortcuts\u2026", "F1", "Help", menu)
        self.log = self._action("Show the &log file", (), "Help", menu)
        self.about = self._action("&About HAR Desktop", (), "Help", menu)
        self.about.setMenuRole(_Role.AboutRole)

    def _menu(self, title: str) -> QMenu:
        menu = self._window.menuBar().addMenu(title)
        menu.setToolTipsVisible(True)
        self._all[_plain(title)] = []
        return menu

    def _action(
        self,
        text: str,
        keys: str | Sequence[str],
        group: str,
        menu: QMenu | None = None,
        *,
        checkable: bool = False,
        repeats: bool = False,
    ) -> QAction:
        action = QAction(text, self._window, checkable=checkable)
        action.setAutoRepeat(repeats)  # a key held down is one wish, unless it goes by steps
        action.setMenuRole(_Role.NoRole)
        sequences = (keys,) if isinstance(keys, str) else keys
        action.setShortcuts([QKeySequence(key) for key in sequences])
        self._window.addAction(action)
        if menu is not None:
            menu.addAction(action)
        self._all[group].append(action)
        return action


def _plain(text: str) -> str:
    return text.replace("&", "").removesuffix("\u2026")


def _keys(action: QAction) -> str:
    names = (keys.toString(QKeySequence.SequenceFormat.NativeText) for keys in action.shortcuts())
    return " or ".join(names)
