import msgspec
import numpy as np
import pytest

from training.config import AugmentConfig
from training.config_file import load_config
from training.data import augment

STRONG = load_config("motion_gru").augment
PICTURES = np.random.default_rng(0).integers(0, 256, (11, 48, 64, 3), dtype=np.uint8)


def test_nothing_is_varied_unless_asked() -> None:
    varied = augment.vary(np.random.default_rng(1), AugmentConfig(), PICTURES, (48, 64))
    assert np.abs(varied.astype(int) - PICTURES).max() <= 1  # rounding of the colour map


def test_same_seed_same_window() -> None:
    one, other, third = (
        augment.vary(np.random.default_rng(seed), STRONG, PICTURES, (24, 32)) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(one, other)
    assert (one != third).any()
    assert one.shape == (11, 24, 32, 3)
    assert one.dtype == np.uint8


def test_a_still_window_stays_still() -> None:
    quiet = AugmentConfig(
        **{
            field: getattr(STRONG, field)
            for field in STRONG.__struct_fields__
            if field not in ("noise", "background")
        }
    )
    still = np.repeat(PICTURES[:1], 11, axis=0)
    for seed in range(50):
        varied = augment.vary(np.random.default_rng(seed), quiet, still, (24, 32))
        assert (varied == varied[0]).all()


@pytest.mark.parametrize("duration", [0.0, 0.5, 2.0, 9.0])
def test_times_span_the_interval_and_stay_ordered(duration: float) -> None:
    config = AugmentConfig(speed=1.3, jitter=0.2)
    for seed in range(100):
        times = augment.draw_times(np.random.default_rng(seed), config, duration, 11, 0.2)
        assert np.all(np.diff(times) > 0)
        assert 2.0 / 1.3 - 0.11 <= times[-1] - times[0] <= 2.0 * 1.3 + 0.11
        if duration < 1.4:  # it stands still before it begins, and ends with the window
            assert times[-1] == pytest.approx(duration, abs=0.06)
        if duration > 2.6:
            assert times[0] >= -0.06
            assert times[-1] <= duration + 0.06


def test_reversed_time_runs_backwards() -> None:
    times = augment.draw_times(
        np.random.default_rng(0), AugmentConfig(reverse=1.0), duration=5.0, count=11, interval=0.2
    )
    assert np.all(np.diff(times) < 0)


def test_grey_is_varied_as_colours_are() -> None:
    config = AugmentConfig(
        scale=(0.6, 1.2), aspect=1.2, mirror=True, contrast=0.3, brightness=0.1, blur=0.5
    )
    grey = augment.grey(PICTURES)
    for seed in range(20):
        one, other = (
            augment.vary(np.random.default_rng(seed), config, pictures, (24, 32))
            for pictures in (grey, np.repeat(grey, 3, axis=-1))
        )
        assert one.shape == (11, 24, 32, 1)
        assert np.abs(one.astype(int) - other).max() <= 1


def test_all_variations_take_grey_pictures() -> None:
    strong = msgspec.structs.replace(STRONG, blur=1.0, erase=1.0, noise=0.1)
    varied = augment.vary(np.random.default_rng(3), strong, augment.grey(PICTURES), (24, 32))
    assert varied.shape == (11, 24, 32, 1)
    assert varied.dtype == np.uint8
    assert varied.std() > 10


def test_of_grey_the_noise_of_colours_is_left() -> None:
    noisy = AugmentConfig(noise=0.3)
    flat = np.full((2, 200, 200, 3), 128, np.uint8)
    levels = {}
    for channels in (1, 3):
        pictures = flat[..., :channels]
        varied = augment.vary(np.random.default_rng(4), noisy, pictures, (200, 200))
        levels[channels] = augment.grey(varied).std() if channels == 3 else varied.std()
    assert levels[1] == pytest.approx(levels[3], rel=0.05)


@pytest.mark.parametrize("channels", [1, 3])
def test_what_moves_is_put_before_another_room(channels: int) -> None:
    pictures = np.full((11, 48, 64, channels), 60, np.uint8)
    for number in range(11):
        pictures[number, 20:28, 4 * number : 4 * number + 8] = 250
    room = np.full((48, 64, channels), 160, np.uint8)
    mixed = augment.over_room(np.random.default_rng(0), pictures, room)
    assert (mixed[:, 0, 0] == 160).all(), "the corner shows the other room"
    for number in range(11):
        assert (mixed[number, 24, 4 * number + 4] > 240).all(), "the mover is kept"


def test_a_quiet_action_does_not_become_another_ones_room() -> None:
    quiet = np.full((11, 48, 64, 3), 60, np.uint8)
    for number in range(11):
        quiet[number, 20:28, 4 * number : 4 * number + 8] = 72
        quiet[number, 5 * (number % 3), 60] = 140  # by a codec
    room = np.full((48, 64, 3), 160, np.uint8)
    for seed in range(20):
        np.testing.assert_array_equal(
            augment.over_room(np.random.default_rng(seed), quiet, room), quiet
        )


def varied(seed: int, pictures: np.ndarray = PICTURES, **options: object) -> np.ndarray:
    """By one variation alone; float, that it can be calculated with."""
    config = AugmentConfig(**options)
    return augment.vary(np.random.default_rng(seed), config, pictures, (48, 64)).astype(float)


def test_every_other_window_is_mirrored_from_left_to_right() -> None:
    mirrored = 0
    for seed in range(100):
        found = varied(seed, mirror=True)
        plain, other = (
            np.abs(found - each).max() <= 1 for each in (PICTURES, PICTURES[:, :, ::-1])
        )
        assert plain != other
        mirrored += other
    assert 30 <= mirrored <= 70


def test_a_rectangle_of_one_colour_covers_the_same_place_in_all_frames() -> None:
    for seed in range(20):
        changed = np.abs(varied(seed, erase=1.0) - PICTURES).max(axis=-1) > 1
        rows, columns = changed.any(axis=(0, 2)).nonzero()[0], changed.any(axis=(0, 1)).nonzero()[0]
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert 48 / 8 <= height <= 48 / 2
        assert 64 / 8 <= width <= 64 / 2
        inside = varied(seed, erase=1.0)[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert np.ptp(inside.reshape(-1, 3), axis=0).max() == 0
        assert changed.mean() < 0.26


def test_blur_takes_contrast_and_leaves_brightness() -> None:
    for seed in range(10):
        found = varied(seed, blur=1.0)
        assert found.std() < 0.95 * PICTURES.std()
        assert found.mean() == pytest.approx(PICTURES.mean(), abs=1)
    assert varied(1, blur=0.0).std() == pytest.approx(PICTURES.std(), rel=0.01)


def test_light_and_contrast_go_up_and_down_about_the_middle() -> None:
    middle = np.full_like(PICTURES, 128)
    light = [varied(seed, middle, brightness=0.2).mean() - 128 for seed in range(40)]
    assert min(light) < -20
    assert 20 < max(light) <= 52
    half = np.clip(PICTURES, 64, 192)
    spread = [varied(seed, half, contrast=0.3).std() / half.std() for seed in range(40)]
    assert 0.69 < min(spread) < 0.85
    assert 1.15 < max(spread) < 1.31
    assert np.abs(varied(3, middle, contrast=0.3) - 128).max() <= 1


def test_colours_go_and_turn_and_brightness_stays() -> None:
    half = np.clip(PICTURES, 64, 192)
    grey = varied(1, half, grey=1.0)
    assert np.ptp(grey, axis=-1).max() <= 1
    assert np.abs(grey[..., :1] - augment.grey(half)).max() <= 2
    pale = [np.ptp(varied(s, half, saturation=0.5), axis=-1).mean() for s in range(20)]
    assert min(pale) < 0.8 * np.ptp(half, axis=-1).mean() < max(pale)
    red = np.zeros_like(PICTURES) + np.uint8([160, 80, 80])
    turned = np.array([varied(seed, red, hue=0.1)[0, 0, 0] for seed in range(40)])
    assert np.abs(turned.sum(axis=1) - 320).max() <= 2  # about the axis of grey
    assert (turned[:, 1] > turned[:, 2] + 5).any()
    assert (turned[:, 2] > turned[:, 1] + 5).any()


def test_noise_is_another_one_in_each_frame_and_nowhere_beyond_its_limit() -> None:
    middle = np.full_like(PICTURES, 128)
    deviations = []
    for seed in range(30):
        found = varied(seed, middle, noise=0.05)
        deviations.append(found.std())
        if found.std() > 1:
            assert (found != found[0]).any()
            assert found.mean() == pytest.approx(128, abs=0.3)
    assert max(deviations) <= 255 * 0.05 + 0.5
    assert max(deviations) > 5


def test_a_crop_is_of_the_picture_and_what_lies_outside_is_black() -> None:
    white = np.full_like(PICTURES, 255)
    assert varied(1, white, scale=(0.5, 0.5)).min() == 255
    outside = [(varied(seed, white, scale=(2.0, 2.0)) == 0).mean() for seed in range(5)]
    assert outside == pytest.approx([0.75] * 5, abs=0.06)
