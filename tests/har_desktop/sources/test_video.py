"""Real files of every awkward kind, written by OpenCV and, where it can't, patched by bytes."""

import os
import struct
from pathlib import Path

import numpy as np
import pytest

from har_desktop.opencv import cv2
from har_desktop.sources.video import VideoFile
from tests import films
from tests.films import FPS, FRAMES, moving_picture, with_durations, with_pixels, write


def read(path):
    with VideoFile(path) as source:
        frames = list(source)
        assert source.read() is None  # the end stays the end
    for index, frame in enumerate(frames):
        assert frame.index == index
        assert frame.image.dtype == np.uint8
        assert frame.image.ndim == 3
        assert frame.image.shape[2] == 3
        assert frame.image.flags.c_contiguous
    times = [frame.time for frame in frames]
    assert times == sorted(set(times))
    return frames


def info_of(path):
    source = VideoFile(path)
    try:
        return source.open()
    finally:
        source.close()


def assert_alike(pictures, expected, tolerance=12):
    pictures, expected = list(pictures), list(expected)
    assert len(pictures) == len(expected)
    for one, other in zip(pictures, expected, strict=True):
        assert one.shape == other.shape
        assert np.abs(one.astype(int) - other).mean() < tolerance


def patched(path, target, patches):
    """A copy of a file with some bytes written over: {offset: bytes}."""
    target.write_bytes(films.patched(path.read_bytes(), patches))
    return target


# --- what is read ---


def test_every_frame_comes_in_order_with_its_time(tmp_path):
    path = write(tmp_path / "plain.mp4", "mp4v")
    frames = read(path)
    assert_alike([frame.image for frame in frames], moving_picture())
    assert [frame.time for frame in frames] == pytest.approx([i / FPS for i in range(FRAMES)])
    info = info_of(path)
    assert (info.name, info.width, info.height) == ("plain.mp4", 64, 48)
    assert (info.fps, info.frames, info.live) == (FPS, FRAMES, False)


def test_grey_frames_become_bgr(tmp_path):
    grey = [cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in moving_picture()]
    frames = read(write(tmp_path / "grey.avi", "FFV1", grey, color=False))
    expected = [cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR) for picture in grey]
    assert_alike([frame.image for frame in frames], expected, tolerance=1)


def test_deep_frames_become_uint8(tmp_path):
    grey = [cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in moving_picture()]
    deep = [picture.astype(np.uint16) * 257 for picture in grey]
    frames = read(write(tmp_path / "deep.mkv", "FFV1", deep, color=False))
    expected = [cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR) for picture in grey]
    assert_alike([frame.image for frame in frames], expected, tolerance=2)


def test_transparent_frames_become_bgr(tmp_path):
    path = write(tmp_path / "alpha.avi", "RGBA")
    raw = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    assert int(raw.get(cv2.CAP_PROP_CODEC_PIXEL_FORMAT)) == cv2.VideoWriter.fourcc(*"RGBA")
    assert_alike([frame.image for frame in read(path)], moving_picture(), tolerance=1)


def test_odd_sizes_are_kept(tmp_path):
    pictures = list(moving_picture(height=47, width=63))
    path = write(tmp_path / "odd.avi", "MJPG", pictures, backend=cv2.CAP_OPENCV_MJPEG)
    assert_alike([frame.image for frame in read(path)], pictures)
    assert (info_of(path).width, info_of(path).height) == (63, 47)


@pytest.mark.parametrize(
    ("matrix", "turns"),
    [((0, 1, -1, 0), -1), ((-1, 0, 0, -1), 2), ((0, -1, 1, 0), 1)],
    ids=["90", "180", "270"],
)
def test_a_rotation_flag_is_honoured(tmp_path, matrix, turns):
    plain = write(tmp_path / "plain.mp4", "mp4v")
    turned = tmp_path / "turned.mp4"
    turned.write_bytes(films.turned(plain.read_bytes(), matrix))
    expected = [np.rot90(frame.image, turns) for frame in read(plain)]
    assert_alike([frame.image for frame in read(turned)], expected, tolerance=1)
    assert (info_of(turned).height, info_of(turned).width) == expected[0].shape[:2]


@pytest.mark.parametrize(
    ("matrix", "turns", "size"),
    [((1, 0, 0, 1), 0, (48, 91)), ((0, 1, -1, 0), -1, (64, 34))],
    ids=["0", "90"],
)
def test_pixels_that_are_not_square_are_made_so(tmp_path, matrix, turns, size):
    plain = write(tmp_path / "plain.mp4", "mp4v")
    wide = tmp_path / "wide.mp4"
    pictures = [frame.image for frame in read(plain)]
    wide.write_bytes(films.turned(with_pixels(plain.read_bytes(), 64, 45), matrix))  # 16:9 on DVD
    if turns:
        pictures = [np.rot90(picture, turns) for picture in pictures]
    expected = [cv2.resize(picture, size[::-1]) for picture in pictures]
    assert_alike([frame.image for frame in read(wide)], expected, tolerance=1)
    assert (info_of(wide).height, info_of(wide).width) == size


