"""What a person looks like: skin, hair, face, clothes; colours are BGR, 0 to 255."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from har_desktop.opencv import cv2
from har_desktop.sources.figure.shading import ACROSS, STEPS

Colours = NDArray[np.float32]

SKINS = (
    (188, 210, 244),
    (160, 190, 234),
    (132, 170, 220),
    (98, 134, 192),
    (62, 92, 146),
    (44, 62, 98),
)
HAIRS = ((22, 24, 28), (30, 42, 62), (42, 64, 98), (80, 130, 180), (150, 190, 215), (110, 112, 118))
SHIRTS = (
    (235, 235, 232), (34, 34, 36), (40, 40, 190), (170, 90, 30), (70, 140, 40), (40, 190, 230),
    (110, 110, 115), (150, 60, 140), (60, 120, 235), (190, 170, 60), (90, 60, 40), (160, 150, 225),
)  # fmt: skip
TROUSERS = (
    (34, 33, 35), (96, 62, 38), (70, 72, 76), (130, 95, 65), (92, 122, 150), (150, 152, 155),
    (60, 80, 60), (60, 40, 110), (200, 200, 196),
)  # fmt: skip
SHOES = ((236, 236, 236), (40, 40, 42), (60, 60, 200), (190, 120, 50), (110, 120, 125))
BALLS = ((60, 60, 230), (70, 220, 240), (230, 230, 230), (80, 200, 80))


@dataclass(frozen=True, slots=True)
class Appearance:
    """Colours along every part, from its upper to its lower end.

    Textures are (n, ACROSS, 3), as `shading.tube` wants them; widths are (STEPS,) factors on
    the thickness, above 1 where there is cloth.

    Attributes:
        skin: Texture of bare skin.
        hair: Texture.
        head: (h, w, 3) texture, as `shading.ellipsoid` wants it.
        shirt: Texture from the hips to the neck.
        shoulder: Texture of the shirt at the top.
        trousers: Texture of the seat.
        upper_arm: Texture and width, as the next three.
        forearm: From the elbow to the wrist.
        thigh: From the hip to the knee.
        shin: From the knee to the ankle.
        shoe: Texture.
        ball: (3,) colour of juggled balls.
        long_hair: Length of the hair below the crown as part of the trunk; 0 is short hair.
        tail: True where long hair is bound.
    """

    skin: Colours
    hair: Colours
    head: Colours
    shirt: Colours
    shoulder: Colours
    trousers: Colours
    upper_arm: tuple[Colours, Colours]
    forearm: tuple[Colours, Colours]
    thigh: tuple[Colours, Colours]
    shin: tuple[Colours, Colours]
    shoe: Colours
    ball: Colours
    long_hair: float
    tail: bool

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Self:
        """Somebody by chance."""

        def pick(colours: ArrayLike, spread: float) -> Colours:
            colour = rng.choice(np.asarray(colours)) + rng.normal(0, spread, 3)
            return np.asarray(np.clip(colour, 12, 245), np.float32)

        skin = pick(SKINS, 5)
        hair = pick(HAIRS if skin[2] > 200 else HAIRS[:2], 5)
        shirt, trousers = pick(SHIRTS, 14), pick(TROUSERS, 10)
        bald = rng.random() < 0.08
        long_hair = 0.0 if bald else float(rng.choice([0.0, 0.0, rng.uniform(0.2, 0.5)]))
        beard = 0.0 if long_hair else float(rng.choice([0.0, 0.0, 0.35, 0.8]))
        sleeve = float(rng.choice([-1.0, 0.45, 0.55, 0.65, 2.0], p=[0.15, 0.25, 0.25, 0.15, 0.2]))
        leg = float(rng.choice([0.55, 0.8, 1.5, 2.0], p=[0.15, 0.3, 0.1, 0.45]))
        wide = float(rng.uniform(1.0, 1.22))
        trunk = shirt_colours(rng, shirt, pick(SHIRTS, 10))
        top = skin if sleeve < 0 else shirt  # a vest leaves the shoulders bare
        trunk[int(0.94 * STEPS) :] = top
        balls = pick(BALLS, 8), pick(BALLS, 8)  # the one that stands out from the shirt
        creases = Creases(rng)
        return cls(
            skin=plain(skin),
            hair=plain(skin if bald else hair),
            head=head_texture(skin, skin * 0.97 if bald else hair, beard),
            shirt=creases.on(trunk),
            shoulder=plain(top),
            trousers=creases.on(np.tile(trousers, (STEPS, 1))),
            upper_arm=creases.sleeve(shirt, skin, sleeve, 1 + 0.6 * (wide - 1)),
            forearm=creases.sleeve(shirt, skin, sleeve - 1.04, 1 + 0.6 * (wide - 1)),
            thigh=creases.sleeve(trousers, skin, leg, wide),
            shin=creases.sleeve(trousers, skin, leg - 1.04, wide * 1.12, pick(SHOES[:2], 5)),
            shoe=plain(pick(SHOES, 10)),
            ball=max(balls, key=lambda ball: float(np.abs(ball - shirt).sum())),
            long_hair=long_hair,
            tail=bool(rng.random() < 0.5),
        )


def plain(colour: Colours) -> Colours:
    """(1, ACROSS, 3) a texture of one colour."""
    return np.tile(colour, (1, ACROSS, 1))


def shirt_colours(rng: np.random.Generator, shirt: Colours, other: Colours) -> Colours:
    """(STEPS, 3) from the hem to the neck: plain, striped, or with a band over the chest."""
    colours = np.tile(shirt, (STEPS, 1))
    pattern = rng.choice(["plain", "stripes", "band"], p=[0.65, 0.15, 0.2])
    if pattern == "stripes":
        stripes = int(rng.integers(5, 9))
        colours[(np.arange(STEPS) * 2 * stripes // STEPS) % 2 == 1] = other
    elif pattern == "band":
        colours[int(0.5 * STEPS) : int(0.72 * STEPS)] = other
    return colours


class Creases:
    """Wrinkles in cloth: slow light and dark across every part, another pattern on each."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.depth = float(rng.uniform(0.02, 0.06))

    def on(self, colours: Colours, cloth: NDArray[np.bool_] | None = None) -> Colours:
        """(STEPS, ACROSS, 3) from colours along the part (STEPS, 3), creased where `cloth` is."""
        soft = cv2.blur(colours[:, None].astype(np.float32), (1, 3))  # edges that do not alias
        waves = self.rng.normal(0, self.depth, (18, 4)).astype(np.float32)
        gain = 1 + cv2.resize(waves, (ACROSS, STEPS), interpolation=cv2.INTER_CUBIC)
        if cloth is not None:
            gain[~cloth] = 1
        return np.asarray(soft * gain[..., None])

    def sleeve(
        self, cloth: Colours, skin: Colours, end: float, width: float, sock: Colours | None = None
    ) -> tuple[Colours, Colours]:
        """Texture and width of a limb in cloth down to `end` (0 none, 1 all), then bare.

        A sock covers the lowest part where the cloth does not.
        """
        at = np.linspace(0, 1, STEPS)
        covered = at < end
        colours = np.where(covered[:, None], cloth, skin)
        colours[covered & (at > end - 0.03)] = cloth * 0.72  # the shade of the hem
        if sock is not None:
            colours[~covered & (at > 0.84)] = sock
        return self.on(colours, covered), np.where(covered, width, 1.0).astype(np.float32)


