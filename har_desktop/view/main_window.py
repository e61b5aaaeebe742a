"""The main window: what it is made of, and what its actions do."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QSize, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QMainWindow,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from har_desktop.models import default_bundle
from har_desktop.sources.cameras import CameraId, find_camera
from har_desktop.view.about import About
from har_desktop.view.actions import Actions
from har_desktop.view.appearance import Appearance
from har_desktop.view.banner import Banner, open_with_system
from har_desktop.view.camera_watch import CameraWatch
from har_desktop.view.details import Details, detail_rows
from har_desktop.view.director import Director, Opened
from har_desktop.view.live_session import LiveSession
from har_desktop.view.model_card import ModelCard
from har_desktop.view.model_keeper import GoodModel, ModelKeeper
from har_desktop.view.model_menu import ModelMenu
from har_desktop.view.opening import Opener
from har_desktop.view.outputs import Outputs
from har_desktop.view.replay_session import ReplaySession
from har_desktop.view.settings import Settings
from har_desktop.view.shortcuts import Shortcuts
from har_desktop.view.source_menus import CameraMenu, RecentMenu
from har_desktop.view.stage import Stage
from har_desktop.view.status_line import StatusLine
from har_desktop.view.theme import GAP
from har_desktop.view.welcome import Welcome
from har_desktop.view.wiring import connect_heat, connect_layout, connect_playback

TITLE = "HAR Desktop"
_SIZE = QSize(1280, 820)
_FRAME = QSize(16, 48)  # that a system may put around it: the title, and edges
_EVERY_MS = 500  # between two looks at the figures
_WAIT_S = 3.0  # for a thread, when the window closes
_BRIEFLY_S = 0.5  # for one that has nothing to complete


class MainWindow(QMainWindow):
    """Everything in one window. `start` brings it to life, closing it ends all threads."""

    def __init__(self, settings: Settings, log_file: Path) -> None:
        super().__init__()
        self.settings, self._log_file = settings, log_file
        self._remembered: CameraId | None = None
        self._wanted: Path | None = None  # the model that is being checked, or was last
        self.commands = Actions(self)
        self.banner, self.status, self.welcome = Banner(), StatusLine(), Welcome()
        self.stage, self.pages, self.details = Stage(), QStackedWidget(), Details(self)
        self.appearance = Appearance(self.commands.appearance, settings)
        self.keeper, self.watch = ModelKeeper(self), CameraWatch(self)
        self.director = Director(self.stage, self.keeper, self.watch, settings, self)
        self.cameras = CameraMenu(self.commands.camera, settings)
        self.recent = RecentMenu(self.commands.recent, settings)
        self.models = ModelMenu(self.commands, self)
        self.opener = Opener(self, self.director, self.models, settings)
        self.outputs = Outputs(
            self, self.commands, self.stage, self.director, self.keeper, settings, self.banner
        )
        self._figures = QTimer(self, interval=_EVERY_MS)
        self._trouble = ""  # of a source, told last
        self._refused = ""  # of a model, while the one before stays
        self._lay_out()
        self._connect_sources()
        self._connect_model()
        self._connect_view()
        self.welcome.list_recent(settings.recent)
        self._refresh()

    def start(self, source: str | None) -> None:
        """Look for cameras, load the model, and open a source.

        Args:
            source: A file, an address, or "demo"; None for the camera that was used last.
        """
        self.load_model(self.settings.model)
        self._remembered = None if source else self.settings.camera
        if source:
            self.opener.open(source)
        self.outputs.look_for_leftovers()
        self.watch.start()
        self._figures.start()

    def load_model(self, folder: Path | None) -> None:
        """Check a bundle, use it if it is good and remember it then; None for the default one."""
        self._wanted = folder
        self.keeper.load(default_bundle if folder is None else lambda: folder)

    # How it is put together

    def _lay_out(self) -> None:
        self.setWindowTitle(TITLE)
        self.setAcceptDrops(True)
        self.pages.addWidget(self.welcome)
        self.pages.addWidget(self.stage)
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        top = QVBoxLayout()
        top.setContentsMargins(GAP, 4, GAP, 0)
        top.addWidget(self.banner)
        layout.addLayout(top)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.status)
        self.setCentralWidget(body)
        if (geometry := self.settings.geometry) is None or not self.restoreGeometry(geometry):
            self.resize(_SIZE.boundedTo(self.screen().availableSize() - _FRAME))

    def _connect_sources(self) -> None:
        commands, welcome, director = self.commands, self.welcome, self.director
        for signal in (commands.open.triggered, welcome.file):
            signal.connect(lambda *_: self.opener.ask_for_file())
        for signal in (commands.stream.triggered, welcome.stream):
            signal.connect(lambda *_: self.opener.ask_for_stream())
        for signal in (commands.demo.triggered, welcome.demo):
            signal.connect(lambda *_: director.open_demo())
        for signal in (self.cameras.chosen, welcome.camera):
            signal.connect(director.open_camera)
        for signal in (self.recent.file, welcome.recent):
            signal.connect(director.open_file)
        self.recent.stream.connect(director.open_stream)
        self.recent.forgotten.connect(lambda: welcome.list_recent(()))
        self.cameras.reshaped.connect(self._reopen_camera)
        self.watch.changed.connect(self._show_cameras)
        self.watch.failed.connect(self.banner.fail)
        commands.close.triggered.connect(director.leave)
        commands.quit.triggered.connect(self._quit)
        director.opened.connect(self._show_source)
        director.changed.connect(self._enable)
        director.trouble.connect(self._show_trouble)
        director.mended.connect(self.banner.take_back)

    def _connect_model(self) -> None:
        self.models.chosen.connect(self.load_model)
        self.keeper.loading.connect(self.status.show_loading)
        self.keeper.loading.connect(lambda: self.welcome.show_model("Loading the model\u2026"))
        self.keeper.changed.connect(self._show_model)
        self.keeper.refused.connect(self._refuse_model)
        self.commands.card.triggered.connect(self._show_card)

    def _connect_view(self) -> None:
        commands = self.commands
        connect_heat(commands, self.stage, self.settings)
        connect_playback(commands, self.stage)
        connect_layout(commands, self.stage, self, self.settings)
        commands.details.triggered.connect(self._show_details)
        self.status.clicked.connect(self._show_details)
        commands.keys.triggered.connect(lambda: self._open(Shortcuts(commands.shortcuts(), self)))
        commands.about.triggered.connect(lambda: self._open(About(self)))
        commands.log.triggered.connect(lambda: open_with_system(self._log_file, self.banner))
        self._figures.timeout.connect(self._refresh)

    # What the actions do

    def _quit(self) -> None:
        if not self.outputs.holds(self.close):
            self.close()

    def _reopen_camera(self) -> None:
        source = self.director.source
        if source is not None and source.camera is not None:
            self.director.open_camera(source.camera)

    def _show_card(self) -> None:
        if (model := self.keeper.model) is not None:
            self._open(ModelCard(model.folder, model.manifest, self))

    def _show_details(self) -> None:
        self._fill_details()
        self.details.show()
        self.details.raise_()

    def _open(self, dialog: QDialog) -> None:
        dialog.setModal(True)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # What others tell

    def _show_cameras(self, cameras: tuple[CameraId, ...]) -> None:
        source = self.director.source
        self.welcome.show_cameras(cameras)
        self.cameras.show_cameras(cameras, source.camera if source else None)
        wanted, self._remembered = self._remembered, None
        found = find_camera(wanted, cameras) if wanted else None
        if found is not None and source is None and not self.director.looking:
            self.director.open_camera(found)

    def _show_source(self, source: Opened | None) -> None:
        self._remembered = None
        self.pages.setCurrentWidget(self.stage if source else self.welcome)
        self.setWindowTitle(f"{source.name} \u2013 {TITLE}" if source else TITLE)
        self.cameras.show_cameras(self.watch.cameras, source.camera if source else None)
        self.recent.refresh()
        if source is None:
            self.welcome.list_recent(self.settings.recent)
        self.banner.take_back(self._trouble)  # of the source before, or of one that could not be
        self._refresh()

    def _show_trouble(self, line: str) -> None:
        self._trouble = line
        session = self.director.session
        if session is None or line != session.told:
            self.banner.fail(line)
        elif session.faulted:
            self.banner.fault(line, ("Try again", self.director.restart))
        else:  # the model is overdue
            self.banner.fault(line, ("Close the source", self.director.leave))

    def _show_model(self, model: GoodModel) -> None:
        self.settings.model = self._wanted
        self.banner.take_back(self._refused)
        self._tell_model(model)
        self.models.show_current(model.folder)
        self._enable()

    def _refuse_model(self, line: str) -> None:
        """Stay with the last good model; at the start, where there is none, take the default."""
        model = self.keeper.model
        kept = f"{model.manifest.name} stays in use." if model else ""
        if model is None and self._wanted is not None:
            kept = "Taking the default model."
            self.load_model(None)
        else:
            self._tell_model(model)
            self.director.lack_model()
        told = f"{line}. {kept}".strip()
        if model is not None:
            self._refused = told
        session = self.director.session
        if session is not None and session.faulted and session.told is not None:
            self._show_trouble(session.told)  # its button went with the attempt
        self.banner.fail(told)

    def _tell_model(self, model: GoodModel | None) -> None:
        name, provider = (model.manifest.name, model.provider) if model else (None, None)
        self.status.show_model(name, provider)
        self.welcome.show_model(f"The model {name} is ready." if name else "There is no model yet.")

    def _refresh(self) -> None:
        """Look at the figures anew."""
        session = self.director.session
        self.status.show_figures(session.figures() if session else None)
        self._enable()
        if self.details.isVisible():
            self._fill_details()

    def _fill_details(self) -> None:
        session = self.director.session
        figures = session.figures() if session else None
        recording = self.outputs.recording.stats
        self.details.show_rows(detail_rows(figures, self.keeper.model, recording))

    def _enable(self) -> None:
        session = self.director.session
        shown = session is not None and session.result is not None
        recording = self.outputs.recording.recorder is not None  # which can always be ended
        self.commands.enable(
            replay=isinstance(session, ReplaySession),
            live=isinstance(session, LiveSession) and (shown or recording),
            shown=shown,
            model=self.keeper.model is not None,
        )

    # What Qt asks

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        """Know of full screen, whoever asked for it: the menu, the system, or the settings."""
        if event.type() is QEvent.Type.WindowStateChange:
            self.commands.full.setChecked(self.isFullScreen())
        super().changeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802, Qt's name
        """Take files, folders of a model, and addresses."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802, Qt's name
        """Open one of the things that were dropped."""
        event.acceptProposedAction()
        self.opener.drop(event.mimeData().urls())

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802, Qt's name
        """End everything, each part within a few seconds; ask before a person loses an export."""
        if event.spontaneous() and self.outputs.holds(self.close):
            event.ignore()
            return
        self.settings.geometry = self.saveGeometry()
        self._figures.stop()
        self.hide()
        QApplication.processEvents()
        self.outputs.close()
        self.director.close()
        self.keeper.stop(_WAIT_S)
        self.watch.stop(_WAIT_S)
        self.welcome.stop(_BRIEFLY_S)
        self.settings.sync()
        super().closeEvent(event)
