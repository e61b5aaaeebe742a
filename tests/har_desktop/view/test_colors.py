import pytest
from PySide6.QtGui import QColor, QPalette

from har_desktop.view.colors import class_color, contrast, ink_on

DARK, LIGHT = QColor("#1a1918"), QColor("#f4f3ef")


def test_contrast_as_defined() -> None:
    assert contrast(QColor("black"), QColor("white")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("white")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("ground", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("index", range(10))
def test_the_name_of_an_event_is_readable_on_its_block(ground: QColor, index: int) -> None:
    color = class_color(index, QPalette(ground))
    assert contrast(ink_on(color), color) >= 4.0
