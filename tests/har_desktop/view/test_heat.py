"""Heat-maps as pictures for Qt."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter

from har_desktop.heat_style import COLORMAPS, METHODS, HeatStyle
from har_desktop.inference.letterbox import Letterbox
from har_desktop.overlay import FAINT, blend
from har_desktop.view.heat import (
    heat_image,
    legend_image,
    newest_heat,
    picture_image,
)

INPUT = (48, 64)


def array(image):
    """(height, width, 3) BGR of an image."""
    image = image.convertToFormat(QImage.Format.Format_BGR888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def test_blends_as_the_overlay_of_files_does():
    """On a picture of the encoder's size there is no scaling, so both must agree."""
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (*INPUT, 3), dtype=np.uint8)
    heatmap = rng.random((12, 16), dtype=np.float32)
    letterbox = Letterbox.fit(INPUT, INPUT)
    expected = blend(picture, heatmap, letterbox, 2.0, opacity=0.5)

    canvas = picture_image(picture).convertToFormat(QImage.Format.Format_RGB32)
    painter = QPainter(canvas)
    painter.drawImage(0, 0, heat_image(heatmap, 2.0, letterbox, HeatStyle(True, 0.5, "Inferno")))
    painter.end()
    assert np.abs(array(canvas).astype(int) - expected).max() <= 3


def test_the_black_of_the_letterbox_is_cut_off():
    heatmap = np.ones((12, 16), np.float32)
    letterbox = Letterbox.fit((100, 300), INPUT)
    image = heat_image(heatmap, 1.0, letterbox, HeatStyle())
    assert (image.height(), image.width()) == (letterbox.height, letterbox.width)


@pytest.mark.parametrize(("maximum", "shown"), [(0.0, True), (float("nan"), True), (1.0, False)])
def test_without_evidence_or_when_switched_off_there_is_no_map(maximum, shown):
    letterbox = Letterbox.fit(INPUT, INPUT)
    heatmap = np.zeros((12, 16), np.float32)
    assert heat_image(heatmap, maximum, letterbox, HeatStyle(shown)) is None


def test_the_scale_is_the_maximum_of_the_window_not_of_the_frame(results):
    recognition = results[-1].recognition
    heat = newest_heat(recognition, HeatStyle(opacity=1.0))
    heatmaps = recognition.window.heatmaps
    strongest = max(
        heat.pixelColor(x, y).alpha() for x in range(heat.width()) for y in range(heat.height())
    )
    assert strongest / 255 == pytest.approx(heatmaps[-1].max() / heatmaps.max(), abs=0.02)


def test_the_map_is_that_of_the_method(results):
    recognition = results[-1].recognition
    grad_cam, hires = (newest_heat(recognition, HeatStyle(method=method)) for method in METHODS)
    assert grad_cam != hires
    # A bundle of before has but one.
    old = replace(recognition, window=replace(recognition.window, hires_heatmaps=None))
    assert newest_heat(old, HeatStyle(method="hires-cam")) == grad_cam


@pytest.mark.parametrize("colormap", COLORMAPS)
def test_legends_go_from_cold_to_hot(colormap):
    colors = array(legend_image(HeatStyle(colormap=colormap), 256))[0]
    assert len(np.unique(colors, axis=0)) > 150


def test_without_evidence_it_is_fainter(results):
    recognition = results[-1].recognition
    strong = newest_heat(recognition, HeatStyle())
    window = replace(recognition.window, evident=False)
    faint = newest_heat(replace(recognition, window=window), HeatStyle())

    def most(image):
        return max(
            image.pixelColor(x, y).alpha()
            for x in range(image.width())
            for y in range(image.height())
        )

    assert most(faint) == pytest.approx(FAINT * most(strong), abs=2)
