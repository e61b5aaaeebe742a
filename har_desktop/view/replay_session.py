"""A recorded video, or the demo, on the stage."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from har_desktop.inference.manifest import Manifest
from har_desktop.inference.model import TOP
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.player import Player, PlayState, PlayStatus
from har_desktop.pipeline.result import Result
from har_desktop.pipeline.stats import RATE_S, Recent
from har_desktop.sources.base import Source
from har_desktop.view.caption import Caption
from har_desktop.view.course import Course
from har_desktop.view.session import Session
from har_desktop.view.stage import Stage
from har_desktop.view.status_line import Figures
from har_desktop.view.words import clock, count


class ReplaySession(Session):
    """Turns what a `Player` calls back from its thread into signals, and those into pictures."""

    _moment_waits = Signal()
    _result_came = Signal(int, object)
    _status_came = Signal(int, object)

    def __init__(
        self,
        stage: Stage,
        name: str,
        open_source: Callable[[], Source],
        parent: QObject | None = None,
    ) -> None:
        """Prepare the stage; `use` opens the source, and plays it.

        Args:
            stage: Where to show it. Its controls keep their speed and their loop.
            name: Of the source, for people.
            open_source: Makes a new, unopened source.
            parent: Owner.
        """
        super().__init__(stage, parent)
        self._name, self._open_source = name, open_source
        self._player: Player | None = None
        self._players = 0  # how many there were: one for each model
        self._course: Course | None = None
        self._status: PlayStatus | None = None
        self._manifest: Manifest | None = None
        self._unfilled: str | None = None  # why no window of the whole video is full
        self._position = 0.0
        self._plays = True  # what the person wishes, whatever the player is doing yet
        self._screen, self._model_rate = Recent(RATE_S), Recent(RATE_S)
        stage.begin(replay=True, badge=name)
        self._words = ""  # the state, while there is no player
        self._announce("opening", "Opening\u2026", name)
        self._links = (
            (stage.video.painted, self._screen.add),
            (stage.timeline.seek, self.seek),
            (stage.timeline.jump, self.jump),
            (stage.controls.play, self.toggle),
            (stage.controls.step, self.step),
            (stage.controls.speed, self._set_speed),
            (stage.controls.loop, self._set_loop),
        )
        for signal, slot in self._links:
            signal.connect(slot)
        self._moment_waits.connect(self._take_moment)
        self._result_came.connect(self._take_result)
        self._status_came.connect(self._take_status)

    @property
    def status(self) -> PlayStatus | None:
        """As it was told last; None before anything was."""
        return self._status

    @property
    def faulted(self) -> bool:
        """Whether the video broke, or the model; another recogniser makes a new beginning."""
        return self._status is not None and self._status.state is PlayState.FAULTED

    @property
    def position(self) -> float:
        """Seconds of the frame that is shown."""
        return self._position

    def use(self, recognizer: Recognizer) -> None:
        """Begin with this model; after another one, go on at the same place."""
        if self._player is not None:
            self._player.stop()
        else:
            self._announce("opening", "Opening\u2026", self._name)
        if self._result is not None:  # what the model before found does not stay on it
            self._stage.video.show_picture(self._result.recognition.frame.image)
        self._pinned, self._result = TOP, None
        self._manifest, self._unfilled = recognizer.manifest, None
        self._course = self._stage.use_model(recognizer.manifest, 0.0, TOP)
        self._model_rate = Recent(RATE_S)
        self._players += 1
        number = self._players
        player = self._player = Player(
            self._open_source,
            recognizer,
            self._moment_waits.emit,
            lambda result: self._result_came.emit(number, result),
            lambda status: self._status_came.emit(number, status),
        )
        player.speed(self._stage.controls.factor)
        player.loop(self._stage.controls.loops)
        if self._position:
            player.seek(self._position)
        if self._plays:
            player.play()

    def lack_model(self) -> None:
        """Say that there is none to go on with, until there is one."""
        if self._player is None:
            self._announce("no model", "No model", "Choose one in the menu Model")

    def explain(self, index: int) -> None:
        """Explain one class from now on, or the most probable one."""
        self._pinned = index
        self._stage.pin(index)
        if self._player is not None:
            self._player.explain(index)

    def toggle(self) -> None:
        """Play where it doesn't, pause where it does."""
        if self._player is None:
            return
        self._plays = not self._stage.controls.playing
        if self._plays:
            self._player.play()
        else:
            self._player.pause()

    def step(self, frames: int) -> None:
        """Pause, and go so many frames forward, or back where negative."""
        self._plays = False
        if self._player is not None:
            self._player.step(frames)

    def seek(self, seconds: float) -> None:
        """Show the frame of this time."""
        if self._player is not None:
            self._player.seek(seconds)

    def jump(self, seconds: float) -> None:
        """Show the frame so many seconds later, or earlier where negative."""
        if self._player is not None:
            self._player.jump(seconds)

    def figures(self) -> Figures:
        """What the session achieves at this moment."""
        status = self._status
        more: tuple[tuple[str, str], ...] = ()
        words = self._words
        if status is not None:
            words = status.message or status.state.value
            if self._unfilled is not None:
                words += f", {self._unfilled}"
            of = "" if status.frames is None else f" of {status.frames}"
            more = (
                ("Length", clock(status.duration, tenths=True)),
                ("Analysed", count(status.analysed, "frame") + of),
            )
        return Figures(
            source=self._name,
            state=words,
            inference=self._model_rate.rate() or None,
            display=self._screen.rate() or None,
            more=more,
        )

    def close(self) -> None:
        """Stop the thread and let go of the stage."""
        super().close()
        for signal, slot in self._links:
            signal.disconnect(slot)
        if self._player is not None:
            self._player.stop()
            self._player = None

    def _set_speed(self, factor: float) -> None:
        if self._player is not None:
            self._player.speed(factor)

    def _set_loop(self, on: bool) -> None:
        if self._player is not None:
            self._player.loop(on)

    def _take_moment(self) -> None:
        moment = None if self._player is None else self._player.take_moment()
        if moment is None or self._closed:
            return
        stage = self._stage
        self._position = moment.frame.time
        stage.video.set_notice(None)
        if not self.faulted:
            self._mend()
        self._result = moment.result
        if moment.result is None:
            stage.video.show_picture(moment.frame.image)
            stage.forget()
        else:
            stage.video.show_recognition(moment.result.recognition)
            stage.show_result(moment.result)
            self._show_unfilled()
        stage.timeline.set_position(self._position)
        self._show_time()
        self.changed.emit()

    def _take_result(self, player: int, result: Result) -> None:
        if self._closed or player != self._players or self._course is None:
            return
        self._model_rate.add()
        self._course.add(result.decision, result.events)
        self._stage.timeline.refresh()

    def _take_status(self, player: int, status: PlayStatus) -> None:
        if self._closed or player != self._players:
            return
        self._status = status
        if status.state is PlayState.ENDED:
            self._plays = False
        self._stage.timeline.set_duration(status.duration)
        whole = status.frames == status.analysed
        self._stage.timeline.refresh(whole=whole)
        if whole and self._course is not None and not self._course.known:
            self._unfilled = self._why_unfilled(status.duration)
            self._show_unfilled()
        self._stage.controls.show_status(status)
        self._show_time()
        if status.state is PlayState.FAULTED:
            line = status.message or "The replay has stopped; see the log file"
            self._result = None
            self._stage.forget()
            self._stage.video.set_notice("This can't be shown", line, "file-line")
            self._tell(line)
        self.changed.emit()

    def _why_unfilled(self, duration: float) -> str:
        """Why the window was never full, in the words of `har-desktop replay`."""
        manifest = self._manifest
        if manifest is None or duration < (manifest.pictures - 1) * manifest.spacing_s:
            return "shorter than a window"
        return "pictures too far apart for the model"

    def _show_unfilled(self) -> None:
        """The window fills no more."""
        if self._unfilled is not None and self._result is not None:
            words = self._unfilled.capitalize()
            self._stage.video.set_caption(Caption(words, None, None, certain=False))

    def _announce(self, words: str, title: str, detail: str) -> None:
        """Say what is waited for."""
        self._words = words
        self._stage.video.set_notice(title, detail, "file-line")

    def _show_time(self) -> None:
        duration = self._status.duration if self._status else 0.0
        self._stage.controls.show_time(self._position, duration)
