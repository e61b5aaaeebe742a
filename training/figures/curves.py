"""Loss and accuracy over the epochs of a run (Fig. 6 of the poster)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from training.figures.style import GREY, TRAINING, VALIDATION, new_figure
from training.run_folder import has_validation


def draw(history: NDArray[np.void]) -> Figure:
    """Draw both, side by side; a line marks the epoch whose weights were kept.

    That is the last one where no clips validated.

    Args:
        history: One row per epoch, as of `training.run_folder.history`.
    """
    figure = new_figure(2.6)
    epochs = history["epoch"] + 1
    validated = has_validation(history)
    best = epochs[np.argmin(history["val_loss"])] if validated else epochs[-1]
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        few = "." if len(epochs) < 12 else None
        axes.plot(epochs, history[name], color=TRAINING, marker=few, label="training")
        if validated:
            values = history[f"val_{name}"]
            axes.plot(epochs, values, color=VALIDATION, marker=few, label="validation")
        axes.axvline(best, color=GREY, linewidth=0.8, linestyle=":")
        axes.set_xlabel("epoch")
        axes.set_ylabel(name)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="y", color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)
    loss, accuracy = figure.axes
    loss.set_ylim(bottom=0)
    accuracy.set_ylim(0, 1.02)
    accuracy.legend(loc="lower right")
    loss.annotate(
        f"kept: epoch {best:.0f}",
        (best, 1),
        xycoords=("data", "axes fraction"),
        ha="center",
        va="bottom",
        color=GREY,
    )
    return figure
