"""A process that runs `har_desktop.sources.decoder`, and the two pipes to it."""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from contextlib import closing, suppress
from io import FileIO
from typing import Any, cast

import numpy as np

from har_desktop.errors import HarError
from har_desktop.sources.decoder import LENGTH, Wish

if sys.platform == "linux":
    import fcntl

log = logging.getLogger(__name__)

_COMMAND = (sys.executable, "-P", "-m", "har_desktop.sources.decoder")
_PIPE_BYTES = 2**20  # as much as Linux lets everybody have: fewer, larger pieces cost less
_DYING_S = 2.0
_ADVICE = "convert it with another program, or choose another file"


class DecoderError(HarError):
    """What has become of a decoder, for a message."""


class DecoderProcess:
    """Runs until `end`, or until a file kills it. A thread, `video-decoder`, takes what it sends.

    Attributes:
        pid: Of the process.

    Raises:
        DecoderError: The system starts no process.
    """

    def __init__(self) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603
                _COMMAND,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # What a C library says as it dies; who wants to read it sets this variable.
                stderr=None if "OPENCV_LOG_LEVEL" in os.environ else subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise DecoderError(
                f"no decoder can be started: {error.strerror}; close other programs"
            ) from error
        self.pid = self._process.pid
        self._wishes = cast(FileIO, self._process.stdin)
        self._pipe = cast(FileIO, self._process.stdout)
        if sys.platform == "linux":
            with suppress(OSError):  # somebody has many pipes already
                fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._starved = False
        self._answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._collect, name="video-decoder", daemon=True)
        self._thread.start()

    def send(self, wish: Wish) -> None:
        """Send a wish, as in `decoder`; where the process has died, that shows in `receive`."""
        with suppress(OSError):
            self._wishes.write(json.dumps(wish).encode() + b"\n")

    def receive(self, patience: float) -> dict[str, Any]:
        """Wait for the next answer, with the picture as "image", (height, width, 3) uint8 BGR.

        Raises:
            DecoderError: It has not come for `patience` seconds, or the process has died.
        """
        try:
            answer = self._wait(patience)
        except queue.Empty:
            raise DecoderError(
                f"the decoder has not got on with it for {patience:g} s; {_ADVICE}"
            ) from None
        if answer is None and self._starved:
            raise DecoderError("there is not enough memory for its pictures; close other programs")
        if answer is None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_DYING_S)
            cause = _cause(self._process.returncode)
            raise DecoderError(f"the decoder crashed on it ({cause}); {_ADVICE}")
        return answer

    def end(self) -> None:
        """Kill the process, which has nothing to lose; wait until it is gone, but not for ever."""
        self._process.kill()
        try:
            self._process.wait(_DYING_S)
        except subprocess.TimeoutExpired:
            log.warning("left behind: a decoder whose disk or network does not answer")
        self._wishes.close()
        self._thread.join(_DYING_S)

    def _wait(self, patience: float) -> dict[str, Any] | None:
        """In two halves: one may be over because somebody had stopped this program (Ctrl-Z)."""
        try:
            return self._answers.get(timeout=patience / 2)
        except queue.Empty:
            return self._answers.get(timeout=patience / 2)

    def _collect(self) -> None:
        """Take answers off the pipe until it ends, which it does with the process."""
        try:
            with suppress(EOFError), closing(self._pipe):
                while True:
                    self._answers.put(self._next())
        except MemoryError:
            self._starved = True
        finally:
            self._answers.put(None)

    def _next(self) -> dict[str, Any]:
        (length,) = LENGTH.unpack(self._take(bytearray(LENGTH.size)))
        answer: dict[str, Any] = json.loads(self._take(bytearray(length)))
        if "shape" in answer:
            image = np.empty((*answer["shape"], 3), np.uint8)
            self._take(image.reshape(-1))
            answer["image"] = image
        return answer

    def _take(self, room: Any) -> Any:
        """Fill a buffer of bytes."""
        rest = memoryview(room)
        while rest:
            count = self._pipe.readinto(rest)
            if not count:
                raise EOFError
            rest = rest[count:]
        return room


def _cause(code: int | None) -> str:
    """What an exit code says."""
    if code is None:
        return "it does not end"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"exit code {code:#x}" if code > 255 else f"exit code {code}"
