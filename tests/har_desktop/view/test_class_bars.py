"""One bar per class, and the pin."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QApplication

from har_desktop.inference.model import TOP
from har_desktop.view.class_bars import ClassBars
from har_desktop.view.colors import class_color


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


def test_a_name_is_no_markup_in_a_tooltip(bars):
    bars.set_classes(("<img src=a>", "walk & run"))
    said = bars.bars[0].toolTip()
    assert said == "<qt>Click to pin the heat-maps to &lt;img src=a&gt;</qt>"
    assert bars.bars[1].toolTip() == "Click to pin the heat-maps to walk & run"
    bars.bars[0].pin(True)
    assert "<img" not in bars.bars[0].toolTip()


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


def test_the_focus_stays_at_its_place_where_a_model_takes_the_place_of_another(bars):
    bars.activateWindow()
    bars.bars[1].setFocus()
    bars.set_classes(("a", "b"))
    assert bars.bars[1].hasFocus()
    bars.set_classes(("a",))
    assert not bars.bars[0].hasFocus()


def test_each_name_has_the_colour_of_its_curve_beside_it(bars):
    for index, bar in enumerate(bars.bars):
        image = bar.grab().toImage()
        color = class_color(index, bar.palette())
        ratio = image.devicePixelRatio()
        row = [
            image.pixelColor(x, y) for x in range(round(20 * ratio)) for y in range(image.height())
        ]
        assert color in row


def in_view(bars, index):
    return bars.bars[index].visibleRegion().boundingRect().height() == bars.bars[index].height()


@pytest.fixture
def many(bars):
    bars.set_classes([f"class {number}" for number in range(1000)])
    QApplication.processEvents()
    QApplication.sendEvent(bars, QEvent(QEvent.Type.Leave))  # wherever the pointer was
    for bar in bars.bars:
        bar.clearFocus()
    return bars


def test_a_thousand_classes_can_be_scrolled(many):
    assert many.verticalScrollBar().maximum() > 1000
    many.show_probabilities(np.full(1000, 0.001, np.float32), 999)
    assert many.bars[999].explained


def test_the_class_that_is_named_is_scrolled_to_once(many):
    shares = np.full(1000, 0.001, np.float32)
    many.show_probabilities(shares, 700, 700)
    assert in_view(many, 700)
    many.verticalScrollBar().setValue(0)  # a person looks for another one
    many.show_probabilities(shares, 700, 700)
    many.show_probabilities(shares, 700, None)
    assert in_view(many, 0)
    many.show_probabilities(shares, 700, 700)
    assert in_view(many, 700)


@pytest.mark.parametrize("hold", ["pointer", "focus"])
def test_nothing_is_scrolled_away_from_a_bar_in_use(many, hold):
    if hold == "pointer":
        QApplication.sendEvent(many, QEvent(QEvent.Type.Enter))
    else:
        many.activateWindow()
        many.bars[1].setFocus()
    many.show_probabilities(np.full(1000, 0.001, np.float32), 700, 700)
    assert in_view(many, 1)
    assert not in_view(many, 700)
    QApplication.sendEvent(many, QEvent(QEvent.Type.Leave))
    many.bars[1].clearFocus()
    many.show_probabilities(np.full(1000, 0.001, np.float32), 700, 700)
    assert in_view(many, 700)


def test_a_click_does_not_stop_the_scrolling(many, qtbot):
    qtbot.mouseClick(many.bars[1], Qt.MouseButton.LeftButton)
    QApplication.sendEvent(many, QEvent(QEvent.Type.Leave))
    many.show_probabilities(np.full(1000, 0.001, np.float32), 700, 700)
    assert in_view(many, 700)


def test_bars_are_lower_where_there_is_little_room(bars, qtbot):
    bars.set_classes([f"class {number}" for number in range(10)])
    high = 10 * (bars.bars[0].sizeHint().height() + 1)
    low = 10 * (bars.bars[0].minimumSizeHint().height() + 1)
    for room, scrolls in ((high, False), (low, False), (low - 10, True)):
        bars.resize(250, room)
        qtbot.waitUntil(lambda: bars.widget().width() > 0)
        QApplication.processEvents()
        assert (bars.verticalScrollBar().maximum() > 0) is scrolls
    bars.resize(250, 2 * high)
    QApplication.processEvents()
    assert {bar.height() for bar in bars.bars} == {bars.bars[0].sizeHint().height()}


def test_of_a_long_name_the_end_is_cut_and_never_the_figure(shown):
    bars = ClassBars()
    bars.set_classes(("washing the dishes by hand" * 3, "JumpingJack"))
    shown(bars, 200, 120)
    assert bars.horizontalScrollBar().maximum() == 0
    assert {bar.width() for bar in bars.bars} == {bars.viewport().width()}


def test_the_class_that_is_named_stays_in_sight_when_the_window_becomes_lower(shown):
    bars = ClassBars()
    bars.set_classes([f"class {number}" for number in range(12)])
    shown(bars, 250, 600)
    QApplication.sendEvent(bars, QEvent(QEvent.Type.Leave))  # wherever the pointer was
    bars.bars[0].clearFocus()
    bars.show_probabilities(np.linspace(0, 0.2, 12, dtype=np.float32), 11, 11)
    assert bars.verticalScrollBar().value() == 0
    bars.resize(250, 120)
    QApplication.processEvents()
    assert in_view(bars, 11)
