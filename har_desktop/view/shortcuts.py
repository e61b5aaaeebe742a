"""The list of keyboard shortcuts."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from har_desktop.view.parts import heading, label

Groups = Sequence[tuple[str, Sequence[tuple[str, str]]]]
# Keys that no menu shows, for they work only where the focus is.
ELSEWHERE = (
    ("Camera", (("The first nine cameras", "Ctrl+1 to Ctrl+9"),)),
    (
        "With the focus there",
        (
            ("Timeline: a second back or ahead", "Left or Right"),
            ("Timeline: to the beginning or end", "Home or End"),
            ("Timeline: to the action before or after", "PgUp or PgDown"),
            ("Classes: pin or unpin", "Space"),
        ),
    ),
)


class Shortcuts(QDialog):
    """Two columns of words and keys."""

    def __init__(self, groups: Groups, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        page = QWidget()
        columns = QHBoxLayout(page)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(48)
        everything = [*groups, *ELSEWHERE]
        half = sum(len(rows) + 1 for _, rows in everything) / 2
        seen = 0.0
        column = _column(columns)
        for title, rows in everything:
            if seen >= half:
                seen, column = float("-inf"), _column(columns)
            column.insertLayout(column.count() - 1, _group(title, rows))
            seen += len(rows) + 1
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.addWidget(_Scrolled(page))
        layout.addWidget(buttons)


class _Scrolled(QScrollArea):
    """As large as its page, but on a small screen."""

    def __init__(self, page: QWidget) -> None:
        super().__init__(widgetResizable=True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._page = page
        self.setWidget(page)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(page.sizeHint().width() + self.verticalScrollBar().sizeHint().width())

    def sizeHint(self) -> QSize:  # noqa: N802, Qt's name
        """Of the page."""
        return self._page.sizeHint()


def _column(columns: QHBoxLayout) -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(14)
    column.addStretch(1)
    columns.addLayout(column)
    return column


def _group(title: str, rows: Sequence[tuple[str, str]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(24)
    grid.setVerticalSpacing(4)
    grid.addWidget(heading(title), 0, 0)
    for number, (words, keys) in enumerate(rows, 1):
        grid.addWidget(label(words), number, 0)
        grid.addWidget(label(keys, quiet=True), number, 1)
    grid.setColumnStretch(0, 1)
    return grid
