"""All figures in one small window that stays open beside the picture."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QDialog, QFormLayout, QLabel, QVBoxLayout, QWidget

from har_desktop.model_report import headline
from har_desktop.pipeline.recorder import RecorderStats
from har_desktop.view.model_keeper import GoodModel
from har_desktop.view.parts import label
from har_desktop.view.status_line import Figures, processor
from har_desktop.view.words import clock, count, milliseconds, rate

Rows = Sequence[tuple[str, str]]


def detail_rows(
    figures: Figures | None, model: GoodModel | None, recording: RecorderStats | None
) -> list[tuple[str, str]]:
    """Everything there is to tell about source, model and recording."""
    rows: list[tuple[str, str]] = []
    if figures is not None:
        rows += [("Source", figures.source), ("State", figures.state)]
        for name, value in (
            ("Camera", figures.capture),
            ("Model", figures.inference),
            ("Screen", figures.display),
        ):
            if name != "Camera" or value is not None:  # a film has none
                rows.append((f"{name} rate", f"{rate(value)} per second"))
        if figures.dropped is not None:
            ages = f"{milliseconds(figures.age_p50)}, 95 % under {milliseconds(figures.age_p95)}"
            rows += [("Age of the label", f"median {ages}")]
            rows += [("Dropped", count(figures.dropped, "frame"))]
        rows += figures.more
    if model is not None:
        manifest, report = model.manifest, model.provider
        window, used = manifest.window, processor(report.used)
        spans = f"{window.length} frames, {window.frame_interval_s:g} s apart"
        rows += [
            ("Model", f"{manifest.name} ({manifest.network})"),
            ("Measured", headline(manifest.metrics)),
            ("Window", spans),
            ("Processor", f"{used}: {report.reason}" if report.reason else used),
            ("Folder", str(model.folder)),
        ]
    if recording is not None:
        lost = f", {recording.dropped} dropped" if recording.dropped else ""
        rows += [("Recording", f"{clock(recording.seconds)}, {recording.written} frames{lost}")]
    return rows or [("Source", "none")]


class Details(QDialog):
    """Rows of names and values, refreshed while it is open."""

    def __init__(self, parent: QWidget | None = None) -> None:
        # A tool of the window, whose shortcuts go on while this one is in front.
        super().__init__(parent, Qt.WindowType.Tool)
        self.setWindowTitle("Details")
        self._values: dict[str, QLabel] = {}
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(24)
        self._form.setVerticalSpacing(7)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 18)
        layout.addLayout(self._form)
        layout.addStretch(1)

    @property
    def rows(self) -> dict[str, str]:
        """What can be read."""
        return {name: value.text() for name, value in self._values.items()}

    def show_rows(self, rows: Rows) -> None:
        """Change the values; other names make other rows."""
        if [name for name, _ in rows] != list(self._values):
            while self._form.rowCount():
                self._form.removeRow(0)
            self._values = {}
            for name, _ in rows:
                title, value = label(name, quiet=True), label(wrap=True)
                value.setMinimumWidth(30 * self.fontMetrics().averageCharWidth())
                value.setTextInteractionFlags(
                    Qt.TextInteractionFlag.TextSelectableByMouse
                    | Qt.TextInteractionFlag.TextSelectableByKeyboard
                )
                self._form.addRow(title, value)
                self._values[name] = value
            QTimer.singleShot(0, self._grow)  # once the rows are there
        for name, text in rows:
            self._values[name].setText(text)

    def _grow(self) -> None:
        """To what the rows need: by itself, the window thinks that each takes one line."""
        if (layout := self.layout()) is not None:
            height = layout.totalHeightForWidth(self.width())
            self.resize(self.width(), max(self.height(), height))
