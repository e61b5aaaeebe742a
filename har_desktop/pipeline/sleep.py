"""How long the computer has slept: a clock that runs through it beside one that stands still."""

from __future__ import annotations

import sys
import time


def slept_s() -> float:
    """Seconds that the computer has slept by now, from some moment on; 0.0 where nobody tells.

    On Windows `perf_counter` runs on, so that what it measures has the sleep in it.
    """
    if sys.platform == "linux":
        through = time.clock_gettime(time.CLOCK_BOOTTIME)
    elif sys.platform == "darwin":
        through = time.clock_gettime(time.CLOCK_MONOTONIC)
    else:
        return 0.0
    return through - time.perf_counter()
