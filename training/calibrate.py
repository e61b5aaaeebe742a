"""Temperature, rejection threshold and least evidence, from validation windows.

Temperature scaling: Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", 2017.
The largest logit as evidence: Hendrycks et al., "Scaling Out-of-Distribution Detection for
Real-World Settings", ICML 2022. A network that was taught to be unsure has small logits then.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from har_desktop.inference.manifest import Calibration

# Share of correctly recognised windows that keep their label under the rejection threshold.
KEEP = 0.92


def calibrate(
    logits: NDArray[np.float32],
    labels: NDArray[np.int64],
    foreign: NDArray[np.float32] | None = None,
) -> Calibration:
    """Fit all on windows that the network did not learn from.

    Args:
        logits: (windows, classes) float. The largest is the evidence.
        labels: (windows,) index of the true class.
        foreign: (windows, classes) logits of windows that show none of the classes, if there are.

    Returns:
        The temperature with the lowest negative log-likelihood, and the least confidence and
        evidence that `KEEP` of the correctly recognised windows reach. As if one window more had
        been wrong, and one right (Platt, "Probabilities for SV Machines", 1999): where all are
        right, no temperature would be low enough otherwise.
    """
    temperatures = np.geomspace(0.05, 4.0, 256)
    losses = [_negative_log_likelihood(logits / t, labels) for t in temperatures]
    temperature = round(float(temperatures[int(np.argmin(losses))]), 4)  # limits are held to it
    right = logits.argmax(axis=1) == labels
    confidence, evidence = _confidence(logits, temperature)[right], logits.max(axis=1)[right]
    if not right.any():
        return Calibration(temperature=temperature, rejection_threshold=1.0)
    if foreign is None:
        threshold, least = _reached(confidence, 1 - KEEP), None
    else:
        threshold, least = _best_pair(
            confidence, evidence, _confidence(foreign, temperature), foreign.max(axis=1)
        )
    return Calibration(
        temperature=temperature,
        rejection_threshold=_down(threshold),
        least_evidence=None if least is None else _down(least),
    )


def _reached(values: NDArray[np.floating], share: float) -> float:
    """What all but a share of the values reach: one of them, or of few too many would not."""
    lost = int(share * len(values) + 1e-9)
    return float(np.sort(values)[min(lost, len(values) - 1)])


def _down(limit: float) -> float:
    """Four digits that are reached by whatever reaches the limit."""
    return math.floor(limit * 1e4) / 1e4


def _best_pair(
    confidence: NDArray[np.float64],
    evidence: NDArray[np.float32],
    foreign_confidence: NDArray[np.float64],
    foreign_evidence: NDArray[np.float32],
) -> tuple[float, float]:
    """The pair of limits that `KEEP` of the windows reach, and the fewest foreign ones."""
    pairs = []
    for share in np.linspace(0, 1 - KEEP, 17):
        least = _reached(evidence, share)
        # So many of those that are left may be lost by their confidence.
        left = evidence >= least
        lost = max(0.0, 1 - KEEP / left.mean())
        threshold = _reached(confidence[left], lost)
        named = ((foreign_evidence >= least) & (foreign_confidence >= threshold)).mean()
        pairs.append((float(named), threshold, least))
    _, threshold, least = min(pairs)
    return threshold, least


def _confidence(logits: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    confidence: NDArray[np.float64] = np.exp(_log_softmax(logits / temperature)).max(axis=1)
    return confidence


def _negative_log_likelihood(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Against targets that leave a little to the wrong classes."""
    windows, classes = logits.shape
    known = _log_softmax(logits)
    right = known[np.arange(windows), labels]
    share = (windows + 1) / (windows + 2)
    wrong = (known.sum(axis=1) - right) / (classes - 1)
    return float(-(share * right + (1 - share) * wrong).mean())


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
