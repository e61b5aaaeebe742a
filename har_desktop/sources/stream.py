"""A video stream from the network."""

from __future__ import annotations

from har_desktop.frame import Frame
from har_desktop.sources.base import Source, SourceInfo

SCHEMES = ("http", "https", "rtsp", "rtmp", "udp")


class NetworkStream(Source):
    """Frames of a stream, stamped on arrival. Name and password in its address are never told.

    Args:
        url: Its address.

    Raises:
        InputError: It is no address, or of a scheme that is not in `SCHEMES`.
    """

    def __init__(self, url: str) -> None:
        raise NotImplementedError

    def open(self) -> SourceInfo:
        """Connect and wait for the first picture.

        Raises:
            SourceError: Nobody answers in time, or the answer holds no picture.
        """
        raise NotImplementedError

    def read(self) -> Frame | None:
        """Wait for the next picture; None where it does not come in time or the stream ended."""
        raise NotImplementedError

    def close(self) -> None:
        """Disconnect."""
        raise NotImplementedError
