"""The two shapes a figure is made of: round tubes, and one ellipsoid for the head.

Both are shaded per pixel from their surface normals and blended with soft edges into a float32
picture (h, w, 3), BGR, 0 to 255. Screen space: x to the right, y down, z towards the viewer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har_desktop.opencv import cv2

Picture = NDArray[np.float32]
# Steps along a tube at which its thickness and colour are tabulated.
STEPS = 64
# Columns of a tube's texture, from one edge to the other.
ACROSS = 48
# How much darker a surface is that turns away from the viewer.
RIM = 0.15


@dataclass(frozen=True, slots=True)
class Light:
    """Where the light comes from, in screen space, and how much of it is everywhere.

    Attributes:
        direction: (3,) unit vector from the surface to the light.
        ambient: Part of the colour that is seen in the shade.
        diffuse: Part that the light adds where it falls straight.
    """

    direction: tuple[float, float, float]
    ambient: float
    diffuse: float


def window(
    picture: Picture, low: tuple[float, float], high: tuple[float, float]
) -> tuple[Picture, NDArray[np.float32], NDArray[np.float32]] | None:
    """The part of a picture between two corners: view, x (1, w) and y (h, 1); None if outside."""
    x0, y0 = max(0, int(low[0])), max(0, int(low[1]))
    x1, y1 = min(picture.shape[1], int(high[0]) + 2), min(picture.shape[0], int(high[1]) + 2)
    if x0 >= x1 or y0 >= y1:
        return None
    x = np.arange(x0, x1, dtype=np.float32)[None, :]
    y = np.arange(y0, y1, dtype=np.float32)[:, None]
    return picture[y0:y1, x0:x1], x, y


def tube(
    picture: Picture,
    start: tuple[float, float],
    end: tuple[float, float],
    slant: float,
    radii: NDArray[np.float32],
    colours: NDArray[np.float32],
    light: Light,
    blunt: float = 1.0,
) -> None:
    """Draw a round tube with round ends.

    Args:
        picture: Changed in place.
        start: x, y of one end of the axis, in pixels.
        end: x, y of the other end.
        slant: Rise of the axis towards the viewer, as a part of its true length (-1 to 1).
        radii: (STEPS,) thickness along the axis, in pixels.
        colours: (n, ACROSS, 3), a texture in n = STEPS rows along the tube, or in one for all.
        light: What lights it.
        blunt: 1 gives round ends, more makes them flatter.
    """
    reach = float(radii.max()) + 1
    low = min(start[0], end[0]) - reach, min(start[1], end[1]) - reach
    high = max(start[0], end[0]) + reach, max(start[1], end[1]) + reach
    found = window(picture, low, high)
    if found is None:
        return
    patch, x, y = found
    x, y = x - np.float32(start[0]), y - np.float32(start[1])
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = max(float(np.hypot(dx, dy)), 1e-3)
    ux, uy = dx / length, dy / length

    along = x * np.float32(ux) + y * np.float32(uy)
    side = y * np.float32(ux) - x * np.float32(uy)
    inside = np.minimum(np.maximum(along, 0), np.float32(length))
    along -= inside
    along *= np.float32(blunt)
    inside *= np.float32((STEPS - 1) / length)
    thick = radii.take(inside.astype(np.intp))
    cover = thick - np.sqrt(side * side + along * along)

    side /= thick
    side += np.float32(1)
    side *= np.float32(ACROSS / 2)
    texture = colours * round_shade((ux, uy), slant, light)
    nearest, edge = cv2.INTER_NEAREST, cv2.BORDER_REPLICATE
    paint(patch, cv2.remap(texture, side, inside, nearest, borderMode=edge), cover)


# Where the columns of a tube's texture lie across it, from -1 to 1, and how they face the viewer.
SIDE = (np.arange(ACROSS, dtype=np.float32) + 0.5) / (ACROSS / 2) - 1
FACING = np.sqrt(1 - SIDE * SIDE)


def round_shade(axis: tuple[float, float], slant: float, light: Light) -> NDArray[np.float32]:
    """(ACROSS, 1) brightness across a tube whose axis runs along `axis` in the picture.

    The normal is SIDE across the axis, and FACING, what is left, towards the viewer. The ends are
    lit like the tube itself, or every joint would show a rim.
    """
    (ux, uy), (lx, ly, lz) = axis, light.direction
    flat = float(np.sqrt(max(0.0, 1 - slant * slant)))
    shade = FACING * np.float32(light.diffuse * (flat * lz - slant * (ux * lx + uy * ly)) + RIM)
    shade += SIDE * np.float32(light.diffuse * (ux * ly - uy * lx))
    shade += np.float32(light.ambient - RIM)
    shade = np.maximum(shade, np.float32(0.3 * light.ambient))
    return np.asarray(shade[:, None])


def ellipsoid(
    picture: Picture,
    centre: tuple[float, float],
    axes: NDArray[np.float64],
    skin: NDArray[np.float32],
    light: Light,
) -> None:
    """Draw an ellipsoid with a texture around it.

    Args:
        picture: Changed in place.
        centre: x, y in pixels.
        axes: (3, 3) rows are the half axes left, up and forward in screen space, in pixels.
        skin: (3,) one colour, or a texture (h, w, 3): its columns go around the up axis from -pi
            to pi, with forward in the middle and left to the right of it; its rows go down from 1
            to -1 along the up axis.
        light: What lights it.
    """
    reach = float(np.max(np.linalg.norm(axes, axis=1))) + 1
    low, high = (centre[0] - reach, centre[1] - reach), (centre[0] + reach, centre[1] + reach)
    found = window(picture, low, high)
    if found is None:
        return
    patch, x, y = found
    x, y = x - np.float32(centre[0]), y - np.float32(centre[1])
    inverse = np.linalg.inv(axes)  # p @ inverse: coordinates on the unit sphere
    q = inverse @ inverse.T
    # The near root of q(x, y, z) = 1.
    b = np.float32(q[0, 2]) * x + np.float32(q[1, 2]) * y
    c = np.float32(q[0, 0]) * x * x + np.float32(q[1, 1]) * y * y - np.float32(1)
    c = c + np.float32(2 * q[0, 1]) * x * y
    root = b * b - np.float32(q[2, 2]) * c
    cover = root * np.float32(0.5 * reach / q[2, 2])
    z = (np.sqrt(np.maximum(root, 0)) - b) / np.float32(q[2, 2])

    m = inverse.astype(np.float32)
    left, up, forward = (x * m[0, k] + y * m[1, k] + z * m[2, k] for k in range(3))
    if skin.ndim == 1:
        colour = np.broadcast_to(skin, (*z.shape, 3))
    else:
        columns, rows = skin.shape[1], skin.shape[0]
        around = np.arctan2(left, forward) * np.float32(columns / (2 * np.pi)) + columns / 2
        down = (1 - up) * np.float32(0.5 * rows)
        edge = cv2.BORDER_REPLICATE
        colour = cv2.remap(skin, around, down, cv2.INTER_LINEAR, borderMode=edge)
    shade = np.full_like(z, light.ambient - RIM)
    for k, part in enumerate((left, up, forward)):
        axis = axes[k] / np.linalg.norm(axes[k])
        shade += part * np.float32(light.diffuse * (axis @ light.direction) + RIM * axis[2])
    shade *= np.float32(0.65)  # shoulders and chest throw light back from below
    shade += np.float32(0.3)
    paint(patch, cv2.multiply(colour, cv2.merge([shade, shade, shade])), cover)


def paint(patch: Picture, colour: Picture, cover: NDArray[np.float32]) -> None:
    """Blend a colour (h, w, 3) over a patch; `cover` is the distance inside the edge in pixels."""
    cover += np.float32(0.5)
    np.maximum(cover, 0, out=cover)
    np.minimum(cover, 1, out=cover)
    cv2.blendLinear(colour, patch, cover, 1 - cover, dst=patch)
