"""What is there of a recorded video: pictures, answers, times; and how more is got, bit by bit."""

from __future__ import annotations

from collections.abc import Callable

from har_desktop.errors import SourceError
from har_desktop.frame import Frame
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.album import Album
from har_desktop.pipeline.analysis import Analysis
from har_desktop.pipeline.reels import NEAR, Reels
from har_desktop.pipeline.result import Result
from har_desktop.sources.base import Source

# How much can be shown of a frame: its picture; also what was decided; all that there will be.
PICTURE, DECISION, ALL = range(3)
# Seconds: a header that claims more than a week is damaged.
_LONGEST_S = 7 * 24 * 3600.0


class Stock:
    """Every method that reads or computes does one small thing, so that nothing waits for long.

    But that a jump in a long film takes as long as all is decoded from the key frame before.

    SourceError is raised where the source cannot be opened, holds nothing or breaks, and GraphError
    where ONNX Runtime failed.

    Attributes:
        reels: The source.
        album: Pictures and windows around the frame that is looked at.
        analysis: What is known of each frame.
        length: Number of frames; None until the end was reached.
    """

    def __init__(
        self,
        open_source: Callable[[], Source],
        recognizer: Recognizer,
        memory: int,
        on_result: Callable[[Result], object],
    ) -> None:
        self.reels = Reels(open_source)
        self.album = Album(memory)
        self.analysis = Analysis(recognizer, self.album)
        self.length: int | None = None
        self._on_result = on_result
        self._held: Result | None = None  # the newest one, until it is sure what ends with it
        self._hopeless: int | None = None  # a frame whose window doesn't fit into the memory
        self._fetched: set[int] = set()  # what was missing for the frame that is looked at
        self._near = NEAR

    def close(self) -> None:
        """Close the source and keep nothing."""
        self.reels.close()
        self.album.clear()
        self._on_result = lambda _: None

    def look_at(self, index: int) -> None:
        """Keep what lies around this frame."""
        self.album.centre = index
        self._hopeless = None
        self._fetched.clear()

    def detail(self, index: int) -> int | None:
        """How much of a frame can be shown at once; None if nothing."""
        if index not in self.album:
            return None
        if index >= self.analysis.frontier:
            return PICTURE
        return DECISION if self._lacks_window(index) else ALL

    def duration(self) -> float:
        """Seconds from the first frame to the last, as far as is known."""
        known = self.analysis.times[-1] if self.analysis.times else 0.0
        info = self.reels.info
        if self.length is None and info and info.frames and info.fps:
            claimed = (info.frames - 1) / info.fps
            return max(known, claimed if claimed < _LONGEST_S else 0.0)
        return known

    def restore(self, index: int) -> bool:
        """Bring back something of a frame that had to go; False if nothing had to."""
        if (missing := self._missing(index)) is not None:
            self._fetch(index, missing)
            return True
        if self._lacks_window(index):
            self.analysis.answer_again(index)
            return True
        return False

    def analyse(self, index: int) -> bool:
        """Go on with the analysis, in order; False if it is past this frame or at the end."""
        frontier = self.analysis.frontier
        if frontier == self.length or frontier > index:
            return False
        frame = self.reels.read_towards(frontier, spare=frontier)
        if frame is None:
            self._end_at(frontier)
        elif frame.index == frontier:
            self.analysis.push(frame)
            if self._held is not None:
                self._on_result(self._held)
            self._held = self.analysis.result(frame)
            if frontier + 1 == self.length:
                self._finish()
        return True

    def explore(self) -> Frame | None:
        """Read on beyond all frames that are known; the next one of them, if it was reached."""
        known = len(self.analysis.times)
        frame = self.reels.read_towards(known, spare=self.analysis.frontier)
        if frame is None:
            self._end_at(known)
            return None
        if frame.index != known:
            return None
        self.analysis.note(frame)
        return frame

    def keep(self, frame: Frame) -> None:
        """Keep the picture of a frame, if there isn't more of it already."""
        if frame.index >= self.analysis.frontier:
            self.album.add(frame, self.analysis.encode(frame), None)

    def _lacks_window(self, index: int) -> bool:
        return index != self._hopeless and self.analysis.lacks_window(index)

    def _missing(self, index: int) -> int | None:
        """The first picture that is missing for a frame."""
        wanted = [index] if index != self.analysis.frontier else []  # that one is analysed anyway
        if self._lacks_window(index):
            wanted = [*self.analysis.sources_of(index), index]
        return next((i for i in wanted if i not in self.album), None)

    def _fetch(self, index: int, missing: int) -> None:
        """Read one frame on the way to a picture that is missing for a frame."""
        if missing in self._fetched and self._near:
            self._near = 0  # what was kept besides has pushed it out
            self.album.forget_all_but([*self.analysis.sources_of(index), index])
        frame = self.reels.read_towards(missing, spare=self.analysis.frontier)
        if frame is None:
            self._end_at(missing)
        elif frame.index >= missing - self._near and frame.index not in self.album:
            self.analysis.note(frame)
            self.album.add(frame, self.analysis.encode(frame), None)
        if frame is not None and frame.index == missing:
            self._fetched.add(missing)
            if missing not in self.album:
                self._hopeless = index  # nearer pictures take all the room

    def _end_at(self, length: int) -> None:
        """The source has ended after so many frames."""
        name = self.reels.info.name if self.reels.info else "the source"
        if length == 0:
            raise SourceError(f"{name}: holds no picture; choose another file")
        if length < len(self.analysis.times):
            raise SourceError(f"{name}: ended earlier than at the first reading; open it again")
        self.length = length
        if self.analysis.frontier == length:
            self._finish()

    def _finish(self) -> None:
        """All is analysed; the action that still goes on ends with the last frame."""
        self.analysis.finish()
        if self._held is not None:
            frame, self._held = self._held.recognition.frame, None
            if (result := self.analysis.result(frame)) is not None:
                self._on_result(result)
