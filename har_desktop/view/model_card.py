"""The card of a model: what it can, how well, and what it was made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, QUrl
from PySide6.QtGui import QDesktopServices, QImage, QTextDocument
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from har_desktop.inference.manifest import Manifest
from har_desktop.model_report import headline

_LONGEST = 2**20  # bytes


def card_text(folder: Path, manifest: Manifest) -> str:
    """The bundle's `card.md`; where it has none, what the manifest knows, in Markdown."""
    card = folder / "card.md"
    try:
        if not card.is_file():  # reading a pipe would wait for ever
            raise FileNotFoundError
        with card.open("rb") as file:
            return file.read(_LONGEST).decode("utf-8", errors="replace")
    except OSError:
        window = manifest.window
        classes = "\n".join(f"- {label}" for label in manifest.classes)
        return (
            f"# {manifest.name}\n\nThis bundle comes without a card. Its manifest says:\n\n"
            f"Network {manifest.network}, {window.length} frames "
            f"{window.frame_interval_s:g} s apart, {headline(manifest.metrics)}.\n\n"
            f"## Classes\n\n{classes}\n"
        )


class CardBrowser(QTextBrowser):
    """Shows Markdown that may come from anybody.

    Pictures are those of one folder, by their plain names: a path could lead to a device, or on
    Windows to another computer. Links open in the browser, and only those of the web.
    """

    def __init__(self, folder: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._folder = folder
        self.setOpenLinks(False)
        self.anchorClicked.connect(self._open)

    def loadResource(self, type: int, name: QUrl | str) -> Any:  # noqa: A002, N802, Qt's names
        """A picture of the folder; nothing else."""
        file = Path(name.toString() if isinstance(name, QUrl) else name)
        if type != QTextDocument.ResourceType.ImageResource.value or file.name != str(file):
            return None
        path = self._folder / file
        return QImage(str(path)) if path.is_file() else None

    def _open(self, url: QUrl) -> None:
        if url.scheme() in ("http", "https"):
            QDesktopServices.openUrl(url)


class ModelCard(QDialog):
    """Shows the card."""

    def __init__(self, folder: Path, manifest: Manifest, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Model card of {manifest.name}")
        self._text = CardBrowser(folder)
        self._text.setAccessibleName("Model card")
        self._text.setMarkdown(card_text(folder, manifest))
        self._text.document().setDocumentMargin(14)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self._text)
        layout.addWidget(buttons)
        letters = self.fontMetrics()
        wanted = QSize(90 * letters.averageCharWidth(), 36 * letters.height())
        self.resize(wanted.boundedTo(self.screen().availableSize() * 0.9))

    @property
    def text(self) -> str:
        """What can be read."""
        return self._text.toPlainText()
