"""A live session: camera or stream in; pictures at camera rate and results at model rate out.

The owner gives four callbacks. They are called from the session's threads and must return at once
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

from collections.abc import Callable

from har_desktop.decision.decision import Event
from har_desktop.frame import Frame
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.result import Result
from har_desktop.pipeline.state import Status
from har_desktop.pipeline.stats import Stats
from har_desktop.sinks.base import RunInfo
from har_desktop.sources.base import Source

SourceFactory = Callable[[], Source]


class Live:
    """Owns the threads of one live session; may be started and stopped any number of times.

    All methods may be called from any thread but not from a callback. Only `stop` waits.
    """

    def __init__(
        self,
        on_frame: Callable[[], object],
        on_result: Callable[[Result], object],
        on_status: Callable[[Status], object],
    ) -> None:
        raise NotImplementedError

    @property
    def status(self) -> Status:
        """State and message at this moment."""
        raise NotImplementedError

    def start(self, open_source: SourceFactory) -> None:
        """Start to capture, and to recognise as soon as there is a model.

        Args:
            open_source: Makes a new, unopened source. Called in a thread of the session, and again
                whenever the source was lost: it should look the camera up anew, by its stable id.

        Raises:
            RuntimeError: The session is running already.
        """
        raise NotImplementedError

    def stop(self) -> tuple[Event, ...]:
        """Stop within three seconds, in every state.

        A thread that does not come back from a driver or from the model by then is left behind;
        it can publish nothing any more, and the message of STOPPED names it.

        Returns:
            The action that was still going on, if any.
        """
        raise NotImplementedError

    def swap(self, recognizer: Recognizer) -> None:
        """Use this model from the next frame on; mends a fault of the one before.

        The window fills anew, and `recognizer.explain` holds. The recogniser belongs to the session
        from now on.
        """
        raise NotImplementedError

    def explain(self, index: int) -> None:
        """Explain the class of this index from the next frame on; -1 for the most probable one.

        Raises:
            ValueError: The model knows no such class, or there is no model.
        """
        raise NotImplementedError

    def restart(self) -> None:
        """After FAULTED: try again, with an empty window. Does nothing in other states."""
        raise NotImplementedError

    def take_frame(self) -> Frame | None:
        """The newest picture, once; None where there is none since the last call.

        Its time is in seconds since the first frame of the session, also across losses.
        """
        raise NotImplementedError

    def stats(self) -> Stats:
        """Rates, ages and counts of this session."""
        raise NotImplementedError

    def run_info(self) -> RunInfo | None:
        """What a `Recorder` wants to know; None until there are both a model and a picture."""
        raise NotImplementedError
