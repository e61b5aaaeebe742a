"""An articulated person, drawn by our own code: the demo clip, test data, more training clips."""

from har_desktop.sources.figure.demo import Demo
from har_desktop.sources.figure.source import ACTIONS, RenderedFigure

__all__ = ["ACTIONS", "Demo", "RenderedFigure"]
