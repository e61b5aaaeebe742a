from pathlib import Path

import numpy as np

from har_desktop.sources.figure import ACTIONS
from training.data.cache import Cache
from training.data.figures import figure_clips


def test_only_what_can_be_drawn_is_rendered() -> None:
    clips = figure_clips(("YoYo", *ACTIONS), 3)
    assert {c.label for c in clips} == set(ACTIONS)
    assert len({c.sha256 for c in clips}) == len(clips) == 3 * len(ACTIONS)


def test_rendered_clips_enter_the_cache_like_any_other(tmp_path: Path) -> None:
    clips = figure_clips((ACTIONS[0],), 2)
    cache = Cache(tmp_path, Path("nowhere"), (24, 32), 0.2)
    assert cache.fill(clips) == clips
    one, other = (cache.load(clip) for clip in clips)
    assert one.images.shape[1:] == (24, 32, 3)
    assert one.duration > 5
    assert np.abs(one.images[0].astype(int) - other.images[0]).mean() > 5
    assert np.abs(np.diff(one.images.astype(int), axis=0)).max() > 30
