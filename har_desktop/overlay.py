"""What is drawn onto a frame: the heat-map over the evidence, and the words around it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from har_desktop.decision.decision import Decision, State
from har_desktop.frame import Image
from har_desktop.heat_style import COLORMAPS, DEFAULT_COLORMAP, DEFAULT_STYLE, OPACITY, HeatStyle
from har_desktop.inference.letterbox import Letterbox
from har_desktop.inference.recognition import Recognition, Window
from har_desktop.opencv import cv2

# What is left of it where the window holds no evidence for any class. Maps are scaled by their own
# maximum, however small that is, and what speaks for nothing must not look as if it did.
FAINT = 0.35

_WHITE = (255, 255, 255)
_GREY = (170, 170, 170)
_ACCENT = (6, 150, 250)  # BGR: the orange of the heat
_SHADE = 0.35  # what is left of the picture's light behind words
_REGULAR, _BOLD = 400, 600
_SMALLEST = 10  # pixels; below this letters run together


def annotate(
    recognition: Recognition,
    decision: Decision,
    classes: Sequence[str],
    style: HeatStyle = DEFAULT_STYLE,
) -> Image:
    """Draw one result: the newest heat-map on the frame that it belongs to, and the decision.

    Where the map explains another class than the one that is written, that is written, too. A style
    that shows no heat-maps leaves it at the decision.

    Args:
        recognition: The frame, and what the engine says of it.
        decision: What to write.
        classes: Names in the order of the model's probabilities.
        style: Of the heat-map.

    Returns:
        (height, width, 3) uint8 BGR, a new picture of the frame's size.
    """
    image, window = recognition.frame.image, recognition.window
    heat = ""
    if window is not None and style.shown:
        explained = classes[window.explained]
        heat = "" if explained == decision.label else f"heat-map: {explained}"
        letterbox = Letterbox.fit(recognition.frame.size, window.images[-1].shape[:2])
        maps = window.maps_by(style.method)
        opacity = style.opacity * strength(window)
        image = blend(image, maps[-1], letterbox, float(maps.max()), opacity, style.colormap)
    if image is recognition.frame.image:
        image = image.copy()
    _write_caption(image, decision, heat)
    return image


def strength(window: Window) -> float:
    """How much of its opacity a window's heat-map is drawn with, 0 to 1."""
    return 1.0 if window.evident else FAINT


def blend(
    image: Image,
    heatmap: NDArray[np.float32],
    letterbox: Letterbox,
    maximum: float,
    opacity: float = OPACITY,
    colormap: str = DEFAULT_COLORMAP,
) -> Image:
    """Lay a heat-map over the picture that it explains.

    The share of the colours grows with the heat, and cold places stay as they are.

    Args:
        image: (height, width, 3) uint8 BGR, the source's picture.
        heatmap: (h, w) float32 >= 0, raw; it covers the whole of the encoder's input.
        letterbox: Where the picture lies within that input.
        maximum: Largest raw value of the window. Where it is not positive, there is no evidence.
        opacity: Share of colour at the maximum, 0 to 1.
        colormap: A key of `har_desktop.heat_style.COLORMAPS`.

    Returns:
        (height, width, 3) uint8 BGR: a new picture, or `image` itself where there is no evidence.
    """
    if not maximum > 0.0:
        return image
    part = letterbox.cut(heatmap) * np.float32(255.0 / maximum)
    height, width = image.shape[:2]
    part = cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR)
    heat = cv2.convertScaleAbs(part)  # rounds, and saturates at 255
    # The picture's share falls in a straight line from 255 to what the hottest places leave of it.
    rest = cv2.cvtColor(cv2.convertScaleAbs(heat, alpha=-opacity, beta=255.0), cv2.COLOR_GRAY2BGR)
    blended: Image = cv2.multiply(image, rest, dst=rest, scale=1.0 / 255.0)
    cv2.add(blended, cv2.applyColorMap(heat, _glow(opacity, colormap)), dst=blended)
    return blended


