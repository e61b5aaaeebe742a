"""The model in use: loaded and proven in the background, replaced only by another good one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from har_desktop.inference.bundle import Bundle, load_bundle
from har_desktop.inference.manifest import Manifest
from har_desktop.inference.recognizer import Recognizer
from har_desktop.inference.session import ProviderReport
from har_desktop.view.background import Task


@dataclass(frozen=True, slots=True, eq=False)
class GoodModel:
    """A bundle that has been checked and run.

    Attributes:
        bundle: To make recognisers from.
        provider: Where it runs on this machine, and why there.
    """

    bundle: Bundle
    provider: ProviderReport

    @property
    def manifest(self) -> Manifest:
        """What the bundle says of itself."""
        return self.bundle.manifest

    @property
    def folder(self) -> Path:
        """Where the bundle was read from."""
        return self.bundle.folder


class ModelKeeper(QObject):
    """Holds the last good model, and makes recognisers of it.

    A recogniser belongs to one session, so every session asks for its own.

    Signals:
        loading: A folder is being looked at.
        changed: The new `GoodModel`; `model` is it already.
        refused: One line; the model stays as it was.
    """

    loading = Signal()
    changed = Signal(object)
    refused = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model: GoodModel | None = None
        self._spare: Recognizer | None = None
        self._loading: Task | None = None
        self._making: Task | None = None

    @property
    def model(self) -> GoodModel | None:
        """The last good model; None before the first."""
        return self._model

    @property
    def idle(self) -> bool:
        """True where there is no model, and none is being looked at."""
        return self._model is None and self._loading is None

    def load(self, find_folder: Callable[[], Path]) -> None:
        """Check a bundle in the background and take it if it is good; the last call wins.

        Args:
            find_folder: Called in the background; may raise a `HarError` itself.
        """
        if self._loading is not None:
            self._loading.abandon(0)

        def work() -> tuple[GoodModel, Recognizer]:
            bundle = load_bundle(find_folder())
            recognizer = Recognizer(bundle)
            return GoodModel(bundle, recognizer.provider), recognizer

        self._loading = Task("model-loader", work, self)
        self._loading.done.connect(self._take)
        self._loading.failed.connect(self._refuse)
        self._loading.start()
        self.loading.emit()

    def recognizer(self, deliver: Callable[[Recognizer], object]) -> None:
        """Make a recogniser of the present model and hand it over, at once or a little later.

        Only the last request counts: a session that was replaced in the meantime gets nothing.

        Args:
            deliver: Called in the main thread, not before a model is there.
        """
        if self._making is not None:
            self._making.abandon(0)
            self._making = None
        if self._model is None:
            return
        if self._spare is not None:
            spare, self._spare = self._spare, None
            deliver(spare)
            return
        bundle = self._model.bundle
        self._making = Task("recognizer-maker", lambda: Recognizer(bundle), self)
        self._making.done.connect(deliver)
        self._making.failed.connect(self.refused)
        self._making.start()

    def stop(self, timeout: float) -> None:
        """Deliver nothing any more; wait for the threads for at most `timeout` seconds each."""
        for task in (self._loading, self._making):
            if task is not None:
                task.abandon(timeout)
        self._loading = self._making = None

    def _take(self, found: tuple[GoodModel, Recognizer]) -> None:
        self._loading = None
        self._model, self._spare = found
        self.changed.emit(self._model)

    def _refuse(self, reason: str) -> None:
        self._loading = None
        self.refused.emit(reason)
