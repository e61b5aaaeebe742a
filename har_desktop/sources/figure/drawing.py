"""A figure in the picture: its shadow on the floor, then its parts from far to near."""

from __future__ import annotations

import numpy as np

from har_desktop.opencv import cv2
from har_desktop.sources.figure.camera import Camera
from har_desktop.sources.figure.flesh import Flesh
from har_desktop.sources.figure.shading import Light, Picture, ellipsoid, tube
from har_desktop.sources.figure.skeleton import Array, Skeleton

# The room's own light softens how much a limb darkens that leans away from the lamp.
HALF_LIT = 0.5
# From the room's axes (right, up, towards the viewer) to the screen's (y downwards).
TO_SCREEN = np.array([1.0, -1.0, 1.0])


def draw_figure(
    picture: Picture, skeleton: Skeleton, flesh: Flesh, camera: Camera, light: Light
) -> None:
    """Draw a person into a float32 BGR picture, in place."""
    tubes, balls = flesh.tubes(skeleton, camera.axes), flesh.balls(skeleton)
    starts, ends = np.stack([t.start for t in tubes]), np.stack([t.end for t in tubes])
    centres = np.stack([b.centre for b in balls])
    places, depth = camera.project(np.concatenate([starts, ends, centres]))
    n = len(tubes)
    first, last, middle = depth[:n], depth[n : 2 * n], depth[2 * n :]
    length = np.sqrt(np.sum((ends - starts) ** 2, axis=1))
    slant = (HALF_LIT * np.clip((first - last) / length, -1.0, 1.0)).tolist()
    far = (first + last) / 2
    scale = (flesh.body.height * camera.focal / far).astype(np.float32)
    wins = [t.nearer for t in tubes] + [b.nearer for b in balls]
    order = np.concatenate([far, middle]) - wins
    screen = camera.axes.T * TO_SCREEN
    xy = places.tolist()
    for i in np.argsort(-order).tolist():
        if i < n:
            t = tubes[i]
            tube(
                picture,
                xy[i],
                xy[n + i],
                slant[i],
                t.thickness * scale[i],
                t.colours,
                light,
                t.blunt,
            )
        else:
            b = balls[i - n]
            axes = b.axes @ screen * (camera.focal / middle[i - n])
            ellipsoid(picture, xy[n + i], axes, b.texture, light)


# How far down, as parts of its height, a point throws its shadow away from the camera; how dark.
SHADOW_BACK, SHADOW = 0.35, 0.5
# Thickness of the shadows of trunk, arms and legs, in parts of the body's height.
SHADOW_WIDTHS = (0.13, 0.05, 0.05, 0.07, 0.07)


def draw_shadow(
    picture: Picture, skeleton: Skeleton, height: float, camera: Camera, light: Light
) -> None:
    """Darken the floor softly where a person of so many metres keeps the light away."""
    s = skeleton
    chains = [np.stack([s.head, s.neck, s.pelvis])]
    chains += [np.stack([s.neck, s.elbows[i], s.wrists[i], s.fingers[i]]) for i in range(2)]
    chains += [np.stack([s.pelvis, s.knees[i], s.ankles[i], s.toes[i]]) for i in range(2)]
    lx, ly, _ = light.direction
    slope = np.array([0.5 * lx / -ly, 1.0, SHADOW_BACK])
    lines: list[Array] = [camera.project(c - c[:, 1:2] * slope)[0] for c in chains]

    places = np.concatenate(lines)
    scale = height * camera.focal / float(camera.project(s.pelvis[None])[1][0])
    pad = 0.12 * scale
    low = np.floor(np.maximum(places.min(axis=0) - pad, 0)).astype(int)
    high = np.ceil(np.minimum(places.max(axis=0) + pad, picture.shape[1::-1])).astype(int)
    if np.any(high - low < 2):
        return
    # It is soft, so a coarse mask will do.
    coarse = max(1.0, scale / 60)
    width, height_px = np.ceil((high - low) / coarse).astype(int).tolist()
    mask = np.zeros((height_px, width), np.uint8)
    for line, part in zip(lines, SHADOW_WIDTHS, strict=True):
        path = np.round((line - low) / coarse * 16).astype(np.int32)
        thick = max(1, round(part * scale / coarse))
        cv2.polylines(mask, [path], False, 255, thick, cv2.LINE_AA, 4)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.03 * scale / coarse)
    patch = picture[low[1] : high[1], low[0] : high[0]]
    keep = 1 - mask.astype(np.float32) * np.float32(SHADOW / 255)
    keep = cv2.resize(keep, (patch.shape[1], patch.shape[0]))
    cv2.multiply(patch, cv2.merge([keep, keep, keep]), dst=patch)
