"""How long a person's bones are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np


@dataclass(frozen=True, slots=True)
class Body:
    """Lengths in metres, joint to joint; `half` widths run from the middle plane to the joint.

    Attributes:
        build: Thickness of limbs and trunk; 1 is average.
    """

    height: float
    trunk: float
    shoulder_half: float
    hip_half: float
    thigh: float
    shin: float
    ankle: float
    foot: float
    upper_arm: float
    forearm: float
    hand: float
    neck: float
    build: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Self:
        """A person by chance.

        The fractions of the body height are those of Drillis and Contini (1966), as in Winter,
        "Biomechanics and Motor Control of Human Movement", chapter 4.
        """
        height = float(np.clip(rng.normal(1.72, 0.09), 1.5, 1.95))

        def part(fraction: float, spread: float = 0.03) -> float:
            return height * fraction * float(1 + np.clip(rng.normal(0, spread), -0.08, 0.08))

        return cls(
            height=height,
            trunk=part(0.300),
            shoulder_half=part(0.106, 0.05),
            hip_half=part(0.052, 0.05),
            thigh=part(0.245),
            shin=part(0.246),
            ankle=height * 0.042,
            foot=part(0.152),
            upper_arm=part(0.186),
            forearm=part(0.146),
            hand=part(0.095),
            neck=part(0.105),
            build=float(rng.uniform(0.86, 1.2)),
        )

    @property
    def leg(self) -> float:
        """Hip to ankle with a straight knee."""
        return self.thigh + self.shin

    @property
    def arm(self) -> float:
        """Shoulder to wrist with a straight elbow."""
        return self.upper_arm + self.forearm
