"""What a session is shown on: picture, film strip, bars, timeline and their controls."""

from __future__ import annotations

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from har_desktop.heat_style import HeatStyle
from har_desktop.inference.manifest import Manifest
from har_desktop.inference.model import TOP
from har_desktop.pipeline.result import Result
from har_desktop.view.caption import Caption
from har_desktop.view.class_bars import ClassBars
from har_desktop.view.course import Course
from har_desktop.view.film_strip import FilmStrip
from har_desktop.view.heat_panel import HeatPanel
from har_desktop.view.icons import icon
from har_desktop.view.parts import Elided, button, heading, tip_of
from har_desktop.view.replay_controls import ReplayControls
from har_desktop.view.theme import GAP, RECORDING
from har_desktop.view.timeline import LIVE_SECONDS, Timeline
from har_desktop.view.video_view import VideoView
from har_desktop.view.words import readable

_PANEL = 30  # letters that the panel at the right is wide
RECORD_HINT = "Record video and results (Ctrl+R)"
STOP_HINT = "End the recording (Ctrl+R)"


class Stage(QWidget):
    """The widgets of a session, and what they do together. Sessions drive it.

    Attributes:
        video: The large picture.
        strip: The frames of the window.
        bars: One per class.
        heat: The controls of the heat-map.
        timeline: Probabilities and events over time.
        controls: Of a replay.
        snapshot: The button.
        record: The button of a live session.
        export: The button of a replay.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._manifest: Manifest | None = None
        self._pinned = TOP
        self._recording = False
        self._told: tuple[int | None, bool] = None, True  # the class explained, and evident
        self.video, self.strip, self.timeline = VideoView(), FilmStrip(), Timeline()
        self.bars, self.heat, self.controls = ClassBars(), HeatPanel(), ReplayControls()
        self.snapshot = button("Snapshot", "Save this picture (Ctrl+S)")
        self.record = button("Record", RECORD_HINT)
        self.export = button("Export\u2026", "Save video and results (Ctrl+E)")
        self._explained = Elided()
        self._lay_out()
        self.heat.changed.connect(self._restyle)
        self._tint()

    @property
    def explained_text(self) -> str:
        """The words that tell which class the heat-maps explain."""
        return self._explained.text()

    def begin(self, replay: bool, badge: str) -> None:
        """Prepare for another source.

        Args:
            replay: True for a recorded one, which can be played and exported.
            badge: Words in the picture's corner.
        """
        self.video.clear()
        self.video.set_badge(badge)
        self.video.setFocus()
        self.controls.setVisible(replay)
        self.controls.reset()
        self.export.setVisible(replay)
        self.record.setVisible(not replay)
        self._manifest = None
        self.bars.set_classes(())
        self.timeline.start(Course(()), 0.5, 0.0 if replay else None)
        self.forget()

    def use_model(self, manifest: Manifest, duration: float | None, pinned: int) -> Course:
        """Prepare for the results of a model; return the course that the timeline shows.

        Args:
            manifest: Of the model.
            duration: Of a recorded source in seconds; None for a live one.
            pinned: Index of the class to explain, or `TOP`.
        """
        self._manifest = manifest
        self.bars.set_classes(manifest.classes)
        self.heat.offer_methods(manifest.cam.second is not None)
        course = Course(manifest.classes, LIVE_SECONDS if duration is None else None)
        self.timeline.start(course, manifest.calibration.rejection_threshold, duration)
        self.pin(pinned)
        self.forget()
        return course

    def pin(self, index: int) -> None:
        """Mark the class that the explanation is pinned to; `TOP` for none."""
        self._pinned = index
        self.bars.show_pin(index)
        self._explain(None)

    def show_result(self, result: Result) -> None:
        """Show what was made of a frame: everything but the large picture."""
        recognition, decision = result.recognition, result.decision
        length = result.manifest.window.length
        self.video.set_caption(Caption.of(decision, recognition.filled, length))
        window = recognition.window
        explained = None if window is None else window.explained
        label = decision.label
        named = None if label is None else result.manifest.classes.index(label)
        self.bars.show_probabilities(decision.probabilities, explained, named)
        self._explain(explained, evident=window is None or window.evident)
        self.strip.show_recognition(recognition)

    def forget(self) -> None:
        """Show that nothing is known at present: no label of before survives."""
        self.video.set_caption(None)
        self.video.set_inset(None)
        self.bars.show_probabilities(None, None)
        self._explain(None)
        self.strip.start(self._manifest.window.length if self._manifest else 10)

    def show_recording(self, time: str | None) -> None:
        """Show that a recording runs, and for how long; None for none."""
        self.video.set_recording(time)
        if (time is not None) != self._recording:
            self._recording = time is not None
            self.record.setText("Stop recording" if self._recording else "Record")
            self.record.setToolTip(STOP_HINT if self._recording else RECORD_HINT)
            self._tint()

    def set_heat_style(self, style: HeatStyle) -> None:
        """Show heat-maps so."""
        self.heat.set_style(style)
        self._restyle(style)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        """Draw the icons anew in other colours."""
        if event.type() is QEvent.Type.PaletteChange:
            self._tint()
        super().changeEvent(event)

    def _explain(self, explained: int | None, *, evident: bool = True) -> None:
        manifest, words = self._manifest, " "
        self._told = explained, evident
        if not self.heat.style_shown.shown:
            words = "Heat-map off"
        elif manifest is not None and self._pinned != TOP:
            words = f"Heat-map pinned to {readable(manifest.classes[self._pinned])}"
        elif manifest is not None and explained is not None:
            heat = "Heat-map" if evident else "Faint heat-map"
            words = f"{heat} of {readable(manifest.classes[explained])}"
        self._explained.setText(words)
        self._explained.setToolTip(tip_of(words))

    def _restyle(self, style: HeatStyle) -> None:
        self.video.set_heat_style(style)
        self.strip.set_heat_style(style)
        explained, evident = self._told
        self._explain(explained, evident=evident)

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(GAP)
        left.addWidget(self.video)  # without a stretch: where there is little room, all give way
        left.addWidget(self.strip)
        left.addWidget(self.timeline)
        left.addWidget(self.controls)
        head = QVBoxLayout()
        head.setContentsMargins(9, 0, 9, 4)
        head.setSpacing(2)
        head.addWidget(heading("Classes"))
        head.addWidget(self._explained)
        classes = QVBoxLayout()
        classes.setContentsMargins(7, 12, 7, 8)
        classes.addLayout(head)
        classes.addWidget(self.bars, 1)
        heat = QVBoxLayout()
        heat.setContentsMargins(16, 12, 16, 12)
        heat.addWidget(self.heat)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for each in (self.snapshot, self.record, self.export):
            buttons.addWidget(each, 1)
        panel = QVBoxLayout()
        panel.setSpacing(GAP)
        panel.addWidget(_card(classes), 1)
        panel.addWidget(_card(heat))
        panel.addLayout(buttons)
        side = QWidget()
        side.setFixedWidth(max(250, _PANEL * self.fontMetrics().averageCharWidth() + 60))
        panel.setContentsMargins(0, 0, 0, 0)
        side.setLayout(panel)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(GAP, 4, GAP, 8)
        layout.setSpacing(GAP)
        layout.addLayout(left, 1)
        layout.addWidget(side)

    def _tint(self) -> None:
        palette = self.palette()
        self.snapshot.setIcon(icon("snapshot-line", palette))
        self.record.setIcon(icon("stop" if self._recording else "record", palette, RECORDING))
        self.export.setIcon(icon("export-line", palette))


def _card(layout: QVBoxLayout) -> QFrame:
    card = QFrame()
    card.setObjectName("card")
    card.setLayout(layout)
    return card