@pytest.mark.parametrize("width", [1, 63, 64, 65, 1000])
def test_pixels_that_are_nearly_square_or_that_no_camera_has_are_left_alone(tmp_path, width):
    plain = write(tmp_path / "plain.mp4", "mp4v")
    odd = tmp_path / "odd.mp4"
    odd.write_bytes(with_pixels(plain.read_bytes(), width, 64))
    raw = cv2.VideoCapture(str(odd), cv2.CAP_FFMPEG)
    assert raw.get(cv2.CAP_PROP_SAR_NUM) / raw.get(cv2.CAP_PROP_SAR_DEN) == width / 64
    assert (info_of(odd).height, info_of(odd).width) == (48, 64)


def test_a_variable_rate_keeps_its_true_times(tmp_path):
    plain = write(tmp_path / "plain.mp4", "mp4v")
    variable = tmp_path / "variable.mp4"
    variable.write_bytes(with_durations(plain.read_bytes(), [1, 1, 3, 1, 4] * (FRAMES // 5)))
    frames = read(variable)
    assert_alike([frame.image for frame in frames], moving_picture())
    steps = [0, *np.cumsum([1, 1, 3, 1, 4] * (FRAMES // 5))[:-1]]
    unit = FRAMES / FPS / 40  # the whole is as long as before
    assert [frame.time for frame in frames] == pytest.approx(unit * np.array(steps), abs=1e-3)


def test_files_joined_end_to_end_are_read_to_the_last_frame(tmp_path):
    part = write(tmp_path / "part.ts", "mp4v").read_bytes()
    joined = tmp_path / "joined.ts"
    joined.write_bytes(part + part)
    frames = read(joined)
    assert_alike([frame.image for frame in frames], [*moving_picture(), *moving_picture()])
    assert frames[-1].time == pytest.approx((2 * FRAMES - 1) / FPS, abs=1e-3)


@pytest.mark.parametrize("claimed", [0, 3, 100_000, 0xFFFFFFFF])
def test_the_header_is_not_trusted_about_the_length(tmp_path, claimed):
    plain = write(tmp_path / "plain.avi", "MJPG")
    data = plain.read_bytes()
    length = struct.pack("<I", claimed)
    lying = {data.find(b"avih") + 24: length, data.find(b"strh") + 40: length}
    path = patched(plain, tmp_path / "lying.avi", lying)
    assert_alike([frame.image for frame in read(path)], moving_picture())
    assert info_of(path).frames in ({3} if claimed == 3 else {None, FRAMES})


def test_a_rate_that_cannot_be_believed_is_none(tmp_path):
    path = write(tmp_path / "browser.mkv", "mp4v", fps=1000.0)
    assert info_of(path).fps is None
    assert len(read(path)) == FRAMES


def test_a_rate_of_hours_is_none(tmp_path):
    path = write(tmp_path / "plain.avi", "MJPG")
    data = path.read_bytes()
    path.write_bytes(films.patched(data, {data.find(b"strh") + 28: struct.pack("<I", 2**31)}))
    assert info_of(path).fps is None
    assert read(path)[-1].time == pytest.approx((FRAMES - 1) / FPS)


@pytest.mark.parametrize("length", [4, 11])
def test_a_damaged_stretch_does_not_end_the_film(tmp_path, length):
    plain = write(tmp_path / "plain.avi", "MJPG")
    data = plain.read_bytes()
    start = data.find(b"movi")
    chunks = [at for at in range(start, len(data)) if data.startswith(b"00dc", at)]
    damage = {at + 8: bytes(200) for at in chunks[8 : 8 + length]}
    path = patched(plain, tmp_path / "damaged.avi", damage)
    raw = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    until_first_miss = 0
    while raw.grab():
        until_first_miss += 1
    assert until_first_miss == 8  # OpenCV alone would have stopped here
    frames = read(path)
    expected = list(moving_picture())
    assert_alike([frame.image for frame in frames], expected[:8] + expected[8 + length :])
    true = [i / FPS for i in range(FRAMES) if not 8 <= i < 8 + length]
    assert [frame.time for frame in frames] == pytest.approx(true)


def test_a_film_cut_short_is_read_up_to_the_cut(tmp_path):
    whole = write(tmp_path / "whole.mkv", "MJPG")
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    frames = read(cut)
    assert 0 < len(frames) < FRAMES
    assert_alike([frame.image for frame in frames], list(moving_picture())[: len(frames)])


@pytest.mark.parametrize("name", ["take1:2.mp4", "50%d.mp4", "größer 開合跳.mp4"])
def test_names_that_ffmpeg_might_misread(tmp_path, monkeypatch, name):
    if os.name == "nt" and ":" in name:
        pytest.skip("Windows allows no colon in a name")
    write(tmp_path / "plain.mp4", "mp4v").rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(read(Path(name))) == FRAMES


def test_the_ten_native_clips(shared_data):
    for path in sorted((shared_data / "ucf101" / "native").glob("*.avi")):
        frames = read(path)
        info = info_of(path)
        assert (info.width, info.height) == (320, 240) == frames[0].size[::-1]
        assert info.fps in (25.0, pytest.approx(29.97, abs=0.01))
        assert info.frames == len(frames)
        assert frames[-1].time == pytest.approx((len(frames) - 1) / info.fps)


# --- the interface ---


def test_a_source_can_be_closed_twice_and_opened_again(tmp_path):
    source = VideoFile(write(tmp_path / "plain.mp4", "mp4v"))
    source.close()
    for _ in range(2):
        source.open()
        assert source.read().index == 0
        assert source.read().index == 1
        source.open()  # starts anew
        assert source.read().time == 0.0
        source.close()
        source.close()
        assert source.read() is None