@lru_cache(maxsize=8)
def _glow(opacity: float, colormap: str) -> Image:
    """For each of 256 levels of heat, its colour times its share: (256, 1, 3) uint8."""
    levels = np.arange(256, dtype=np.uint8).reshape(256, 1)
    share = opacity * levels[..., np.newaxis] / 255.0
    glow = cv2.applyColorMap(levels, COLORMAPS[colormap]) * share
    table: Image = glow.round().astype(np.uint8)
    return table


def _write_caption(image: Image, decision: Decision, heat: str) -> None:
    """Write the label, how sure it is, and the time; or the state, where there is no label.

    What there is to say of the heat-map comes after the time.
    """
    height, width = image.shape[:2]
    size = max(_SMALLEST, round(0.06 * min(height, 0.75 * width)))  # of the letters, in pixels
    margin = size // 2

    time, line = _clock(decision.time), size + size // 10
    ends = margin + _text_width(time, size, _REGULAR)
    heat, small = _fit(heat, width - ends - 2 * margin, round(0.75 * size), _REGULAR)
    begins = ends + margin if heat else ends
    _shade(image[: size + margin, : begins + _text_width(heat, small, _REGULAR) + margin])
    _write(image, time, (margin, line), size, _REGULAR, _WHITE)
    _write(image, heat, (begins, line), small, _REGULAR, _GREY)

    strip = image[max(0, height - 2 * size - margin // 2) :]
    _shade(strip)
    baseline, room = len(strip) - size + margin // 4, width - 2 * margin
    certain = decision.state is State.ACTION
    if certain:
        share = f"{decision.confidence:.0%}"
        share_width = _text_width(share, size, _REGULAR)
        _write(strip, share, (width - margin - share_width, baseline), size, _REGULAR, _WHITE)
        room -= share_width + margin
    words, size_that_fits = _fit(decision.label or decision.state.value, room, size, _BOLD)
    color = _WHITE if certain else _GREY
    _write(strip, words, (margin, baseline), size_that_fits, _BOLD, color)

    if decision.state is not State.FILLING:
        top, bottom = len(strip) - size // 2, len(strip) - size // 4
        strip[top:bottom, margin : width - margin] = 70
        filled = margin + round(decision.confidence * (width - 2 * margin))
        strip[top:bottom, margin:filled] = _ACCENT if certain else _GREY


def _clock(seconds: float) -> str:
    """Minutes, seconds and hundredths, with hours where there are any."""
    minutes, hundredths = divmod(round(100 * seconds), 6000)
    hours, minutes = divmod(minutes, 60)
    rest = f"{hundredths // 100:02}.{hundredths % 100:02}"
    return f"{hours}:{minutes:02}:{rest}" if hours else f"{minutes}:{rest}"


def _shade(part: Image) -> None:
    """Darken a part of a picture in place, so that words stand out."""
    part[:] = cv2.convertScaleAbs(part, alpha=_SHADE)


class _Fonts(threading.local):
    """OpenCV's own font, one for each thread: threads that share one write with wrong widths.

    It knows Latin, Greek, Cyrillic, Arabic, Chinese, Japanese and Korean.
    """

    def __init__(self) -> None:
        self.sans = cv2.FontFace("sans")


_fonts = _Fonts()


def _write(
    image: Image,
    text: str,
    origin: tuple[int, int],
    size: int,
    weight: int,
    color: tuple[int, int, int],
) -> None:
    cv2.putText(image, text, origin, color, _fonts.sans, size, weight)


def _text_width(text: str, size: int, weight: int) -> int:
    left, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), _fonts.sans, size, weight)
    return int(left + width)


def _fit(text: str, room: int, size: int, weight: int) -> tuple[str, int]:
    """Make a text fit into `room` pixels: smaller letters first, then fewer of them."""
    smallest = max(_SMALLEST, round(0.7 * size))
    size = max(_SMALLEST, size)
    while size > smallest and _text_width(text, size, weight) > room:
        size -= 1
    whole = text
    while text and _text_width(text, size, weight) > room:
        whole = whole[:-1]
        text = f"{whole.rstrip()}…" if whole else ""
    return text, size
