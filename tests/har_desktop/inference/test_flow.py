from __future__ import annotations

import numpy as np
import pytest

from har_desktop.inference.flow import SHRINK, optical_flow
from har_desktop.opencv import cv2


@pytest.fixture(scope="module")
def texture() -> np.ndarray:
    """Smooth blobs, (128, 160, 3) uint8."""
    noise = np.random.default_rng(1).random((128, 160, 3)).astype(np.float32)
    blobs = cv2.GaussianBlur(noise, (0, 0), 4)
    return cv2.normalize(blobs, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


@pytest.mark.parametrize(("right", "down"), [(4, 0), (0, -3), (-2, 2)])
def test_a_moved_picture_has_the_flow_it_moved_by_in_pixels_of_the_flow(texture, right, down):
    moved = np.roll(texture, (down, right), axis=(0, 1))
    flow = optical_flow(moved, texture)
    assert flow.shape == (128 // SHRINK, 160 // SHRINK, 2)
    assert flow.dtype == np.float32
    inside = flow[4:-4, 4:-4]
    assert np.median(inside[..., 0]) == pytest.approx(right / SHRINK, abs=0.05)
    assert np.median(inside[..., 1]) == pytest.approx(down / SHRINK, abs=0.05)


def test_where_nothing_moves_there_is_no_flow(texture):
    assert np.abs(optical_flow(texture, texture)).max() == 0
    still = texture.copy()
    still[40:80, 20:60] = np.roll(texture, 3, axis=1)[40:80, 20:60]
    flow = optical_flow(still, texture)
    assert np.abs(flow[:, 100 // SHRINK :]).max() < 0.05
    assert np.median(flow[44 // SHRINK : 76 // SHRINK, 28 // SHRINK : 56 // SHRINK, 0]) > 0.3


def test_it_is_the_same_on_any_number_of_threads(texture):
    moved = np.roll(texture, 3, axis=1)
    threads = cv2.getNumThreads()
    try:
        flows = []
        for count in (1, 2, 5):
            cv2.setNumThreads(count)
            flows.append(optical_flow(moved, texture))
    finally:
        cv2.setNumThreads(threads)
    np.testing.assert_array_equal(flows[0], flows[1])
    np.testing.assert_array_equal(flows[0], flows[2])
