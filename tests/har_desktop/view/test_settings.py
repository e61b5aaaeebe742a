"""What is remembered, and what is not believed."""

from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings

from har_desktop.heat_style import HeatStyle
from har_desktop.sources.camera import DEFAULT_SIZE
from har_desktop.sources.cameras import CameraId
from har_desktop.view.settings import Settings
from har_desktop.view.theme import DEFAULT_APPEARANCE


@pytest.fixture
def store(tmp_path):
    return tmp_path / "settings.ini"


def opened(store):
    return Settings(QSettings(str(store), QSettings.Format.IniFormat))


def test_everything_survives_a_restart(store):
    settings = opened(store)
    settings.geometry = QByteArray(b"\x01\x02")
    settings.heat = HeatStyle(False, 0.3, "Viridis", "hires-cam")
    settings.camera = CameraId("usb-1", "Front, 4K & co", 3)
    settings.camera_size, settings.camera_rate = (720, 1280), 30.0
    settings.model = Path("/models/mine")
    settings.folder = Path("/recordings")
    settings.sync()
    again = opened(store)
    assert again.geometry == QByteArray(b"\x01\x02")
    assert again.heat == HeatStyle(False, 0.3, "Viridis", "hires-cam")
    assert again.camera == CameraId("usb-1", "Front, 4K & co", 3)
    assert (again.camera_size, again.camera_rate) == ((720, 1280), 30.0)
    assert (again.model, again.folder) == (Path("/models/mine"), Path("/recordings"))


def test_nothing_is_set_at_first(store):
    settings = opened(store)
    assert settings.geometry is settings.camera is settings.model is None
    assert settings.camera_rate is None
    assert settings.camera_size == DEFAULT_SIZE
    settings.camera_size = None
    settings.sync()
    assert opened(store).camera_size is None
    assert settings.heat == HeatStyle()
    assert settings.recent == settings.streams == ()
    assert settings.folder.name == "HAR Desktop"


def test_nonsense_counts_as_not_set(store):
    store.write_text(
        "[heat]\nshown=maybe\nopacity=strong\ncolormap=Octarine\nmethod=X-ray\n"
        "[camera]\nindex=first\n[capture]\nheight=-3\nwidth=x\nrate=fast\n"
        "[window]\ngeometry=5\nappearance=a, b\n[recent]\nfiles=one\n"
        "[output]\nfolder=@Invalid()\n[model]\nfolder=@Invalid()\n"
    )
    settings = opened(store)
    assert settings.heat == HeatStyle(shown=False)
    assert settings.camera is settings.camera_rate is None
    assert settings.camera_size == DEFAULT_SIZE
    assert settings.geometry is settings.model is None
    assert settings.folder.name == "HAR Desktop"
    assert settings.appearance == DEFAULT_APPEARANCE
    assert settings.recent == (Path("one"),)


@pytest.mark.parametrize("number", ["inf", "-inf", "nan", "1e300"])
def test_no_number_is_beyond_all_bounds(store, number):
    store.write_text(
        f"[heat]\nopacity={number}\n[camera]\nindex={number}\n"
        f"[capture]\nheight={number}\nwidth={number}\nrate={number}\n"
    )
    settings = opened(store)
    assert settings.heat == HeatStyle()
    assert settings.camera is settings.camera_rate is None
    assert settings.camera_size == DEFAULT_SIZE


def test_the_opacity_stays_a_share(store):
    store.write_text("[heat]\nopacity=7\n")
    assert opened(store).heat.opacity == 1.0


def test_recent_files_are_few_and_each_is_there_once(store, tmp_path):
    settings = opened(store)
    for number in [*range(12), 5]:
        settings.remember_file(tmp_path / f"{number}.mp4")
    names = [path.name for path in opened(store).recent]
    assert names == ["5.mp4", *(f"{n}.mp4" for n in (11, 10, 9, 8, 7, 6, 4))]
    settings.forget_recent()
    assert settings.recent == ()


def test_one_recent_file_is_a_list_of_one(store, tmp_path):
    settings = opened(store)
    settings.remember_file(tmp_path / "a, b.mp4")
    settings.sync()
    assert opened(store).recent == (tmp_path / "a, b.mp4",)


def test_a_camera_is_forgotten(store):
    settings = opened(store)
    settings.camera = CameraId("a", "b", 0)
    settings.camera = None
    assert settings.camera is None
