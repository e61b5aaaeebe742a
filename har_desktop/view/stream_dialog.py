"""Asks for the address of a network stream."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from har_desktop.errors import InputError
from har_desktop.sources.stream import SCHEMES, NetworkStream
from har_desktop.view.parts import label


class StreamDialog(QDialog):
    """An address, checked before the dialog closes."""

    def __init__(self, recent: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Network stream")
        self._address = QComboBox()
        self._address.setEditable(True)
        # What is typed counts: Qt would take the nearest one of before, whatever its capitals.
        self._address.setCompleter(None)  # type: ignore[arg-type]
        self._address.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._address.setAccessibleName("Address of the stream")
        self._address.addItems(list(recent))
        self._address.setCurrentText(recent[0] if recent else "")
        self._address.setMinimumWidth(44 * self.fontMetrics().averageCharWidth())
        line = self._address.lineEdit()
        if line is not None:
            line.setPlaceholderText("rtsp://192.168.0.20/stream")
        self._complaint = label(wrap=True)
        self._complaint.hide()
        hint = label(f"An address that begins with {', '.join(SCHEMES)}.", quiet=True, wrap=True)
        title = QLabel("&Address")
        title.setBuddy(self._address)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 18)
        layout.setSpacing(8)
        for widget in (title, self._address, hint, self._complaint):
            layout.addWidget(widget)
        layout.addSpacing(8)
        layout.addWidget(buttons)

    @property
    def url(self) -> str:
        """The address."""
        return self._address.currentText().strip()

    @url.setter
    def url(self, url: str) -> None:
        self._address.setCurrentText(url)

    @property
    def complaint(self) -> str:
        """Why the address was not taken; "" where it was."""
        return self._complaint.text()

    def accept(self) -> None:
        """Close, unless the address cannot be one."""
        try:
            NetworkStream(self.url)
        except InputError as error:
            self._complaint.setText(str(error))
            self._complaint.show()
            return
        super().accept()