def head_texture(skin: Colours, hair: Colours, beard: float) -> Colours:
    """(96, 192, 3) around a head: hairline, brows, eyes, mouth, cheeks, perhaps a beard."""
    big = 4
    height, width = 96 * big, 192 * big
    picture = np.empty((height, width, 3), np.float32)
    picture[:] = skin

    def at(azimuth: float, up: float) -> tuple[int, int]:
        return int((azimuth / (2 * np.pi) + 0.5) * width), int((1 - up) * height / 2)

    def spot(place: tuple[float, float], radii: tuple[float, float], colour: ArrayLike) -> None:
        axes = int(radii[0] / (2 * np.pi) * width), int(radii[1] * height / 2)
        cv2.ellipse(
            picture, at(*place), axes, 0, 0, 360, np.asarray(colour).tolist(), -1, cv2.LINE_AA
        )

    dark, lips = np.array([30, 34, 40], np.float32), skin * [0.72, 0.68, 0.86]
    if beard:
        jaw = [(-1.5, 0.05), (-1.0, -0.25), (-0.5, -0.33), (0.5, -0.33), (1.0, -0.25), (1.5, 0.05)]
        line = [at(*p) for p in [*jaw, (1.5, -1.0), (-1.5, -1.0)]]
        shade = skin + (hair - skin) * beard
        cv2.fillPoly(picture, [np.array(line)], shade.tolist(), cv2.LINE_AA)
    spot((0.0, -0.5), (0.3, 0.06), lips)
    for side in (-1, 1):
        spot((side * 0.44, 0.06), (0.25, 0.14), skin * 0.86)
        spot((side * 0.42, 0.05), (0.15, 0.06), skin * 0.4 + 115)
        spot((side * 0.42, 0.05), (0.085, 0.07), dark)
        spot((side * 0.44, 0.24), (0.22, 0.045), hair * 0.5 + skin * 0.2)
        spot((side * 0.75, -0.25), (0.25, 0.14), np.minimum(skin * [0.95, 0.95, 1.04], 255))
    front = [
        (-np.pi, -0.62),
        (-1.9, -0.5),
        (-1.62, 0.02),
        (-1.15, 0.1),
        (-0.95, 0.46),
        (-0.4, 0.58),
    ]
    line = [at(a, u) for a, u in [*front, (0.35, 0.6)]]
    line += [at(-a, u) for a, u in reversed(front)] + [(width, 0), (0, 0)]
    cv2.fillPoly(picture, [np.array(line)], hair.tolist(), cv2.LINE_AA)
    small = cv2.resize(picture, (192, 96), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)
