"""What is remembered from one start to the next."""

from __future__ import annotations

from pathlib import Path

import platformdirs
from PySide6.QtCore import QByteArray, QSettings

from har_desktop.heat_style import (
    COLORMAPS,
    DEFAULT_COLORMAP,
    DEFAULT_METHOD,
    METHODS,
    OPACITY,
    HeatStyle,
)
from har_desktop.sources.camera import DEFAULT_SIZE
from har_desktop.sources.cameras import CameraId
from har_desktop.view.theme import APPEARANCES, DEFAULT_APPEARANCE

_RECENT = 8
# No number of ours is larger; this also refuses "inf", and "nan".
_LARGEST = 1e5
_FOLDER = "HAR Desktop"


class Settings:
    """Typed access to the settings; what is unreadable counts as not set."""

    def __init__(self, store: QSettings | None = None) -> None:
        """Use the user's settings, or another store."""
        self._store = store or QSettings("har-desktop", "har-desktop")

    def sync(self) -> None:
        """Write them now."""
        self._store.sync()

    @property
    def geometry(self) -> QByteArray | None:
        """Of the main window, by `QWidget.saveGeometry`."""
        value = self._store.value("window/geometry")
        return value if isinstance(value, QByteArray) else None

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("window/geometry", value)

    @property
    def appearance(self) -> str:
        """A key of `theme.APPEARANCES`."""
        value = self._text("window/appearance", DEFAULT_APPEARANCE)
        return value if value in APPEARANCES else DEFAULT_APPEARANCE

    @appearance.setter
    def appearance(self, value: str) -> None:
        self._store.setValue("window/appearance", value)

    @property
    def heat(self) -> HeatStyle:
        """How heat-maps are shown."""
        colormap = self._text("heat/colormap", DEFAULT_COLORMAP)
        chosen = self._store.value("heat/method")
        return HeatStyle(
            shown=self._flag("heat/shown", True),
            opacity=min(1.0, max(0.0, self._number("heat/opacity", OPACITY))),
            colormap=colormap if colormap in COLORMAPS else DEFAULT_COLORMAP,
            method=next((method for method in METHODS if method == chosen), DEFAULT_METHOD),
        )

    @heat.setter
    def heat(self, style: HeatStyle) -> None:
        self._store.setValue("heat/shown", "true" if style.shown else "false")
        self._store.setValue("heat/opacity", style.opacity)
        self._store.setValue("heat/colormap", style.colormap)
        self._store.setValue("heat/method", style.method)

    @property
    def plain(self) -> bool:
        """Whether recordings show the picture as it is, without heat-map and label."""
        return self._flag("output/plain", False)

    @plain.setter
    def plain(self, on: bool) -> None:
        self._store.setValue("output/plain", "true" if on else "false")

    def shows(self, part: str) -> bool:
        """Whether a part of the window is shown, by its name."""
        return self._flag(f"window/{part}", True)

    def show(self, part: str, on: bool) -> None:
        """Remember whether it is."""
        self._store.setValue(f"window/{part}", "true" if on else "false")

    @property
    def camera(self) -> CameraId | None:
        """The camera that was used last, if the last source was one."""
        index = self._number("camera/index", -1.0)
        if index < 0:
            return None
        return CameraId(self._text("camera/stable"), self._text("camera/name"), int(index))

    @camera.setter
    def camera(self, camera: CameraId | None) -> None:
        self._store.remove("camera")
        if camera is not None:
            self._store.setValue("camera/stable", camera.stable)
            self._store.setValue("camera/name", camera.name)
            self._store.setValue("camera/index", camera.index)

    @property
    def camera_size(self) -> tuple[int, int] | None:
        """(height, width) to ask cameras for; None for their own choice.

        Unless chosen, it is that of the clips that the shipped models know: a wider picture shows
        people smaller, and much of it is none of their business.
        """
        height = int(self._number("capture/height", DEFAULT_SIZE[0]))
        width = int(self._number("capture/width", DEFAULT_SIZE[1]))
        if height == width == 0:
            return None
        return (height, width) if height > 0 and width > 0 else DEFAULT_SIZE

    @camera_size.setter
    def camera_size(self, size: tuple[int, int] | None) -> None:
        self._store.setValue("capture/height", size[0] if size else 0)
        self._store.setValue("capture/width", size[1] if size else 0)

    @property
    def camera_rate(self) -> float | None:
        """Frames per second to ask cameras for; None for their own choice."""
        rate = self._number("capture/rate", 0)
        return rate if rate > 0 else None

    @camera_rate.setter
    def camera_rate(self, rate: float | None) -> None:
        self._store.setValue("capture/rate", rate or 0)

    @property
    def model(self) -> Path | None:
        """The folder of the bundle that was chosen; None for the default."""
        text = self._text("model/folder")
        return Path(text) if text else None

    @model.setter
    def model(self, folder: Path | None) -> None:
        self._store.setValue("model/folder", "" if folder is None else str(folder))

    @property
    def recent(self) -> tuple[Path, ...]:
        """Files that were opened, the last one first."""
        return tuple(Path(text) for text in self._list("recent/files"))

    def remember_file(self, path: Path) -> None:
        """Put a file at the head of the recent ones."""
        self._remember("recent/files", str(path.absolute()))

    def forget_recent(self) -> None:
        """Empty the lists of recent files and addresses."""
        self._store.remove("recent")

    @property
    def streams(self) -> tuple[str, ...]:
        """Addresses that were opened, the last one first. Without user, password and query."""
        return tuple(self._list("recent/streams"))

    def remember_stream(self, url: str) -> None:
        """Put an address at the head of the recent ones."""
        self._remember("recent/streams", url)

    @property
    def folder(self) -> Path:
        """Where recordings and snapshots go."""
        text = self._text("output/folder")
        return Path(text) if text else Path(platformdirs.user_videos_dir()) / _FOLDER

    @folder.setter
    def folder(self, folder: Path) -> None:
        self._store.setValue("output/folder", str(folder))

    @property
    def exports(self) -> Path:
        """Where the last export went; before any, where recordings go."""
        text = self._text("output/exports")
        return Path(text) if text else self.folder

    @exports.setter
    def exports(self, folder: Path) -> None:
        self._store.setValue("output/exports", str(folder))

    def _text(self, key: str, default: str = "") -> str:
        value = self._store.value(key, default)
        # Of an INI file, a text with commas that nobody quoted comes as a list.
        return value if isinstance(value, str) else default

    def _flag(self, key: str, default: bool) -> bool:
        return self._text(key, "true" if default else "false") == "true"

    def _number(self, key: str, default: float) -> float:
        try:
            number = float(str(self._store.value(key, default)))
        except ValueError:
            return default
        return number if abs(number) <= _LARGEST else default

    def _list(self, key: str) -> list[str]:
        value = self._store.value(key, [])
        # An INI file gives a list of one back as a string.
        texts = [value] if isinstance(value, str) else value
        return [str(text) for text in texts] if isinstance(texts, list) else []

    def _remember(self, key: str, text: str) -> None:
        others = [known for known in self._list(key) if known != text]
        self._store.setValue(key, [text, *others][:_RECENT])
