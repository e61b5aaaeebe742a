"""The frames of the window."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from har_desktop.heat_style import HeatStyle
from har_desktop.inference.letterbox import Letterbox
from har_desktop.view.film_strip import FilmStrip


@pytest.fixture
def strip(shown):
    return shown(FilmStrip(), 800, 120)


def test_shows_ten_frames_with_their_ages_and_maps(strip, results):
    strip.show_recognition(results[-1].recognition)
    window = results[-1].recognition.window
    assert strip.maps == 10
    assert strip.ages == pytest.approx([window.times[-1] - time for time in window.times])
    assert strip.ages[0] == pytest.approx(0.9, abs=0.06)
    assert strip.ages[-1] == 0.0
    peaks = window.heatmaps.max(axis=(1, 2))
    place = int(peaks.argmax())
    assert place < 9
    when = f"evidence is strongest {strip.ages[place]:.1f} seconds ago"
    told = f"10 pictures, the oldest {strip.ages[0]:.1f} seconds old; {when}"
    assert strip.accessibleDescription() == strip.toolTip() == told
    strip.set_heat_style(HeatStyle(shown=False))
    assert "evidence" not in strip.accessibleDescription()


@pytest.mark.parametrize(("width", "ages"), [(1000, 10), (600, 10), (380, 5), (320, 5)])
def test_ages_do_not_run_into_each_other(strip, results, width, ages):
    strip.resize(width, 120)
    strip.show_recognition(results[-1].recognition)
    picture = strip.grab().toImage()
    below = range(round(strip.sizeHint().height()) - strip.fontMetrics().height(), 119)
    ground = picture.pixel(0, 119)
    inked = [x for x in range(picture.width()) if any(picture.pixel(x, y) != ground for y in below)]
    gaps = [right - left for left, right in pairwise(inked)]
    # Wider than the blank within "-0.9 s".
    assert sum(gap > 10 for gap in gaps) == ages - 1


@pytest.mark.parametrize("size", [(480, 270), (240, 240), (1000, 60)])
def test_upright_pictures_are_cut_at_their_sides(strip, results, size):
    recognition = results[-1].recognition
    upright = replace(recognition.frame, image=np.zeros((*size, 3), np.uint8))
    strip.show_recognition(replace(recognition, frame=upright))
    strip.grab()
    assert strip.maps == 10
    box = Letterbox.fit(size, recognition.window.images[-1].shape[:2])
    picture, _ = strip._tiles[-1]
    assert (picture.height(), picture.width()) == (box.height, box.width)
    cut = recognition.window.images[-1][box.top :, box.left :]
    for row, column in ((0, 0), (box.height - 1, box.width - 1)):
        assert picture.pixelColor(column, row).getRgb()[:3] == tuple(cut[row, column])


def test_upright_pictures_are_smaller_where_there_is_no_room(strip, results):
    recognition = results[-1].recognition
    upright = replace(recognition.frame, image=np.zeros((160, 90, 3), np.uint8))
    strip.show_recognition(replace(recognition, frame=upright))
    assert strip.sizeHint().height() > 120 > strip.minimumSizeHint().height()
    for height in (strip.sizeHint().height(), strip.minimumSizeHint().height()):
        strip.resize(800, height)
        tile = strip._tile(9)
        assert tile.width() / tile.height() == pytest.approx(90 / 160)
        assert tile.bottom() + strip.fontMetrics().height() <= height
        assert tile.right() == pytest.approx(800)


def test_while_the_window_fills_there_are_places(strip, results):
    empty = strip.grab().toImage()
    strip.show_recognition(results[5].recognition)
    assert strip.maps == 0
    assert strip.ages == ()
    filled = results[5].recognition.filled
    assert 0 < filled < 10
    assert strip.accessibleDescription() == f"{filled} of 10 filled"
    assert strip.grab().toImage() != empty


def test_maps_can_be_switched_off(strip, results):
    strip.show_recognition(results[-1].recognition)
    with_maps = strip.grab().toImage()
    strip.set_heat_style(HeatStyle(shown=False))
    assert strip.maps == 0
    assert strip.grab().toImage() != with_maps


def test_each_map_lies_on_its_own_frame(strip, results):
    """Exchanging two maps changes just those two tiles."""
    recognition = results[-1].recognition
    window = recognition.window
    strip.show_recognition(recognition)
    before = strip.grab().toImage()
    window.heatmaps[[2, 7]] = window.heatmaps[[7, 2]]
    try:
        strip.set_heat_style(HeatStyle())
        after = strip.grab().toImage()
    finally:
        window.heatmaps[[2, 7]] = window.heatmaps[[7, 2]]
    width = before.width() / 10
    differ = [
        place
        for place in range(10)
        if before.copy(round(place * width) + 8, 0, round(width) - 16, before.height())
        != after.copy(round(place * width) + 8, 0, round(width) - 16, before.height())
    ]
    assert differ == [2, 7]


def test_another_source_starts_with_nothing(strip, results):
    strip.show_recognition(results[-1].recognition)
    strip.start(4)
    assert strip.ages == ()
    assert strip.accessibleDescription() == "0 of 4 filled"
