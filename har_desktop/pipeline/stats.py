"""What a live session achieves, in numbers."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stats:
    """Taken at one moment; captured == processed + dropped + pending, always and exactly.

    Attributes:
        capture_fps: Frames per second that arrived in the last two seconds.
        inference_fps: Results per second in the last two seconds.
        label_age_p50: Median age of a result when it is published, over the last ten seconds: from
            the arrival of its frame, in seconds. None without results.
        label_age_p95: The age that 95 of 100 results stay under. None without results.
        captured: Frames that arrived since the start.
        processed: Frames that the model has seen to the end.
        dropped: Frames that gave way to a newer one, or whose inference failed.
        pending: Frames that wait or are being looked at: 0, 1 or 2.
    """

    capture_fps: float
    inference_fps: float
    label_age_p50: float | None
    label_age_p95: float | None
    captured: int
    processed: int
    dropped: int
    pending: int
