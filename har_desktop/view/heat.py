"""Heat-maps as pictures for Qt, with the same blending as in `har_desktop.overlay`.

`overlay.blend` works on the source's pixels and is right for files. Here the map stays small, with
its share of colour as alpha, and Qt scales and lays it over the picture: a tenth of the cost at
the size of a window.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from har_desktop.frame import Image
from har_desktop.heat_style import COLORMAPS, HeatStyle
from har_desktop.inference.letterbox import Letterbox
from har_desktop.inference.recognition import Recognition, Window
from har_desktop.opencv import cv2
from har_desktop.overlay import strength


def picture_image(image: Image, rgb: bool = False) -> QImage:
    """A view of a picture, without a copy: (height, width, 3) uint8 BGR, or RGB with `rgb`.

    The caller keeps `image` alive for as long as the result.
    """
    height, width = image.shape[:2]
    layout = QImage.Format.Format_RGB888 if rgb else QImage.Format.Format_BGR888
    return QImage(image.data, width, height, image.strides[0], layout)


def newest_heat(recognition: Recognition, style: HeatStyle) -> QImage | None:
    """The map of a recognition's own frame, to be laid over that frame; None where there is none.

    Returns:
        Premultiplied ARGB of the picture's aspect ratio, at the encoder's resolution.
    """
    window = recognition.window
    if window is None:
        return None
    letterbox = Letterbox.fit(recognition.frame.size, window.images[-1].shape[:2])
    maps = window.maps_by(style.method)
    return heat_image(maps[-1], float(maps.max()), letterbox, as_strong_as(window, style))


def as_strong_as(window: Window, style: HeatStyle) -> HeatStyle:
    """The style, fainter where a window holds no evidence for any class."""
    return replace(style, opacity=style.opacity * strength(window))


def heat_image(
    heatmap: NDArray[np.float32], maximum: float, letterbox: Letterbox, style: HeatStyle
) -> QImage | None:
    """Colour one heat-map.

    Args:
        heatmap: (h, w) float32 >= 0, raw; it covers the whole of the encoder's input.
        maximum: Largest raw value of the *window*.
        letterbox: Where the picture lies within the encoder's input.
        style: Colours and their share.

    Returns:
        Premultiplied ARGB, letterbox.height x letterbox.width; None where the style shows nothing
        or the window holds no evidence.
    """
    if not style.shown or not maximum > 0.0:
        return None
    part = letterbox.cut(heatmap)
    levels = cv2.convertScaleAbs(part, alpha=255.0 / maximum)  # rounds, and saturates at 255
    argb = _table(style.colormap, style.opacity).take(levels)
    height, width = levels.shape
    image = QImage(argb.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    return image.copy()  # owns its pixels


def legend_image(style: HeatStyle, width: int) -> QImage:
    """The colour map from no evidence to the most, without transparency: 1 row, `width` pixels."""
    levels = np.linspace(0, 255, width).astype(np.uint8)[np.newaxis]
    colors = np.ascontiguousarray(cv2.applyColorMap(levels, COLORMAPS[style.colormap]))
    return picture_image(colors).copy()


@lru_cache(maxsize=16)
def _table(colormap: str, opacity: float) -> NDArray[np.uint32]:
    """For each of 256 levels its colour times its share, and the share: (256,) BGRA uint32.

    Looked up as one number; as four, NumPy takes ten times as long.
    """
    levels = np.arange(256, dtype=np.uint8).reshape(256, 1)
    share = opacity * levels / 255.0
    colors = cv2.applyColorMap(levels, COLORMAPS[colormap])[:, 0] * share
    table = np.hstack([colors, 255.0 * share]).round().astype(np.uint8)
    return table.view(np.uint32)[:, 0]
