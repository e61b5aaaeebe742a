from __future__ import annotations

import numpy as np

from har_desktop.inference.flow import optical_flow


def test_a_network_sees_the_apps_flow_one_clip_after_the_other() -> None:
    from training.flow import OpticalFlow

    clips = np.random.default_rng(0).integers(0, 256, (2, 4, 32, 48, 3), dtype=np.uint8)
    flow = np.asarray(OpticalFlow()(clips))
    assert flow.shape == (6, 8, 12, 2)
    expected = [optical_flow(clip[i + 1], clip[i]) for clip in clips for i in range(3)]
    np.testing.assert_array_equal(flow, np.stack(expected))
