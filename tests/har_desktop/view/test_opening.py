"""Everything that asks a person what to open, and where files shall go."""

import shutil

import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFileDialog

from har_desktop.view.stream_dialog import StreamDialog
from tests.sessions import full

ROLE = QPalette.ColorRole.Window


@pytest.fixture
def answer(monkeypatch):
    """Answer every question for a file or folder; None cancels it."""
    asked = []

    def given(path):
        text = "" if path is None else str(path)

        def file(_parent, title, start, *_):
            asked.append((title, start))
            return text, ""

        def folder(_parent, title, start):
            asked.append((title, start))
            return text

        monkeypatch.setattr(QFileDialog, "getOpenFileName", file)
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", folder)
        return asked

    return given


def test_a_file_is_asked_for_where_the_last_one_was(in_window, answer, settings, tmp_path, qtbot):
    settings.remember_file(tmp_path / "films" / "before.mp4")
    (tmp_path / "chosen.mp4").write_bytes(b"\x00\x01 no video")

    def body(window):
        asked = answer(None)
        window.commands.open.trigger()
        assert asked == [("Open a video", str(tmp_path / "films"))]
        assert window.director.source is None
        answer(tmp_path / "chosen.mp4")
        window.commands.open.trigger()
        qtbot.waitUntil(lambda: window.director.source is not None)
        assert window.director.source.name == "chosen.mp4"

    in_window(body)


def test_an_address_is_asked_for_and_looked_at(in_window, camera_server, qtbot):
    def type_in(window, address, button):
        (dialog,) = [one for one in window.findChildren(StreamDialog) if one.isVisible()]
        dialog.url = address
        dialog.findChild(QDialogButtonBox).button(button).click()

    def body(window):
        for address, button in (
            (camera_server.url, QDialogButtonBox.StandardButton.Cancel),
            (camera_server.url, QDialogButtonBox.StandardButton.Open),
        ):
            assert window.director.source is None
            window.commands.stream.trigger()
            type_in(window, address, button)
        qtbot.waitUntil(lambda: full(window))
        assert window.settings.streams == (camera_server.url.rstrip("/") + "/",)

    in_window(body)


def test_a_folder_of_a_model_is_asked_for(in_window, answer, shipped, tmp_path, qtbot):
    shutil.copytree(shipped / "other_gru", tmp_path / "mine")

    def body(window):
        qtbot.waitUntil(lambda: window.keeper.model is not None)
        asked = answer(None)
        window.commands.choose_model.trigger()
        assert asked == [("Folder of a model bundle", str(shipped))]
        answer(tmp_path / "mine")
        window.commands.choose_model.trigger()
        qtbot.waitUntil(lambda: window.keeper.model.folder == tmp_path / "mine")
        assert window.settings.model == tmp_path / "mine"
        (current,) = [a for a in window.commands.model.actions() if a.isChecked()]
        assert current.text() == "mine"
        window.commands.default_model.trigger()
        qtbot.waitUntil(lambda: window.settings.model is None)

    in_window(body)


def test_a_folder_for_recordings_is_asked_for(in_window, answer, settings, tmp_path):
    before = settings.folder

    def body(window):
        asked = answer(None)
        window.commands.folder.trigger()
        assert asked == [("Folder for recordings and snapshots", str(before))]
        assert settings.folder == before
        answer(tmp_path / "elsewhere")
        window.commands.folder.trigger()

    in_window(body)
    assert settings.folder == tmp_path / "elsewhere"


def test_a_folder_for_an_export_is_asked_for(in_window, answer, tmp_path, qtbot, monkeypatch):
    def body(window):
        window.director.open_demo()
        qtbot.waitUntil(window.commands.export.isEnabled)
        started = []
        monkeypatch.setattr(window.outputs, "export_to", started.append)
        answer(None)
        window.commands.export.trigger()
        assert started == []
        answer(tmp_path)
        window.commands.export.trigger()
        assert started == [tmp_path]

    in_window(body)


def test_the_appearance_can_be_chosen_and_is_remembered(in_window):
    shades = {}

    def choose(window):
        for action in window.commands.appearance.actions():
            action.trigger()
            shades[action.text()] = QApplication.palette().color(ROLE).lightness()
        next(a for a in window.commands.appearance.actions() if "ark" in a.text()).trigger()

    def remembered(window):
        (chosen,) = [a for a in window.commands.appearance.actions() if a.isChecked()]
        assert "ark" in chosen.text()
        assert QApplication.palette().color(ROLE).lightness() == min(shades.values())
        window.commands.appearance.actions()[0].trigger()

    in_window(choose)
    assert max(shades.values()) > min(shades.values()) + 100
    in_window(remembered)


def test_another_picture_size_opens_the_camera_anew(in_window, camera_server, qtbot, monkeypatch):
    from har_desktop.sources.cameras import CameraId
    from har_desktop.sources.stream import NetworkStream

    wanted = []

    def camera(_device, size, rate, _others):
        wanted.append((size, rate))
        return NetworkStream(camera_server.url)

    monkeypatch.setattr("har_desktop.view.director.Camera", camera)

    def body(window):
        window.director.open_camera(CameraId("usb-1", "Front", 0))
        qtbot.waitUntil(lambda: full(window))
        before = window.director.session
        menus = {a.text(): a.menu() for a in window.commands.camera.actions() if a.menu()}
        next(
            a for a in menus["Picture &size"].actions() if a.text() == "1920 \u00d7 1080"
        ).trigger()
        assert window.director.session is not before
        qtbot.waitUntil(lambda: full(window))
        assert wanted[-1][0] == (1080, 1920)

    in_window(body)
