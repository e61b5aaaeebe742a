"""What this program is, and which versions it is made of."""

from __future__ import annotations

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from har_desktop.doctor import versions
from har_desktop.view.parts import heading, label

_PARAGRAPHS = (
    "Recognises human actions in live and recorded video, and shows where in the picture the "
    "evidence lies: Grad-CAM or HiResCAM, computed exactly and in the same step as the answer. "
    "Everything happens on this computer.",
    "After the poster \u201cInterpretable Human Action Recognition: A CNN-GRU Approach with "
    "Grad-CAM Insights\u201d by Hossain, Mahmud and Rahman, 4th MusIML workshop at ICML 2025.",
)


class About(QDialog):
    """The About box."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About HAR Desktop")
        found = {**versions(), "Qt": qVersion()}
        title = heading(f"HAR Desktop {found.pop('har-desktop')}", scale=1.5)
        text = label("\n\n".join(_PARAGRAPHS), wrap=True)
        text.setMinimumWidth(60 * self.fontMetrics().averageCharWidth())
        listed = ", ".join(f"{name} {version}" for name, version in found.items())
        made_of = label(listed, quiet=True, wrap=True)
        made_of.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 22, 24, 18)
        layout.setSpacing(12)
        for widget in (title, text, made_of, buttons):
            layout.addWidget(widget)
