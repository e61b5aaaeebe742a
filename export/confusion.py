"""The confusion matrix of a bundle as a picture."""

from __future__ import annotations

from io import BytesIO

import numpy as np

from export.report import Accuracy, Figures

PROTOCOL = "group-wise"
DARK = 0.5  # from this share on, a cell is so dark that its number is white
CELL, MARGIN = 0.42, 1.8  # inches; the margin is for the names of the classes
DOTS = 120  # per inch: legible in print; ten classes are not much wider than the app's card


def pictured(reports: dict[str, Figures]) -> Accuracy | None:
    """The report that has a picture: the app's own way of looking, on whole groups."""
    report = reports.get(PROTOCOL)
    return report if isinstance(report, Accuracy) else None


def draw(report: Accuracy) -> bytes:
    """Draw the matrix: a row for each class, its clips counted by the class they were taken for.

    Colours are shares of the row, so a class with few clips looks as good or bad as one with many.

    Returns:
        PNG; the same bytes for the same report, as long as Matplotlib stays the same.
    """
    # Half a second that verbs without a picture need not spend.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    counts = np.array(report.confusion)
    shares = counts / counts.sum(axis=1, keepdims=True).clip(min=1)
    labels = list(report.per_class)
    side = MARGIN + CELL * len(labels)
    figure = Figure((side, side), dpi=DOTS, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(labels)), labels, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel("taken for")
    axes.set_ylabel("performed")
    for (row, column), count in np.ndenumerate(counts):
        if count:
            color = "white" if shares[row, column] > DARK else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=color)
    picture = BytesIO()
    # Without the version of Matplotlib, which would change the file and nothing in it.
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()
