"""What is computed anew of a recorded video is what was computed at first."""

import numpy as np
import pytest

from har_desktop.frame import Frame
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline import analysis as analysis_module
from har_desktop.pipeline.album import Album
from har_desktop.pipeline.analysis import Analysis


@pytest.mark.parametrize(("motion", "differences"), [(True, 1), (True, 3), (False, 1)])
@pytest.mark.parametrize("fps", [7, 25, 240])  # of which the engine thins out
def test_an_answer_computed_again_is_the_same(make_bundle, tmp_path, motion, differences, fps):
    folder = make_bundle(tmp_path / "b", motion=motion, differences=differences, length=4)
    bundle = load_bundle(folder)
    album = Album(10**8)
    analysis = Analysis(Recognizer(bundle, "cpu"), album)
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (2 * fps, 24, 32, 3), np.uint8)
    for index, picture in enumerate(pictures):
        analysis.push(Frame(picture, index, index / fps))
    full = [index for index in range(len(pictures)) if album.window(index) is not None]
    assert full
    for index in full[:: fps // 10 + 1]:
        window = album.window(index)
        analysis.answer_again(index)
        again = album.window(index)
        assert again is not window
        np.testing.assert_allclose(again.logits, window.logits, atol=1e-5)
        np.testing.assert_allclose(again.heatmaps, window.heatmaps, atol=1e-4)
        assert again.evident == window.evident
        assert again.times == window.times


def test_frame_by_frame_each_is_encoded_again_once(live_bundle, monkeypatch):
    fps, frames = 30, 120
    recognizer = Recognizer(live_bundle, "cpu")
    album = Album(10**8)
    analysis = Analysis(recognizer, album)
    random = np.random.default_rng(0)
    for index in range(frames):
        picture = random.integers(0, 256, (48, 64, 3), np.uint8)
        analysis.push(Frame(picture, index, index / fps))
    encoded, encode = [], recognizer._model.encode
    monkeypatch.setattr(recognizer._model, "encode", lambda *a: encoded.append(None) or encode(*a))
    monkeypatch.setattr(analysis_module, "_MOMENTS", 20)
    recognizer.explain = 1
    for index in range(90, 120):
        analysis.answer_again(index)
        assert album.window(index).explained == 1
    assert len(encoded) <= frames - 30
    assert len(analysis._moments) == 20
