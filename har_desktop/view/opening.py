"""How a person names a source: by a dialog, by an address, or by dropping it on the window."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QFileDialog, QMainWindow

from har_desktop.inference.bundle import MANIFEST
from har_desktop.replay import DEMO
from har_desktop.sources.files import VIDEO_SUFFIXES, is_file
from har_desktop.view.director import Director
from har_desktop.view.model_menu import ModelMenu
from har_desktop.view.settings import Settings
from har_desktop.view.stream_dialog import StreamDialog


class Opener:
    """Finds out what is meant and lets the director open it."""

    def __init__(
        self, window: QMainWindow, director: Director, models: ModelMenu, settings: Settings
    ) -> None:
        self._window, self._director = window, director
        self._models, self._settings = models, settings

    def open(self, source: str) -> None:
        """Open a file, an address of a stream, or "demo"."""
        if source == DEMO:
            self._director.open_demo()
        elif "://" in source:  # or a password would be taken for a file's name, and told
            self._director.open_stream(source)
        else:
            self._director.open_file(Path(source))

    def drop(self, urls: Sequence[QUrl]) -> None:
        """Open the first video of what was dropped, or else the first thing.

        The folder of a bundle is a model to use.
        """
        videos = (url for url in urls if Path(url.toLocalFile()).suffix.lower() in VIDEO_SUFFIXES)
        url = next(videos, urls[0] if urls else None)
        if url is None:
            return
        path = Path(url.toLocalFile())
        if url.isLocalFile() and is_file(path / MANIFEST):
            self._models.chosen.emit(path)
        else:
            address = url.toString(QUrl.ComponentFormattingOption.FullyEncoded)
            self.open(str(path) if url.isLocalFile() else address)

    def ask_for_file(self) -> None:
        """Ask for a video file."""
        recent = self._settings.recent
        patterns = " ".join(f"*{suffix}" for suffix in sorted(VIDEO_SUFFIXES))
        path, _ = QFileDialog.getOpenFileName(
            self._window,
            "Open a video",
            str(recent[0].parent) if recent else "",
            f"Videos ({patterns});;All files (*)",
        )
        if path:
            self._director.open_file(Path(path))

    def ask_for_stream(self) -> None:
        """Ask for an address."""
        dialog = StreamDialog(self._settings.streams, self._window)
        dialog.accepted.connect(lambda: self._director.open_stream(dialog.url))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
