"""A camera or stream on the stage."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from har_desktop.heat_style import HeatStyle
from har_desktop.inference.manifest import Manifest
from har_desktop.inference.model import TOP
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.live import Live
from har_desktop.pipeline.recorder import Recorder
from har_desktop.pipeline.result import Result
from har_desktop.pipeline.state import State, Status
from har_desktop.pipeline.stats import RATE_S, Recent
from har_desktop.sinks.base import RunInfo
from har_desktop.sources.base import Source
from har_desktop.view.caption import STOPPED
from har_desktop.view.course import Course
from har_desktop.view.pace import Pace
from har_desktop.view.session import Session
from har_desktop.view.stage import Stage
from har_desktop.view.status_line import Figures
from har_desktop.view.words import count

_NEARLY = 0.95  # as a rate is measured


class LiveSession(Session):
    """Turns what a `Live` calls back from its threads into signals, and those into pictures."""

    _frame_waits = Signal()
    _result_came = Signal(object)
    _status_came = Signal(object)

    def __init__(
        self,
        stage: Stage,
        kind: str,
        name: str,
        open_source: Callable[[], Source],
        parent: QObject | None = None,
    ) -> None:
        """Start to capture at once; the model may come later.

        Args:
            stage: Where to show it.
            kind: "Camera" or "Stream".
            name: Of the source, for people.
            open_source: Makes a new, unopened source.
            parent: Owner.
        """
        super().__init__(stage, parent)
        self._kind, self._name = kind, name
        self._pace = Pace()
        self._course: Course | None = None
        self._manifest: Manifest | None = None
        self._stretch = -1
        self._heat = stage.heat.style_shown
        self._screen = Recent(RATE_S)
        self._recorder: Recorder | None = None
        self._status = Status(State.STOPPED)
        stage.begin(replay=False, badge=name)
        stage.video.painted.connect(self._screen.add)
        self._frame_waits.connect(self._take_frame)
        self._result_came.connect(self._take_result)
        self._status_came.connect(self._take_status)
        self._live = Live(self._frame_waits.emit, self._result_came.emit, self._status_came.emit)
        self._live.start(open_source)

    @property
    def status(self) -> Status:
        """As it was told last."""
        return self._status

    @property
    def run_info(self) -> RunInfo | None:
        """For a recorder; None until there are both a model and a picture."""
        return self._live.run_info()

    def use(self, recognizer: Recognizer) -> None:
        """Recognise with this model from the next frame on."""
        self._pinned, self._result = TOP, None
        self._manifest = recognizer.manifest
        self._course = self._stage.use_model(recognizer.manifest, None, TOP)
        self._live.swap(recognizer)

    def explain(self, index: int) -> None:
        """Explain one class from the next frame on, or the most probable one; needs a model."""
        if self._manifest is None:
            return
        self._pinned = index
        self._live.explain(index)
        self._stage.pin(index)

    @property
    def faulted(self) -> bool:
        """Whether source or model have failed in a way that does not mend by itself."""
        return self._status.state is State.FAULTED

    def restart(self) -> None:
        """Try again after a fault."""
        self._live.restart()

    def restyle(self, style: HeatStyle) -> None:
        """Without heat-maps there is no inset, and the newest picture is always the one."""
        self._heat = style
        if not style.shown:
            self._stage.video.set_inset(None)

    def feed(self, recorder: Recorder | None) -> None:
        """Give every further result to a recorder, or to none any more."""
        self._recorder = recorder

    def figures(self) -> Figures:
        """What the session achieves at this moment."""
        stats = self._live.stats()
        state, reason = self._state_in_words(stats.inference_fps)
        return Figures(
            source=self._name,
            state=state,
            capture=stats.capture_fps,
            inference=stats.inference_fps,
            display=self._screen.rate() or None,
            age_p50=stats.label_age_p50,
            age_p95=stats.label_age_p95,
            dropped=stats.dropped,
            more=(
                *((("Reason", reason),) if reason else ()),
                ("Captured", count(stats.captured, "frame")),
                ("Recognised", count(stats.processed, "frame")),
                ("Waiting", count(stats.pending, "frame")),
            ),
        )

    def close(self) -> None:
        """Stop the threads and let go of the stage."""
        super().close()
        self._stage.video.painted.disconnect(self._screen.add)
        self._live.stop()

    def _take_frame(self) -> None:
        frame = self._live.take_frame()
        if frame is None or self._closed or self._status.state is State.LOST:
            return
        if self._status.state is State.FAULTED:
            self._stage.video.set_notice(None)  # the model has failed, but not the source
            self._stage.video.set_caption(STOPPED)
        if self._pace.frame(frame.time) or not self._heat.shown:
            self._stage.video.show_picture(frame.image)

    def _take_result(self, result: Result) -> None:
        if self._closed or self._status.state is State.LOST:
            return
        if result.manifest is not self._manifest:
            return  # of the model before
        if result.stretch != self._stretch:
            self._stretch, self._pace = result.stretch, Pace()
        self._result = result
        recognition = result.recognition
        frame = recognition.frame
        large = self._pace.result(frame.time, frame.index)
        if large and self._heat.shown:
            self._stage.video.show_recognition(recognition)
        self._stage.show_result(result)
        self._show_inset(result)
        if self._course is not None:
            self._course.add(result.decision, result.events)
            self._stage.timeline.refresh()
        if self._recorder is not None:
            self._recorder.feed(result)
        self.changed.emit()

    def _show_inset(self, result: Result) -> None:
        """Where the picture is ahead of the model, show beside it what the heat-map belongs to."""
        recognition = result.recognition
        if self._pace.keeps_up or not self._heat.shown or recognition.window is None:
            self._stage.video.set_inset(None)
            return
        self._stage.video.set_inset(recognition, result.arrived)

    def _take_status(self, status: Status) -> None:
        if self._closed:
            return
        self._status = status
        if status.state in (State.RUNNING, State.LOST, State.FAULTED):
            runs = status.state is State.RUNNING and status.message is None
            self._stage.timeline.set_current(runs)
        video = self._stage.video
        if status.state is State.LOST:
            self._result = None
            self._stage.forget()
            detail = f"{status.message or self._name}. Trying again\u2026"
            video.set_notice(f"{self._kind} lost", detail, "lost-line")
        elif status.state is State.FAULTED:
            self._result = None
            self._stage.forget()
            line = status.message or "The recognition has stopped; see the log file"
            video.set_notice("Stopped", line, "lost-line")
            self._tell(line)
        elif status.state is State.OPENING:
            video.set_notice("Opening\u2026", self._name)
        else:
            video.set_notice(None)
            self._take_delay(status.message)
        self.changed.emit()

    def _take_delay(self, message: str | None) -> None:
        """While the model does not answer, no label of it stays beside a picture that goes on."""
        if message is not None:
            self._result = None
            self._stage.forget()
            self._tell(message)
        else:
            self._mend()

    def _state_in_words(self, results_per_second: float) -> tuple[str, str | None]:
        """The state, and the reason for it where there is one to be told."""
        state, message = self._status.state, self._status.message
        if state is State.RUNNING and message:
            return "running, but the model does not answer", message
        if state is State.RUNNING and self._result and self._result.recognition.window is None:
            needed = 1.0 / self._result.manifest.window.frame_interval_s
            if 0.0 < results_per_second < _NEARLY * needed:  # then the window may never fill
                hint = "many cameras are slow in the dark"
                return "too slow", f"the model needs {needed:g} pictures a second; {hint}"
        return state.value, message
