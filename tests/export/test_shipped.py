"""The bundles of this checkout, with nothing but ONNX: TensorFlow's word was asked at the build."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from export.card import render
from export.parity import moving_pictures
from export.verify import verify
from har_desktop.frame import Frame
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.recognizer import Recognizer
from har_desktop.models import list_bundles, shipped_folder

BUNDLES = [pytest.param(shipped.path, id=shipped.path.name) for shipped in list_bundles()]
each_bundle = pytest.mark.parametrize("folder", BUNDLES)


def _whole_windows(bundle, clip, class_index):
    """Every window of the clip, computed anew from its pictures."""
    *encoders, head = (
        onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
        for data in bundle.graphs
    )
    seen, pictures = bundle.manifest.input, bundle.manifest.pictures
    step = seen.differences
    for start in range(len(clip) - pictures + 1):
        features = []
        for index in range(start + step * seen.motion, start + pictures, step):
            feed = {"frame": clip[index, None]}
            if seen.motion:
                feed["previous"] = clip[index - step : index][::-1]
            parts = []
            for encoder in encoders:
                own = {value.name: feed[value.name] for value in encoder.get_inputs()}
                parts.append(encoder.run(["partials", "activation"], own))
            features.append([np.concatenate(part, -1) for part in zip(*parts, strict=True)])
        partials, activations = (np.concatenate(part) for part in zip(*features, strict=True))
        feed = {
            "partials": partials,
            "activations": activations,
            "class_index": np.array(class_index, np.int64),
        }
        yield head.run(["logits", "heatmaps", "explained"], feed)


def test_a_bundle_is_there():
    """The placeholder keeps the folder in a checkout until the first bundle is committed."""
    assert BUNDLES or (shipped_folder() / ".gitkeep").exists()


@each_bundle
def test_it_verifies_and_its_card_is_up_to_date(folder):
    verify(folder)
    card = (folder / "card.md").read_text()
    assert render(load_bundle(folder).manifest) == card
    assert ("](confusion.png)" in card) == (folder / "confusion.png").exists()


@each_bundle
@pytest.mark.parametrize("class_index", [-1, 0, 1])
def test_the_apps_stream_equals_the_whole_window(folder, class_index):
    bundle = load_bundle(folder)
    recognizer = Recognizer(bundle, "cpu", explain=class_index)
    spacing = bundle.manifest.spacing_s
    for clip in moving_pictures(bundle.manifest, windows=3, seed=2):
        recognizer.clear()
        pushed = [
            recognizer.push(Frame(np.ascontiguousarray(p[..., ::-1]), i, i * spacing)).window
            for i, p in enumerate(clip)
        ]
        streamed = [window for window in pushed if window is not None]
        wholes = list(_whole_windows(bundle, clip, class_index))
        assert len(streamed) == len(wholes) == 2 * bundle.manifest.input.differences + 1
        for window, (logits, heatmaps, explained) in zip(streamed, wholes, strict=True):
            assert window.explained == explained
            np.testing.assert_allclose(window.logits, logits, rtol=0, atol=1e-5)
            scale = max(heatmaps.max(), 1e-30)
            np.testing.assert_allclose(window.heatmaps / scale, heatmaps / scale, rtol=0, atol=1e-5)
