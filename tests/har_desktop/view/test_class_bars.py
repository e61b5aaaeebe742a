"""One bar per class, and the pin."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication

from har_desktop.inference.model import TOP
from har_desktop.view.class_bars import ClassBars


@pytest.fixture
def bars(shown):
    bars = ClassBars()
    bars.set_classes(("JumpingJack", "squat", "walk"))
    return shown(bars, 250, 200)


def test_shows_what_is_known(bars):
    bars.show_probabilities(np.array([0.7, 0.2, 0.1], np.float32), 0)
    assert [bar.share for bar in bars.bars] == pytest.approx([0.7, 0.2, 0.1])
    names = [bar.accessibleName().replace("\u202f", " ") for bar in bars.bars]
    assert names == ["Jumping Jack, 70 %, explained", "squat, 20 %", "walk, 10 %"]
    bars.show_probabilities(None, None)
    assert bars.bars[0].accessibleName() == "Jumping Jack, unknown"


def test_a_longer_share_is_a_longer_bar(bars):
    def colored(bar):
        image = bar.grab().toImage()
        row = image.height() - round(8 * image.devicePixelRatio())
        colors = [image.pixelColor(x, row).saturationF() for x in range(image.width())]
        return sum(color > 0.3 for color in colors)

    bars.show_probabilities(np.array([0.9, 0.3, 0.0], np.float32), None)
    lengths = [colored(bar) for bar in bars.bars]
    assert lengths[0] > 2.5 * lengths[1] > 0
    assert lengths[2] == 0


def test_only_bars_that_look_different_are_painted(bars, qtbot):
    class Counter(QObject):
        def eventFilter(self, bar, event):  # noqa: N802, Qt's name
            if event.type() is QEvent.Type.Paint:
                painted.append(bar.text())
            return False

    counter, painted = Counter(), []
    bars.show_probabilities(np.array([0.7, 0.2, 0.1], np.float32), 0)
    qtbot.waitUntil(lambda: bars.bars[0].isVisible())
    QApplication.processEvents()
    for bar in bars.bars:
        bar.installEventFilter(counter)

    def paints(shares, explained=0):
        painted.clear()
        bars.show_probabilities(np.array(shares, np.float32), explained)
        QApplication.processEvents()
        return set(painted)

    assert paints([0.6, 0.2001, 0.1999]) == {"Jumping Jack", "walk"}
    assert paints([0.6001, 0.2, 0.1998]) == set()
    assert paints([0.6, 0.2, 0.2], explained=1) == {"Jumping Jack", "squat"}
    assert bars.bars[0].share == pytest.approx(0.6)


def test_a_click_pins_and_another_one_unpins(bars, qtbot):
    pins = []
    bars.pinned.connect(pins.append)
    qtbot.mouseClick(bars.bars[1], Qt.MouseButton.LeftButton)
    assert [bar.isChecked() for bar in bars.bars] == [False, True, False]
    qtbot.mouseClick(bars.bars[2], Qt.MouseButton.LeftButton)
    assert [bar.isChecked() for bar in bars.bars] == [False, False, True]
    qtbot.mouseClick(bars.bars[2], Qt.MouseButton.LeftButton)
    assert not any(bar.isChecked() for bar in bars.bars)
    assert pins == [1, 2, TOP]


def test_keys_do_the_same(bars, qtbot):
    pins = []
    bars.pinned.connect(pins.append)
    bars.activateWindow()
    bars.bars[0].setFocus()
    qtbot.keyClick(bars.bars[0], Qt.Key.Key_Down)
    assert bars.bars[1].hasFocus()
    qtbot.keyClick(bars.bars[1], Qt.Key.Key_Space)
    qtbot.keyClick(bars.bars[1], Qt.Key.Key_Space)
    assert pins == [1, TOP]


def test_a_thousand_classes_can_be_scrolled(bars):
    bars.set_classes([f"class {number}" for number in range(1000)])
    assert bars.verticalScrollBar().maximum() >= 0
    bars.show_probabilities(np.full(1000, 0.001, np.float32), 999)
    assert bars.bars[999].explained
