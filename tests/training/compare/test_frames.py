"""Ten pictures and their flow, of real video files."""

from pathlib import Path

import numpy as np
import pytest

from har_desktop.errors import InputError, OutputError
from training.compare.frames import COUNT, STILL, Frames, mirrored_flow
from training.data.index import scan

SIZE = (48, 64)


@pytest.fixture
def frames(tmp_path, clips_folder):
    return Frames(tmp_path, clips_folder, SIZE)


def clip(clips_folder: Path, label: str):
    return scan(clips_folder, (label,))[0]


def column(picture) -> float:
    """Where the bright disc is."""
    bright = (picture.min(axis=-1) > 200).sum(axis=0)
    return float((bright * np.arange(len(bright))).sum() / bright.sum())


def test_pictures_are_evenly_spaced_from_first_to_last(frames, clips_folder):
    drift = clip(clips_folder, "Drift")
    assert frames.fill([drift], flow=False) == [drift]
    pictures = frames.pictures(drift)
    assert pictures.shape == (COUNT, *SIZE, 3)
    assert pictures.dtype == np.uint8
    # 60 pictures of 1.6 columns each, and 64 columns until the disc comes round again.
    steps = np.diff([column(p) for p in pictures]) % 64
    np.testing.assert_allclose(steps, 1.6 * 59 / 9, atol=4)
    with pytest.raises(FileNotFoundError):
        frames.flow(drift)


def test_a_folder_that_cannot_be_made_is_named(tmp_path, clips_folder):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError, match="taken"):
        Frames(tmp_path / "taken", clips_folder, SIZE)


def test_what_was_read_otherwise_is_decoded_again(frames, tmp_path, clips_folder, monkeypatch):
    monkeypatch.setattr("training.compare.frames.READER", 10**6)
    assert Frames(tmp_path, clips_folder, SIZE).folder != frames.folder


def test_flow_tells_where_things_move_to(frames, clips_folder):
    clips = [clip(clips_folder, label) for label in ("Drift", "Still", "Other")]
    frames.fill(clips, flow=True)
    right, still, left = (frames.flow(c)[1:].astype(float) - STILL for c in clips)
    assert right.shape == (COUNT - 1, *SIZE, 3)
    assert right[..., 0].sum() > 1000
    assert left[..., 0].sum() < -300
    assert abs(still).max() <= 20  # the encoder's noise
    assert right[..., 2].max() > 30
    assert abs(right[..., 0].sum()) > 5 * abs(right[..., 1].sum())


def test_mirrored_flow_is_the_flow_of_mirrored_pictures(frames, clips_folder):
    drift = clip(clips_folder, "Drift")
    frames.fill([drift], flow=True)
    flow = frames.flow(drift)
    mirrored = mirrored_flow(flow)
    inner = (flow > 0).all(axis=-1)
    np.testing.assert_array_equal(
        (mirrored[:, :, ::-1, 0].astype(int) - STILL)[inner],
        (STILL - flow[..., 0].astype(int))[inner],
    )
    np.testing.assert_array_equal(mirrored[:, :, ::-1, 1:], flow[..., 1:])


def test_what_is_there_is_not_computed_again(frames, clips_folder, tmp_path):
    clips = [clip(clips_folder, "Drift"), clip(clips_folder, "Still")]
    frames.fill(clips[:1], flow=False)
    (path,) = frames.folder.iterdir()
    stamp = path.stat().st_mtime_ns
    frames.fill(clips, flow=False)
    assert path.stat().st_mtime_ns == stamp
    assert len(list(frames.folder.iterdir())) == 2
    assert Frames(tmp_path, clips_folder, (24, 32)).folder != frames.folder


def test_an_unreadable_clip_is_named(write_clip, tmp_path, capsys):
    for group in range(1, 61):
        path = tmp_path / "data/Drift" / f"v_Drift_g{group:02d}_c01.avi"
        write_clip(path, speed=0.1, seed=group, seconds=0.1)
    path.write_bytes(b"RIFF no video")
    clips = scan(tmp_path / "data")
    frames = Frames(tmp_path / "cache", tmp_path / "data", SIZE)
    assert len(frames.fill(clips, flow=False)) == 59
    assert path.name in capsys.readouterr().err
    with pytest.raises(InputError, match="1 of 1 clips cannot be decoded"):
        frames.fill(clips[-1:], flow=False)
