"""The thread that recognises: always the newest frame, never an old one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import perf_counter

from har_desktop.decision.decision import Event
from har_desktop.decision.events import Decider
from har_desktop.errors import gist
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.capture import Arrival
from har_desktop.pipeline.mailbox import Mailbox
from har_desktop.pipeline.result import Result
from har_desktop.pipeline.state import Machine
from har_desktop.pipeline.stats import AGES_S, RATE_S, Recent

log = logging.getLogger(__name__)

# A model that has not answered for so many seconds is told of.
SLOW_S = 2.0
# A stop waits so long for an answer before it interrupts the model.
_GRACE_S = 1.0


class Worker:
    """Takes frames out of its mailbox and publishes results, with the model that was given last.

    Without a model, or after a fault, frames still come in and give way to newer ones.

    Attributes:
        mailbox: Where frames are put in.
        processed: Frames that the model has seen to the end.
        failed: Frames that it failed on.
        results: When results were published.
        ages: Their ages at that time in seconds.
    """

    def __init__(self, machine: Machine, on_result: Callable[[Result], object]) -> None:
        """Prepare; `start` starts.

        Args:
            machine: Is told of faults; its stretch decides which results still count.
            on_result: Called for each result, from the worker's thread.
        """
        self.condition = threading.Condition()  # guards mailbox, counts and wishes
        self.mailbox: Mailbox[Arrival] = Mailbox(self.condition)
        self.processed = self.failed = 0
        self.results, self.ages = Recent(RATE_S), Recent(AGES_S)
        self._machine, self._on_result = machine, on_result
        self._stopping = self._faulted = False
        self._began: float | None = None  # when it was given the frame in hand
        self._wish: Recognizer | None = None
        self._model: tuple[Recognizer, Decider] | None = None
        self._stretch: int | None = None  # that the model has in its window
        self._ended: tuple[Event, ...] = ()  # with a stretch; to be told with the next result
        self._thread = threading.Thread(target=self._run, name="inference", daemon=True)

    def start(self) -> None:
        """Start to wait for frames."""
        self._thread.start()

    def swap(self, recognizer: Recognizer) -> None:
        """Use this model from the next frame on; mends a fault, and interrupts a slow one."""
        with self.condition:
            self._wish = recognizer
            self.condition.notify_all()
        self._give_way()

    def watch(self) -> None:
        """Tell of a model that does not answer, and interrupt it where another one waits.

        To be called with each frame that comes.
        """
        if self._is_slow():
            self._give_way()  # to one that came before the model was slow
            self._machine.delay(
                f"the model has not answered for {SLOW_S:g} s; wait, choose another model, or"
                " close the source"
            )

    def restart(self) -> None:
        """Mend a fault: go on with an empty window."""
        self._machine.cut()
        self._machine.fault(None)
        with self.condition:
            self._stretch, self._faulted = None, False
            self.condition.notify_all()

    def ask_to_stop(self) -> None:
        """Let the thread end after the frame in hand; doesn't wait."""
        with self.condition:
            self._stopping = True
            self.condition.notify_all()

    def join(self, deadline: float) -> list[str]:
        """Wait until a time of `perf_counter`; the thread's name if it is still alive."""
        self._thread.join(max(0.0, min(_GRACE_S, deadline - perf_counter())))
        if self._thread.is_alive():
            self._interrupt()
        self._thread.join(max(0.0, deadline - perf_counter()))
        return [self._thread.name] if self._thread.is_alive() else []

    def finish(self) -> tuple[Event, ...]:
        """The events that were not told yet, and the one still open; after the thread has ended."""
        self.mailbox.clear()
        return self._end_stretch()

    def _run(self) -> None:
        while True:
            with self.condition:
                self.condition.wait_for(self._has_work)
                if self._stopping:
                    return
                wish, self._wish = self._wish, None
                arrival = None if wish else self.mailbox.take()
            fine = False
            try:
                if wish:
                    self._adopt(wish)
                if arrival:
                    self._recognize(arrival)
                fine = True
            except Exception as error:
                log.exception("inference failed")
                self._fail(error)
            self._began = None
            self._machine.delay(None)
            if arrival:
                with self.condition:
                    self.processed += fine
                    self.failed += not fine

    def _has_work(self) -> bool:
        ready = self._model is not None and not self._faulted and self.mailbox.waiting
        return bool(self._stopping or self._wish or ready)

    def _adopt(self, recognizer: Recognizer) -> None:
        """Take another model, between two frames."""
        self._ended = self._end_stretch()
        manifest = recognizer.manifest
        decider = Decider(manifest.classes, manifest.calibration.rejection_threshold)
        self._model, self._stretch = (recognizer, decider), None
        self._faulted = False
        self._machine.cut()
        self._machine.fault(None)

    def _recognize(self, arrival: Arrival) -> None:
        """Recognise one frame, and publish the result unless the source was lost meanwhile."""
        if self._model is None:
            raise RuntimeError("no model")
        recognizer, decider = self._model
        if arrival.stretch != self._stretch:
            self._ended = self._end_stretch()
            recognizer.clear()
            self._stretch = arrival.stretch
        self._began = perf_counter()
        recognition = recognizer.push(arrival.frame)
        decision, events = decider.update(recognition)
        self._ended += events
        with self._machine.lock:
            if arrival.stretch != self._machine.stretch:
                return
            result = Result(
                recognition,
                decision,
                self._ended,
                recognizer.manifest,
                arrival.arrived,
                arrival.stretch,
            )
            self._ended = ()
            self._on_result(result)
        self.results.add()
        self.ages.add(perf_counter() - arrival.arrived)

    def _end_stretch(self) -> tuple[Event, ...]:
        return self._ended + (self._model[1].finish() if self._model else ())

    def _is_slow(self) -> bool:
        began = self._began
        return began is not None and perf_counter() - began > SLOW_S

    def _give_way(self) -> None:
        """Interrupt a slow model where another one waits."""
        with self.condition:  # the one that waits is not taken meanwhile, and interrupted instead
            if self._wish is not None and self._is_slow():
                self._interrupt()

    def _interrupt(self) -> None:
        if self._model is not None:
            self._model[0].interrupt()

    def _fail(self, error: Exception) -> None:
        if self._stopping or self._wish:  # it was interrupted, or nobody wants it any more
            return
        self._faulted = True
        self._machine.fault(f"the model failed: {gist(error)}; restart it, or choose another model")
