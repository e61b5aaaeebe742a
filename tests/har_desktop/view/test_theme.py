"""Both palettes can be read."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette

from har_desktop.view.app import _application
from har_desktop.view.colors import class_color, contrast
from har_desktop.view.icons import _PATHS, icon
from har_desktop.view.theme import apply_theme, is_dark, palette_for

SCHEMES = [Qt.ColorScheme.Light, Qt.ColorScheme.Dark]
Role = QPalette.ColorRole


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        (Role.WindowText, Role.Window),
        (Role.Text, Role.Base),
        (Role.Text, Role.AlternateBase),
        (Role.ButtonText, Role.Button),
        (Role.PlaceholderText, Role.Window),
        (Role.PlaceholderText, Role.Base),
        (Role.HighlightedText, Role.Accent),
        (Role.ToolTipText, Role.ToolTipBase),
    ],
)
def test_text_stands_out_from_its_ground(scheme, text, ground):
    palette = palette_for(scheme)
    assert contrast(palette.color(text), palette.color(ground)) >= 4.5


@pytest.mark.parametrize("scheme", SCHEMES)
def test_what_one_takes_hold_of_stands_out(scheme):
    """Of a scroll bar and a slider."""
    palette = palette_for(scheme)
    for ground in (Role.Base, Role.Window):
        assert contrast(palette.color(Role.Shadow), palette.color(ground)) >= 3.0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_colours_of_ten_classes_differ_and_can_be_seen(scheme):
    palette = palette_for(scheme)
    colors = [class_color(index, palette) for index in range(10)]
    assert len({color.name() for color in colors}) == 10
    assert all(contrast(color, palette.color(Role.Base)) >= 1.4 for color in colors)
    assert class_color(10, palette) == colors[0]


def test_the_application_follows_the_scheme(qapp):
    application = _application()
    for scheme in SCHEMES:
        apply_theme(application, scheme)
        assert is_dark(application.palette()) == (scheme is Qt.ColorScheme.Dark)
    assert application is qapp


@pytest.mark.parametrize("name", _PATHS)
@pytest.mark.usefixtures("qapp")
def test_every_icon_shows_something_in_the_colour_that_is_asked_for(name):
    image = icon(name, palette_for(Qt.ColorScheme.Light), QColor("#00ff00")).pixmap(32, 32)
    pixels = image.toImage()
    solid = [
        pixels.pixelColor(x, y)
        for x in range(pixels.width())
        for y in range(pixels.height())
        if pixels.pixelColor(x, y).alpha() > 250
    ]
    assert len(solid) > 10
    assert all(color.name() == "#00ff00" for color in solid)
