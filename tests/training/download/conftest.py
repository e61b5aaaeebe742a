"""A server on loopback that shows clips as the public listing does, and misbehaves when told to."""

from __future__ import annotations

import io
import socket
import struct
import threading
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from email.utils import formatdate, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from training.download import fetch
from training.download.listing import LIST_NAMES

CLASSES = ("Drift", "HandstandPushups", "Still")
MODIFIED = 1_370_353_140
ROW = (
    '<tr><td valign="top"><img src="/icons/movie.gif" alt="[VID]"></td>'
    '<td><a href="{name}">{name}</a></td>'
    '<td align="right">2013-06-04 13:39  </td><td align="right">{size:>4}</td><td>&nbsp;</td></tr>'
)
HEAD = (
    "<html><head><title>Index of /UCF101</title></head><body><h1>Index of /UCF101</h1><table>"
    '<tr><th><a href="?C=N;O=D">Name</a></th><th><a href="?C=S;O=A">Size</a></th></tr>'
    '<tr><td><a href="/THUMOS14/">Parent Directory</a></td><td>&nbsp;</td><td>  - </td></tr>'
)


def apache_size(length: int) -> str:
    """A size as mod_autoindex shows it."""
    if length < 973:
        return str(length)
    kilo = length / 1024
    return f"{kilo:.1f}K" if kilo < 9.95 else f"{kilo:.0f}K"


class Mirror:
    """The server.

    Attributes:
        files: Content by path.
        faults: By path, what happens instead of a good answer, one fault per request.
        asked: (path, Range) of every request.
        ranges: Whether it grants ranges.
        modified: Last-Modified of all files, None for none.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[Callable[[BaseHTTPRequestHandler, bytes], None]]] = defaultdict(
            list
        )
        self.asked: list[tuple[str, str | None]] = []
        self.ranges = True
        self.modified: int | None = MODIFIED
        self.closing = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,)).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()

    def index(self) -> None:
        """Show the clips that there are."""
        rows = [
            ROW.format(name=path.rpartition("/")[2], size=apache_size(len(content)))
            for path, content in self.files.items()
            if path.endswith(".avi")
        ]
        self.files["/clips/"] = "\n".join([HEAD, *rows, "</table></body></html>"]).encode()

    def _handler(mirror) -> type[BaseHTTPRequestHandler]:  # noqa: N805, the handler has its own self
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked = self.headers.get("Range")
                mirror.asked.append((self.path, asked))
                content = mirror.files.get(self.path)
                if content is None:
                    self.send_error(404)
                elif mirror.faults[self.path]:
                    mirror.faults[self.path].pop(0)(self, content)
                else:
                    self.answer(content, asked)

            def answer(self, content: bytes, asked: str | None) -> None:
                start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
                since = self.headers.get("If-Range")
                if since and parsedate_to_datetime(since).timestamp() != mirror.modified:
                    start = 0
                if not mirror.ranges:
                    start = 0
                if start >= len(content) > 0:
                    self.send_response(416)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                self.send_response(206 if start else 200)
                if start:
                    span = f"bytes {start}-{len(content) - 1}/{len(content)}"
                    self.send_header("Content-Range", span)
                self.head(len(content) - start)
                self.wfile.write(content[start:])

            def head(self, length: int) -> None:
                self.send_header("Content-Length", str(length))
                if mirror.modified is not None:
                    self.send_header("Last-Modified", formatdate(mirror.modified, usegmt=True))
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        Handler.mirror = mirror
        return Handler


def fail(status: int, **headers: str) -> Callable[[BaseHTTPRequestHandler, bytes], None]:
    def fault(handler: BaseHTTPRequestHandler, content: bytes) -> None:  # noqa: ARG001
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return fault


def stall(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Half of it, and then silence."""
    handler.send_response(200)
    handler.head(len(content))
    handler.wfile.write(content[: len(content) // 2])
    handler.mirror.closing.wait(20)
    handler.close_connection = True


def cut(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Half of what was announced, and the connection ends."""
    handler.send_response(200)
    handler.head(len(content))
    handler.wfile.write(content[: len(content) // 2])
    handler.close_connection = True


def reset(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """A third of it, and the connection is torn down (RST)."""
    handler.send_response(200)
    handler.head(len(content))
    handler.wfile.write(content[: len(content) // 3])
    handler.wfile.flush()
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.close_connection = True


def short(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """Cut short, with a length that agrees: what is wrong is the file on the server."""
    handler.answer(content[: len(content) * 2 // 3], None)


def garbage(handler: BaseHTTPRequestHandler, content: bytes) -> None:
    """The right length, and no video: a proxy's page."""
    handler.answer(b"<html>" + bytes(len(content) - 6), None)


FAULTS = {f.__name__: f for f in (stall, cut, reset, short, garbage)} | {"fail": fail}


@pytest.fixture
def faults() -> dict:
    """Ways in which a server misbehaves, by name."""
    return FAULTS


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    mirror = Mirror()
    yield mirror
    mirror.close()


@pytest.fixture(scope="session")
def originals(tmp_path_factory: pytest.TempPathFactory, write_clip) -> dict[str, bytes]:
    """Real clips by name: three classes, two groups each; one class is written in two ways."""
    root = tmp_path_factory.mktemp("originals")
    contents = {}
    for number, label in enumerate(("Drift", "HandStandPushups", "Still")):
        for group in (1, 8):
            name = f"v_{label}_g{group:02d}_c01.avi"
            write_clip(root / name, speed=0.2 * number, seed=10 * number + group, seconds=0.5)
            contents[name] = (root / name).read_bytes()
    return contents


@pytest.fixture
def ucf101(mirror: Mirror, originals: dict[str, bytes]) -> Mirror:
    """The server with the listing, the clips and the split lists."""
    mirror.files |= {f"/clips/{name}": content for name, content in originals.items()}
    mirror.index()
    mirror.files["/lists.zip"] = lists_archive(list(originals))
    return mirror


def lists_archive(names: list[str], without: str = "") -> bytes:
    folders = {"HandStandPushups": "HandstandPushups"}
    paths = []
    for name in names:
        label = name.split("_")[1]
        paths.append(f"{folders.get(label, label)}/{name}")
    texts = dict.fromkeys(LIST_NAMES, "")
    texts["classInd.txt"] = "".join(f"{i} {label}\r\n" for i, label in enumerate(CLASSES, 1))
    texts["trainlist01.txt"] = "".join(f"{path} 1\r\n" for path in paths if "_g08_" in path)
    texts["testlist01.txt"] = "".join(f"{path}\r\n" for path in paths if "_g01_" in path)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in texts.items():
            if name != without:
                archive.writestr(f"ucfTrainTestlist/{name}", text)
    return stream.getvalue()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same patience as ever, in a fraction of the time."""
    monkeypatch.setattr(fetch, "BACKOFF_S", 0.01)
    monkeypatch.setattr(fetch, "TIMEOUT_S", (2.0, 0.4))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "data"
