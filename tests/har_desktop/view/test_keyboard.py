"""What can be done without a mouse, and heard instead of seen."""

import re
import sys
from operator import attrgetter
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QKeySequence, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QSlider,
    QWidget,
)

import har_desktop
from har_desktop.sources.cameras import CameraId
from har_desktop.view.shortcuts import ELSEWHERE

DOCS = Path(har_desktop.__file__).parents[1] / "docs"


def activate(window, qtbot):
    window.activateWindow()
    window.setFocus()
    qtbot.waitUntil(window.isActiveWindow)


def show_replay(window, qtbot):
    """The page of a replay, with nothing on it yet."""
    window.stage.begin(replay=True, badge="")
    window.pages.setCurrentWidget(window.stage)
    activate(window, qtbot)


def test_shortcuts_of_the_heat_map_work(in_window, qtbot):
    def body(window):
        activate(window, qtbot)
        for key in ("H", "H", "M", "H", "]", "C"):
            qtbot.keyClick(window, key)
        style = window.stage.heat.style_shown
        assert not style.shown
        assert style.opacity == pytest.approx(0.7)
        assert style.colormap == "Viridis"
        assert style.method == "hires-cam"

    in_window(body)


@pytest.mark.skipif(sys.platform == "darwin", reason="shows the keys of the system")
def test_shortcuts_are_documented_and_none_is_given_twice(in_window):
    written = {}
    for line in (DOCS / "shortcuts.md").read_text().splitlines():
        if line.startswith("## "):
            group = written.setdefault(line[3:], [])
        elif (row := re.fullmatch(r"\| (.+) \| (.+) \|", line)) and row[1] not in ("what", "---"):
            group.append((row[1], row[2]))

    def body(window):
        real = {title: list(rows) for title, rows in window.commands.shortcuts()}
        assert real | {title: list(rows) for title, rows in ELSEWHERE} == written
        keys = [key.toString() for a in window.findChildren(QAction) for key in a.shortcuts()]
        assert len(keys) == len(set(keys))

    in_window(body)


def test_a_key_held_down_is_one_wish_unless_it_goes_by_steps(in_window, qtbot):
    def body(window):
        actions = [action for menu in window.commands._all.values() for action in menu]
        repeating = {action.text().replace("&", "") for action in actions if action.autoRepeat()}
        steps = {"Step back", "Step forward", "A second back", "A second ahead", "Slower", "Faster"}
        assert repeating == steps | {"Stronger heat-map", "Weaker heat-map"}
        pressed = []
        activate(window, qtbot)
        window.commands.heat.triggered.connect(lambda: pressed.append("h"))
        for repeat in (False, True, True):
            QTest.simulateEvent(
                window, True, Qt.Key.Key_H, Qt.KeyboardModifier.NoModifier, "h", repeat
            )
        assert len(pressed) == 1

    in_window(body, "demo")


def test_menus_have_mnemonics_that_do_not_collide(in_window):
    def mnemonics(texts):
        return [re.search(r"&([^&])", text)[1].lower() for text in texts]

    def body(window):
        bar = window.menuBar().actions()
        assert len(set(mnemonics(a.text() for a in bar))) == len(bar)
        fixed = set(window.actions())
        for menu in (action.menu() for action in bar):
            texts = [a.text() for a in menu.actions() if a in fixed or a.menu()]
            found = mnemonics(texts)
            assert len(set(found)) == len(found), (menu.title(), texts)

    in_window(body)


@pytest.mark.parametrize("page", ["welcome", "stage"])
def test_no_mnemonic_of_a_page_is_one_of_the_menu_bar(in_window, settings, page, tmp_path):
    (tmp_path / "R&D.mp4").touch()
    settings.remember_file(tmp_path / "R&D.mp4")

    def body(window):
        window._show_source(None)
        window._show_cameras((CameraId("usb", "Front&Side", 0),))
        shown = getattr(window, page)
        labels = [label for label in shown.findChildren(QLabel) if label.buddy()]
        parts = [*shown.findChildren(QAbstractButton), *labels]
        texts = [part.text() for part in [*window.menuBar().actions(), *parts]]
        keys = [QKeySequence.mnemonic(text) for text in texts]
        used = [key.toString() for key in keys if not key.isEmpty()]
        assert len(used) > len(window.menuBar().actions())
        assert len(set(used)) == len(used), texts

    in_window(body)


def test_everything_that_takes_the_focus_has_a_name(in_window):
    def body(window):
        window.stage.bars.set_classes(("a", "b"))
        nameless = [
            widget
            for widget in window.findChildren(QWidget)
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
            and isinstance(widget, (QAbstractButton, QComboBox, QSlider))
            and not widget.isHidden()
            and not widget.accessibleName()
            and not (isinstance(widget, QAbstractButton) and widget.text())
        ]
        assert not nameless

    in_window(body)


