"""Temperature and rejection threshold, from validation windows.

Temperature scaling: Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", 2017.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from har_desktop.inference.manifest import Calibration

# Share of correctly recognised windows that keep their label under the rejection threshold.
KEEP = 0.92


def calibrate(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> Calibration:
    """Fit both on windows that the network did not learn from.

    Args:
        logits: (windows, classes) float.
        labels: (windows,) index of the true class.

    Returns:
        The temperature with the lowest negative log-likelihood, and the confidence that `KEEP` of
        the correctly recognised windows reach.
    """
    temperatures = np.geomspace(0.05, 4.0, 256)
    losses = [_negative_log_likelihood(logits / t, labels) for t in temperatures]
    temperature = float(temperatures[int(np.argmin(losses))])
    probabilities = np.exp(_log_softmax(logits / temperature))
    right = probabilities.argmax(axis=1) == labels
    confidences = probabilities.max(axis=1)[right]
    threshold = float(np.quantile(confidences, 1 - KEEP)) if right.any() else 1.0
    return Calibration(temperature=round(temperature, 4), rejection_threshold=round(threshold, 4))


def _negative_log_likelihood(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    return float(-_log_softmax(logits)[np.arange(len(labels)), labels].mean())


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
