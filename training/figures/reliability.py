"""How often the answers of each confidence are right (reliability diagram).

Guo, Pleiss, Sun, Weinberger: "On Calibration of Modern Neural Networks", ICML 2017.
"""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from training.figures.style import GREY, TRAINING, new_figure
from training.metrics import expected_calibration_error, wilson95

BINS = 10
_SIDE = 3.4  # inches


def draw(probabilities: NDArray[np.floating], truth: NDArray[np.int64]) -> Figure:
    """Draw the accuracy of the answers by their confidence, and below how many there are of each.

    Bars carry the 95 % interval of their share: most bins hold few clips.

    Args:
        probabilities: (n, classes), rows sum to 1.
        truth: (n,) index of the true class.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    edges = np.linspace(0, 1, BINS + 1)
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    hits = np.bincount(bins, weights=right, minlength=BINS).astype(int)
    there = counts > 0
    centres, shares = (edges[:-1] + edges[1:])[there] / 2, hits[there] / counts[there]
    intervals = np.array([wilson95(h, n) for h, n in zip(hits[there], counts[there], strict=True)])
    spread = np.abs(intervals.T - shares)

    figure = new_figure(_SIDE * 1.25, _SIDE)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    above.bar(centres, shares, 1 / BINS, color=TRAINING, edgecolor="white", alpha=0.85)
    above.errorbar(centres, shares, spread, fmt="none", ecolor="0.25", elinewidth=0.8, capsize=2)
    above.plot((0, 1), (0, 1), color=GREY, linewidth=0.8, linestyle="--")
    above.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="share that is right")
    error = expected_calibration_error(probabilities, truth)
    above.set_title(f"calibration error {error:.3f}, {len(truth)} clips", loc="left")
    below.bar(centres, counts[there], 1 / BINS, color=GREY, edgecolor="white")
    below.set(xlabel="confidence", ylabel="clips")
    return figure
