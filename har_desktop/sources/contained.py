"""A recorded video, decoded in another process: what a broken file breaks is not this program.

FFmpeg reads whatever it is given, in C. A file that makes it crash, or run for ever, takes its
process with it; here that is one that can be spared (docs/adr/0015-contained-decoder.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from har_desktop.errors import SourceError
from har_desktop.frame import Frame
from har_desktop.sources.base import Source, SourceInfo
from har_desktop.sources.decoder import CLOSE, NEXT, Wish
from har_desktop.sources.decoder_process import DecoderError, DecoderProcess

OPENING_S = 30.0  # a process has to start, and a disk perhaps to wake up
PICTURE_S = 10.0
SEEK_S = 2.0  # if it takes longer, it can be read from the start
# So many pictures are asked for ahead: they are decoded and sent while this process does its work.
_AHEAD = 2


class Decoder:
    """Starts a process when there is something to decode, and another one where that has died.

    One decoder serves one video at a time, and any number of them one after another.
    """

    def __init__(self) -> None:
        self._process: DecoderProcess | None = None
        self._due = 0  # answers to wishes that were sent

    def start(self) -> DecoderProcess:
        """Start the process where none runs.

        Raises:
            DecoderError: The system does not let us.
        """
        if self._process is None:
            self._process, self._due = DecoderProcess(), 0
        return self._process

    def ask(self, wish: Wish) -> None:
        """Send a wish, as in `decoder`.

        Raises:
            DecoderError: There is no process, and none can be started.
        """
        self.start().send(wish)
        self._due += 1

    def answer(self, patience: float) -> dict[str, Any]:
        """Wait so many seconds for the answer to the oldest wish; with its "image", if any.

        Raises:
            DecoderError: It does not come; the process is ended.
        """
        try:
            answer = self.start().receive(patience)
        except DecoderError:
            self.close()
            raise
        self._due -= 1
        return answer

    def forget(self) -> None:
        """Let the answers pass by that are still due."""
        with suppress(DecoderError):  # a new process has nothing to forget
            while self._process is not None and self._due:
                self.answer(PICTURE_S)

    def close(self) -> None:
        """End the process. May be called at any time, any number of times."""
        process, self._process = self._process, None
        if process is not None:
            process.end()


class ContainedVideo(Source):
    """Like `VideoFile`, but `VideoFile` does its work in a process of its own.

    Args:
        path: The file.
        decoder: Who does the work, and is left for others afterwards; None for one of its own.
    """

    def __init__(self, path: Path, decoder: Decoder | None = None) -> None:
        self._path = path
        self._decoder, self._lent = decoder or Decoder(), decoder is not None
        self._index = 0
        self._open = self._ended = False

    def open(self) -> SourceInfo:
        """Start at the first frame.

        Raises:
            SourceError: There is no such file, it cannot be read, none of it can be decoded, or
                the decoder crashes or hangs on it.
        """
        self._index, self._open, self._ended = 0, False, False
        with self._telling():
            self._decoder.forget()
            self._decoder.ask(str(self._path))
        answer = self._answer(OPENING_S)
        self._ask_ahead()
        self._open = True
        return msgspec.convert(answer["info"], SourceInfo)

    def read(self) -> Frame | None:
        """Wait for the next frame; None at the end, and from then on.

        Raises:
            SourceError: The decoder has crashed, or hangs.
        """
        if not self._open or self._ended:
            return None
        answer = self._answer(PICTURE_S)
        if "end" in answer:
            self._ended = True
            return None
        self._decoder.ask(NEXT)
        self._index += 1
        return Frame(answer["image"], self._index - 1, answer["time"])

    def seek(self, index: int, time: float) -> bool:
        """Go on with about this frame.

        Raises:
            SourceError: The decoder has crashed, or hangs.
        """
        if not self._open:
            return False
        with self._telling():
            self._decoder.forget()
            self._decoder.ask((index, time))
        if not self._answer(SEEK_S)["sought"]:
            return False
        self._ask_ahead()
        self._index, self._ended = index, False
        return True

    def close(self) -> None:
        """End the process, or let it close the file."""
        if not self._lent:
            self._decoder.close()
        elif self._open:
            self._decoder.ask(CLOSE)
        self._open = False

    def _ask_ahead(self) -> None:
        for _ in range(_AHEAD):
            self._decoder.ask(NEXT)

    def _answer(self, patience: float) -> dict[str, Any]:
        with self._telling():
            answer = self._decoder.answer(patience)
        if "error" in answer:
            self._open = False
            raise SourceError(answer["error"])
        return answer

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell of the decoder's end as what it is to a person: something about this file."""
        try:
            yield
        except DecoderError as error:
            self._open = False
            raise SourceError(f"{self._path}: {error}") from error
