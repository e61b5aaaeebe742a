"""Windows of real (small) clips by a real (random) bundle."""

from pathlib import Path

import numpy as np
import pytest

from har_desktop.errors import InputError
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.recognizer import Recognizer
from har_desktop.sources.video import VideoFile
from training.data.index import scan
from training.windows import all_windows, clip_windows


@pytest.fixture(scope="module", params=[0, 1, 4], ids=["no-motion", "whole", "in-steps"])
def bundle(request, tmp_path_factory: pytest.TempPathFactory, make_bundle) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "two"
    motion = {"motion": request.param > 0, "differences": max(1, request.param)}
    return make_bundle(folder, classes=("Drift", "Still"), size=(48, 64), **motion)


def test_windows_in_time_are_those_of_the_app(bundle: Path, clips_folder: Path) -> None:
    recognizer = Recognizer(load_bundle(bundle), "cpu")
    path = clips_folder / scan(clips_folder, ("Drift",))[0].path
    windows = clip_windows(recognizer, path, "time")
    recognizer.clear()
    live = {}
    with VideoFile(path) as source:
        for frame in source:  # every frame, as the app pushes them
            window = recognizer.push(frame).window
            if window is not None:
                live[round(frame.time, 3)] = window.probabilities
    first = 2.0 if recognizer.manifest.input.motion else 1.8
    expected = np.stack([live[round(t, 3)] for t in np.arange(first, 2.9, 0.2)])
    np.testing.assert_allclose(windows.probabilities, expected, atol=1e-5)
    assert windows.evident.tolist() == [True] * len(expected)


def test_an_even_window_sees_the_motion_of_each_of_its_places(
    bundle: Path, clips_folder: Path
) -> None:
    recognizer = Recognizer(load_bundle(bundle), "cpu")
    path = clips_folder / scan(clips_folder, ("Drift",))[0].path
    windows = clip_windows(recognizer, path, "even")
    with VideoFile(path) as source:
        pictures = [recognizer.picture(frame) for frame in source]  # 3 s, 20 a second
    places = np.linspace(0, 59, 10).round().astype(int)
    step = 4 // recognizer.manifest.input.differences
    before = [[pictures[max(0, n - age)] for age in range(step, 5, step)] for n in places]
    expected = recognizer.recognize_window([pictures[n] for n in places], before, range(10))
    np.testing.assert_array_equal(windows.probabilities, expected.probabilities[np.newaxis])


def test_answers_come_in_the_order_of_the_clips(
    bundle: Path, clips_folder: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.avi"
    broken.write_bytes(b"nothing")
    loaded = load_bundle(bundle)
    clips = [clips_folder / c.path for c in scan(clips_folder, ("Drift",))[:3]]
    answers = all_windows(loaded, [clips[0], broken, *clips[1:]], "time", "windows")
    assert answers[1] is None
    recognizer = Recognizer(loaded)
    for path, windows in zip(clips, [answers[0], *answers[2:]], strict=True):
        expected = clip_windows(recognizer, path, "time").probabilities
        np.testing.assert_array_equal(windows.probabilities, expected)


def test_nothing_readable_is_an_error_that_tells_why(bundle: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.avi"
    broken.write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"none of the 1 clips can be read: .*broken\.avi"):
        all_windows(load_bundle(bundle), [broken], "time", "windows")
