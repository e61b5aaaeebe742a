"""Features of a tiny trunk over real (small) clips."""

from __future__ import annotations

from pathlib import Path

import keras
import msgspec
import numpy as np
import pytest

from har_desktop.errors import InputError
from har_desktop.inference.letterbox import Letterbox
from har_desktop.pipeline.hop import every
from har_desktop.sources.video import VideoFile
from tests.training.trunks import tiny_trunk
from training.config import AugmentConfig
from training.data.bank import Bank, Job, Tape
from training.data.index import Clip, scan

VARIED = AugmentConfig(scale=(0.7, 1.0), contrast=0.5, mirror=True)


@pytest.fixture(scope="module")
def trunk() -> keras.Model:
    return tiny_trunk()


@pytest.fixture(scope="module")
def clips(clips_folder: Path) -> list[Clip]:
    return scan(clips_folder, ("Drift",))[:3]


@pytest.fixture(scope="module")
def jobs(clips: list[Clip]) -> list[Job]:
    return [(clip, view) for clip in clips for view in (0, 1)]


@pytest.fixture(scope="module")
def bank(tmp_path_factory, clips_folder: Path, trunk, jobs) -> Bank:
    """A filled bank that nobody changes."""
    bank = Bank(tmp_path_factory.mktemp("bank"), clips_folder, trunk, VARIED, 0.2)
    assert bank.fill(jobs) == jobs
    return bank


def stamps(bank: Bank) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in bank.folder.iterdir()}


def test_files_are_named_by_content_view_and_part(bank: Bank, jobs: list[Job]) -> None:
    parts = ("0", "1", "times")
    assert set(stamps(bank)) == {f"{c.sha256}.{v}.{p}.npy" for c, v in jobs for p in parts}


