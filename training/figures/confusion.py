"""The confusion matrix (Fig. 7 of the poster)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

DARK = 0.5  # from this share on, a cell is so dark that its number is white
CELL, MARGIN = 0.42, 1.8  # inches; the margin is for the names of the classes
DOTS = 120  # per inch: legible in print; ten classes are not much wider than the app's card


def draw(confusion: ArrayLike, labels: Sequence[str]) -> Figure:
    """Draw the matrix: a row for each class, its clips counted by the class they were taken for.

    Colours are shares of the row, so a class with few clips looks as good or bad as one with many.
    """
    counts = np.array(confusion)
    shares = counts / counts.sum(axis=1, keepdims=True).clip(min=1)
    side = MARGIN + CELL * len(labels)
    figure = Figure((side, side), dpi=DOTS, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    names = [label.replace("$", r"\$") for label in labels]  # no formulas
    axes.set_xticks(range(len(labels)), names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(labels)), names)
    axes.set_xlabel("taken for")
    axes.set_ylabel("performed")
    for (row, column), count in np.ndenumerate(counts):
        if count:
            color = "white" if shares[row, column] > DARK else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=color)
    return figure
