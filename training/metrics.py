"""The figures of a classification, as the reports and cards state them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

RESAMPLES = 10_000
BINS = 15  # of confidences, over 0 to 1


Fraction = Annotated[float, Meta(ge=0.0, le=1.0)]
Interval = tuple[Fraction, Fraction]


class Named(msgspec.Struct, frozen=True):
    """Windows that should not have got a label, how many did, and `grouped95` of that share."""

    windows: Annotated[int, Meta(ge=1)]
    named: Annotated[int, Meta(ge=0)]
    grouped95: Interval | None = None

    def __post_init__(self) -> None:
        """Refuse more labels than windows.

        Raises:
            ValueError: Says so.
        """
        at_most(self.named, "named", self.windows)


class Kept(msgspec.Struct, frozen=True):
    """Windows whose most probable class is right, and how many of them keep that label."""

    windows: Annotated[int, Meta(ge=1)]
    kept: Annotated[int, Meta(ge=0)]
    grouped95: Interval | None = None

    def __post_init__(self) -> None:
        """Refuse more kept windows than there are.

        Raises:
            ValueError: Says so.
        """
        at_most(self.kept, "kept", self.windows)


def at_most(count: int, name: str, windows: int) -> None:
    """Refuse a count of windows that is more than there were.

    Raises:
        ValueError: Names the count.
    """
    if count > windows:
        raise ValueError(f"`{name}` is more than the {windows} windows there were")


def wilson95(hits: float, trials: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, JASA 22, 1927).

    Returns:
        (low, high) in 0..1; the whole range without trials.
    """
    if trials == 0:
        return 0.0, 1.0
    z = 1.959964
    share = hits / trials
    centre = share + z * z / (2 * trials)
    spread = z * np.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    low, high = (centre - spread) / scale, (centre + spread) / scale
    return max(float(low), 0.0), min(float(high), 1.0)  # where all are hits, it is 1 but for a bit


def grouped95(
    right: NDArray[np.bool_], groups: Sequence[Hashable], strangers: int | None = None
) -> tuple[float, float]:
    """The 95 % interval of the share of right clips, where clips of one group are alike.

    See `mean95`. Where all groups are alike no draw differs from another, so the interval is never
    narrower than that of as many strangers (`wilson95`).

    Args:
        right: (clips,) which answers are right.
        groups: (clips,) of each.
        strangers: How many that would be; as many as there are clips for None.

    Returns:
        (low, high) in 0..1; the whole range for one group, which tells nothing of another.
    """
    drawn = mean95(right.astype(np.float64), groups)
    if drawn is None:
        return 0.0, 1.0
    trials = len(right) if strangers is None else strangers
    close, far = wilson95(float(right.mean()) * trials, trials)
    return min(drawn[0], close), max(drawn[1], far)


def mean95(values: NDArray[np.float64], groups: Sequence[Hashable]) -> tuple[float, float] | None:
    """The 95 % interval of a mean over clips, where clips of one group are alike.

    Clips cut from one video are recognised together or not at all, so they tell less than as many
    clips of strangers. Whole groups are drawn, again and again, and the mean of their clips
    (cluster bootstrap: Davison, Hinkley, "Bootstrap Methods and their Application", 1997, 3.8).

    Args:
        values: (clips,) of each.
        groups: (clips,) of each.

    Returns:
        (low, high); None for less than two groups, which tell nothing of another.
    """
    names, of_clip = np.unique(list(map(repr, groups)), return_inverse=True)
    if len(names) < 2:
        return None
    clips, sums = np.bincount(of_clip), np.bincount(of_clip, weights=values)
    random = np.random.default_rng(0)
    draws = (random.integers(0, len(clips), len(clips)) for _ in range(RESAMPLES))
    means = [sums[drawn].sum() / clips[drawn].sum() for drawn in draws]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def expected_calibration_error(
    probabilities: NDArray[np.floating], truth: NDArray[np.int64]
) -> float:
    """Mean gap between confidence and accuracy over equally wide bins (Guo et al. 2017).

    Args:
        probabilities: (n, classes), rows sum to 1.
        truth: (n,) index of the true class.

    Returns:
        0 (calibrated) to 1.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    bin_of = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [
        (bin_of == b).mean() * abs(confidence[bin_of == b].mean() - right[bin_of == b].mean())
        for b in np.unique(bin_of)
    ]
    return float(sum(gaps))


def classification(
    truth: NDArray[np.int64], answers: NDArray[np.int64], classes: Sequence[str]
) -> dict[str, object]:
    """Accuracy, macro averages, a row per class, and the confusion matrix.

    Args:
        truth: (clips,) index of the true class.
        answers: (clips,) index of the answer.
        classes: Their names.

    Returns:
        `accuracy, macro_precision, macro_recall, macro_f1, per_class, confusion, wilson95, clips`;
        `confusion[i][j]` counts clips of class i that were taken for class j. Macro averages run
        over the classes that have clips.
    """
    numbers = np.arange(len(classes))
    precision, recall, f1, support = precision_recall_fscore_support(
        truth, answers, labels=numbers, zero_division=0.0
    )
    there = support > 0
    hits = int((truth == answers).sum())
    return {
        "accuracy": hits / len(truth),
        "macro_precision": float(precision[there].mean()),
        "macro_recall": float(recall[there].mean()),
        "macro_f1": float(f1[there].mean()),
        "per_class": {
            label: {
                "precision": float(precision[i]),
                "recall": float(recall[i]),
                "f1": float(f1[i]),
                "support": int(support[i]),
            }
            for i, label in enumerate(classes)
        },
        "confusion": confusion_matrix(truth, answers, labels=numbers).tolist(),
        "wilson95": wilson95(hits, len(truth)),
        "clips": len(truth),
    }
