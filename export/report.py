"""What the verbs of `training` say of a bundle with `--json`, as far as cards tell it.

Each report states its `kind`. Those of `evaluate` did not always, so one without is of accuracy. It
states the identity of its `bundle`, too, which is not in the reports that older bundles hold.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from har_desktop.inference.manifest import Json
from training.metrics import Fraction, Kept, Named, at_most

Correlation = Annotated[float, Meta(ge=-1.0, le=1.0)]
Count = Annotated[int, Meta(ge=0)]
Some = Annotated[int, Meta(ge=1)]
Name = Annotated[str, Meta(min_length=1)]


class ClassReport(msgspec.Struct, frozen=True):
    """The figures of one class; `support` is its number of clips."""

    precision: Fraction
    recall: Fraction
    f1: Fraction
    support: Count


class WithEvidence(msgspec.Struct, frozen=True):
    """Clips that are right where windows without evidence don't count, and those with no other."""

    right: Count
    none: Count


class Accuracy(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="accuracy"):
    """Of `evaluate`; `confusion[i][j]` counts clips of class i that were taken for class j.

    Older reports have one interval only, which takes clips of one group for independent, and tell
    neither the groups that were `tested` nor what is left `with_evidence`.
    """

    accuracy: Fraction
    macro_precision: Fraction
    macro_recall: Fraction
    macro_f1: Fraction
    per_class: dict[str, ClassReport]
    confusion: list[list[Count]]
    wilson95: tuple[Fraction, Fraction]
    grouped95: tuple[Fraction, Fraction] | None = None
    groups: Some | None = None
    clips: Some
    protocol: Name
    sampling: Name
    bundle: Name | None = None
    tested: list[Name] | None = None
    expected_calibration_error: Fraction | None = None
    with_evidence: WithEvidence | None = None

    def __post_init__(self) -> None:
        """Refuse figures that don't belong together.

        Raises:
            ValueError: The confusion matrix tells of other classes, clips or right answers than
                the rest.
        """
        classes = len(self.per_class)
        if [len(row) for row in self.confusion] != [classes] * classes:
            raise ValueError(f"`confusion` is not {classes} x {classes}")
        if sum(map(sum, self.confusion)) != self.clips:
            raise ValueError(f"`confusion` doesn't count {self.clips} clips")
        right = sum(row[number] for number, row in enumerate(self.confusion))
        if abs(self.accuracy - right / self.clips) > 1e-9:
            raise ValueError(f"`accuracy` is not {right} of {self.clips}, as `confusion` counts")
        if (some := self.with_evidence) and some.right + some.none > self.clips:
            raise ValueError(f"`with_evidence` counts more than the {self.clips} clips")


class Pair(msgspec.Struct, frozen=True):
    """A figure for the deletion and one for the insertion curve."""

    deletion: Fraction
    insertion: Fraction


CAMS = {"grad_cam": "grad-cam", "hires_cam": "hires-cam"}


class Maps(msgspec.Struct, frozen=True, rename=CAMS):
    """Areas under the curves of each map; bundles of before have no HiResCAM."""

    grad_cam: Pair
    random: Pair
    centre: Pair
    hires_cam: Pair | None = None


class Better(msgspec.Struct, frozen=True):
    """Shares of the windows in which a method has the better area than a reference."""

    random: Pair
    centre: Pair


class Difference(msgspec.Struct, frozen=True):
    """How much larger one mean area is than another, -1..1; the interval draws whole groups."""

    mean: Correlation
    mean95: tuple[Correlation, Correlation] | None


class Differences(msgspec.Struct, frozen=True):
    """Of both areas."""

    deletion: Difference
    insertion: Difference


class Margins(msgspec.Struct, frozen=True):
    """How much larger a method's areas are than those of a reference."""

    random: Differences
    centre: Differences


class Randomised(msgspec.Struct, frozen=True):
    """Rank correlations with the maps of a network whose weights were permuted."""

    head: Correlation
    all: Correlation


