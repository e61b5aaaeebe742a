"""Decides which source is on the stage, and sees that it has the model in use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from PySide6.QtCore import QObject, Signal

from har_desktop.errors import HarError
from har_desktop.inference.recognizer import Recognizer
from har_desktop.replay import DEMO
from har_desktop.sources.base import Source
from har_desktop.sources.camera import Camera
from har_desktop.sources.cameras import CameraId
from har_desktop.sources.contained import ContainedVideo
from har_desktop.sources.diagnosis import check_file
from har_desktop.sources.figure import Demo
from har_desktop.sources.stream import NetworkStream
from har_desktop.view.background import Task
from har_desktop.view.camera_watch import CameraWatch
from har_desktop.view.live_session import LiveSession
from har_desktop.view.model_keeper import ModelKeeper
from har_desktop.view.replay_session import ReplaySession
from har_desktop.view.session import Session
from har_desktop.view.settings import Settings
from har_desktop.view.stage import Stage


@dataclass(frozen=True, slots=True)
class Opened:
    """What is on the stage.

    Attributes:
        name: For people.
        camera: Where it is one.
        replayable: The name under which `har_desktop.replay.replay` knows it; None for live ones.
    """

    name: str
    camera: CameraId | None = None
    replayable: str | None = None


class Director(QObject):
    """Opens sources, one at a time.

    Signals:
        opened: What is on the stage now, an `Opened`; None for nothing.
        changed: Something about the session has changed.
        trouble: One line.
        mended: The line about a trouble that is over.
    """

    opened = Signal(object)
    changed = Signal()
    trouble = Signal(str)
    mended = Signal(str)

    def __init__(
        self,
        stage: Stage,
        keeper: ModelKeeper,
        watch: CameraWatch,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._stage, self._keeper, self._watch, self._settings = stage, keeper, watch, settings
        self._session: Session | None = None
        self._opened: Opened | None = None
        self._looking: Task | None = None  # at a file that is to be opened
        keeper.changed.connect(self._give_model)

    @property
    def session(self) -> Session | None:
        """The session on the stage."""
        return self._session

    @property
    def source(self) -> Opened | None:
        """What is on the stage."""
        return self._opened

    @property
    def looking(self) -> bool:
        """Whether a file is being looked at that is to be opened."""
        return self._looking is not None and self._looking.running

    def open_camera(self, camera: CameraId) -> None:
        """Look through a camera, with the size and rate of the settings."""
        size, rate = self._settings.camera_size, self._settings.camera_rate
        # Should it be unplugged, none of those that are there now is looked through in its place.
        others = {one.stable for one in self._watch.cameras} - {camera.stable}
        opened = Opened(camera.label, camera)
        self._start_live(opened, lambda: Camera(camera, size, rate, others))

    def open_stream(self, url: str) -> None:
        """Look at a network stream; an address that cannot be one is told of."""
        try:
            NetworkStream(url)
        except HarError as error:
            self.trouble.emit(str(error))
            return
        self._settings.remember_stream(_without_secrets(url))
        self._start_live(Opened(_host(url)), lambda: NetworkStream(url))

    def open_file(self, path: Path) -> None:
        """Replay a video file; what is shown goes on until it is known that it may be one.

        To look at it may take long, on a share that is away. The last call wins.
        """
        self._look_no_more()
        self._looking = Task("look", lambda: check_file(path), self)
        self._looking.done.connect(lambda _: self._replay(path))
        self._looking.failed.connect(self.trouble)
        self._looking.start()

    def _replay(self, path: Path) -> None:
        self._settings.remember_file(path)
        self._stage.controls.set_loop(False)
        opened = Opened(path.name, replayable=str(path))
        self._start_replay(opened, lambda: ContainedVideo(path))

    def open_demo(self) -> None:
        """Replay the demo, over and over."""
        self._stage.controls.set_loop(True)
        self._start_replay(Opened("Demo", replayable=DEMO), Demo)

    def restart(self) -> None:
        """Try again what has stopped; a video with another recogniser, where it was."""
        if isinstance(self._session, LiveSession):
            self._session.restart()
        else:
            self._give_model()

    def lack_model(self) -> None:
        """Let a video say so where there is no model to go on with."""
        if self._keeper.idle and isinstance(self._session, ReplaySession):
            self._session.lack_model()

    def leave(self) -> None:
        """Close what is shown because somebody wants so: no camera at the next start, either."""
        self._settings.camera = None
        self.close()

    def close(self) -> None:
        """Take the source off the stage. Takes three seconds at most."""
        self._look_no_more()
        session, self._session, self._opened = self._session, None, None
        if session is not None:
            session.close()
            session.deleteLater()
            self.opened.emit(None)

    def _look_no_more(self) -> None:
        if self._looking is not None:
            self._looking.abandon(0)
            self._looking = None

    def _start_live(self, opened: Opened, open_source: Callable[[], Source]) -> None:
        self.close()
        self._settings.camera = opened.camera
        kind = "Camera" if opened.camera else "Stream"
        self._set_up(opened, LiveSession(self._stage, kind, opened.name, open_source, self))

    def _start_replay(self, opened: Opened, open_source: Callable[[], Source]) -> None:
        self.close()
        self._settings.camera = None
        self._set_up(opened, ReplaySession(self._stage, opened.name, open_source, self))

    def _set_up(self, opened: Opened, session: Session) -> None:
        self._session, self._opened = session, opened
        session.changed.connect(self.changed)
        session.trouble.connect(self.trouble)
        session.mended.connect(self.mended)
        self.opened.emit(opened)
        self._give_model()

    def _give_model(self) -> None:
        session = self._session
        if session is None:
            return

        def hand_over(recognizer: Recognizer) -> None:
            if session is self._session:
                session.use(recognizer)

        self._keeper.recognizer(hand_over)
        self.lack_model()


def _host(url: str) -> str:
    """The part of an address that may be shown: no user, no password, no path."""
    return urlsplit(url.strip()).netloc.rpartition("@")[2]


def _without_secrets(url: str) -> str:
    """An address to remember and to show: without user, password, and query, where tokens stand."""
    return urlsplit(url.strip())._replace(netloc=_host(url), query="", fragment="").geturl()
