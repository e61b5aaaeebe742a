"""A video stream from the network, by FFmpeg inside OpenCV."""

from __future__ import annotations

from time import perf_counter, sleep
from urllib.parse import urlsplit

from har_desktop.errors import InputError, SourceError
from har_desktop.frame import Image
from har_desktop.opencv import cv2
from har_desktop.sources.arrival import ArrivingSource

SCHEMES = ("http", "https", "rtsp", "rtmp", "udp")

_OPEN_TIMEOUT_MS = 5000
# A loss is to be seen within two seconds.
_READ_TIMEOUT_MS = 1500
# No picture waits any longer: such a leap of the stamps is none of time.
_LONGEST_STEP_S = 1.0


class Pacer:
    """Holds pictures back that come faster than they were taken, until their time has come.

    Of fewer than one a second, and without stamps, they come as they come.
    """

    def __init__(self) -> None:
        self._ahead: float | None = None  # of the stamps, this process's clock

    def wait(self, stamp: float) -> None:
        """Wait for a picture's time, in seconds by its stamp; one that is late sets it anew."""
        now = perf_counter()
        early = 0.0 if self._ahead is None else self._ahead + stamp - now
        if 0.0 < early <= _LONGEST_STEP_S:
            sleep(early)
        else:
            self._ahead = now - stamp


class NetworkStream(ArrivingSource):
    """Frames of a stream, stamped on arrival.

    What a server has in store comes as fast as the network carries it: segments of a play list
    (HLS, by an address that ends in .m3u8), a whole file. Of these each picture waits for its time.

    Its name, also in messages, is host and port: user, password, path and query of an address may
    be secrets. A rate is not believed, for OpenCV invents one where the stream has none. Should the
    pictures change size within one connection, OpenCV scales them to the first one's.

    Args:
        url: Its address.

    Raises:
        InputError: It is no address, or of a scheme that is not in `SCHEMES`.
    """

    def __init__(self, url: str) -> None:
        scheme, separator, rest = url.strip().partition("://")
        self._url = f"{scheme.lower()}{separator}{rest}"
        super().__init__(_check(self._url))
        self._pacer: Pacer | None = None

    def _connect(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture(
            self._url,
            cv2.CAP_FFMPEG,
            [
                *(cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _OPEN_TIMEOUT_MS),
                *(cv2.CAP_PROP_READ_TIMEOUT_MSEC, _READ_TIMEOUT_MS),
            ],
        )
        if not capture.isOpened():
            raise SourceError(
                f"{self._name}: no video to be had from there; check the address and the server"
            )
        address = urlsplit(self._url)
        stored = address.path.lower().endswith(".m3u8") or capture.get(cv2.CAP_PROP_FRAME_COUNT) > 0
        self._pacer = Pacer() if stored and address.scheme in ("http", "https") else None
        return capture

    def _decode(self) -> Image | None:
        image = super()._decode()
        if image is not None and self._capture is not None and self._pacer is not None:
            self._pacer.wait(self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0)
        return image

    def _nominal_fps(self, stated: float) -> None:  # noqa: ARG002
        return None

    def _repeats(self, codec: int) -> bool:
        return codec != cv2.VideoWriter.fourcc(*"MJPG")  # which has no pictures but whole ones


def _check(url: str) -> str:
    """See that it is an address we take; its host and port. The address itself is never told."""
    kinds = ", ".join(f"{scheme}://" for scheme in SCHEMES)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # its text may hold a password
        raise InputError("network stream: malformed address; check host and port") from None
    if parts.scheme not in SCHEMES:
        raise InputError(f"network stream: the address must begin with one of {kinds}")
    if not parts.hostname or not url.isprintable() or " " in url:
        raise InputError("network stream: the address names no host; check its spelling")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return host if port is None else f"{host}:{port}"
