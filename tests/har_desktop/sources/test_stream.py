"""What is not a stream. How real ones behave: tests/har_desktop/pipeline/test_capture.py."""

import itertools
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from time import perf_counter

import cv2
import numpy as np
import pytest

from har_desktop.errors import InputError, SourceError
from har_desktop.sources import stream
from har_desktop.sources.stream import NetworkStream, Pacer

SECRETS = ("anna", "pass", "word", "token", "path")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "/dev/video0",
        "concat:a|b",
        "ftp://host/video",
        "rtsps://host/video",
        "",
        "host/video",
        "//host/video",
    ],
)
def test_other_schemes_are_refused(url):
    with pytest.raises(InputError, match="must begin with one of http://, https://, rtsp://"):
        NetworkStream(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://",
        "rtsp:///path",
        "http://anna:pass@/path",
        "http://anna:pass@[::1/path",
        "http://anna:pass@host:word/path",
        "http://anna:pass@host:99999/path",
        "http://anna:pass@host/pa th",
        "http://anna:pass@host/pa\tth",
        "http://anna:pass@host\n/path",
    ],
)
def test_malformed_addresses_are_refused_without_being_repeated(url):
    with pytest.raises(
        InputError, match=r"^network stream: .*; check|check its spelling"
    ) as caught:
        NetworkStream(url)
    assert not any(secret in str(caught.value) for secret in SECRETS)
    assert caught.value.__cause__ is None
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://anna:pass@camera.local:8080/path?token=1", "camera.local:8080"),
        ("  HTTPS://Camera.local/path ", "camera.local"),
        ("rtsp://anna:p%40ss@[::1]:554/path", "[::1]:554"),
        ("rtmp://host/path", "host"),
        ("udp://0.0.0.0:1234", "0.0.0.0:1234"),
    ],
)
def test_name_is_host_and_port_alone(url, name):
    assert NetworkStream(url)._name == name


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def refused(url):
    with pytest.raises(SourceError) as caught:
        NetworkStream(url).open()
    message = str(caught.value)
    assert not any(secret in message for secret in SECRETS)
    return message


def test_nobody_answers(capfd):
    port = free_port()
    message = refused(f"http://anna:pass@127.0.0.1:{port}/path?token=1")
    assert message.startswith(f"127.0.0.1:{port}: no video to be had from there; check")
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def serve():
    """The function that serves one body to everybody and gives the address."""
    servers = []

    def start(body, name="path", kind="application/octet-stream"):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        servers.append(HTTPServer(("127.0.0.1", 0), Handler))
        threading.Thread(target=servers[-1].serve_forever, args=(0.02,)).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/{name}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("body", [b"", b"<html>not found</html>" * 100])
def test_answer_is_no_video(serve, body, capfd):
    assert "no video to be had" in refused(serve(body))
    assert capfd.readouterr() == ("", "")


def test_ends_with_the_stream_and_can_be_opened_again(serve, tmp_path):
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (64, 48))
    for number in range(4):
        writer.write(np.full((48, 64, 3), 50 * number, np.uint8))
    writer.release()
    source = NetworkStream(serve(path.read_bytes()))
    for _ in range(2):
        info = source.open()
        assert (info.width, info.height, info.fps, info.live) == (64, 48, None, True)
        frames = list(source)
        assert [frame.index for frame in frames] == [0, 1, 2, 3]
        assert all(a.time < b.time for a, b in itertools.pairwise(frames))
        assert source.read() is None
    source.close()


def moving(path, code, numbers):
    """A film of 25 pictures a second."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), 25.0, (64, 48))
    assert writer.isOpened()
    for number in numbers:
        writer.write(np.full((48, 64, 3), 5 * number, np.uint8))
    writer.release()
    return path.read_bytes()


@pytest.fixture
def stamps(monkeypatch):
    """Those that a stream has waited for, one after the other."""
    waited = []

    class Patient(Pacer):
        def wait(self, stamp):
            waited.append(round(stamp, 3))

    monkeypatch.setattr(stream, "Pacer", Patient)
    return waited


def frames_of(url):
    with NetworkStream(url) as source:
        return list(source)


@pytest.mark.parametrize(("name", "code"), [("clip.avi", "MJPG"), ("clip.ts", "mpg2")])
def test_where_changes_alone_are_sent_pictures_may_repeat(serve, tmp_path, name, code):
    source = NetworkStream(serve(moving(tmp_path / name, code, range(20)), name))
    assert source.open().repeats == (code != "MJPG")
    source.close()


def test_a_file_on_a_server_comes_in_its_time(serve, tmp_path, stamps):
    body = moving(tmp_path / "clip.avi", "MJPG", range(20))
    assert len(frames_of(serve(body))) == 20
    assert stamps == [round(0.04 * n, 3) for n in range(20)]


def test_segments_of_a_play_list_come_in_their_time(serve, tmp_path, stamps):
    parts = [moving(tmp_path / f"{n}.ts", "mpg2", range(20 * n, 20 * n + 20)) for n in range(2)]
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:1", "#EXT-X-MEDIA-SEQUENCE:0"]
    for part in parts:
        lines += ["#EXT-X-DISCONTINUITY", "#EXTINF:0.8,", serve(part, "part.ts")]
    lines.append("#EXT-X-ENDLIST")
    url = serve("\n".join(lines).encode(), "live.M3U8?token=1")
    assert len(frames_of(url)) == 40
    assert np.allclose(np.diff(stamps[:20]), 0.04, atol=1e-3)
    assert np.allclose(np.diff(stamps[20:]), 0.04, atol=1e-3)


def test_what_a_camera_sends_waits_for_nothing(serve, stamps):
    jpeg = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1].tobytes()
    part = b"--x\r\nContent-Type: image/jpeg\r\n\r\n" + jpeg + b"\r\n"
    kind = "multipart/x-mixed-replace; boundary=x"
    assert len(frames_of(serve(5 * part, kind=kind))) >= 4
    assert stamps == []


def test_a_file_waits_in_truth(serve, tmp_path):
    frames = frames_of(serve(moving(tmp_path / "clip.avi", "MJPG", range(20))))
    assert frames[-1].time > 0.6


def test_late_pictures_and_leaps_wait_for_nothing(monkeypatch):
    now, slept = [50.0], []

    def sleep(seconds):
        slept.append(round(seconds, 6))
        now[0] += seconds

    monkeypatch.setattr(stream, "perf_counter", lambda: now[0])
    monkeypatch.setattr(stream, "sleep", sleep)
    pacer = Pacer()
    pacer.wait(7.0)
    pacer.wait(7.04)
    assert slept == [0.04]
    now[0] += 3.0  # the network
    pacer.wait(7.08)
    pacer.wait(7.12)
    assert slept == [0.04, 0.04]
    for leap in (900.0, 3.0, 20.0):
        pacer.wait(leap)
        pacer.wait(leap + 0.5)
    assert slept == [0.04, 0.04, 0.5, 0.5, 0.5]


def test_server_that_accepts_and_stays_silent_is_given_up(monkeypatch):
    monkeypatch.setattr(stream, "_OPEN_TIMEOUT_MS", 300)
    with socket.create_server(("127.0.0.1", 0)) as server:
        began = perf_counter()
        refused(f"http://127.0.0.1:{server.getsockname()[1]}/path")
        assert perf_counter() - began < 20.0  # FFmpeg gives up by itself after 30