def test_the_folder_depends_on_what_changes_pictures_or_features(
    tmp_path: Path, trunk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def folder(trunk=trunk, interval: float = 0.2, **changes: object) -> Path:
        config = msgspec.structs.replace(VARIED, **changes)
        return Bank(tmp_path, tmp_path, trunk, config, interval).folder

    same = folder()
    assert same.parent == tmp_path
    assert folder(speed=1.3, jitter=0.2, still=0.1, reverse=0.5, mixup=0.3, background=0.2) == same
    assert folder(tiny_trunk()) == same
    one_weight = tiny_trunk()
    kernel, bias = one_weight.layers[1].get_weights()
    kernel[0, 0, 0, 0] += 1e-3
    one_weight.layers[1].set_weights([kernel, bias])
    others = [
        folder(scale=(0.6, 1.0)),
        folder(contrast=0.4),
        folder(mirror=False),
        folder(interval=0.1),
        folder(one_weight),
        folder(tiny_trunk(height=64)),
    ]
    monkeypatch.setattr("training.data.bank.READER", 10**6)
    others.append(folder())
    assert len({same, *others}) == 1 + len(others)


def test_view_0_is_what_the_trunk_makes_of_the_clip(bank: Bank, clips_folder, clips, trunk) -> None:
    with VideoFile(clips_folder / clips[0].path) as source:
        frames = list(every(source, 0.1))
    box = Letterbox.fit(frames[0].size, (32, 64))
    pictures = np.stack([box.apply(frame.image)[:, :, ::-1] for frame in frames])
    tape = bank.load(clips[0], 0)
    assert len(frames) == 30
    assert tape.times.tolist() == [frame.time for frame in frames]
    assert tape.times[0] == 0
    assert tape.duration == pytest.approx(2.9)
    for values, expected in zip(tape.features, trunk(pictures / 127.5 - 1), strict=True):
        assert values.dtype == np.float16
        assert np.std(expected) > 0.1
        np.testing.assert_allclose(values, expected, rtol=2e-3, atol=2e-3)


def test_view_1_is_another_and_the_same_in_any_folder(
    bank: Bank, tmp_path: Path, clips_folder, clips, trunk
) -> None:
    other = Bank(tmp_path, clips_folder, trunk, msgspec.structs.replace(VARIED, speed=1.2), 0.2)
    other.fill([(clips[1], 1)])  # alone: what else is computed does not matter
    for plain, varied, again in zip(
        *(b.load(clips[1], v).features for b, v in ((bank, 0), (bank, 1), (other, 1))), strict=True
    ):
        assert plain.shape == varied.shape
        assert np.abs(plain - varied).mean() > 0.02
        np.testing.assert_array_equal(varied, again)


def test_clips_are_varied_differently(tmp_path: Path, clips_folder: Path, clips, trunk) -> None:
    twin = msgspec.structs.replace(clips[0], sha256=clips[0].sha256[::-1])
    bank = Bank(tmp_path, clips_folder, trunk, VARIED, 0.2)
    bank.fill([(clips[0], 1), (twin, 1)])
    one, other = (bank.load(clip, 1).features[0] for clip in (clips[0], twin))
    assert np.abs(one - other).mean() > 0.02


@pytest.mark.parametrize("lost", ["times", "all"])
def test_an_interrupted_fill_goes_on(tmp_path: Path, clips_folder, trunk, jobs, lost: str) -> None:
    bank = Bank(tmp_path, clips_folder, trunk, VARIED, 0.2)
    bank.fill(jobs)
    before = stamps(bank)
    clip, view = jobs[3]
    mine = [name for name in before if name.startswith(f"{clip.sha256}.{view}.")]
    for name in mine:
        if lost == "all" or "times" in name:
            (bank.folder / name).unlink()
    assert bank.fill(jobs) == jobs
    after = stamps(bank)
    assert after.keys() == before.keys()
    assert sorted(name for name in after if after[name] != before[name]) == sorted(mine)


def test_ctrl_c_leaves_whole_clips_only(tmp_path, clips_folder, trunk, jobs, bank, monkeypatch):
    mine = Bank(tmp_path, clips_folder, trunk, VARIED, 0.2)
    decode = mine._pictures

    def interrupted(job: Job):
        if job == jobs[2]:
            raise KeyboardInterrupt
        return decode(job)

    monkeypatch.setattr(mine, "_pictures", interrupted)
    with pytest.raises(KeyboardInterrupt):
        mine.fill(jobs)
    assert len(stamps(mine)) == 2 * 3
    monkeypatch.undo()
    mine.fill(jobs)
    for clip, view in jobs:
        for one, other in zip(
            mine.load(clip, view).features, bank.load(clip, view).features, strict=True
        ):
            np.testing.assert_array_equal(one, other)


@pytest.fixture
def short_clip(tmp_path: Path, write_clip) -> str:
    """Path, relative to `tmp_path`, of a clip of half a second."""
    write_clip(tmp_path / "Drift" / "v_Drift_g01_c01.avi", speed=0.5, seed=1, seconds=0.5)
    (tmp_path / "Drift" / "v_Drift_g01_c02.avi").write_bytes(b"not a video at all")
    return "Drift/v_Drift_g01_c01.avi"


def many(path: str, count: int) -> list[Clip]:
    return [Clip(path, "Drift", "g01", f"{number:064x}") for number in range(count)]


def test_an_unreadable_clip_is_named_and_left_out(tmp_path, trunk, short_clip, capsys) -> None:
    broken = Clip("Drift/v_Drift_g01_c02.avi", "Drift", "g01", "f" * 64)
    good = many(short_clip, 50)
    jobs = [(good[0], 0), (broken, 0), (broken, 1), *((clip, 0) for clip in good[1:])]
    bank = Bank(tmp_path, tmp_path, trunk, VARIED, 0.2)
    assert bank.fill(jobs) == [(clip, 0) for clip in good]
    said = capsys.readouterr()
    assert said.out == ""
    lines = [line for line in said.err.splitlines() if "left out" in line]
    assert len(lines) == 1
    assert broken.path in lines[0]


def test_too_many_unreadable_clips_stop(tmp_path, trunk, short_clip, capsys) -> None:
    broken = [Clip(f"Drift/{digit}.avi", "Drift", "g01", digit * 64) for digit in "cdef"]
    bank = Bank(tmp_path, tmp_path, trunk, VARIED, 0.2)
    with pytest.raises(InputError, match=r"4 of 7 clips cannot be decoded: convert .* remove them"):
        bank.fill([(clip, 0) for clip in [*many(short_clip, 3), *broken]])
    said = capsys.readouterr().err
    assert all(clip.path in said for clip in broken)


def test_a_window_takes_the_features_nearest_in_time() -> None:
    features = np.arange(4, dtype=np.float16)[:, None, None, None]
    tape = Tape((features, 10 * features), np.array([0.0, 0.1, 0.3, 0.6]))
    fine, coarse = tape.window(np.array([-1.0, 0.04, 0.06, 0.19, 0.21, 0.5, 9.0]))
    assert fine.ravel().tolist() == [0, 0, 1, 1, 2, 3, 3]
    assert coarse.ravel().tolist() == [0, 0, 10, 10, 20, 30, 30]
