"""One file from a server that misbehaves."""

import os
import ssl
import subprocess
import threading
from pathlib import Path

import pytest

from har_desktop.errors import InputError, OutputError
from training.download import fetch
from training.download.fetch import Fetcher, GaveUpError, PassingError, StoppedError

CONTENT = bytes(range(256)) * 2000


@pytest.fixture
def served(mirror):
    mirror.files["/file"] = CONTENT
    return mirror


@pytest.fixture
def pauses(monkeypatch):
    """How long this thread was to wait each time, and does not; other threads go on waiting."""
    waited, wait, here = [], threading.Event.wait, threading.current_thread()

    def note(event, pause=None):
        if threading.current_thread() is not here:
            return wait(event, pause)
        waited.append(pause)
        return False

    monkeypatch.setattr(threading.Event, "wait", note)
    return waited


def agree(part: Path) -> None:
    assert part.read_bytes() == CONTENT


def save(mirror, path: Path, check=agree) -> None:
    Fetcher().save(f"{mirror.url}/file", path, check)


def ranges(mirror) -> list[str | None]:
    return [asked for _, asked in mirror.asked]


def test_a_good_server(served, tmp_path):
    save(served, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert ranges(served) == [None]


@pytest.mark.parametrize("name", ["stall", "cut", "reset"])
def test_what_was_begun_is_gone_on_with(served, faults, tmp_path, name):
    served.faults["/file"] = [faults[name]]
    save(served, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    first, second = ranges(served)
    assert first is None
    if name != "reset":  # which may throw away what was received
        assert 0 <= len(CONTENT) // 2 - int(second[6:-1]) < fetch.BLOCK


@pytest.mark.parametrize("name", ["stall", "cut", "reset"])
def test_it_begins_anew_where_no_ranges_are_granted(served, faults, tmp_path, name):
    served.ranges = False
    served.faults["/file"] = [faults[name]]
    save(served, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_failures_that_may_pass_are_tried_again(served, faults, tmp_path, status):
    served.faults["/file"] = [faults["fail"](status)] * 3
    save(served, tmp_path / "file")
    assert len(served.asked) == 4


def test_the_server_says_when_to_come_back(served, faults, tmp_path, pauses):
    served.faults["/file"] = [
        faults["fail"](503, Retry_After="7"),
        faults["fail"](503, Retry_After="999999"),
    ]
    save(served, tmp_path / "file")
    assert [pause for pause in pauses if pause] == [7.0, fetch.LONGEST_WAIT_S]


def test_pauses_grow(served, faults, tmp_path, monkeypatch, pauses):
    pauses = []
    monkeypatch.setattr(fetch, "BACKOFF_S", 1.0)
    monkeypatch.setattr(threading.Event, "wait", lambda _, pause=None: pauses.append(pause))
    served.faults["/file"] = [faults["fail"](500)] * 4
    save(served, tmp_path / "file")
    for pause, middle in zip([p for p in pauses if p], (1, 2, 4, 8), strict=True):
        assert 0.75 * middle <= pause <= 1.25 * middle


@pytest.mark.parametrize("status", [401, 403, 410])
def test_failures_that_will_not_pass_are_not_tried_again(served, faults, tmp_path, status):
    served.faults["/file"] = [faults["fail"](status)] * 9
    with pytest.raises(GaveUpError, match=f"/file: the server answers {status}"):
        save(served, tmp_path / "file")
    assert len(served.asked) == 1
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize(
    ("name", "says"),
    [("stall", "timed out"), ("cut", "bytes came|IncompleteRead|read, "), ("reset", "reset")],
)
def test_it_gives_up_in_the_end(served, faults, tmp_path, name, says):
    served.ranges = False
    served.faults["/file"] = [faults[name]] * 99
    with pytest.raises(GaveUpError, match=rf"/file: .*({says}).*; given up after 5 attempts") as e:
        save(served, tmp_path / "file")
    assert "\n" not in str(e.value)
    assert "object at" not in str(e.value)
    assert not (tmp_path / "file").exists()


def test_nobody_answers(served, tmp_path):
    served.close()
    with pytest.raises(GaveUpError, match=r"[Cc]onnection refused"):
        save(served, tmp_path / "file")


def test_a_slow_line_is_not_given_up_while_something_comes(served, tmp_path):
    """Nine connections that end early, each a little further."""

    def nibble(handler, content):
        asked = handler.headers.get("Range")
        start = int(asked[6:-1]) if asked else 0
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        handler.head(len(content) - start)
        handler.wfile.write(content[start : start + len(content) // 10])
        handler.close_connection = True

    served.faults["/file"] = [nibble] * 9
    save(served, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert len(served.asked) == 10


def begin(mirror, faults, path: Path) -> None:
    """Leave a part behind, as an interrupted run does."""
    mirror.faults["/file"] = [faults["cut"], faults["fail"](404)]
    with pytest.raises(GaveUpError):
        save(mirror, path)
    mirror.asked.clear()
    assert len(CONTENT) // 2 - path.with_name("file.part").stat().st_size < fetch.BLOCK


def test_another_run_goes_on_with_a_part(served, faults, tmp_path):
    begin(served, faults, tmp_path / "file")
    save(served, tmp_path / "file")
    (asked,) = ranges(served)
    assert asked is not None
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("heeds", [True, False])
def test_parts_of_two_versions_are_never_joined(served, faults, tmp_path, heeds):
    """Whether the server knows If-Range or not."""
    begin(served, faults, tmp_path / "file")
    new = CONTENT[::-1]
    served.files["/file"] = new
    served.modified += 60
    if not heeds:

        def ignorant(handler, content):
            start = int(handler.headers["Range"][6:-1])
            handler.send_response(206)
            handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            handler.head(len(content) - start)
            handler.wfile.write(content[start:])

        served.faults["/file"] = [ignorant]
    save(served, tmp_path / "file", check=lambda _: None)
    assert (tmp_path / "file").read_bytes() == new


def test_a_part_that_nobody_stamped_begins_anew(served, tmp_path):
    """As a killed process leaves it: whose it is cannot be told."""
    (tmp_path / "file.part").write_bytes(b"x" * 1000)
    save(served, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_without_last_modified_it_begins_anew(served, faults, tmp_path):
    served.modified = None
    served.faults["/file"] = [faults["cut"]]
    save(served, tmp_path / "file")
    assert ranges(served) == [None, None]


def test_a_part_longer_than_the_file(served, tmp_path):
    part = tmp_path / "file.part"
    part.write_bytes(CONTENT + b"x")
    os.utime(part, (served.modified, served.modified))
    save(served, tmp_path / "file")  # 416
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_file_that_the_check_refuses_is_fetched_again_and_named(served, tmp_path):
    def refuse(_):
        raise PassingError("it is cut short")

    with pytest.raises(GaveUpError, match="it is cut short; given up after 5 attempts"):
        save(served, tmp_path / "file", check=refuse)
    assert len(served.asked) == 5
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is full")
def test_a_full_disk_is_named_at_once(served, tmp_path):
    (tmp_path / "file.part").symlink_to("/dev/full")
    with pytest.raises(OutputError, match=r"file.part: cannot be written: No space .* free some"):
        save(served, tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_a_folder_that_takes_no_files(served, mere_user, foreign_folder):
    with mere_user(), pytest.raises(OutputError, match="choose a folder that you may write to"):
        save(served, foreign_folder / "file")


def test_stop_ends_it(served, faults, tmp_path):
    fetcher = Fetcher()

    def last_words(handler, content):
        fetcher.stop()
        faults["fail"](500)(handler, content)

    served.faults["/file"] = [last_words] * 9
    with pytest.raises(StoppedError):
        fetcher.save(f"{served.url}/file", tmp_path / "file", agree)
    assert len(served.asked) == 1


@pytest.mark.parametrize("url", ["host/clips", "ftp://host/clips", "http://", "http://[::1/"])
def test_addresses_that_are_none(url):
    with pytest.raises(InputError, match="no address that can be fetched"):
        Fetcher().read(url)


@pytest.fixture
def secure(served, tmp_path):
    """The server with a certificate of its own making; gives that certificate's file."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", key, "-out", certificate, "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    served.server.socket = context.wrap_socket(served.server.socket, server_side=True)
    return certificate


def test_an_unknown_certificate_is_refused_with_a_way_out(served, secure, tmp_path):
    url = served.url.replace("http:", "https:") + "/file"
    with pytest.raises(InputError, match=r"127.0.0.1 cannot be trusted: .*certificate.*--ca FILE"):
        Fetcher().save(url, tmp_path / "file", agree)
    assert not (tmp_path / "file").exists()
    assert not served.asked
    Fetcher(secure).save(url, tmp_path / "file", agree)
    (tmp_path / "file").unlink()
    Fetcher(verify=False).save(url, tmp_path / "file", agree)
    assert len(served.asked) == 2


def test_a_file_of_no_certificates(tmp_path):
    path = tmp_path / "ca.pem"
    path.write_text("none")
    with pytest.raises(InputError, match=r"ca.pem holds no certificates in PEM form"):
        Fetcher(path)
