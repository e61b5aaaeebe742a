"""A live session: camera or stream in; pictures at camera rate and results at model rate out.

The owner gives three callbacks. They are called from the session's threads and must return at once
and call nothing of `Live`: a view turns each into a signal.

    live = Live(on_frame, on_result, on_status)
    live.swap(Recognizer(bundle))           # built in the background, whenever it is ready
    live.start(lambda: NetworkStream(url))  # -> OPENING -> RUNNING
    ...
    frame = live.take_frame()               # in answer to on_frame()
    live.stop()                             # at most 3 s, whatever a driver does

* `on_frame()`: a newer picture waits; fetch it with `take_frame()`. It is called again only after
  the picture was fetched, so a slow view gets fewer calls and never an old picture.
* `on_result(result)`: one for each frame that the model has seen, in order. After
  `on_status` has said LOST, no result of before the loss comes any more.
* `on_status(status)`: the state has changed, or its message.

Thread names: `capture` (watches), `capture-reader-N` (one for each time the source is opened),
`inference`. All are daemons.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

from har_desktop.decision.decision import Event
from har_desktop.frame import Frame
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.capture import DEFAULTS, Arrival, Capture, Patience
from har_desktop.pipeline.mailbox import Mailbox
from har_desktop.pipeline.reader import SourceFactory
from har_desktop.pipeline.result import Result
from har_desktop.pipeline.state import Machine, State, Status
from har_desktop.pipeline.stats import RATE_S, Recent, Stats
from har_desktop.pipeline.worker import Worker
from har_desktop.sinks.base import RunInfo
from har_desktop.sources.base import believed_rate

log = logging.getLogger(__name__)

STOP_S = 2.5  # for all threads together, within the three seconds that are promised


class Live:
    """Owns the threads of one live session; may be started and stopped any number of times.

    All methods may be called from any thread but not from a callback. Only `stop` waits.
    """

    def __init__(
        self,
        on_frame: Callable[[], object],
        on_result: Callable[[Result], object],
        on_status: Callable[[Status], object],
        patience: Patience = DEFAULTS,
    ) -> None:
        """Prepare; see above for the callbacks, and `Patience` for how long it waits."""
        self._on_frame, self._on_result, self._on_status = on_frame, on_result, on_status
        self._patience = patience
        self._control = threading.Lock()  # one starts or stops at a time
        self._machine = Machine(self._tell)
        self._recognizer: Recognizer | None = None
        self._pictures: Mailbox[Frame] = Mailbox()
        self._capture: Capture | None = None
        self._worker = Worker(self._machine, on_result)
        self._arrivals = Recent(RATE_S)

    @property
    def status(self) -> Status:
        """State and message at this moment."""
        return self._machine.status

    def start(self, open_source: SourceFactory) -> None:
        """Start to capture, and to recognise as soon as there is a model.

        Args:
            open_source: Makes a new, unopened source. Called in a thread of the session, and again
                whenever the source was lost: it should look the camera up anew, by its stable id.

        Raises:
            RuntimeError: The session is running already.
        """
        with self._control:
            if self._machine.source is not State.STOPPED:
                raise RuntimeError("the live session is running already; stop it first")
            self._arrivals = Recent(RATE_S)
            self._worker = Worker(self._machine, self._on_result)
            self._capture = Capture(open_source, self._machine, self._arrive, self._patience)
            if self._recognizer is not None:
                self._worker.swap(self._recognizer)
            self._machine.move(State.OPENING)
            self._worker.start()
            self._capture.start()

    def stop(self) -> tuple[Event, ...]:
        """Stop within three seconds, in every state.

        A thread that does not come back from a driver or from the model by then is left behind;
        it can publish nothing any more, and the message of STOPPED names it. A model that it still
        holds is given up: `swap` in another.

        Returns:
            The action that was still going on, if any.
        """
        with self._control:
            if self._capture is None:
                return ()
            capture, self._capture = self._capture, None
            capture.ask_to_stop()
            self._worker.ask_to_stop()
            self._machine.move(State.STOPPING)
            deadline = perf_counter() + STOP_S
            busy = self._worker.join(deadline)
            left = [*busy, *capture.join(deadline)]
            if busy:
                self._recognizer = None
            message = None
            if left:
                message = f"left behind, for it does not come back: {', '.join(left)}"
                log.error(message)
            self._machine.fault(None)
            self._machine.delay(None)
            self._machine.move(State.STOPPED, message)
            return () if busy else self._worker.finish()

    def swap(self, recognizer: Recognizer) -> None:
        """Use this model from the next frame on; mends a fault of the one before.

        The window fills anew, and `recognizer.explain` holds. The recogniser belongs to the session
        from now on.
        """
        self._recognizer = recognizer
        self._worker.swap(recognizer)

    def explain(self, index: int) -> None:
        """Explain the class of this index from the next frame on; -1 for the most probable one.

        Raises:
            ValueError: The model knows no such class, or there is no model.
        """
        if self._recognizer is None:
            raise ValueError("there is no model to explain")
        self._recognizer.explain = index

    def restart(self) -> None:
        """After FAULTED: try again, with an empty window. Does nothing in other states."""
        if self._machine.status.state is not State.FAULTED:
            return
        self._worker.restart()
        if self._capture is not None and self._machine.source is State.FAULTED:
            self._capture.restart()

    def take_frame(self) -> Frame | None:
        """The newest picture, once; None where there is none since the last call.

        Its time is in seconds since the first frame of the session, also across losses.
        """
        return self._pictures.take()

    def stats(self) -> Stats:
        """Rates, ages and counts of this session, or of the last one."""
        worker = self._worker
        with worker.condition:
            mail, done = worker.mailbox, worker.processed + worker.failed
            counts = {
                "captured": mail.put_count,
                "processed": worker.processed,
                "dropped": mail.dropped + worker.failed,
                "pending": mail.waiting + mail.taken - done,
            }
        return Stats(
            capture_fps=self._arrivals.rate(),
            inference_fps=worker.results.rate(),
            label_age_p50=worker.ages.percentile(50),
            label_age_p95=worker.ages.percentile(95),
            **counts,
        )

    def run_info(self) -> RunInfo | None:
        """What a `Recorder` wants to know; None until there are both a model and a picture.

        The rate of the source is the one it has at this moment where it states too low a one, or
        none; see `believed_rate`.
        """
        recognizer, capture = self._recognizer, self._capture
        if recognizer is None or capture is None or capture.info is None:
            return None
        info, rate = capture.info, round(self._arrivals.rate(), 2)
        if rate:
            info = replace(info, fps=believed_rate(info.fps, rate))
        return RunInfo.of(info, recognizer)

    def _arrive(self, arrival: Arrival) -> None:
        """Give a frame to the model and to the view."""
        self._arrivals.add()
        self._worker.mailbox.put(arrival)
        self._worker.watch()
        if self._pictures.put(arrival.frame):
            self._on_frame()

    def _tell(self, status: Status) -> None:
        """Pass on the state; without a running source, no picture of it stays."""
        if self._machine.source is not State.RUNNING:
            self._pictures.clear()
            self._worker.mailbox.clear()
        self._on_status(status)
