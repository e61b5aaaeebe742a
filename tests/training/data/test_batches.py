from pathlib import Path

import numpy as np
import pytest

from har_desktop.frame import Frame
from tests.training.trunks import tiny_trunk
from training.config import AugmentConfig, CnnGru, Config, MobileNetGru, TunedGru
from training.data.bank import Bank
from training.data.cache import Cache
from training.data.index import Clip, scan


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, clips_folder: Path):
    clips = scan(clips_folder)
    cache = Cache(tmp_path_factory.mktemp("cache"), clips_folder, (32, 48), 0.2)
    cache.fill(clips)
    return cache, clips


def config(**changes: object) -> Config:
    network = CnnGru(height=24, width=32, motion=True, filters=(4, 4, 8))
    settings = {"classes": ("Drift", "Still"), "network": network, "batch": 6, "others": 0.5}
    return Config(**{**settings, **changes})


def windows_of(config: Config, prepared: tuple[Cache, list[Clip]], epoch: int = 0):
    from training.data.batches import Pictures, TrainingWindows

    cache, clips = prepared
    pictures = Pictures(config.augment, (24, 32), cache, clips)
    return TrainingWindows(config, pictures, clips, epoch=epoch)


def test_batches_have_the_networks_shape(prepared) -> None:
    batches = windows_of(config(), prepared)
    assert len(batches) == 60 // 6
    windows, targets = batches[0]
    assert windows.shape == (6, 11, 24, 32, 3)
    assert windows.dtype == np.uint8
    assert targets.shape == (6, 2)
    np.testing.assert_allclose(targets.sum(axis=1), 1)


def tuned(**augmentation: object) -> Config:
    network = TunedGru(height=32, width=32, motion=True, differences=3)
    return config(network=network, augment=AugmentConfig(**augmentation))


def test_a_window_of_motion_has_the_pictures_between_and_no_colour(prepared) -> None:
    from training.data.batches import FixedWindows, Pictures, TrainingWindows

    cache, clips = prepared
    chosen = tuned(background=0.5, blur=0.5)
    pictures = Pictures(chosen.augment, (32, 32), cache, clips, colour=False)
    windows, _ = TrainingWindows(chosen, pictures, clips)[0]
    assert windows.shape == (6, 31, 32, 32, 3)
    assert (windows == windows[..., :1]).all()
    fixed = FixedWindows(chosen, pictures, clips[:2], batch=2, per_clip=1)
    plain, _ = fixed[0]
    assert plain.shape == (2, 31, 32, 32, 3)
    for window, owner in zip(plain, fixed.owners, strict=True):
        footage = cache.load(clips[owner])
        times = np.arange(31) * 0.2 / 3
        expected = pictures.plain(footage, times)[0]
        np.testing.assert_array_equal(window, expected)


@pytest.mark.parametrize(
    ("times", "steps", "expected"),
    [
        ([0.0, 0.6, 0.9], 3, [0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9]),
        ([0.9, 0.6], 2, [0.9, 0.75, 0.6]),
        ([0.1, 0.2], 1, [0.1, 0.2]),
    ],
)
def test_steps_divide_the_way_from_time_to_time(times, steps, expected) -> None:
    from training.data.batches import between

    np.testing.assert_allclose(between(np.array(times), steps), expected)


def test_fewer_clips_than_a_batch_are_one(prepared) -> None:
    batches = windows_of(config(batch=100), prepared)
    assert len(batches) == 1
    windows, targets = batches[0]
    assert len(windows) == len(targets) == 60


def test_an_epoch_sees_each_clip_once_and_others_are_uniform(prepared) -> None:
    batches = windows_of(config(), prepared)
    targets = np.concatenate([batches[i][1] for i in range(len(batches))])
    rows = [tuple(t) for t in targets.tolist()]
    assert [rows.count(t) for t in ((1.0, 0.0), (0.0, 1.0), (0.5, 0.5))] == [20, 20, 20]


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.2, 8), (1.0, 20)])
def test_an_epoch_draws_as_many_others_as_asked_for_or_as_there_are(prepared, share, count) -> None:
    _, clips = prepared
    batches = windows_of(config(others=share, batch=1), prepared)
    assert len(batches) == 40 + count
    others = [clip for clip in batches._drawn() if clip.label == "Other"]
    assert len(set(others)) == len(others) == count
    batches.on_epoch_end()
    again = [clip for clip in batches._drawn() if clip.label == "Other"]
    assert len(again) == count
    assert set(clips) >= set(again)
    assert share != 0.2 or set(again) != set(others)


def test_others_give_as_many_windows_of_a_clip_as_the_classes_do(prepared) -> None:
    batches = windows_of(config(others=0.4, windows=3, batch=1), prepared)
    drawn = [clip.label for clip in batches._drawn()]
    assert (drawn.count("Other"), len(drawn)) == (48, 168)  # of 20 clips, with 120 windows of 40


