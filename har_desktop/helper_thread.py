"""Threads that make calls for another one, in order."""

from __future__ import annotations

import queue
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from typing import Any, TypeVar

T = TypeVar("T")

_Tasks = queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None]


class HelperThread:
    """A daemon that starts with the first call and ends with this object.

    The pools of `concurrent.futures` keep the interpreter until their calls have ended, and a
    call of a driver may never end.
    """

    def __init__(self, name: str) -> None:
        self._tasks: _Tasks = queue.SimpleQueue()
        self._thread = threading.Thread(target=_work, args=(self._tasks,), name=name, daemon=True)
        weakref.finalize(self, self._tasks.put, None)

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Have a call made after those before it. Only one thread at a time may submit."""
        if self._thread.ident is None:
            self._thread.start()
        future = Future[T]()
        self._tasks.put((future, call))
        return future


def together(helpers: Sequence[HelperThread], calls: Sequence[Callable[[], T]]) -> list[T]:
    """Make calls at the same time, the last one in this thread.

    Args:
        helpers: One for each call but the last.
        calls: At least one.

    Returns:
        What each of them returns, when all have ended.

    Raises:
        Exception: What one of them raised: the last one, or the first of the others.
    """
    *others, own = calls
    futures = [helper.submit(call) for helper, call in zip(helpers, others, strict=True)]
    try:
        last = own()
    finally:
        wait(futures)
    return [*(future.result() for future in futures), last]


def _work(tasks: _Tasks) -> None:
    while (task := tasks.get()) is not None:
        future, call = task
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001, told by the future
            future.set_exception(error)
        del task, future, call  # they hold pictures, and what was made of them
