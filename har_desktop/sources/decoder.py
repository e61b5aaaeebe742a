"""Decodes videos in a process of its own, for `har_desktop.sources.contained`.

    python -P -m har_desktop.sources.decoder

Standard input brings wishes, a line of JSON each: a path means to open that file, `NEXT` to send
its next picture, `CLOSE` to let go of it, [index, time] to go on with about that frame. Each wish
is answered on standard output, in order: the length of a JSON object (4 bytes, little-endian), that
object, and, where it has a "shape", the picture's bytes. The object has "info" of an opened file,
"shape" and "time" of a picture, "end" where there is no picture, "sought" (whether it has gone
there), or an "error" for a person. The process ends with its input, so it never outlives the
program that started it, not even one that was killed.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import struct
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from har_desktop.errors import SourceError
from har_desktop.frame import Image
from har_desktop.sources.video import VideoFile

LENGTH = struct.Struct("<I")
NEXT, CLOSE = "", "."  # neither names a file that could be a video
Wish = str | tuple[int, float]


def serve(wishes: BinaryIO, answers: BinaryIO) -> None:
    """Answer wishes until nobody takes the answers any more."""
    waiting: queue.SimpleQueue[Wish] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(wishes, waiting), name="wishes", daemon=True).start()
    source, name = VideoFile(Path()), ""
    with suppress(BrokenPipeError):
        while True:
            wish = waiting.get()
            if isinstance(wish, str) and wish != NEXT:
                source.close()
                source, name = VideoFile(Path(wish)), wish
            try:
                header, image = _fulfil(wish, source)
            except SourceError as error:
                header, image = {"error": str(error)}, None
            except Exception as error:  # noqa: BLE001 - whatever it is, the file is the cause
                kind = type(error).__name__
                header, image = {"error": f"{name}: cannot be decoded: {kind}: {error}"}, None
            text = json.dumps(header).encode()
            answers.write(LENGTH.pack(len(text)) + text)
            if image is not None:
                answers.write(image.data)
            answers.flush()


def _fulfil(wish: Wish, source: VideoFile) -> tuple[dict[str, Any], Image | None]:
    """The answer: an object, and perhaps a picture."""
    if not isinstance(wish, str):
        return {"sought": source.seek(*wish)}, None
    if wish == CLOSE:
        return {"end": True}, None
    if wish != NEXT:
        return {"info": msgspec.to_builtins(source.open())}, None
    frame = source.read()
    if frame is None:
        return {"end": True}, None
    return {"shape": frame.size, "time": frame.time}, frame.image


def _listen(wishes: BinaryIO, waiting: queue.SimpleQueue[Wish]) -> None:
    """Take wishes while others are worked on; at their end, end the process whatever it does."""
    for line in wishes:
        waiting.put(json.loads(line))
    os._exit(0)


def _keep_quiet() -> None:
    """Let a crash be nobody's business but that of the program that started this process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for that program
    if sys.platform == "win32":
        import msvcrt

        msvcrt.SetErrorMode(msvcrt.SEM_NOGPFAULTERRORBOX | msvcrt.SEM_FAILCRITICALERRORS)
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        # Where a file makes it take all memory, it shall be the one that is ended for it.
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("1000")


def main() -> None:
    """Serve standard input and output, which nothing else gets to write to."""
    _keep_quiet()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
