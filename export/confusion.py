"""The confusion matrix of a bundle as a picture."""

from __future__ import annotations

from io import BytesIO

from export.report import Accuracy, Figures

PROTOCOL = "group-wise"


def pictured(reports: dict[str, Figures]) -> Accuracy | None:
    """The report that has a picture: the app's own way of looking, on whole groups."""
    report = reports.get(PROTOCOL)
    return report if isinstance(report, Accuracy) else None


def draw(report: Accuracy) -> bytes:
    """Draw the matrix, see `training.figures.confusion`.

    Returns:
        PNG; the same bytes for the same report, as long as Matplotlib stays the same.
    """
    # Half a second that verbs without a picture need not spend.
    from training.figures import confusion

    figure = confusion.draw(report.confusion, list(report.per_class))
    picture = BytesIO()
    # Without the version of Matplotlib, which would change the file and nothing in it.
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()
