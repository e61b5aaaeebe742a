from pathlib import Path

import msgspec
import numpy as np
import pytest

from har_desktop.errors import InputError, OutputError
from har_desktop.frame import Frame
from har_desktop.inference.letterbox import Letterbox
from har_desktop.sources.video import VideoFile
from training.data.cache import Cache, Footage, thinned
from training.data.index import Clip, scan


@pytest.fixture
def clips(clips_folder: Path) -> list[Clip]:
    return scan(clips_folder, ("Drift",))[:4]


def test_footage_is_what_the_decoder_gives(
    tmp_path: Path, clips_folder: Path, clips: list[Clip]
) -> None:
    cache = Cache(tmp_path, clips_folder, (24, 32), 0.2)
    assert cache.fill(clips) == clips
    footage = cache.load(clips[0])
    with VideoFile(clips_folder / clips[0].path) as source:
        frames = {round(f.time, 6): f for f in source}
    assert footage.images.shape == (len(footage.times), 24, 32, 3)
    assert np.all(np.diff(footage.times) >= 0.2 / 3 * 0.7)
    assert footage.duration == pytest.approx(max(frames), abs=0.2 / 3)
    frame = frames[round(float(footage.times[7]), 6)]
    picture = Letterbox.fit(frame.size, (24, 32)).apply(frame.image)[:, :, ::-1]
    np.testing.assert_array_equal(footage.images[7], picture)


def test_decoded_clips_are_not_decoded_again(
    tmp_path: Path, clips_folder: Path, clips: list[Clip]
) -> None:
    Cache(tmp_path, clips_folder, (24, 32), 0.2).fill(clips)
    elsewhere = Cache(tmp_path, Path("/nowhere"), (24, 32), 0.2)
    assert elsewhere.fill(clips) == clips


def test_what_was_read_otherwise_is_decoded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(tmp_path, tmp_path, (24, 32), 0.2)
    monkeypatch.setattr("training.data.cache.READER", 10**6)
    assert Cache(tmp_path, tmp_path, (24, 32), 0.2).folder != cache.folder


