"""The large picture."""

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt

from har_desktop.decision.decision import Decision, State
from har_desktop.heat_style import HeatStyle
from har_desktop.view import video_view
from har_desktop.view.caption import Caption
from har_desktop.view.video_view import VideoView


@pytest.fixture
def view(shown):
    return shown(VideoView(), 400, 300)


def color_at(view, x, y):
    image = view.grab().toImage()
    ratio = image.devicePixelRatio()
    return image.pixelColor(round(x * ratio), round(y * ratio)).getRgb()[:3]


def test_the_picture_keeps_its_shape_and_its_colours(view):
    view.show_picture(np.full((100, 400, 3), (10, 20, 200), np.uint8))
    assert color_at(view, 200, 150) == (200, 20, 10)
    assert color_at(view, 200, 100) == pytest.approx((200, 20, 10), abs=2)
    assert max(color_at(view, 200, 90)) < 30
    assert max(color_at(view, 200, 215)) < 30


@pytest.mark.parametrize("size", [(1, 1), (3000, 50), (1080, 1920), (70, 4000)])
def test_any_size_fits(view, size):
    view.show_picture(np.full((*size, 3), 200, np.uint8))
    assert min(color_at(view, 200, 150)) > 180


def test_a_result_is_shown_with_its_own_map_and_a_plain_picture_without(view, results):
    last = results[-1].recognition
    view.show_recognition(last)
    assert view.heat_shown
    assert view.recognition is last
    view.show_picture(last.frame.image)
    assert not view.heat_shown
    assert view.recognition is None


def test_while_the_window_fills_there_is_no_map(view, results):
    view.show_recognition(results[0].recognition)
    assert not view.heat_shown


def test_switching_the_map_off_shows_the_bare_picture(view, results):
    last = results[-1].recognition
    view.show_picture(last.frame.image)
    bare = view.grab().toImage()
    view.show_recognition(last)
    assert view.grab().toImage() != bare
    view.set_heat_style(HeatStyle(shown=False))
    assert view.grab().toImage() == bare
    view.set_heat_style(HeatStyle(opacity=1.0))
    assert view.heat_shown


def test_the_shade_below_the_words_leaves_the_round_corners_alone(view):
    view.show_picture(np.full((300, 200, 3), 128, np.uint8))  # narrow: the words want more room
    corners = [(0, 299), (399, 299)]
    plain = [color_at(view, *corner) for corner in corners]
    inside = color_at(view, 60, 295)
    assert min(min(plain)) > max(inside)
    view.set_caption(Caption("Lunges", 0.9, None, certain=True))
    assert [color_at(view, *corner) for corner in corners] == plain
    assert color_at(view, 60, 295) != inside


def test_painted_is_told_once_per_picture(view):
    told = []
    view.painted.connect(lambda: told.append(1))
    view.show_picture(np.zeros((10, 10, 3), np.uint8))
    view.grab()
    view.grab()
    view.set_badge("words alone are no picture")
    view.grab()
    assert len(told) == 1


def test_words_are_there_for_screen_readers(view):
    known = np.array([0.2, 0.8], np.float32)
    decision = Decision(1.0, State.ACTION, known, "JumpingJack", 0.8)
    view.set_caption(Caption.of(decision, 10, 10))
    assert view.accessibleDescription().replace("\u202f", " ") == "Jumping Jack, 80 %"
    view.set_caption(Caption.of(Decision(1.0, State.FILLING, None, None, 0.0), 4, 10))
    assert view.accessibleDescription() == "Filling the window, 4 of 10"
    view.set_caption(Caption.of(Decision(1.0, State.NO_ACTION, known, None, 0.8), 10, 10))
    assert view.accessibleDescription() == "No action"
    view.set_notice("Camera lost", "Trying again")
    assert view.accessibleDescription() == "Camera lost. Trying again"


def test_a_caption_changes_the_lower_part_only(view):
    picture = np.full((300, 400, 3), 128, np.uint8)
    view.show_picture(picture)
    bare = view.grab().toImage()
    view.set_caption(Caption("A name that is far too long for the picture " * 5, 0.5, None, True))
    words = view.grab().toImage()
    height = bare.height()
    assert bare.copy(0, 0, bare.width(), height // 2) == words.copy(0, 0, bare.width(), height // 2)
    assert bare != words


def test_the_age_of_the_inset_grows(view, results, monkeypatch):
    now = [8.4]
    monkeypatch.setattr(video_view, "perf_counter", lambda: now[0])
    view.set_inset(results[-1].recognition, 7.0)
    assert view.inset_words == "heat-map of 1.4 s ago"
    before = view.grab().toImage()
    now[0] = 9.8
    assert view.inset_words == "heat-map of 2.8 s ago"
    assert view.grab().toImage() != before


def test_everything_is_forgotten_with_the_source(view, results):
    view.show_recognition(results[-1].recognition)
    view.set_inset(results[-1].recognition, 0.0)
    view.set_recording("0:07")
    view.set_notice("Camera lost")
    view.clear()
    assert view.recognition is view.caption is None
    assert view.notice == view.accessibleDescription() == ""
    centre = QRectF(view.rect()).center()
    assert max(color_at(view, centre.x(), centre.y())) < 30


def test_the_keyboard_reaches_the_picture_and_is_seen_there(view, qtbot):
    assert view.focusPolicy() & Qt.FocusPolicy.TabFocus
    view.show_picture(np.full((300, 400, 3), 128, np.uint8))
    bare = view.grab().toImage()
    view.setFocus(Qt.FocusReason.OtherFocusReason)
    assert view.grab().toImage() == bare
    view.clearFocus()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(view.hasFocus)
    assert view.grab().toImage() != bare
    view.clearFocus()
    assert view.grab().toImage() == bare


def test_long_words_become_smaller_before_they_are_cut(view):
    view.show_picture(np.full((300, 400, 3), 128, np.uint8))

    def last_letters(name):
        view.set_caption(Caption(name, None, None, True))
        return view.grab().toImage()

    name = "washing dishes by "
    assert last_letters(name + "hand") != last_letters(name + "foot")