def test_same_seed_same_batches_and_a_resumed_epoch_is_the_same(prepared) -> None:
    augmented = config(augment=AugmentConfig(scale=(0.6, 1.1), mirror=True, jitter=0.2))
    batches = windows_of(augmented, prepared)
    batches.on_epoch_end()
    resumed = windows_of(augmented, prepared, epoch=1)
    np.testing.assert_array_equal(batches[3][0], resumed[3][0])
    assert (windows_of(augmented, prepared)[3][0] != resumed[3][0]).any()


def test_mixup_mixes_pictures_and_targets_alike(prepared) -> None:
    plain = windows_of(config(), prepared)[0]
    mixed = windows_of(config(augment=AugmentConfig(mixup=0.4)), prepared)[0]
    np.testing.assert_allclose(mixed[1].sum(axis=1), 1, rtol=1e-6)
    assert (mixed[0] != plain[0]).any()


def test_fixed_windows_cover_the_clip(prepared) -> None:
    from training.data.batches import FixedWindows, Pictures

    cache, clips = prepared
    drift = [c for c in clips if c.label != "Other"][:3]
    material = Pictures(AugmentConfig(), (24, 32), cache)
    fixed = FixedWindows(config(), material, drift, batch=4)
    batches = [fixed[number] for number in range(len(fixed))]
    assert [len(windows) for windows, _ in batches] == [4, 4, 1]
    windows, targets = (np.concatenate(part) for part in zip(*batches, strict=True))
    assert windows.shape == (9, 11, 24, 32, 3)
    assert fixed.owners.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert targets[:, 0].tolist() == [1.0] * 9
    np.testing.assert_array_equal(targets, fixed.targets)
    footage = cache.load(drift[0])
    assert footage.duration > 2.0


@pytest.mark.parametrize(
    ("duration", "starts"),
    [
        (5.0, [0, 7, 15]),
        (4.99, [0, 7, 14]),
        (2.0, [0]),
        (2.21, [0, 1]),
        (1.3, [-4]),  # stands still before it begins, as in the app
    ],
)
def test_fixed_windows_begin_where_the_app_has_pictures(duration, starts) -> None:
    from training.data.batches import fixed_times

    times = fixed_times(duration, 11, 0.2, 3)
    assert [window[0] / 0.2 for window in times] == pytest.approx(starts)
    assert all(np.diff(window) == pytest.approx([0.2] * 10) for window in times)


def test_fixed_windows_have_the_pictures_that_the_app_takes() -> None:
    from training.data.batches import between, fixed_times
    from training.data.cache import nearest, thinned

    for fps in (25, 30):
        clip = [Frame(np.zeros((1, 1, 3), np.uint8), n, n / fps) for n in range(5 * fps)]
        kept = np.array([frame.time for frame in thinned(clip, 0.2 / 3)])
        there = np.array([frame.time for frame in clip])
        for times in fixed_times(float(kept[-1]), 11, 0.2, 7):
            finer = between(times, 3)
            np.testing.assert_allclose(kept[nearest(kept, finer)], there[nearest(there, finer)])


def views_config(**changes: object) -> Config:
    network = MobileNetGru(height=32, width=64, length=4)
    return Config(
        classes=("Drift", "Still"), network=network, batch=6, views=2, others=1.0, **changes
    )


@pytest.fixture(scope="module")
def banked(tmp_path_factory: pytest.TempPathFactory, clips_folder: Path) -> tuple[Bank, list[Clip]]:
    """What training needs of four clips of each class, and no view more."""
    from training.data.batches import training_views

    clips = [clip for clip in scan(clips_folder) if clip.group <= "g04"]
    bank = Bank(tmp_path_factory.mktemp("bank"), clips_folder, tiny_trunk(), AugmentConfig(), 0.2)
    bank.fill((clip, v) for clip in clips for v in {0, *training_views(views_config(), clip)})
    return bank, clips


def view_windows(config: Config, banked: tuple[Bank, list[Clip]], epoch: int = 0):
    from training.data.batches import TrainingWindows, Views

    bank, clips = banked
    return TrainingWindows(config, Views(config, bank), clips, epoch=epoch)


def test_batches_of_features_have_one_part_per_output_of_the_trunk(banked) -> None:
    batches = view_windows(views_config(), banked)
    assert len(batches) == 12 // 6
    inputs, targets = batches[0]
    assert isinstance(inputs, tuple)
    assert [part.shape for part in inputs] == [(6, 4, 4, 8, 4), (6, 4, 2, 4, 6)]
    assert {part.dtype for part in inputs} == {np.dtype(np.float16)}
    assert targets.shape == (6, 2)
    assert targets.dtype == np.float32
    rows = [tuple(t) for number in (0, 1) for t in batches[number][1].tolist()]
    assert [rows.count(t) for t in ((1.0, 0.0), (0.0, 1.0), (0.5, 0.5))] == [4, 4, 4]


