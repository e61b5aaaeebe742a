"""How heat-maps look: on or off, how strongly, in which colours, by which method. Without Qt."""

from __future__ import annotations

from dataclasses import dataclass

from har_desktop.inference.manifest import Method
from har_desktop.opencv import cv2

# By the name that settings and menus use. All but Turbo grow lighter with the heat.
COLORMAPS = {
    "Inferno": cv2.COLORMAP_INFERNO,
    "Viridis": cv2.COLORMAP_VIRIDIS,
    "Turbo": cv2.COLORMAP_TURBO,
}
DEFAULT_COLORMAP = "Inferno"
DEFAULT_METHOD: Method = "grad-cam"
METHODS: dict[Method, str] = {"grad-cam": "Grad-CAM", "hires-cam": "HiResCAM"}  # in words
# Share of colour where the evidence is strongest.
OPACITY = 0.65


@dataclass(frozen=True, slots=True)
class HeatStyle:
    """How heat-maps are shown.

    Attributes:
        shown: False leaves the pictures as they are.
        opacity: Share of colour at the window's maximum, 0 to 1.
        colormap: A key of `COLORMAPS`.
        method: Whose maps; Grad-CAM's where the model has no other.
    """

    shown: bool = True
    opacity: float = OPACITY
    colormap: str = DEFAULT_COLORMAP
    method: Method = DEFAULT_METHOD


DEFAULT_STYLE = HeatStyle()
