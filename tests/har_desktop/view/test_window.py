"""The main window as a whole: what it offers, keeps, refuses and leaves."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import (
    QEvent,
    QMimeData,
    QPointF,
    QSize,
    Qt,
    QUrl,
)
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
)

from har_desktop.heat_style import HeatStyle
from har_desktop.view.about import About
from har_desktop.view.model_card import ModelCard
from har_desktop.view.model_keeper import ModelKeeper
from har_desktop.view.shortcuts import Shortcuts
from har_desktop.view.stream_dialog import StreamDialog


def dialog(kind):
    """The open dialog of a kind, or None."""
    found = [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]
    return found[0] if found else None


def test_without_a_camera_the_first_page_offers_other_sources(in_window, qtbot):
    def body(window):
        assert window.pages.currentWidget() is window.welcome
        assert "No camera" in window.welcome.hint
        assert window.banner.text == ""
        qtbot.waitUntil(lambda: window.keeper.model is not None)
        assert "two_stream" in window.status.texts

    in_window(body)


def test_the_window_is_shown_before_the_model_is_loaded(in_window, qtbot, monkeypatch):
    load = ModelKeeper.load
    visible = []

    def spy(keeper, find_folder):
        visible.append(keeper.parent().isVisible())
        load(keeper, find_folder)

    monkeypatch.setattr(ModelKeeper, "load", spy)

    def body(window):
        assert visible == [True]
        qtbot.waitUntil(lambda: window.keeper.model is not None)

    in_window(body)


def test_without_any_model_the_window_says_so_and_lives(
    in_window, qtbot, monkeypatch, shipped, tmp_path
):
    monkeypatch.setattr("har_desktop.models.shipped_folder", lambda: tmp_path)

    def body(window):
        qtbot.waitUntil(lambda: window.banner.failure)
        assert "two_stream" in window.banner.text
        assert "no model" in window.status.texts
        assert not window.commands.card.isEnabled()
        window.banner.dismiss()
        window.director.open_demo()
        assert window.stage.video.notice == "No model. Choose one in the menu Model"
        qtbot.waitUntil(lambda: window.status.texts[0].endswith("no model"))
        window.load_model(shipped / "two_stream")
        qtbot.waitUntil(lambda: window.director.session.result is not None)
        assert window.stage.video.notice == ""

    in_window(body)


def test_a_video_that_waits_for_a_model_tells_that_it_is_refused(
    in_window, qtbot, monkeypatch, tmp_path
):
    monkeypatch.setattr("har_desktop.models.shipped_folder", lambda: tmp_path)

    def body(window):
        qtbot.waitUntil(lambda: "No model" in window.stage.video.notice)

    in_window(body, "demo")


def test_a_model_that_is_refused_is_no_lack_of_one(in_window, qtbot, monkeypatch, tmp_path):
    """While a video still waits for a recogniser."""

    def body(window):
        qtbot.waitUntil(lambda: window.keeper.model is not None)
        monkeypatch.setattr(window.keeper, "recognizer", lambda _: None)
        window.director.open_demo()
        window.load_model(tmp_path)
        qtbot.waitUntil(lambda: "stays in use" in window.banner.text)
        assert "No model" not in window.stage.video.notice

    in_window(body)


def test_a_remembered_model_that_has_gone_bad_gives_way_to_the_default_one(
    in_window, qtbot, settings, tmp_path
):
    settings.model = tmp_path / "gone"

    def body(window):
        qtbot.waitUntil(lambda: "two_stream" in window.status.texts)
        assert window.banner.failure
        assert "gone" in window.banner.text
        assert "default" in window.banner.text

    in_window(body)
    assert settings.model is None


def test_the_geometry_is_kept(in_window):
    in_window(lambda window: window.resize(761, 555))
    seen = []
    in_window(lambda window: seen.append(window.size()))
    assert seen == [QSize(761, 555)]


def test_full_screen_is_kept_and_its_action_knows(in_window):
    in_window(lambda window: window.commands.full.trigger())

    def body(window):
        assert window.isFullScreen()
        assert window.commands.full.isChecked()
        window.commands.full.trigger()
        assert not window.isFullScreen()
        window.showFullScreen()  # as the system may do
        assert window.commands.full.isChecked()
        window.showNormal()
        assert not window.commands.full.isChecked()

    in_window(body)


def test_a_maximised_window_is_so_again_after_full_screen(in_window):
    def body(window):
        window.showMaximized()
        window.commands.full.trigger()
        assert window.isFullScreen()
        window.commands.full.trigger()
        assert window.isMaximized()
        assert not window.isFullScreen()

    in_window(body)


def test_the_style_of_heat_maps_is_kept(in_window, settings):
    in_window(lambda window: window.stage.heat.next_colormap())
    assert settings.heat == HeatStyle(colormap="Viridis")
    seen = []
    in_window(lambda window: seen.append(window.stage.heat.style_shown))
    assert seen == [settings.heat]


@pytest.mark.parametrize("page", ["welcome", "live", "replay", "upright"])
def test_it_fits_a_small_screen(in_window, page, results):
    """1600 x 1000 at 200 % leaves 800 x 500, less the title bar."""

    def body(window):
        if page != "welcome":
            window.stage.begin(replay=page == "replay", badge="clip.mp4")
            window.pages.setCurrentWidget(window.stage)
        if page == "upright":
            frame = replace(results[-1].recognition.frame, image=np.zeros((160, 90, 3), np.uint8))
            window.stage.strip.show_recognition(replace(results[-1].recognition, frame=frame))
            window.resize(1280, 470)
        QApplication.processEvents()
        assert window.minimumSizeHint().width() <= 800
        assert window.minimumSizeHint().height() <= 470

    in_window(body)


def test_dialogs_open_and_go(in_window, qtbot):
    def body(window):
        qtbot.waitUntil(lambda: window.keeper.model is not None)
        for action, kind in (
            (window.commands.about, About),
            (window.commands.keys, Shortcuts),
            (window.commands.card, ModelCard),
            (window.commands.stream, StreamDialog),
        ):
            action.trigger()
            open_one = dialog(kind)
            assert open_one is not None
            assert open_one.windowTitle()
            open_one.reject()
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            assert dialog(kind) is None
        assert not [w for w in window.findChildren(QDialog) if w is not window.details]

    in_window(body)


def test_the_card_of_the_model_is_rendered(in_window, qtbot):
    def body(window):
        qtbot.waitUntil(lambda: window.keeper.model is not None)
        window.commands.card.trigger()
        card = dialog(ModelCard)
        assert card.text.startswith("Two streams")
        card.reject()

    in_window(body)


def test_a_bundle_without_a_card_is_described_by_its_manifest(in_window, qtbot, shipped):
    def body(window):
        window.models.chosen.emit(shipped / "other_gru")
        qtbot.waitUntil(lambda: "other_gru" in window.status.texts)
        window.commands.card.trigger()
        card = dialog(ModelCard)
        assert "walk" in card.text
        card.reject()

    in_window(body)


def drop(window, *urls):
    data = QMimeData()
    data.setUrls([QUrl(url) for url in urls])
    place, buttons = QPointF(50, 50), Qt.MouseButton.LeftButton
    event = QDropEvent(
        place, Qt.DropAction.CopyAction, data, buttons, Qt.KeyboardModifier.NoModifier
    )
    window.dropEvent(event)


def test_a_bundle_can_be_dropped(in_window, qtbot, shipped):
    def body(window):
        qtbot.waitUntil(lambda: window.keeper.model is not None)
        drop(window, (shipped / "other_gru").as_uri())
        qtbot.waitUntil(lambda: window.keeper.model.manifest.name == "other_gru")
        assert window.models._group.checkedAction().text() == "other_gru"

    in_window(body)


def test_the_menu_lists_the_models_that_come_with_the_program(in_window, qtbot):
    def body(window):
        qtbot.waitUntil(lambda: window.keeper.model is not None)
        names = [action.text() for action in window.models._group.actions()]
        assert names == ["two_stream", "other_gru"]
        assert window.models._group.checkedAction().text() == "two_stream"

    in_window(body)


def test_camera_size_and_rate_can_be_chosen(in_window, settings):
    def body(window):
        menus = {a.text(): a.menu() for a in window.commands.camera.actions() if a.menu()}
        sizes = menus["Picture &size"].actions()
        rates = menus["Frame &rate"].actions()
        assert [a.text() for a in sizes if a.isChecked()] == ["640 \u00d7 480"]
        next(a for a in sizes if a.text() == "1280 \u00d7 720").trigger()
        next(a for a in rates if a.text() == "30 per second").trigger()
        assert settings.camera_size == (720, 1280)
        assert settings.camera_rate == 30.0

    in_window(body)


def test_a_long_name_in_a_message_does_not_widen_the_window(in_window):
    def body(window):
        before = window.minimumSizeHint().width()
        window.banner.fail(f"{'long' * 60}.mp4: cannot be read")
        assert window.minimumSizeHint().width() == before

    in_window(body)


def test_shortcuts_work_while_the_details_are_in_front(in_window, qtbot):
    def body(window):
        window.commands.details.trigger()
        window.details.activateWindow()
        qtbot.waitUntil(window.details.isActiveWindow)
        shown = window.stage.heat.style_shown.shown
        qtbot.keyClick(window.details, Qt.Key.Key_H)
        assert window.stage.heat.style_shown.shown is not shown

    in_window(body)


def test_what_is_hidden_stays_hidden_at_the_next_start(in_window):
    def hide(window):
        assert not window.stage.strip.isHidden()
        window.commands.strip.trigger()
        window.commands.timeline.trigger()
        window.commands.timeline.trigger()

    def look(window):
        assert window.stage.strip.isHidden()
        assert not window.commands.strip.isChecked()
        assert not window.stage.timeline.isHidden()

    in_window(hide)
    in_window(look)
