from pathlib import Path

import numpy as np
import pytest

from har_desktop.frame import Frame
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.short import ShortSource


def ticks(count: int) -> list[Frame]:
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (count, 24, 32, 3), dtype=np.uint8)
    return [Frame(image, n, 0.2 * n) for n, image in enumerate(images)]


@pytest.mark.parametrize("motion", [True, False])
@pytest.mark.parametrize("count", [1, 4, 10])
def test_the_first_picture_stands_still_before_the_start(
    tmp_path: Path, make_bundle, motion: bool, count: int
) -> None:
    recognizer = Recognizer(load_bundle(make_bundle(tmp_path / "b", motion=motion)), "cpu")
    short = ShortSource(recognizer)
    frames = ticks(count)
    for frame in frames:
        short.add(frame)
    window = short.window()
    assert window is not None
    held = [frames[0]] * (11 - count) + frames
    pictures = [recognizer.picture(frame) for frame in held]
    own = pictures if motion else pictures[1:]
    expected = recognizer.recognize_stretch(own, range(len(own)))
    np.testing.assert_allclose(window.logits, expected.logits, atol=1e-6)
    np.testing.assert_allclose(np.diff(window.times), 0.2, atol=1e-9)
    assert window.times[-1] == frames[-1].time


def test_motion_is_told_by_the_pictures_between(tmp_path: Path, make_bundle) -> None:
    bundle = load_bundle(make_bundle(tmp_path / "b", differences=4, interval=0.8))
    recognizer = Recognizer(bundle, "cpu")
    short = ShortSource(recognizer)
    frames = ticks(7)
    for frame in frames:
        short.add(frame)
    window = short.window()
    assert window is not None
    pictures = [recognizer.picture(frame) for frame in frames[:5]]  # the last ones fill no place
    held = [pictures[0]] * (41 - len(pictures)) + pictures
    expected = recognizer.recognize_stretch(held, range(41))
    np.testing.assert_allclose(window.logits, expected.logits, atol=1e-6)
    assert window.times[-1] == frames[4].time


def test_far_apart_pictures_differ_from_the_one_before(tmp_path: Path, make_bundle) -> None:
    recognizer = Recognizer(load_bundle(make_bundle(tmp_path / "b")), "cpu")
    short = ShortSource(recognizer)
    frames = [Frame(frame.image, frame.index, 0.5 * frame.index) for frame in ticks(6)]
    for frame in frames:
        short.add(frame)
    window = short.window()
    assert window is not None
    pictures = [recognizer.picture(frame) for frame in [frames[0]] * 5 + frames]
    expected = recognizer.recognize_stretch(pictures, range(11))
    np.testing.assert_array_equal(window.logits, expected.logits)


def test_with_a_full_window_it_is_that_window(bundle_folder: Path) -> None:
    recognizer = Recognizer(load_bundle(bundle_folder), "cpu")
    short = ShortSource(recognizer)
    streamed = None
    for frame in ticks(11):
        short.add(frame)
        streamed = recognizer.push(frame).window
    window = short.window()
    assert streamed is not None
    assert window is not None
    np.testing.assert_allclose(window.logits, streamed.logits, atol=1e-5)


def test_without_a_frame_there_is_no_window(bundle_folder: Path) -> None:
    assert ShortSource(Recognizer(load_bundle(bundle_folder), "cpu")).window() is None
