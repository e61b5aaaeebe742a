"""The small parts: banner, status line, first page, switches, dialogs."""

from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu, QPushButton

from har_desktop.heat_style import COLORMAPS, HeatStyle
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.model import TOP
from har_desktop.inference.session import ProviderReport
from har_desktop.pipeline.player import PlayState, PlayStatus
from har_desktop.sources.cameras import CameraId
from har_desktop.view.about import About
from har_desktop.view.banner import Banner
from har_desktop.view.details import Details
from har_desktop.view.heat_panel import HeatPanel
from har_desktop.view.replay_controls import ReplayControls
from har_desktop.view.source_menus import CameraMenu
from har_desktop.view.stage import Stage
from har_desktop.view.status_line import Figures, StatusLine
from har_desktop.view.stream_dialog import StreamDialog
from har_desktop.view.switch import Switch
from har_desktop.view.welcome import Welcome

FIGURES = Figures("Webcam", "running", 30.0, 15.2, 29.6, 0.021, 0.038, 3)


class TestBanner:
    def test_is_silent_at_first(self, qtbot):
        banner = Banner()
        qtbot.addWidget(banner)
        assert banner.text == ""
        assert banner.isHidden()

    def test_a_failure_stays_until_it_is_dismissed(self, shown, qtbot):
        banner = shown(Banner(), 400, 50)
        banner.fail("<b>disk</b> full")
        assert (banner.text, banner.failure) == ("<b>disk</b> full", True)
        assert not banner._timer.isActive()
        qtbot.mouseClick(banner._close, Qt.MouseButton.LeftButton)
        assert banner.text == ""

    def test_good_news_go_by_themselves(self, shown, qtbot, monkeypatch):
        monkeypatch.setattr("har_desktop.view.banner._STAYS_MS", 20)
        banner = shown(Banner(), 400, 50)
        done = []
        banner.tell("Saved a.png", ("Open", lambda: done.append(1)))
        qtbot.mouseClick(banner._button, Qt.MouseButton.LeftButton)
        assert done == [1]
        banner.tell("Saved a.png")
        qtbot.waitUntil(lambda: banner.text == "")

    def test_a_failure_is_not_taken_away_by_the_clock_of_the_message_before(
        self, shown, qtbot, monkeypatch
    ):
        monkeypatch.setattr("har_desktop.view.banner._STAYS_MS", 20)
        banner = shown(Banner(), 400, 50)
        banner.tell("Saved a.png")
        banner.fail("disk full")
        qtbot.wait(60)
        assert banner.text == "disk full"


class TestCameraMenu:
    def test_a_camera_that_came_back_under_another_number_is_still_checked(self, qtbot, settings):
        menu = QMenu()
        qtbot.addWidget(menu)
        cameras = CameraMenu(menu, settings)
        now = (CameraId("port 2", "Side", 0), CameraId("port 1", "Front", 2))
        cameras.show_cameras(now, CameraId("port 1", "Front", 0))
        assert [action.text() for action in menu.actions() if action.isChecked()] == ["Front"]


class TestStatusLine:
    def test_tells_everything_where_there_is_room(self, shown):
        line = shown(StatusLine(), 1400, 30)
        line.show_model("two_stream", ProviderReport("cpu", "CUDA not available: no GPU"))
        line.show_figures(FIGURES)
        assert line.texts == (
            "Webcam  \u00b7  running",
            "camera 30  model 15  screen 30 fps",
            "label 21 / 38 ms",
            "3 dropped",
            "CPU",
            "two_stream",
        )
        assert line.badge_tip == "CUDA not available: no GPU"

    def test_says_it_shorter_where_there_is_less(self, shown):
        line = shown(StatusLine(), 1400, 30)
        line.show_model("two_stream", None)
        line.show_figures(FIGURES)
        line.resize(480, 30)
        assert "30 / 15 / 30 fps" in line.texts
        assert all(button.width() >= button.sizeHint().width() for button in line_buttons(line))

    def test_without_a_session_only_the_model_is_told(self, qtbot):
        line = StatusLine()
        qtbot.addWidget(line)
        line.show_model(None, None)
        line.show_figures(None)
        assert line.texts == ("", "no model")

    def test_a_replay_has_neither_camera_nor_age(self, shown):
        line = shown(StatusLine(), 1400, 30)
        line.show_figures(Figures("clip.mp4", "playing", inference=12.0, display=25.0))
        assert line.texts[:2] == ("clip.mp4  \u00b7  playing", "model 12  screen 25 fps")
        assert not any("label" in text or "dropped" in text for text in line.texts)

    @pytest.mark.parametrize("which", ["_rates", "_badge", "_model"])
    def test_a_click_asks_for_details(self, shown, qtbot, which):
        line = shown(StatusLine(), 1400, 30)
        line.show_model("two_stream", ProviderReport("cuda", None))
        line.show_figures(FIGURES)
        with qtbot.waitSignal(line.clicked):
            qtbot.mouseClick(getattr(line, which), Qt.MouseButton.LeftButton)