def test_space_presses_the_button_that_has_the_focus(in_window, qtbot):
    def body(window):
        show_replay(window, qtbot)
        button = window.stage.controls._loop
        button.setFocus()
        window.commands.play.setEnabled(True)
        pressed = []
        window.commands.play.triggered.connect(lambda: pressed.append(1))
        qtbot.keyClick(button, Qt.Key.Key_Space)
        assert window.stage.controls.loops
        assert not pressed
        window.stage.video.setFocus()
        qtbot.keyClick(window.stage.video, Qt.Key.Key_Space)
        assert pressed == [1]

    in_window(body)


@pytest.mark.parametrize("box", ["heat._map", "heat._method", "controls._speed"])
def test_space_opens_the_list_that_has_the_focus(in_window, qtbot, box):
    def body(window):
        show_replay(window, qtbot)
        choice = attrgetter(box)(window.stage)
        choice.setFocus()
        window.commands.play.setEnabled(True)
        pressed = []
        window.commands.play.triggered.connect(lambda: pressed.append(1))
        qtbot.keyClick(choice, Qt.Key.Key_Space)
        assert choice.view().isVisible()
        choice.hidePopup()
        assert not pressed

    in_window(body)


@pytest.mark.parametrize("key", ["H", "T", "I"])
def test_letters_find_what_begins_with_them_in_the_list_that_has_the_focus(in_window, qtbot, key):
    def body(window):
        show_replay(window, qtbot)
        box = window.stage.heat._method if key == "H" else window.stage.heat._map
        box.setFocus()
        window.stage.heat._map.setCurrentText("Viridis")
        pressed = []
        for action in window.findChildren(QAction):
            action.triggered.connect(lambda: pressed.append(1))
        qtbot.keyClick(box, key)
        assert not pressed
        assert box.currentText() == {"H": "HiResCAM", "T": "Turbo", "I": "Inferno"}[key]
        assert window.stage.heat.style_shown.shown

    in_window(body)


def test_a_choice_by_mouse_leaves_the_letters_to_the_shortcuts(in_window, qtbot):
    def body(window):
        show_replay(window, qtbot)
        heat = window.stage.heat
        for box in (heat._map, heat._method, window.stage.controls._speed):
            qtbot.mouseClick(box, Qt.MouseButton.LeftButton)
            box.hidePopup()
            assert not box.hasFocus()

    in_window(body)


def test_a_click_takes_the_space_bar_from_nobody(in_window, qtbot):
    def body(window):
        window.director.open_demo()
        qtbot.mouseClick(window.stage.heat._shown, Qt.MouseButton.LeftButton)
        assert window.focusWidget() is window.stage.video
        window.banner.tell("Saved a.png")
        qtbot.mouseClick(window.banner._label, Qt.MouseButton.LeftButton)  # to select and copy
        assert window.focusWidget() is window.banner._label
        window.banner.dismiss()
        assert not isinstance(window.focusWidget(), QAbstractButton)

    in_window(body)


def test_tab_goes_down_the_page(in_window):
    def chain(first, last):
        seen = [first]
        while seen[-1] is not last:
            seen.append(seen[-1].nextInFocusChain())
            assert seen[-1] is not first
        return [widget for widget in seen if widget.focusPolicy() & Qt.FocusPolicy.TabFocus]

    def body(window):
        names = ("One", "Two")
        window._show_cameras(tuple(CameraId(name, name, n) for n, name in enumerate(names)))
        texts = [
            widget.text()
            for widget in chain(window.welcome._listed[0], window.welcome._last)
            if isinstance(widget, QAbstractButton)
        ]
        assert texts == [*names, "&Open a video\u2026", "Network &stream\u2026", "&Demo"]
        stage = window.stage
        stage.bars.set_classes(("a", "b"))
        first, *_ = chain(stage.video, stage.heat._shown)
        assert first is stage.video
        assert chain(stage.video, stage.heat._shown)[-3:] == [*stage.bars.bars, stage.heat._shown]

    in_window(body)


def test_the_wheel_changes_nothing_that_it_passes_over(in_window, qtbot):
    def roll(widget):
        middle = QPointF(widget.rect().center())
        QApplication.sendEvent(
            widget,
            QWheelEvent(
                middle,
                widget.mapToGlobal(middle),
                QPoint(),
                QPoint(0, -120),
                Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier,
                Qt.ScrollPhase.NoScrollPhase,
                False,
            ),
        )

    def body(window):
        show_replay(window, qtbot)
        heat = window.stage.heat
        before = heat.style_shown
        for widget in (heat._map, heat._method, heat._opacity, window.stage.controls._speed):
            roll(widget)
        assert heat.style_shown == before
        heat._map.setFocus()
        roll(heat._map)
        assert heat.style_shown.colormap != before.colormap

    in_window(body)


def test_keys_of_actions_can_be_typed_everywhere(in_window):
    """No shortcut needs a key that only some keyboards have."""

    def body(window):
        for action in window.findChildren(QAction):
            for keys in action.shortcuts():
                text = keys.toString(QKeySequence.SequenceFormat.PortableText)
                assert text.isascii(), text

    in_window(body)
