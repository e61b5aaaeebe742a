"""Play, pause, step, seek, speed, loop."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from har_desktop.pipeline.player import PlayState, PlayStatus
from har_desktop.view.icons import icon
from har_desktop.view.parts import choice, label, tool
from har_desktop.view.words import clock

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0)


class ReplayControls(QWidget):
    """A row of buttons under the timeline.

    Signals:
        play: Play where paused, pause where playing.
        step: Frames to go, negative for back.
        speed: Times the natural speed.
        loop: Begin again at the end, or not.
    """

    play = Signal()
    step = Signal(int)
    speed = Signal(float)
    loop = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._playing = False
        self._back = tool("Step back", "One frame back (,)")
        self._play = tool("Play", "Play (Space)")
        self._forward = tool("Step forward", "One frame forward (.)")
        self._loop = tool("Loop", "Start again at the end (L)")
        self._loop.setCheckable(True)
        self._time, self._note = label("0:00.0 / 0:00.0"), label(quiet=True)
        self._speed = choice("Speed")
        self._speed.setToolTip("Speed (+ and \u2212)")
        for factor in SPEEDS:
            self._speed.addItem(f"{factor:g}\u00d7", factor)
        self._speed.setCurrentIndex(SPEEDS.index(1.0))
        self._lay_out()
        self._back.clicked.connect(lambda: self.step.emit(-1))
        self._forward.clicked.connect(lambda: self.step.emit(1))
        self._play.clicked.connect(self.play)
        self._loop.toggled.connect(self.loop)
        self._speed.currentIndexChanged.connect(lambda index: self.speed.emit(SPEEDS[index]))
        self._tint()

    @property
    def playing(self) -> bool:
        """True where the button would pause."""
        return self._playing

    @property
    def time_text(self) -> str:
        """The words that tell the time."""
        return self._time.text()

    @property
    def note(self) -> str:
        """What is being waited for; "" for nothing."""
        return self._note.text()

    @property
    def loops(self) -> bool:
        """True where the replay starts again at the end."""
        return self._loop.isChecked()

    @property
    def factor(self) -> float:
        """Times the natural speed."""
        return SPEEDS[self._speed.currentIndex()]

    def set_loop(self, on: bool) -> None:
        """Switch looping on or off."""
        self._loop.setChecked(on)

    def change_speed(self, steps: int) -> None:
        """Go so many speeds up, or down where negative."""
        index = self._speed.currentIndex() + steps
        self._speed.setCurrentIndex(min(len(SPEEDS) - 1, max(0, index)))

    def reset(self) -> None:
        """Show nothing of the replay before."""
        self._show_playing(False)
        self._note.setText("")
        self.show_time(0.0, 0.0)

    def show_time(self, seconds: float, duration: float) -> None:
        """Show where the replay is."""
        words = f"{clock(seconds, tenths=True)} / {clock(duration, tenths=True)}"
        self._time.setText(words)
        self._time.setAccessibleName(f"Time {words}")

    def show_status(self, status: PlayStatus) -> None:
        """Show what the player does."""
        self._show_playing(status.state is PlayState.PLAYING)
        words = ""
        if status.state is PlayState.OPENING:
            words = "Opening\u2026"
        elif status.busy and status.state is not PlayState.FAULTED:
            words = "Analysing\u2026"
        self._note.setText(words)

    def _show_playing(self, playing: bool) -> None:
        if playing is not self._playing:
            self._playing = playing
            self._tint()
        self._play.setAccessibleName("Pause" if playing else "Play")
        self._play.setToolTip("Pause (Space)" if playing else "Play (Space)")

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        """Draw the icons anew in other colours."""
        if event.type() is QEvent.Type.PaletteChange:
            self._tint()
        super().changeEvent(event)

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for widget in (self._back, self._play, self._forward):
            layout.addWidget(widget)
        layout.addSpacing(6)
        layout.addWidget(self._time)
        layout.addSpacing(10)
        layout.addWidget(self._note)
        layout.addStretch(1)
        layout.addWidget(self._loop)
        layout.addWidget(self._speed)

    def _tint(self) -> None:
        names = {
            self._back: "back-line",
            self._play: "pause" if self._playing else "play",
            self._forward: "forward-line",
            self._loop: "loop-line",
        }
        for button, name in names.items():
            button.setIcon(icon(name, self.palette()))
