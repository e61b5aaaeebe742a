"""The address of a stream may hold a user, a password and a token: none of them is ever told."""

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtWidgets import QLabel, QMenu, QPushButton, QWidget

from har_desktop.pipeline.state import State

USER, PASSWORD, TOKEN = "johanna", "hunter2", "s3cr3t"


def words_on(window):
    """All that can be read, heard or pointed at."""
    yield window.windowTitle()
    yield window.stage.video.notice
    for widget in window.findChildren(QWidget):
        yield from (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription())
        yield widget.windowTitle()
        if isinstance(widget, QLabel | QPushButton):
            yield widget.text()
        if isinstance(widget, QMenu):
            yield from (action.text() for action in widget.actions())


def test_no_secret_of_an_address_is_told(in_window, camera_server, qtbot, tmp_path):
    host = camera_server.url.removeprefix("http://").rstrip("/")
    told = []

    def body(window):
        session = window.director.session
        qtbot.waitUntil(lambda: session.result is not None)
        window.commands.details.trigger()
        window.commands.record.trigger()
        window.commands.snapshot.trigger()
        qtbot.waitUntil(lambda: "Saved" in window.banner.text)
        qtbot.waitUntil(lambda: window.outputs.recording.stats.written > 5)
        told.extend(words_on(window))
        camera_server.stop()
        qtbot.waitUntil(lambda: session.status.state is State.LOST)
        window._refresh()
        told.extend(words_on(window))
        window.commands.close.trigger()
        qtbot.waitUntil(lambda: "Recorded" in window.banner.text)
        told.extend(words_on(window))

    in_window(body, f"http://{USER}:{PASSWORD}@{host}/live?token={TOKEN}")
    assert any(host in words for words in told)
    assert not [words for words in told if any(s in words for s in (USER, PASSWORD, TOKEN))]
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert {path.suffix for path in files} == {".png", ".mp4", ".jsonl", ".ini", ".log"}
    for path, data in files.items():
        for secret in (USER, PASSWORD, TOKEN):
            assert secret not in path.name
            assert secret.encode() not in data, f"{secret} is in {path.name}"


@pytest.mark.parametrize("scheme", ["rtsps", "ftp", "srt", "HTTPX"])
def test_no_secret_of_an_address_that_cannot_be_opened_is_told(in_window, tmp_path, scheme):
    told = []

    def body(window):
        window.opener.drop([QUrl(f"{scheme}://{USER}:{PASSWORD}@127.0.0.1/live?token={TOKEN}")])
        assert window.banner.failure
        assert window.director.source is None
        told.extend(words_on(window))

    in_window(body)
    assert not [words for words in told if any(s in words for s in (USER, PASSWORD, TOKEN))]
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert not any(s.encode() in path.read_bytes() for s in (USER, PASSWORD, TOKEN))


def test_nothing_is_recorded_without_a_request(in_window, camera_server, qtbot, tmp_path):
    def body(window):
        qtbot.waitUntil(lambda: len(window.stage.timeline.course) > 20)
        assert window.stage.video.recording is None

    in_window(body, camera_server.url)
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} == {".ini", ".log"}
