"""Do a bundle's heat-maps explain its answers? Measured on the ONNX files. No TensorFlow here.

Three questions, for windows whose answer is right, to each method that the bundle has:

* Is the evidence where the map says? Deletion and insertion curves, `training.occlusion`.
* Does the map depend on what the network learned? Its rank correlation with the map of the same
  class after the weights were permuted, `training.randomise`, should be far below 1.
* Does it depend on the class? Its rank correlation with the map of the second most probable class.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Hashable, Sequence
from itertools import chain, zip_longest
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata
from tqdm import tqdm

from har_desktop.errors import InputError, SourceError
from har_desktop.inference.bundle import Bundle
from har_desktop.inference.identity import identity
from har_desktop.inference.manifest import Method
from har_desktop.inference.model import TOP
from har_desktop.inference.recognizer import Recognizer
from har_desktop.opencv import cv2
from har_desktop.pipeline.hop import Hop
from har_desktop.sources.video import VideoFile
from training.data.cache import nearest
from training.data.index import Clip, origins, tested
from training.metrics import mean95
from training.occlusion import (
    Areas,
    Maps,
    Stretch,
    answer,
    areas,
    centre_maps,
    held_still,
    random_maps,
)
from training.randomise import randomise

SEED = 0
ALIKE = 0.5  # of a rank correlation
REFERENCES = ("random", "centre")


class _Correlations(NamedTuple):
    """Of a map with those of other networks, and of another class."""

    head: float
    all: float
    second_class: float


class _Finding(NamedTuple):
    """What one window tells: what its clip was cut from, areas by map, correlations by method."""

    origin: Hashable
    areas: dict[str, Areas]
    correlations: dict[Method, _Correlations]


def explain(bundle: Bundle, data: Path, clips: Sequence[Clip], count: int) -> dict[str, object]:
    """Measure the heat-maps on the middle windows of some clips.

    Args:
        bundle: As loaded.
        data: The folder of the clips.
        clips: Of the bundle's classes; at most `count` of them are looked at.
        count: See `draw`.

    Returns:
        Means over the windows: `maps`, the areas of each; `better_than`, the share of windows in
        which Grad-CAM has the better area than a reference; `difference`, how much larger its areas
        are than a reference's, with `mean95` of that; `randomised` and `second_class`, rank
        correlations; `second_alike`, the share of windows whose map has more than `ALIKE` in common
        with that of the second class; and all but the first of HiResCAM under its name, where the
        bundle has it. `bundle` is its identity, and `tested` names the groups; `looked_at` counts
        windows, of which `windows` were answered right and measured; `skipped` counts clips that
        are too short or unreadable.

    Raises:
        InputError: There is no window with the right answer.
    """
    began = time.perf_counter()
    cv2.setNumThreads(1)
    probe = _Probe(bundle)
    findings, looked_at, skipped = [], 0, 0
    chosen = draw(clips, count)
    bar = tqdm(chosen, "explain", unit="clip", disable=None)
    for clip, origin in zip(bar, origins(chosen), strict=True):
        try:
            stretch = middle_window(probe.recognizer, data / clip.path)
        except SourceError:
            stretch = None
        if stretch is None:
            skipped += 1
            continue
        looked_at += 1
        finding = probe.look(origin, stretch, bundle.manifest.classes.index(clip.label))
        if finding:
            findings.append(finding)
    if not findings:
        raise InputError(
            f"nothing to explain: of {len(chosen)} clips in {data}, {skipped} are too short or"
            " unreadable, and no other one's middle window gets the right answer"
        )
    return {
        "kind": "explanations",
        "bundle": identity(bundle.manifest),
        "protocol": "group-wise",
        "tested": tested(clips),
        "windows": len(findings),
        "looked_at": looked_at,
        "skipped": skipped,
        **_summary(findings),
        "seconds": round(time.perf_counter() - began, 1),
        "provider": probe.recognizer.provider.used,
    }


def draw(clips: Sequence[Clip], count: int) -> list[Clip]:
    """At most `count` clips, evenly from all classes as far as they have enough."""
    rng = np.random.default_rng(SEED)
    by_label = defaultdict(list)
    for clip in clips:
        by_label[clip.label].append(clip)
    shuffled = [[group[i] for i in rng.permutation(len(group))] for group in by_label.values()]
    turns = chain.from_iterable(zip_longest(*shuffled))
    return [clip for clip in turns if clip is not None][:count]


def middle_window(recognizer: Recognizer, path: Path) -> Stretch | None:
    """The middle one of a clip's full windows; None where it has none.

    They are those of the app, but that of less than ten pictures a second the first one may begin
    half an interval before the clip does.

    Raises:
        SourceError: The clip cannot be read.
    """
    manifest = recognizer.manifest
    interval = manifest.window.frame_interval_s
    clock = Hop(interval)
    with VideoFile(path) as source:
        seen = [(frame.time, clock.takes(frame)) for frame in source]
    times = np.array([time for time, _ in seen])
    ages = manifest.spacing_s * np.arange(manifest.pictures)[::-1].astype(np.float64)
    full = []
    for end, is_tick in seen:
        places = nearest(times, end - ages)
        if is_tick and (np.abs(times[places] - (end - ages)) <= interval / 2).all():
            full.append(places)
    if not full:
        return None
    chosen = full[len(full) // 2].tolist()
    with VideoFile(path) as source:  # again, or all pictures of a long clip would be kept
        pictures = {n: recognizer.picture(f) for n, f in enumerate(source) if n in chosen}
    return Stretch(np.stack([pictures[n] for n in chosen]), tuple(times[chosen].tolist()))


def rank_correlation(one: Maps, other: Maps) -> float:
    """Spearman's rank correlation of two maps of equal shape, -1..1.

    A map without any differences orders nothing; it has nothing in common with any other: 0.
    """
    first, second = rankdata(one), rankdata(other)
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


class _Probe:
    """The bundle's recogniser and those of its randomised copies."""

    def __init__(self, bundle: Bundle) -> None:
        self.recognizer = Recognizer(bundle)
        self._head = Recognizer(randomise(bundle, "head", SEED))
        self._all = Recognizer(randomise(bundle, "all", SEED))
        self._rng = np.random.default_rng(SEED)

    def look(self, origin: Hashable, stretch: Stretch, truth: int) -> _Finding | None:
        """All measurements of one window; None where its answer is wrong."""
        window = answer(self.recognizer, stretch)
        if window.explained != truth:
            return None
        second = int(np.argsort(window.probabilities)[-2])

        def correlations(other: Recognizer, class_index: int) -> list[float]:
            other.explain = class_index
            found = answer(other, stretch).maps
            other.explain = TOP
            return [rank_correlation(own, found[method]) for method, own in window.maps.items()]

        shape = window.heatmaps.shape
        compared: dict[str, Maps] = {
            **{method: held_still(values) for method, values in window.maps.items()},
            "random": random_maps(shape, self._rng),
            "centre": centre_maps(shape),
        }
        found = zip(
            correlations(self._head, truth),
            correlations(self._all, truth),
            correlations(self.recognizer, second),
            strict=True,
        )
        return _Finding(
            origin,
            areas(self.recognizer, stretch, truth, compared, self._rng),
            dict(zip(window.maps, map(_Correlations._make, found), strict=True)),
        )