class Worth(msgspec.Struct, frozen=True, kw_only=True):
    """What one method's maps are worth; older reports lack `difference` and `second_alike`."""

    better_than: Better
    difference: Margins | None = None
    randomised: Randomised
    second_class: Correlation
    second_alike: Fraction | None = None


class Explanations(
    Worth, frozen=True, kw_only=True, rename=CAMS, tag_field="kind", tag="explanations"
):
    """Of `explain`; what stands outside `hires_cam` is of Grad-CAM."""

    protocol: Name
    windows: Some
    looked_at: Some
    maps: Maps
    bundle: Name | None = None
    tested: list[Name] | None = None
    hires_cam: Worth | None = None

    def __post_init__(self) -> None:
        """Refuse figures that don't belong together.

        Raises:
            ValueError: More windows were explained than looked at, or HiResCAM is half there.
        """
        at_most(self.windows, "windows", self.looked_at)
        if (self.hires_cam is None) != (self.maps.hires_cam is None):
            raise ValueError("`hires-cam` has areas or the other figures, not both")


class Detail(msgspec.Struct, frozen=True):
    """What cards tell of a rejection in detail."""

    kept: dict[str, Kept] | None = None


class Rejection(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="rejection"):
    """Of `reject`; `idle` people do nothing in particular, `others` do other actions.

    Older reports don't tell of `mistaken` windows, which have a wrong answer, nor in `detail` which
    windows of each class are `kept`.
    """

    protocol: Name
    bundle: Name | None = None
    threshold: Fraction
    idle: Named | None
    others: Named | None
    kept: Kept
    mistaken: Named | None = None
    detail: Detail = Detail()
    tested: list[Name] | None = None
    skipped: list[str] = []


class Seeds(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="seeds"):
    """Several accuracies of `evaluate`, each of another run's bundle; made by `export measure`."""

    protocol: Name
    accuracies: Annotated[list[Fraction], Meta(min_length=1)]
    clips: list[Some]
    mean: Fraction
    min: Fraction

    def __post_init__(self) -> None:
        """Refuse figures that don't belong together.

        Raises:
            ValueError: Numbers of clips, mean or minimum are not those of the accuracies.
        """
        if len(self.clips) != len(self.accuracies):
            raise ValueError(f"`clips` are not {len(self.accuracies)} numbers")
        mean = sum(self.accuracies) / len(self.accuracies)
        if self.min != min(self.accuracies) or abs(self.mean - mean) > 1e-9:
            raise ValueError("`mean` and `min` are not those of `accuracies`")


Report = Accuracy | Explanations | Rejection
Figures = Report | Seeds


def read_report(raw: Json) -> Report:
    """Check what a verb of `training` printed.

    Raises:
        msgspec.ValidationError: It is no report, or makes no sense.
    """
    report: Report = msgspec.convert(_with_kind(raw), Report)
    return report


def read_metrics(metrics: Json) -> dict[str, Figures]:
    """Check the metrics of a manifest.

    Raises:
        msgspec.ValidationError: They are no reports, or make no sense.
    """
    raw = {name: _with_kind(msgspec.convert(value, Json)) for name, value in metrics.items()}
    return msgspec.convert(raw, dict[str, Figures])


def key(report: Report) -> str:
    """The name that a report has among a bundle's metrics.

    Accuracies have their protocol's. Windows in time are the app's own way; another sampling is
    named too.
    """
    match report:
        case Explanations():
            return "explanations"
        case Rejection():
            return "rejection"
        case Accuracy(protocol=protocol, sampling="time"):
            return protocol
        case Accuracy(protocol=protocol, sampling=sampling):
            return f"{protocol}, {sampling}"


def average(reports: list[Accuracy]) -> Seeds:
    """The accuracies of several runs in one."""
    accuracies = [report.accuracy for report in reports]
    return Seeds(
        protocol=reports[0].protocol,
        accuracies=accuracies,
        clips=[report.clips for report in reports],
        mean=sum(accuracies) / len(accuracies),
        min=min(accuracies),
    )


def _with_kind(raw: Json) -> Json:
    return {"kind": "accuracy", **raw}