def test_clips_of_one_content_are_decoded_once(
    tmp_path: Path, clips_folder: Path, clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    twins = [*clips, *(msgspec.structs.replace(clip, label="Twin") for clip in clips)]
    cache = Cache(tmp_path, clips_folder, (24, 32), 0.2)
    decoded, decode = [], cache._decode
    monkeypatch.setattr(cache, "_decode", lambda clip: (decoded.append(clip), decode(clip)))
    assert cache.fill(twins) == twins
    assert sorted(decoded, key=clips.index) == clips


def test_a_few_broken_clips_stop_no_small_data_set(
    tmp_path: Path, write_clip, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(8):
        write_clip(tmp_path / "wave" / f"{number}.avi", speed=0.1, seed=number, seconds=0.2)
    for number in range(3):
        (tmp_path / "wave" / f"{number}.avi").write_text(f"nothing {number}")
    clips = scan(tmp_path)
    assert Cache(tmp_path / "cache", tmp_path, (24, 32), 0.2).fill(clips) == clips[3:]
    assert "3 of 8 clips cannot be decoded" in capsys.readouterr().err
    (tmp_path / "wave" / "3.avi").write_bytes(b"nothing at all")
    with pytest.raises(InputError, match="4 of 8 clips cannot be decoded: convert them"):
        Cache(tmp_path / "cache", tmp_path, (24, 32), 0.2).fill(scan(tmp_path))


def test_all_clips_of_a_broken_content_are_left_out(
    tmp_path: Path, clips_folder: Path, clips: list[Clip], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.avi").write_bytes(b"not a video at all")
    paths = [clips_folder / clip.path for clip in clips]
    good = [msgspec.structs.replace(c, path=str(p)) for c, p in zip(clips, paths, strict=True)]
    broken = [Clip(str(tmp_path / "broken.avi"), label, "g01", "0" * 64) for label in "ab"]
    many = [*broken, *good * 10]
    assert Cache(tmp_path, tmp_path, (24, 32), 0.2).fill(many) == many[2:]
    told = capsys.readouterr().err
    assert told.count("left out: ") == 2
    assert f"2 of {len(many)} clips cannot be decoded" in told


def test_another_size_is_another_entry(
    tmp_path: Path, clips_folder: Path, clips: list[Clip]
) -> None:
    Cache(tmp_path, clips_folder, (24, 32), 0.2).fill(clips)
    other = Cache(tmp_path, clips_folder, (12, 16), 0.2)
    other.fill(clips)
    assert other.load(clips[0]).images.shape[1:] == (12, 16, 3)


def test_a_broken_clip_is_left_out_and_many_stop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "data" / "Drift" / "v_Drift_g01_c02.avi"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"not a video at all")
    clip = scan(tmp_path / "data", ("Drift",))
    with pytest.raises(InputError, match="1 of 1 clips cannot be decoded"):
        Cache(tmp_path / "cache", tmp_path / "data", (24, 32), 0.2).fill(clip)
    said = capsys.readouterr()
    assert "v_Drift_g01_c02.avi" in said.err
    assert said.out == ""


def test_few_broken_clips_are_counted_and_left_out(
    tmp_path: Path, write_clip, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(20):
        path = tmp_path / "data" / "wave" / f"{number:02d}.avi"
        write_clip(path, speed=0.1, seed=number, seconds=0.2)
    path.write_bytes(path.read_bytes()[:200])
    clips = scan(tmp_path / "data")
    assert Cache(tmp_path / "cache", tmp_path / "data", (24, 32), 0.2).fill(clips) == clips[:-1]
    said = capsys.readouterr().err
    assert "19.avi" in said
    assert "1 of 20 clips cannot be decoded" in said


def test_a_full_disk_is_one_line_and_loses_nothing(
    tmp_path: Path, clips_folder: Path, clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(tmp_path, clips_folder, (24, 32), 0.2)
    cache.fill(clips[:1])
    whole = {path.name: path.read_bytes() for path in cache.folder.iterdir()}
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no device that is always full")
    touch = Path.touch

    def touch_full(path: Path, *arguments: object) -> None:
        path.symlink_to(full) if path.suffix == ".npy" else touch(path, *arguments)

    monkeypatch.setattr(Path, "touch", touch_full)
    with pytest.raises(OutputError, match=r"cannot be written: No space left.*free some space"):
        cache.fill(clips)
    assert {path.name: path.read_bytes() for path in cache.folder.iterdir()} == whole


@pytest.mark.parametrize("fps", [10, 15, 25, 30, 50, 60, 120])
def test_what_lies_an_interval_apart_is_kept_together(fps: int) -> None:
    nothing = np.zeros((1, 1, 3), np.uint8)
    frames = [Frame(nothing, n, n / fps) for n in range(10 * fps)]
    kept = [frame.index for frame in thinned(iter(frames), 0.2 / 3)]
    assert kept == sorted(set(kept))
    assert {index + fps // 5 for index in kept if index < 9 * fps} <= set(kept)
    assert len(kept) == pytest.approx(10 * min(fps, 15), abs=1)


def test_no_tick_of_a_slow_or_broken_source_is_made_up() -> None:
    nothing = np.zeros((1, 1, 3), np.uint8)
    times = [0.0, 0.01, 0.9, 0.93, 0.94, 7.0]
    frames = [Frame(nothing, n, time) for n, time in enumerate(times)]
    assert [frame.time for frame in thinned(iter(frames), 0.1)] == [0.0, 0.9, 7.0]


def ramp(times: list[float]) -> Footage:
    images = np.arange(len(times), dtype=np.uint8)[:, None, None, None] * np.ones(
        (1, 2, 2, 3), np.uint8
    )
    return Footage(images, np.asarray(times))


def test_window_takes_the_nearest_pictures() -> None:
    footage = ramp([0.0, 0.1, 0.3, 0.6])
    window = footage.window(np.array([0.04, 0.06, 0.19, 0.21, 0.5]))
    assert window[:, 0, 0, 0].tolist() == [0, 1, 1, 2, 3]


def test_window_holds_still_outside_the_clip() -> None:
    footage = ramp([0.0, 0.1])
    assert footage.window(np.array([-1.0, 5.0]))[:, 0, 0, 0].tolist() == [0, 1]
    assert ramp([0.0]).window(np.array([-1.0, 0.0, 3.0]))[:, 0, 0, 0].tolist() == [0, 0, 0]
