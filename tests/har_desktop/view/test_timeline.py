"""Probabilities and events over time."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from har_desktop.decision.decision import Decision, Event, State
from har_desktop.view import chart
from har_desktop.view import timeline as module
from har_desktop.view.course import Course
from har_desktop.view.hover import draw_hover
from har_desktop.view.timeline import Timeline


@pytest.fixture
def timeline(shown):
    return shown(Timeline(), 600, 150)


@pytest.fixture
def course(decision_at):
    """Twenty seconds: half of them the first class, half of them the second."""
    course = Course(("squat", "jump"))
    for index in range(400):
        first = 0.9 if index < 200 else 0.1
        course.add(decision_at(index * 0.05, [first, 1 - first]))
    course.close_events([Event(0.0, 10.0, "squat", 0.9)])
    return course


def place(timeline, seconds):
    field = timeline._field()
    return QPoint(round(field.x(seconds)), round(field.plot.center().y()))


def test_a_click_seeks_in_a_recorded_course(timeline, course, qtbot):
    timeline.start(course, 0.5, 20.0)
    with qtbot.waitSignal(timeline.seek) as told:
        qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=place(timeline, 5.0))
    assert told.args[0] == pytest.approx(5.0, abs=0.05)


def test_seeking_stays_within_the_source(timeline, course, qtbot):
    timeline.start(course, 0.5, 20.0)
    goals = []
    timeline.seek.connect(goals.append)
    qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=QPoint(1, 20))
    qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=QPoint(599, 20))
    assert goals == [0.0, 20.0]


def test_keys_seek(timeline, course, qtbot):
    timeline.start(course, 0.5, 20.0)
    timeline.set_position(5.0)
    goals, jumps = [], []
    timeline.seek.connect(goals.append)
    timeline.jump.connect(jumps.append)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Left, Qt.Key.Key_Home, Qt.Key.Key_End):
        qtbot.keyClick(timeline, key)
    assert (jumps, goals) == ([1.0, -1.0], [0.0, 20.0])


def test_page_keys_go_from_action_to_action(timeline, course, qtbot):
    course.close_events([Event(12.0, 14.0, "jump", 0.8)])
    timeline.start(course, 0.5, 20.0)
    goals = []
    timeline.seek.connect(goals.append)
    for position, key in ((5.0, "Down"), (12.0, "Down"), (13.5, "Up"), (12.3, "Up"), (0.3, "Up")):
        timeline.set_position(position)
        qtbot.keyClick(timeline, Qt.Key[f"Key_Page{key}"])
    assert goals == [12.0, 12.0, 0.0]  # shortly after the second it is the first that is meant


def test_what_is_going_on_is_told_in_words(timeline, course):
    timeline.start(course, 0.5, 20.0)
    timeline.set_position(5.0)
    assert timeline.accessibleDescription() == "0:05 of 0:20, squat"
    timeline.set_position(15.0)
    assert timeline.accessibleDescription() == "0:15 of 0:20"
    course.close_events([Event(14.0, 16.0, "jump", 0.8)])
    timeline.set_duration(21.0)
    timeline.refresh()
    assert timeline.accessibleDescription() == "0:15 of 0:21, jump"
    timeline.start(course, 0.5, None)
    assert timeline.accessibleDescription() == ""


def test_an_action_tells_its_name_below_the_pointer(timeline, course, qtbot, monkeypatch):
    drawn = []
    monkeypatch.setattr(module, "draw_hover", lambda *arguments: drawn.append(arguments[4:]))
    course.close_events([Event(12.0, 12.4, "jump", 0.8)])
    timeline.start(course, 0.5, 20.0)
    field = timeline._field()
    y = round(field.lane.center().y())
    qtbot.mouseMove(timeline, QPoint(round(field.x(12.2)), y))
    qtbot.waitUntil(lambda: not timeline.grab().isNull() and bool(drawn))
    title, ((_, name, share),) = drawn[-1]
    assert (title, name, share.replace("\u202f", " ")) == ("0:12.0, 0.4 s", "jump", "80 %")
    qtbot.mouseMove(timeline, QPoint(round(field.x(18.0)), y))
    qtbot.waitUntil(lambda: field.seconds(timeline._hover.x()) > 17)
    drawn.clear()
    timeline.grab()
    assert not drawn


@pytest.mark.parametrize("x", [5.0, 250.0, 395.0])
def test_the_table_beside_the_pointer_stays_in_the_plot(qapp, x):
    name = "Throwing or catching a baseball outdoors with both hands while somebody watches"
    image = QImage(420, 120, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.magenta)
    painter = QPainter(image)
    plot = QRectF(10, 5, 400, 110)
    draw_hover(painter, qapp.palette(), plot, x, "0:12.0", [(QColor("red"), name, "80 %")])
    painter.end()
    left_alone = QColor(Qt.GlobalColor.magenta).rgb()
    outside = [column for column in range(420) if not 9 <= column <= 411]
    assert all(image.pixel(c, r) == left_alone for c in outside for r in range(120) if c != int(x))
    assert QColor("red") in [image.pixelColor(c, r) for c in range(10, 410) for r in range(20, 45)]


def test_the_focus_is_seen(timeline, course):
    timeline.start(course, 0.5, 20.0)
    timeline.clearFocus()
    without = timeline.grab().toImage()
    timeline.activateWindow()
    timeline.setFocus()
    assert timeline.grab().toImage() != without


def test_nothing_seeks_in_a_live_course(timeline, course, qtbot):
    timeline.start(course, 0.5, None)
    with qtbot.assertNotEmitted(timeline.seek, wait=50):
        qtbot.mouseClick(timeline, Qt.MouseButton.LeftButton, pos=QPoint(300, 50))
        qtbot.keyClick(timeline, Qt.Key.Key_Home)


def test_a_live_course_shows_its_last_minute(timeline, decision_at):
    course = Course(("squat",), 60.0)
    timeline.start(course, 0.5, None)
    for index in range(1000):
        course.add(decision_at(index * 0.1, [0.5]))
    field = timeline._field()
    assert (field.start, field.end) == pytest.approx((39.9, 99.9))


def test_curves_and_events_are_drawn_where_they_belong(timeline, course):
    timeline.start(course, 0.5, 20.0)
    field = timeline._field()
    image = timeline.grab().toImage()
    ratio = image.devicePixelRatio()

    def at(seconds, y):
        return image.pixelColor(round(field.x(seconds) * ratio), round(y * ratio))

    lane = field.lane.center().y()
    assert at(9.0, lane).saturationF() > 0.5
    assert at(15.0, lane).saturationF() < 0.2
    high = field.y(0.7)
    assert at(5.0, high) != at(15.0, high)
    assert at(5.0, field.y(0.97)) == at(15.0, field.y(0.97))


def test_the_pointer_shows_the_values(timeline, course, qtbot):
    timeline.start(course, 0.5, 20.0)
    bare = timeline.grab().toImage()
    qtbot.mouseMove(timeline, place(timeline, 5.0))
    qtbot.waitUntil(lambda: timeline.grab().toImage() != bare)
    qtbot.mouseMove(timeline, QPoint(-50, -50))
    timeline.leaveEvent(timeline_leave())
    assert timeline.grab().toImage() == bare


def timeline_leave():
    from PySide6.QtCore import QEvent

    return QEvent(QEvent.Type.Leave)


def test_the_values_stay_below_a_pointer_that_rests(timeline, decision_at, qtbot, monkeypatch):
    drawn = []
    monkeypatch.setattr(module, "draw_hover", lambda *arguments: drawn.append(arguments[3:5]))
    course = Course(("squat",), 60.0)
    for index in range(700):
        course.add(decision_at(index * 0.1, [0.5]))
    timeline.start(course, 0.5, None)
    qtbot.mouseMove(timeline, QPoint(400, 50))
    qtbot.waitUntil(lambda: not timeline.grab().isNull() and bool(drawn))
    (x, title) = drawn[-1]
    assert x == pytest.approx(400, abs=2)
    for index in range(700, 1200):
        course.add(decision_at(index * 0.1, [0.5]))
    timeline.refresh()
    timeline.grab()
    assert drawn[-1] == (pytest.approx(400, abs=2), title)  # so many seconds ago


@pytest.mark.parametrize("whole", [False, True])
def test_the_last_results_of_all_are_drawn_however_few(timeline, course, decision_at, whole):
    timeline.start(course, 0.5, 40.0)
    before = timeline.grab().toImage()
    course.add(decision_at(20.1, [0.5, 0.5]))
    timeline.refresh(whole)
    assert (timeline.grab().toImage() != before) is whole


def test_new_results_are_drawn(timeline, course, decision_at):
    timeline.start(course, 0.5, 40.0)
    before = timeline.grab().toImage()
    for index in range(400, 600):
        course.add(decision_at(index * 0.05, [0.8, 0.2]))
    timeline.refresh()
    assert timeline.grab().toImage() != before


def test_the_position_is_told(timeline, course):
    timeline.start(course, 0.5, 20.0)
    bare = timeline.grab().toImage()
    timeline.set_position(65.0)
    assert timeline.accessibleDescription() == "1:05 of 0:20"
    timeline.set_position(7.0)
    assert timeline.grab().toImage() != bare


def test_unknown_stretches_are_left_open(timeline, decision_at):
    course = Course(("squat",))
    for index in range(100):
        known = None if 30 <= index < 60 else [0.9]
        course.add(decision_at(index * 0.1, known))
    timeline.start(course, 0.5, 10.0)
    field = timeline._field()
    image = timeline.grab().toImage()
    ratio = image.devicePixelRatio()
    y = round(field.y(0.7) * ratio)
    inside, outside = (image.pixelColor(round(field.x(t) * ratio), y) for t in (4.5, 1.5))
    assert inside.saturationF() < outside.saturationF()


def test_of_a_long_course_no_more_is_drawn_than_there_is_room_for(timeline):
    course = Course(tuple("abcdefghij"))
    rng = np.random.default_rng(0)
    for index in range(30 * 600):
        shares = rng.dirichlet(np.ones(10)).astype(np.float32)
        course.add(Decision(index / 30, State.NO_ACTION, shares, None, float(shares.max())))
    timeline.start(course, 0.5, 600.0)
    times, _ = course.columns(0.0, 600.0, 300)
    assert len(times) <= 303
    assert not timeline.grab().isNull()


@pytest.mark.parametrize("duration", [0.1, 7200.0, 5e8, 1.8e11])
def test_there_are_as_many_marks_as_have_room(timeline, duration):
    timeline.start(Course(("squat",)), 0.5, duration)
    marks = chart._ticks(timeline._field(), QFontMetricsF(timeline.font()))
    assert 2 <= len(marks) <= 12


def test_where_nothing_comes_any_more_the_end_is_not_now(timeline, decision_at, qtbot, monkeypatch):
    drawn = []
    monkeypatch.setattr(module, "draw_hover", lambda *arguments: drawn.append(arguments[4]))
    course = Course(("squat",), 60.0)
    for index in range(700):
        course.add(decision_at(index * 0.1, [0.5]))
    timeline.start(course, 0.5, None)
    assert timeline._field().last == "now"
    timeline.set_current(False)
    assert timeline._field().last == "last"
    qtbot.mouseMove(timeline, QPoint(380, 50))
    qtbot.waitUntil(lambda: not timeline.grab().isNull() and bool(drawn))
    assert drawn[-1].endswith(" s before the last")
    timeline.set_current(True)
    timeline.grab()
    assert drawn[-1].endswith(" s ago")