def line_buttons(line):
    QApplication.processEvents()
    return [button for button in line.findChildren(QPushButton) if not button.isHidden()]


class TestWelcome:
    def test_offers_what_there_is_without_a_camera(self, shown):
        page = shown(Welcome(), 800, 600)
        assert page.camera_names == ()
        assert "No camera" in page.hint
        words = {button.text() for button in page.findChildren(QPushButton)}
        assert words == {"&Open a video\u2026", "Network &stream\u2026", "&Demo"}

    def test_each_button_does_its_own(self, shown, qtbot):
        page = shown(Welcome(), 800, 600)
        told = []
        page.file.connect(lambda: told.append("file"))
        page.stream.connect(lambda: told.append("stream"))
        page.demo.connect(lambda: told.append("demo"))
        for button in page.findChildren(QPushButton):
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert sorted(told) == ["demo", "file", "stream"]

    def test_lists_cameras_by_name(self, shown, qtbot):
        page = shown(Welcome(), 800, 600)
        cameras = (CameraId("a", "Front", 0), CameraId("b", "", 4))
        page.show_cameras(cameras)
        assert page.camera_names == ("Front", "Camera 4")
        assert page.hint == ""
        with qtbot.waitSignal(page.camera) as told:
            qtbot.mouseClick(page._listed[1], Qt.MouseButton.LeftButton)
        assert told.args == [cameras[1]]
        page.show_cameras(())
        assert page.camera_names == ()

    def test_lists_recent_files_that_are_still_there(self, shown, qtbot, tmp_path):
        page = shown(Welcome(), 800, 600)
        here = tmp_path / "here.mp4"
        here.touch()
        page.list_recent([tmp_path / "gone.mp4", here])
        qtbot.waitUntil(lambda: any(b.toolTip() for b in page.findChildren(QPushButton)))
        (button,) = [b for b in page.findChildren(QPushButton) if b.toolTip()]
        assert button.text() == "here.mp4"
        with qtbot.waitSignal(page.recent) as told:
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert told.args == [here]

    def test_the_focus_stays_in_a_list_that_changes(self, shown, qtbot):
        page = shown(Welcome(), 800, 600)
        cameras = [CameraId("a", "Front", 0), CameraId("b", "Side", 1), CameraId("c", "Top", 2)]
        page.show_cameras(cameras)
        page.activateWindow()
        page._listed[2].setFocus()
        qtbot.waitUntil(page._listed[2].hasFocus)
        page.show_cameras(cameras[:2])
        assert page._listed[1].hasFocus()

    def test_a_long_name_is_cut_in_the_middle(self, shown):
        page = shown(Welcome(), 800, 600)
        page.show_recent([Path(f"/films/begin{'long' * 60}end.mp4")])
        (button,) = [b for b in page.findChildren(QPushButton) if b.toolTip()]
        assert button.text().startswith("begin")
        assert button.text().endswith("end.mp4")
        assert "\u2026" in button.text()


class TestHeatPanel:
    def test_every_control_changes_the_style(self, shown):
        panel = shown(HeatPanel(), 260, 180)
        styles = []
        panel.changed.connect(styles.append)
        panel.change_opacity(-1)
        assert styles[-1].opacity == pytest.approx(0.6)
        panel.next_colormap()
        assert styles[-1].colormap == list(COLORMAPS)[1]
        panel.toggle()
        assert not styles[-1].shown
        assert panel.style_shown == styles[-1]
        assert not panel._opacity.isEnabled()

    def test_the_method_can_be_chosen_where_the_model_has_two(self, shown, qtbot):
        panel = shown(HeatPanel(), 260, 210)
        styles = []
        panel.changed.connect(styles.append)
        panel.next_method()
        assert styles == [HeatStyle(method="hires-cam")]
        # Another model has one; what was chosen is remembered, not shown.
        with qtbot.assertNotEmitted(panel.changed, wait=10):
            panel.offer_methods(False)
        assert panel.style_shown.method == "hires-cam"
        assert panel._method.currentText() == "Grad-CAM"
        assert "no other" in panel._method.toolTip()
        panel.next_method()
        assert (len(styles), panel._method.isEnabled()) == (1, False)
        panel.offer_methods(True)
        assert panel._method.currentText() == "HiResCAM"
        panel.toggle()
        assert not panel._method.isEnabled()

    def test_opacity_ends_at_its_ends(self, shown):
        panel = shown(HeatPanel(), 260, 180)
        panel.change_opacity(100)
        assert panel.style_shown.opacity == 1.0
        panel.change_opacity(-100)
        assert panel.style_shown.opacity == 0.0

    def test_a_style_can_be_shown_without_being_told_again(self, shown, qtbot):
        panel = shown(HeatPanel(), 260, 180)
        style = HeatStyle(False, 0.25, "Turbo")
        with qtbot.assertNotEmitted(panel.changed, wait=10):
            panel.set_style(style)
        assert panel.style_shown == style

    def test_the_legend_follows_the_colours(self, shown):
        panel = shown(HeatPanel(), 260, 180)
        before = panel._legend.grab().toImage()
        panel.next_colormap()
        assert panel._legend.grab().toImage() != before


