"""The program around the window: how it starts, how it ends, and what it tells of errors."""

import logging
import os
import signal
import sys

import pytest
from PySide6.QtCore import QSettings, QTimer

from har_desktop.system_libraries import SystemLibrary
from har_desktop.view import app
from har_desktop.view.main_window import MainWindow
from har_desktop.view.settings import Settings


def test_errors_and_qt_itself_write_into_the_log(in_window, tmp_path):
    def body(window):
        logging.getLogger("har_desktop.view").info("a line for the log")
        window.keeper.refused.emit("bad.onnx: damaged")
        assert window._log_file == tmp_path / "log" / "har-desktop.log"

    in_window(body)
    text = (tmp_path / "log" / "har-desktop.log").read_text()
    assert "started, version" in text
    assert "a line for the log" in text


def test_a_log_that_cannot_be_written_is_told_once(in_window, tmp_path, capfd):
    (tmp_path / "log" / "har-desktop.log").mkdir(parents=True)

    def body(_):
        logging.getLogger("har_desktop.view").info("one")

    in_window(body)
    said = capfd.readouterr().err
    assert said.startswith("har-desktop: no log file: ")
    assert "Logging error" not in said
    assert "one" in said


def test_the_program_itself_opens_the_window(qapp, shipped, monkeypatch, tmp_path):
    """From the command line down, with a display that is only said to be there."""
    from har_desktop import cli
    from har_desktop.display import Display

    log = tmp_path / "log"
    monkeypatch.setattr(cli, "find_display", lambda: Display(True, "offscreen"))
    monkeypatch.setattr(cli, "missing_libraries", lambda _: [])
    monkeypatch.setattr("har_desktop.view.app.platformdirs.user_log_dir", lambda _: str(log))
    monkeypatch.setattr("har_desktop.view.camera_watch.list_cameras", lambda: ())
    store = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    monkeypatch.setattr("har_desktop.view.app.Settings", lambda: Settings(store))
    seen = []

    def look():
        (window,) = [w for w in qapp.topLevelWidgets() if isinstance(w, MainWindow)]
        seen.append((window.isVisible(), window.windowTitle()))
        window.close()

    QTimer.singleShot(0, look)
    assert cli.main([]) == 0
    assert seen == [(True, "HAR Desktop")]
    assert shipped


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send")
@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_ctrl_c_closes_the_window(in_window, qtbot, name, code):
    def body(window):
        os.kill(os.getpid(), number)
        qtbot.waitUntil(lambda: not window.isVisible())

    number = getattr(signal, name)
    before = signal.signal(number, signal.SIG_DFL)  # whatever these tests were started by
    try:
        in_window(body, code=code)
    finally:
        signal.signal(number, before)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send")
def test_nohup_keeps_the_window(in_window, qtbot):
    def body(window):
        os.kill(os.getpid(), signal.SIGHUP)
        qtbot.wait(100)
        assert window.isVisible()

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        in_window(body)
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send")
def test_a_signal_as_the_window_appears_is_not_lost(in_window, monkeypatch):
    whole = MainWindow.start

    def start(window, source):
        whole(window, source)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(MainWindow, "start", start)
    in_window(lambda _: None, code=143)


def test_a_log_that_another_window_has_open_goes_on(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(13, "The process cannot access the file")

    monkeypatch.setattr("os.rename", refuse)
    handler = app._LogFile(tmp_path / "a.log", maxBytes=50, backupCount=1, encoding="utf-8")
    for number in range(5):
        handler.emit(logging.LogRecord("a", 20, "", 0, f"line {number} {'.' * 30}", (), None))
    handler.close()
    assert "line 4" in (tmp_path / "a.log").read_text()


def test_without_a_library_the_program_says_which_and_opens_no_window(monkeypatch, capsys):
    from har_desktop import cli
    from har_desktop.display import Display
    from har_desktop.replay import Replays

    absent = SystemLibrary("libabsent.so.9", "libabsent9", "x11")
    monkeypatch.setattr(cli, "find_display", lambda: Display(True, "X11 (:0)"))
    monkeypatch.setattr(cli, "missing_libraries", lambda _: [absent])
    monkeypatch.setattr(cli, "_replay", lambda *_, **__: Replays([], []))
    assert cli.main([]) == 0
    told = capsys.readouterr().out
    assert "sudo apt-get install" in told
    assert "libabsent9" in told


@pytest.mark.qt_no_exception_capture
def test_what_nobody_caught_is_told_and_logged(in_window, tmp_path, qtbot, capsys):
    def body(window):
        window.watch.changed.connect(lambda _: 1 / 0)
        qtbot.waitUntil(lambda: window.banner.failure)
        assert "ZeroDivisionError" in window.banner.text
        assert "log file" in window.banner.text

    in_window(body)
    assert "ZeroDivisionError" in (tmp_path / "log" / "har-desktop.log").read_text()
    assert "ZeroDivisionError" in capsys.readouterr().err
