import numpy as np
import pytest
from PySide6.QtGui import QColor, QPalette

from har_desktop.opencv import cv2
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


# Machado, Oliveira, Fernandes, "A Physiologically-based Model for Simulation of Color Vision
# Deficiency", 2009: linear RGB as people without one kind of cones have it.
VISIONS = {
    "usual": np.eye(3),
    "no red": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "no green": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "no blue": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


@pytest.mark.parametrize("ground", [DARK, LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize("vision", VISIONS)
def test_whoever_looks_tells_ten_classes_apart(ground: QColor, vision: str) -> None:
    colors = [class_color(index, QPalette(ground)) for index in range(10)]
    rgb = np.array([(c.redF(), c.greenF(), c.blueF()) for c in colors], np.float32)
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(VISIONS[vision]).T, 0, 1)
    again = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    (lab,) = cv2.cvtColor(again[np.newaxis].astype(np.float32), cv2.COLOR_RGB2Lab)
    apart = np.linalg.norm(lab[:, np.newaxis] - lab, axis=-1) + 100 * np.eye(10)
    assert apart.min() > 10
    assert min(contrast(color, ground) for color in colors) > 2.5
