"""What `training evaluate --json` says of a bundle, as far as cards tell it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Fraction = Annotated[float, Meta(ge=0.0, le=1.0)]
Count = Annotated[int, Meta(ge=0)]


class ClassReport(msgspec.Struct, frozen=True):
    """The figures of one class; `support` is its number of clips."""

    precision: Fraction
    recall: Fraction
    f1: Fraction
    support: Count


class Report(msgspec.Struct, frozen=True):
    """One measurement; `confusion[i][j]` counts clips of class i that were taken for class j."""

    accuracy: Fraction
    macro_precision: Fraction
    macro_recall: Fraction
    macro_f1: Fraction
    per_class: dict[str, ClassReport]
    confusion: list[list[Count]]
    wilson95: tuple[Fraction, Fraction]
    clips: Annotated[int, Meta(ge=1)]
    protocol: Annotated[str, Meta(min_length=1)]
    sampling: Annotated[str, Meta(min_length=1)]

    def __post_init__(self) -> None:
        """Refuse figures that don't belong together.

        Raises:
            ValueError: The confusion matrix has other classes or clips than the rest.
        """
        classes = len(self.per_class)
        if [len(row) for row in self.confusion] != [classes] * classes:
            raise ValueError(f"`confusion` is not {classes} x {classes}")
        if sum(map(sum, self.confusion)) != self.clips:
            raise ValueError(f"`confusion` doesn't count {self.clips} clips")


def key(report: Report) -> str:
    """The name that a report has among a bundle's metrics: its protocol.

    Windows in time are the app's own way; another sampling is named too.
    """
    return report.protocol if report.sampling == "time" else f"{report.protocol}, {report.sampling}"
