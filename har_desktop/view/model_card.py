"""The card of a model: what it can, how well, and what it was made of."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from har_desktop.inference.manifest import Manifest
from har_desktop.model_report import headline

_LONGEST = 2**20  # bytes


def card_text(folder: Path, manifest: Manifest) -> str:
    """The bundle's `card.md`; where it has none, what the manifest knows, in Markdown."""
    try:
        with (folder / "card.md").open("rb") as file:
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


class ModelCard(QDialog):
    """Shows the card. Pictures come from the bundle's folder, links open in the browser."""

    def __init__(self, folder: Path, manifest: Manifest, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Model card of {manifest.name}")
        self._text = QTextBrowser()
        self._text.setOpenExternalLinks(True)
        self._text.setAccessibleName("Model card")
        self._text.setSearchPaths([str(folder)])
        self._text.setMarkdown(card_text(folder, manifest))
        self._text.document().setDocumentMargin(14)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self._text)
        layout.addWidget(buttons)
        letters = self.fontMetrics()
        self.resize(90 * letters.averageCharWidth(), 36 * letters.height())

    @property
    def text(self) -> str:
        """What can be read."""
        return self._text.toPlainText()
