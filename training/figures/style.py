"""How the figures look, and how they become files."""

from __future__ import annotations

from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from har_desktop.sinks.atomic import make_folder, write_whole

WIDTH = 7.0  # inches: two columns of a printed page
DOTS = 300  # per inch
TRAINING, VALIDATION = "#3b6ea5", "#c8553d"
GREY = "0.45"
_STYLE = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    # The same file for the same figure.
    "svg.hashsalt": "har",
}


def new_figure(height: float, width: float = WIDTH) -> Figure:
    """An empty figure of so many inches that needs no display."""
    figure = Figure((width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def styled() -> AbstractContextManager[None]:
    """A context in which everything is drawn in the same style."""
    return rc_context(_STYLE)


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write NAME.png and NAME.svg.

    Raises:
        OutputError: The folder takes no files.
    """
    make_folder(folder)
    paths = []
    for suffix, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
        picture = BytesIO()
        figure.savefig(picture, format=suffix, dpi=DOTS, metadata=metadata)
        paths.append(folder / f"{name}.{suffix}")
        write_whole(paths[-1], picture.getvalue())
    return paths
