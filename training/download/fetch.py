"""Files over HTTP from a server that stalls, fails, cuts short, or comes back only later.

A file is received as NAME.part and gets its name when it is whole, checked and on the disk. What
is left of an interrupted one is taken up by a range request. The server's Last-Modified is the
modification time of the part, and goes back as If-Range: so the rest of another version is never
appended, and a part that nobody stamped starts anew.
"""

from __future__ import annotations

import os
import random
import re
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import certifi
import requests
import urllib3
from requests.adapters import HTTPAdapter

from har_desktop.errors import HarError, InputError
from har_desktop.sinks.atomic import writing

ATTEMPTS = 5  # in a row that bring nothing new
BACKOFF_S = 1.0  # before the second attempt; doubled each time
LONGEST_WAIT_S = 60.0
TIMEOUT_S = (10.0, 30.0)  # to connect; without a byte
BLOCK = 1 << 13  # what a stall costs at most of what had come
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})

_NO_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)

T = TypeVar("T")


class GaveUpError(HarError):
    """A file that could not be had, whatever was tried."""


class StoppedError(HarError):
    """Somebody called `Fetcher.stop`."""


class PassingError(Exception):
    """Worth another attempt.

    Args:
        reason: What went wrong.
        wait: Seconds that the server asks for.
    """

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


class Fetcher:
    """Fetches files, from several threads at once.

    Args:
        ca: A PEM file of certificates to trust besides the usual ones.
        verify: Whether to check who the server is.

    Raises:
        InputError: `ca` holds no certificates.
    """

    def __init__(self, ca: Path | None = None, *, verify: bool = True) -> None:
        self._verify = verify
        self._context = _trust(ca) if ca else None
        self._here = threading.local()
        self._stopped = threading.Event()
        if not verify:
            # Ours is said once, and not for each of a thousand clips.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def stop(self) -> None:
        """End every thread's work at its next block or pause, with a StoppedError."""
        self._stopped.set()

    def read(self, url: str) -> bytes:
        """A small document.

        Raises:
            InputError: The address is none, or the server cannot be trusted.
            GaveUpError: It cannot be had.
        """

        def attempt() -> bytes:
            with self._get(url, {}) as response:
                return b"".join(response.iter_content(BLOCK))

        return self._patiently(url, attempt, lambda: 0)

    def save(self, url: str, path: Path, check: Callable[[Path], None]) -> None:
        """Fetch a file; `path` is there only when all of it is, and `check` agreed.

        Args:
            url: Its address.
            path: Its name in an existing folder.
            check: Raises PassingError where the received file is not good.

        Raises:
            InputError: The address is none, or the server cannot be trusted.
            OutputError: It cannot be written.
            GaveUpError: It cannot be had.
        """
        part = path.with_name(f"{path.name}.part")

        def attempt() -> None:
            self._receive(url, part)
            try:
                check(part)
            except PassingError:
                part.unlink()
                raise
            with writing(path):
                part.replace(path)

        self._patiently(url, attempt, lambda: _length(part))

    def _patiently(self, url: str, attempt: Callable[[], T], received: Callable[[], int]) -> T:
        """Try until it is done, or until nothing new came `ATTEMPTS` times in a row."""
        furthest, failures = received(), 0
        while True:
            try:
                return attempt()
            except PassingError as error:
                reason, wait = str(error), error.wait
            except requests.exceptions.SSLError as error:
                raise InputError(_distrust(url, error)) from error
            except _NO_ADDRESS as error:
                raise InputError(f"{url} is no address that can be fetched: {error}") from error
            except requests.RequestException as error:
                reason, wait = _innermost(error), 0.0
            failures = 1 if received() > furthest else failures + 1
            furthest = max(furthest, received())
            if failures >= ATTEMPTS:
                raise GaveUpError(f"{url}: {reason}; given up after {failures} attempts")
            pause = max(wait, BACKOFF_S * 2 ** (failures - 1) * random.uniform(0.75, 1.25))  # noqa: S311
            self._stopped.wait(min(pause, LONGEST_WAIT_S))
            self._go_on()

    def _go_on(self) -> None:
        if self._stopped.is_set():
            raise StoppedError("stopped")

    def _get(self, url: str, headers: Mapping[str, str]) -> requests.Response:
        """An answer with a body to read; every other status is an error."""
        if not hasattr(self._here, "session"):
            self._here.session = self._session()
        response = self._here.session.get(
            url,
            headers={"Accept-Encoding": "identity", **headers},
            stream=True,
            timeout=TIMEOUT_S,
            verify=self._verify,
        )
        if response.status_code in (200, 206, 416):
            return response
        response.close()
        said = f"the server answers {response.status_code} {response.reason}".rstrip()
        if response.status_code in PASSING:
            asked = response.headers.get("Retry-After", "")
            raise PassingError(said, float(asked) if asked.isdigit() else 0.0)
        raise GaveUpError(f"{url}: {said}")

    def _session(self) -> requests.Session:
        session = requests.Session()
        session.headers["User-Agent"] = "har-desktop"
        if self._context is not None:
            session.mount("https://", _Trusting(self._context))
        return session

    def _receive(self, url: str, part: Path) -> None:
        """Bring `part` to its full length."""
        there = _length(part)
        headers = {}
        if there:
            stamp = int(part.stat().st_mtime)
            since = formatdate(stamp, usegmt=True)
            headers = {"Range": f"bytes={there}-", "If-Range": since}
        with self._get(url, headers) as response:
            modified = _modified(response)
            start, length = _span(response, there)
            if start and modified != stamp:
                start = -1  # a server that does not know If-Range, and another version
            if start < 0 or response.status_code == 416:
                part.unlink(missing_ok=True)
                raise PassingError("the server's file is not the one that was begun")
            self._write(response, part, start, modified)
        came = part.stat().st_size
        if length is not None and came != length:
            if came > length:
                part.unlink()
            raise PassingError(f"{came} bytes came of {length}")

    def _write(
        self, response: requests.Response, part: Path, start: int, modified: int | None
    ) -> None:
        with writing(part):
            file = part.open("ab" if start else "wb")
        try:
            for block in response.iter_content(BLOCK):
                self._go_on()
                with writing(part):
                    file.write(block)
            with writing(part):
                file.flush()
                os.fsync(file.fileno())
        finally:
            with suppress(OSError):  # a full disk has been told of already
                file.close()
            # Without a stamp nobody could tell later which version this is a part of.
            with suppress(OSError):
                os.utime(part, (modified or 0, modified or 0))