def test_mixup_keeps_the_parts_together(banked) -> None:
    mixing = views_config(augment=AugmentConfig(mixup=0.4))
    plain, mixed = (view_windows(c, banked)[0] for c in (views_config(), mixing))
    for values, others in zip(plain[0], mixed[0], strict=True):
        assert others.dtype == np.float16
        assert (values != others).any()
    # The partner and the share that explain the fine part explain the coarse part as well.
    fine, coarse = (part.astype(np.float64).reshape(6, -1) for part in plain[0])
    mixed_fine, mixed_coarse = (part.reshape(6, -1) for part in mixed[0])
    for row in range(6):
        fits = []
        for partner in set(range(6)) - {row}:
            way = fine[partner] - fine[row]
            share = way @ (mixed_fine[row] - fine[row]) / (way @ way)
            error = np.abs(fine[row] + share * way - mixed_fine[row]).max()
            fits.append((error, share, partner))
        error, share, partner = min(fits)
        expected = coarse[row] + share * (coarse[partner] - coarse[row])
        np.testing.assert_allclose(mixed_coarse[row], expected, atol=5e-3)


def test_a_clip_of_another_class_has_one_view_and_clips_differ_in_which() -> None:
    from training.data.batches import training_views

    config = views_config()
    clips = [Clip("p", "Other", "g01", f"{number:08x}" + 56 * "0") for number in range(40)]
    views = [tuple(training_views(config, clip)) for clip in clips]
    assert {len(v) for v in views} == {1}
    assert [views.count((v,)) for v in (0, 1)] == [20, 20]
    assert views == [tuple(training_views(config, clip)) for clip in clips]
    assert list(training_views(config, Clip("p", "Still", "g01", "0" * 64))) == [0, 1]


def test_every_view_of_a_class_is_learned_from(banked, monkeypatch) -> None:
    bank, clips = banked
    asked = set()
    load = bank.load
    monkeypatch.setattr(
        bank, "load", lambda clip, view: asked.add((clip, view)) or load(clip, view)
    )
    batches = view_windows(views_config(windows=8), banked)
    for number in range(len(batches)):
        batches[number]
    for clip in clips:
        seen = {view for other, view in asked if other == clip}
        assert seen == ({int(clip.sha256[:8], 16) % 2} if clip.label == "Other" else {0, 1})


def test_still_windows_stand_still_and_show_no_action(banked) -> None:
    still = views_config(augment=AugmentConfig(still=1.0, jitter=0.2))
    inputs, targets = view_windows(still, banked)[0]
    assert (targets == 0.5).all()
    for part in inputs:
        assert (part == part[:, :1]).all()
    moving, _ = view_windows(views_config(), banked)[0]
    assert all((part != part[:, :1]).any() for part in moving)


def test_half_of_the_windows_are_mirrored_where_that_is_asked_for(banked) -> None:
    from training.data.batches import Views

    bank, clips = banked
    tape = bank.load(clips[0], 0)
    times = np.array([0.0, 0.2, 0.4, 0.6])
    plain = tape.window(times)

    def mirrored(mirror: bool) -> int:
        views = Views(views_config(augment=AugmentConfig(mirror=mirror)), bank)
        rng = np.random.default_rng(0)
        count = 0
        for _ in range(100):
            parts = views.varied(rng, tape, times)
            flipped = [(p == q[:, :, ::-1]).all() for p, q in zip(parts, plain, strict=True)]
            same = [(p == q).all() for p, q in zip(parts, plain, strict=True)]
            assert (all(flipped), all(same)) in ((True, False), (False, True))
            count += all(flipped)
        return count

    assert mirrored(False) == 0
    assert 30 < mirrored(True) < 70


def test_same_seed_same_batches_of_features(banked) -> None:
    augmented = views_config(augment=AugmentConfig(mirror=True, jitter=0.2, speed=1.2, mixup=0.2))
    batches = view_windows(augmented, banked)
    batches.on_epoch_end()
    for one, other in zip(batches[1][0], view_windows(augmented, banked, 1)[1][0], strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(batches[1][0], view_windows(augmented, banked)[1][0], strict=True):
        assert (one != other).any()


def test_fixed_windows_of_features_are_not_varied(banked) -> None:
    from training.data.batches import FixedWindows, Views

    bank, clips = banked
    config = views_config(augment=AugmentConfig(mirror=True, jitter=0.3, still=1.0))
    drift = [clip for clip in clips if clip.label == "Drift"]
    fixed = FixedWindows(config, Views(config, bank), drift, batch=99)
    inputs, targets = fixed[0]
    assert [part.shape for part in inputs] == [(12, 4, 4, 8, 4), (12, 4, 2, 4, 6)]
    assert fixed.owners.tolist() == np.repeat(range(4), 3).tolist()
    assert targets[:, 0].tolist() == [1.0] * 12
    first = bank.load(drift[0], 0).window(np.array([0.0, 0.2, 0.4, 0.6]))
    for part, expected in zip(inputs, first, strict=True):
        np.testing.assert_array_equal(part[0], expected)
