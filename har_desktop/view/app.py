"""Starting the window, and the end of it."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import metadata
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import FrameType, TracebackType

import platformdirs
from PySide6.QtCore import QMessageLogContext, Qt, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from har_desktop.view.main_window import TITLE, MainWindow
from har_desktop.view.settings import Settings

_ICON = Path(__file__).with_name("icon.svg")
_LOG_BYTES = 2**20
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}
_log = logging.getLogger("har_desktop")


def run_window(arguments: Sequence[str] = (), settings: Settings | None = None) -> int:
    """Open the window and stay until it is closed.

    Args:
        arguments: At most one source: a file, the address of a stream, or "demo".
        settings: Instead of the user's.

    Returns:
        The exit code: 130 after Ctrl-C, 143 after a polite kill, 129 with its terminal.
    """
    application = _application()
    log_file = Path(platformdirs.user_log_dir("har-desktop")) / "har-desktop.log"
    with _logging(log_file):
        window = MainWindow(settings or Settings(), log_file)
        with _telling(window.banner.fail), _closing_on_signals(window) as received:
            window.show()
            window.start(arguments[0] if arguments else None)
            code = application.exec()
        window.deleteLater()
    return 128 + received[0] if received else code


def _application() -> QApplication:
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        application = existing
    else:
        QApplication.setHighDpiScaleFactorRoundingPolicy(
            Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
        )
        application = QApplication([TITLE])
    application.setApplicationName("har-desktop")
    application.setApplicationDisplayName(TITLE)
    application.setApplicationVersion(metadata.version("har-desktop"))
    application.setDesktopFileName("har-desktop")
    application.setWindowIcon(QIcon(str(_ICON)))
    application.setStyle("Fusion")
    return application


class _LogFile(RotatingFileHandler):
    def rotate(self, source: str, dest: str) -> None:
        """Go on with the same file where Windows keeps it: another window has it open, too."""
        with suppress(PermissionError):
            super().rotate(source, dest)


@contextmanager
def _logging(path: Path) -> Iterator[None]:
    """Write what our code and Qt have to say into a file, which a person can find in the menu."""
    handler: logging.Handler
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = _LogFile(path, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
    except OSError as error:
        handler = logging.StreamHandler()
        print(f"har-desktop: no log file: {error}", file=sys.stderr)  # noqa: T201
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(threadName)s %(message)s"))
    level = _log.level
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    before: Callable[..., object] | None = None

    def qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        _log.log(_LEVELS.get(kind, logging.WARNING), "Qt: %s", text)
        if before is not None:
            before(kind, context, text)

    before = qInstallMessageHandler(qt_message)
    _log.info("started, version %s", metadata.version("har-desktop"))
    try:
        yield
    finally:
        qInstallMessageHandler(before)
        _log.removeHandler(handler)
        _log.setLevel(level)
        handler.close()


@contextmanager
def _closing_on_signals(window: MainWindow) -> Iterator[list[int]]:
    """Close the window on Ctrl-C, a polite kill and a logout, so that recordings are completed.

    Python runs the handler when it gets a turn, which the window's timers see to.
    """
    received: list[int] = []

    def handle(number: int, _: FrameType | None) -> None:
        received.append(number)
        # Not at once: before `exec` runs, to end the application would be in vain.
        QTimer.singleShot(0, window.close)

    # A terminal that is closed, too; and what Windows has instead.
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    hangup = getattr(signal, "SIGHUP", None)
    if hangup and signal.getsignal(hangup) is signal.SIG_IGN:  # by nohup: it shall go on
        numbers.remove(hangup)
    before = [signal.signal(number, handle) for number in numbers]
    try:
        yield received
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def _telling(tell: Callable[[str], object]) -> Iterator[None]:
    """Log what nobody caught, with its traceback, and tell the person in one line."""
    before = sys.excepthook

    def hook(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        _log.critical("nobody caught this", exc_info=(kind, error, traceback))
        tell(f"Something went wrong ({kind.__name__}: {error}); the log file has more")
        before(kind, error, traceback)

    sys.excepthook = hook
    try:
        yield
    finally:
        sys.excepthook = before