class _Trusting(HTTPAdapter):
    """Checks certificates against a context of our own."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._context)


def _trust(ca: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certifi.where())
    try:
        context.load_verify_locations(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise InputError(f"{ca} holds no certificates in PEM form: {error}") from error
    return context


def _distrust(url: str, error: Exception) -> str:
    return (
        f"{urlsplit(url).hostname} cannot be trusted: {_innermost(error)}. A server that leaves out"
        " an intermediate certificate can be helped with --ca FILE (PEM), which holds it;"
        " --insecure fetches without knowing from whom"
    )


def _innermost(error: BaseException) -> str:
    """What the lowest layer said: requests wraps urllib3's errors, and those the system's."""
    inner = error
    while True:
        reason = getattr(inner, "reason", None)
        below = reason if isinstance(reason, BaseException) else inner.__cause__
        below = below or next((a for a in inner.args if isinstance(a, BaseException)), None)
        if below is None:
            # urllib3 puts the connection before some of them, as Python prints objects.
            said = re.sub(r"^<[^>]*>:?\s*|^\w+\([^)]*\):\s*", "", str(inner))
            return said or type(inner).__name__
        inner = below


def _modified(response: requests.Response) -> int | None:
    """Last-Modified in seconds since 1970; None where the server does not tell."""
    try:
        return int(parsedate_to_datetime(response.headers["Last-Modified"]).timestamp())
    except (KeyError, ValueError, TypeError):
        return None


def _span(response: requests.Response, asked: int) -> tuple[int, int | None]:
    """Where the body begins (-1: not where it was asked to), and how long the whole file is."""
    if response.status_code == 206:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("Content-Range", ""))
        if match is None or int(match[1]) != asked:
            return -1, None
        return asked, int(match[2])
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None


def _length(path: Path) -> int:
    """Bytes of a part that can be gone on with; 0 where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0
    return status.st_size if status.st_mtime > 0 else 0