def _summary(findings: Sequence[_Finding]) -> dict[str, object]:
    first, *second = findings[0].correlations
    return {
        "maps": {
            name: {
                "deletion": float(np.mean([f.areas[name].deletion for f in findings])),
                "insertion": float(np.mean([f.areas[name].insertion for f in findings])),
            }
            for name in findings[0].areas
        },
        **_figures(findings, first),
        **{method: _figures(findings, method) for method in second},
    }


def _figures(findings: Sequence[_Finding], method: Method) -> dict[str, object]:
    """How one method fares beside the references, and what its maps have to do with others."""
    pairs = {name: [(f.areas[method], f.areas[name]) for f in findings] for name in REFERENCES}
    correlations = np.array([f.correlations[method] for f in findings])
    head, all_, second_class = correlations.mean(axis=0).tolist()
    groups = [f.origin for f in findings]
    return {
        "better_than": {
            name: {
                "deletion": float(np.mean([own.deletion < other.deletion for own, other in both])),
                "insertion": float(
                    np.mean([own.insertion > other.insertion for own, other in both])
                ),
            }
            for name, both in pairs.items()
        },
        "difference": {name: _difference(both, groups) for name, both in pairs.items()},
        "randomised": {"head": head, "all": all_},
        "second_class": second_class,
        "second_alike": float((correlations[:, 2] > ALIKE).mean()),
    }


def _difference(
    pairs: Sequence[tuple[Areas, Areas]], groups: Sequence[Hashable]
) -> dict[str, object]:
    """How much larger a method's areas are than a reference's in the mean, and its interval."""
    deletion = np.array([own.deletion - other.deletion for own, other in pairs])
    insertion = np.array([own.insertion - other.insertion for own, other in pairs])
    return {
        name: {"mean": float(more.mean()), "mean95": mean95(more, groups)}
        for name, more in (("deletion", deletion), ("insertion", insertion))
    }
