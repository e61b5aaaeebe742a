"""One slot between two threads: the newest item wins, and what gave way to it is counted."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """Holds at most one item. Never waits; a receiver that wants to waits on the condition.

    After any call: put == taken + dropped + waiting, exactly.

    Attributes:
        put_count: Items that were put in.
        taken: Items that were taken out.
        dropped: Items that gave way to a newer one, or that were cleared.
    """

    def __init__(self, condition: threading.Condition | None = None) -> None:
        """Make an empty one; `condition` is notified of each item, and guards the slot."""
        self._condition = condition or threading.Condition()
        self._slot: list[T] = []
        self.put_count = 0
        self.taken = 0
        self.dropped = 0

    @property
    def waiting(self) -> int:
        """Items in the slot: 0 or 1."""
        return len(self._slot)

    def put(self, item: T) -> bool:
        """Put an item in, over an older one; True where there was none."""
        with self._condition:
            was_empty = not self._slot
            self.clear()
            self._slot.append(item)
            self.put_count += 1
            self._condition.notify_all()
            return was_empty

    def take(self) -> T | None:
        """Take the item out; None where there is none."""
        with self._condition:
            if not self._slot:
                return None
            self.taken += 1
            return self._slot.pop()

    def clear(self) -> None:
        """Drop what is inside."""
        with self._condition:
            self.dropped += len(self._slot)
            self._slot.clear()
