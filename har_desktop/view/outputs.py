"""What leaves the window as a file: snapshots, recordings, exports; and what was left of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from itertools import chain
from pathlib import Path
from time import perf_counter

from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from har_desktop.errors import HarError
from har_desktop.inference.manifest import Manifest, Method
from har_desktop.inference.model import TOP
from har_desktop.replay import TOP as TOP_NAME
from har_desktop.sinks.leftovers import final_name, find_leftovers, rescue
from har_desktop.view.actions import Actions
from har_desktop.view.background import Task
from har_desktop.view.banner import Banner, open_with_system
from har_desktop.view.director import Director
from har_desktop.view.export import Export
from har_desktop.view.live_session import LiveSession
from har_desktop.view.model_keeper import ModelKeeper
from har_desktop.view.recording import Recording, make_folder, take_snapshot
from har_desktop.view.settings import Settings
from har_desktop.view.stage import Stage

_log = logging.getLogger(__name__)
_EXPORTING = "Exporting\u2026"
_BUSY = "One export at a time: wait for the one that runs, or cancel it"
_UNFINISHED = "An export is being written: to leave now gives it up"


class Outputs:
    """Connects actions and buttons with those that write, and tells what came of it."""

    def __init__(
        self,
        window: QWidget,
        actions: Actions,
        stage: Stage,
        director: Director,
        keeper: ModelKeeper,
        settings: Settings,
        banner: Banner,
    ) -> None:
        self._window, self._actions, self._stage = window, actions, stage
        self._director, self._keeper = director, keeper
        self._settings, self._banner = settings, banner
        self.recording = Recording(window)
        self.export = Export(window)
        self._tasks: list[Task] = []
        self._clicked = 0.0  # the button that records, by perf_counter
        self._progress = _EXPORTING  # as it was told last
        self._warned = False  # that to leave gives the export up
        self._failed: dict[str, str] = {}  # by job, what kept it from its end the last time
        self.recording.time.connect(self._show_recording)
        self.recording.saved.connect(lambda files, line: self._tell(line, files[0].parent))
        self.recording.failed.connect(lambda line: self._fail("recording", line))
        self.export.progress.connect(self._show_progress)
        for ended in (self.export.done, self.export.failed, self.export.cancelled):
            ended.connect(self._forget_export)
        self.export.done.connect(self._finish_export)
        self.export.failed.connect(lambda line: self._fail("export", line))
        self.export.cancelled.connect(
            lambda: banner.tell("The export was cancelled; nothing was written")
        )
        actions.snapshot.triggered.connect(self.take_snapshot)
        actions.record.triggered.connect(self.toggle_recording)
        actions.export.triggered.connect(self.ask_and_export)
        actions.folder.triggered.connect(self.ask_for_folder)
        actions.look.triggered.connect(self.open_folder)
        actions.plain.setChecked(settings.plain)
        actions.plain.toggled.connect(lambda on: setattr(settings, "plain", on))
        stage.snapshot.clicked.connect(actions.snapshot.trigger)
        stage.record.clicked.connect(self._click_record)
        stage.export.clicked.connect(actions.export.trigger)
        for action, button in (
            (actions.snapshot, stage.snapshot),
            (actions.record, stage.record),
            (actions.export, stage.export),
        ):
            action.enabledChanged.connect(button.setEnabled)
        director.opened.connect(lambda _: self.stop_recording())
        keeper.changed.connect(lambda _: self.stop_recording())

    def look_for_leftovers(self) -> None:
        """Tell what a run that was killed has left, and offer to give it a name."""
        folders = dict.fromkeys((self._settings.folder, self._settings.exports))

        def work() -> tuple[Path, ...]:
            return tuple(chain.from_iterable(map(find_leftovers, folders)))

        task = Task("leftovers", work, self._window)
        task.done.connect(self._offer)
        self._keep(task)
        task.start()

    def take_snapshot(self) -> None:
        """Save the shown result as a picture."""
        session, source = self._director.session, self._director.source
        if session is None or source is None or session.result is None:
            return
        self._try_again("snapshot")
        task = take_snapshot(
            self._settings.folder,
            source.name,
            session.result,
            self._stage.heat.style_shown,
            lambda path: self._tell(f"Saved {path.name}", path.parent),
            lambda line: self._fail("snapshot", line),
            self._window,
        )
        self._keep(task)

    def _click_record(self) -> None:
        """Begin or end; the second half of a double click is no wish for the contrary."""
        now = perf_counter()
        if now - self._clicked > QApplication.doubleClickInterval() / 1000:
            self._clicked = now
            self._actions.record.trigger()

    def toggle_recording(self) -> None:
        """Begin to record the live session, or end it."""
        if self.recording.recorder is not None:
            self.stop_recording()
            return
        session, source = self._director.session, self._director.source
        self._actions.record.setChecked(False)
        if not isinstance(session, LiveSession) or source is None:
            return
        run = session.run_info
        self._try_again("recording")
        if run is None:
            self._fail("recording", "Nothing to record yet: there is no picture, or no model")
            return
        try:
            plain = self._actions.plain.isChecked()
            model = self._keeper.model
            if model is not None:
                style = self._stage.heat.style_shown
                run = replace(run, style=replace(style, method=self._method(model.manifest)))
            recorder = self.recording.start(self._settings.folder, source.name, run, plain=plain)
            session.feed(recorder)
        except HarError as error:
            self._fail("recording", str(error))

    def _show_recording(self, time: str | None) -> None:
        self._actions.record.setChecked(time is not None)
        self._actions.plain.setEnabled(time is None)  # it is asked when one begins
        plain = "plain " if self._actions.plain.isChecked() else ""
        self._stage.show_recording(None if time is None else f"{plain}{time}")

    def stop_recording(self) -> None:
        """End the recording, if one runs."""
        session = self._director.session
        if isinstance(session, LiveSession):
            session.feed(None)
        self.recording.stop()

    def ask_for_folder(self) -> None:
        """Ask where recordings and snapshots shall go."""
        folder = QFileDialog.getExistingDirectory(
            self._window, "Folder for recordings and snapshots", str(self._settings.folder)
        )
        if folder:
            self._settings.folder = Path(folder)

    def open_folder(self) -> None:
        """Show in the system's file manager where recordings and snapshots go."""
        folder = self._settings.folder
        try:
            make_folder(folder)
        except HarError as error:
            self._banner.fail(str(error))
        else:
            self._open(folder)

    def ask_and_export(self) -> None:
        """Ask where the results of the replay shall go, and write them."""
        if self.export.running:
            self._banner.fail(_BUSY, ("Cancel", self.export.cancel))
            return
        folder = QFileDialog.getExistingDirectory(
            self._window, "Folder for the results", str(self._settings.exports)
        )
        if folder:
            self.export_to(Path(folder))

    def export_to(self, folder: Path) -> None:
        """Write the results of the replay into a folder."""
        source, model = self._director.source, self._keeper.model
        session = self._director.session
        if source is None or source.replayable is None or model is None or session is None:
            return
        explain = TOP_NAME
        if session.pinned != TOP:
            explain = model.manifest.classes[session.pinned]
        method = self._method(model.manifest)
        self._try_again("export")
        self._settings.exports = folder  # where one looks for what a killed run has left
        self._settings.sync()
        self._warned = False
        self.export.start(source.replayable, folder, model.folder, explain, method)
        self._progress = _EXPORTING
        self._banner.tell(_EXPORTING, ("Cancel", self.export.cancel), stay=True)

    def _method(self, manifest: Manifest) -> Method:
        """Whose heat-maps are chosen; Grad-CAM's where the model has no other."""
        chosen = self._stage.heat.style_shown.method
        return chosen if chosen in manifest.cam.methods else manifest.cam.method

    def holds(self, leave: Callable[[], object]) -> bool:
        """Whether an export would be lost, and nobody was asked yet; `leave` is the answer."""
        if not self.export.running or self._warned:
            return False
        self._warned = True
        self._banner.fail(_UNFINISHED, ("Leave", leave))
        return True

    def close(self) -> None:
        """Finish or give up everything, within a few seconds."""
        self.export.close(3.0)
        for task in self._tasks:
            task.abandon(3.0)
        try:
            self.recording.close()
        except HarError:
            _log.exception("the recording could not be completed")

    def _keep(self, task: Task) -> None:
        self._tasks = [*(old for old in self._tasks if old.running), task]

    def _offer(self, leftovers: tuple[Path, ...]) -> None:
        if leftovers:
            names = ", ".join(final_name(partial) for partial in leftovers)
            line = f"An earlier run was interrupted. What there is of {names} is kept"
            self._banner.offer(line, ("Recover", lambda: self._recover(leftovers)))

    def _recover(self, leftovers: tuple[Path, ...]) -> None:
        recovered: list[str] = []
        for partial in leftovers:
            try:
                file = rescue(partial)
            except OSError as error:
                self._banner.fail(f"{partial}: cannot be recovered: {error.strerror}")
            else:
                if file is not None:
                    recovered.append(file.name)
        if recovered:
            self._tell(f"Recovered {', '.join(recovered)}", leftovers[0].parent)

    def _show_progress(self, frames: int) -> None:
        before, self._progress = self._progress, f"{_EXPORTING} {frames} frames"
        self._banner.amend(before, self._progress)

    def _forget_export(self, *_: object) -> None:
        for line in (self._progress, _BUSY, _UNFINISHED):
            self._banner.take_back(line)

    def _finish_export(self, files: list[Path]) -> None:
        names = ", ".join(file.name for file in files)
        self._tell(f"Exported {names}", files[0].parent)

    def _fail(self, job: str, line: str) -> None:
        self._failed[job] = line
        self._banner.fail(line)

    def _try_again(self, job: str) -> None:
        """What it failed with is over: it would hide what comes of it now."""
        if job in self._failed:
            self._banner.take_back(self._failed.pop(job))

    def _tell(self, line: str, folder: Path) -> None:
        self._banner.tell(line, ("Open the folder", lambda: self._open(folder)))

    def _open(self, folder: Path) -> None:
        open_with_system(folder, self._banner)