def test_the_stage_offers_the_methods_that_the_model_has(shown, bundle_folder):
    stage = shown(Stage(), 900, 600)
    both = load_bundle(bundle_folder).manifest
    one = msgspec.structs.replace(both, cam=msgspec.structs.replace(both.cam, second=None))
    for manifest in (both, one, both):
        stage.use_model(manifest, None, TOP)
        assert stage.heat._method.isEnabled() is (manifest is both)


def test_a_switch_is_a_check_box(shown, qtbot):
    switch = shown(Switch("&Heat-map"), 200, 30)
    off = switch.grab().toImage()
    qtbot.mouseClick(switch, Qt.MouseButton.LeftButton)
    assert switch.isChecked()
    assert switch.grab().toImage() != off
    qtbot.keyClick(switch, Qt.Key.Key_Space)
    assert not switch.isChecked()


class TestReplayControls:
    def test_buttons_say_what_they_will_do(self, shown):
        controls = shown(ReplayControls(), 600, 50)
        assert controls._play.accessibleName() == "Play"
        controls.show_status(PlayStatus(PlayState.PLAYING, 10, None, 30.0, busy=False))
        assert controls.playing
        assert controls._play.accessibleName() == "Pause"
        controls.show_status(PlayStatus(PlayState.PAUSED, 10, 100, 30.0, busy=True))
        assert not controls.playing
        assert controls.note

    def test_steps_and_speed(self, shown, qtbot):
        controls = shown(ReplayControls(), 600, 50)
        steps, speeds = [], []
        controls.step.connect(steps.append)
        controls.speed.connect(speeds.append)
        qtbot.mouseClick(controls._back, Qt.MouseButton.LeftButton)
        qtbot.mouseClick(controls._forward, Qt.MouseButton.LeftButton)
        for _ in range(4):
            controls.change_speed(1)
        controls.change_speed(-1)
        assert steps == [-1, 1]
        assert speeds == [2.0, 4.0, 2.0]
        assert controls.factor == 2.0

    def test_time(self, shown):
        controls = shown(ReplayControls(), 600, 50)
        controls.show_time(61.25, 130.0)
        assert controls.time_text == "1:01.2 / 2:10.0"


class TestDialogs:
    def test_an_address_is_checked_before_the_dialog_closes(self, shown):
        dialog = shown(StreamDialog(["rtsp://host/live"]))
        assert dialog.url == "rtsp://host/live"
        dialog.url = "gopher://host"
        dialog.accept()
        assert dialog.isVisible()
        assert "must begin with" in dialog.complaint
        dialog.url = " http://host:8080/ "
        dialog.accept()
        assert dialog.result() == StreamDialog.DialogCode.Accepted
        assert dialog.url == "http://host:8080/"

    def test_the_address_that_was_typed_is_opened(self, shown, qtbot):
        dialog = shown(StreamDialog(["http://cam/Live", "http://cam/live/stream1"]))
        line = dialog._address.lineEdit()
        for typed in ("http://cam/live", "http://cam/live/stream"):
            line.clear()
            qtbot.keyClicks(line, typed)
            assert dialog.url == typed
            qtbot.keyClick(line, Qt.Key.Key_Return)
            assert dialog.url == typed

    def test_details_keep_their_rows_while_the_names_stay(self, shown):
        details = shown(Details())
        details.show_rows([("Source", "a"), ("State", "running")])
        labels = dict(details._values)
        details.show_rows([("Source", "b"), ("State", "lost")])
        assert details.rows == {"Source": "b", "State": "lost"}
        assert details._values == labels
        details.show_rows([("Source", "none")])
        assert details.rows == {"Source": "none"}

    def test_details_grow_to_show_new_rows_whole(self, shown):
        details = shown(Details(), 300, 60)
        details.show_rows([("Source", "a")])
        assert details.height() < 100
        details.show_rows([(name, "many words that need some lines " * 5) for name in "abcd"])
        QApplication.processEvents()
        for value in details._values.values():
            assert value.height() >= value.heightForWidth(value.width())

    def test_about_names_the_versions(self, shown):
        about = shown(About())
        words = " ".join(label.text() for label in about.findChildren(type(about.children()[1])))
        assert "PySide6" in words
