"""What is no video, and why: real files, some of them patched by bytes."""

import errno
import os
import sys
import wave
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from har_desktop.errors import SourceError
from har_desktop.opencv import cv2
from har_desktop.sources import diagnosis
from har_desktop.sources.diagnosis import check_film, check_readable
from har_desktop.sources.video import VideoFile
from tests import films
from tests.films import FRAMES, moving_picture, write


def patched(path, target, patches):
    """A copy of a file with some bytes written over: {offset: bytes}."""
    target.write_bytes(films.patched(path.read_bytes(), patches))
    return target


def refusal(path):
    with pytest.raises(SourceError) as caught:
        VideoFile(path).open()
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_a_missing_file(tmp_path):
    assert "no such file; check the path" in refusal(tmp_path / "gone.mp4")


def test_a_folder(tmp_path):
    assert "is a folder; name a video file" in refusal(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such devices")
def test_a_device():
    assert "is not a regular file" in refusal(Path(os.devnull))


def test_an_empty_file(tmp_path):
    (tmp_path / "empty.mp4").touch()
    assert "is empty (0 bytes)" in refusal(tmp_path / "empty.mp4")


def test_a_file_without_permission(foreign_folder, mere_user):
    path = write(foreign_folder / "secret.mp4", "mp4v")
    path.chmod(0)
    with mere_user():
        assert "no permission to read it" in refusal(path)


@pytest.mark.parametrize(
    "text",
    [
        "hello\n",
        "A film script. " * 500,
        "Größe 跳\n" * 300,
        "#EXTM3U\n#EXTINF:3,\nplain.mp4\n",
        "ffconcat version 1.0\nfile plain.mp4\n",
    ],
    ids=["short", "long", "not ASCII", "play list", "concat script"],
)
@pytest.mark.parametrize("name", ["text.mp4", "text.txt"])
def test_text_is_no_video_whatever_it_is_called(tmp_path, text, name):
    write(tmp_path / "plain.mp4", "mp4v")
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert "holds text, not video" in refusal(tmp_path / name)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_text_of_old_programs_is_no_video(tmp_path, encoding):
    (tmp_path / "holiday.mp4").write_bytes(
        "ffconcat version 1.0 # \xe9t\xe9 \xe0 la mer\n".encode(encoding)
    )
    assert "holds text, not video" in refusal(tmp_path / "holiday.mp4")


def test_something_else_is_no_video(tmp_path):
    (tmp_path / "archive.mp4").write_bytes(b"PK\x03\x04" + bytes(range(256)) * 20)
    assert "is not a video" in refusal(tmp_path / "archive.mp4")


def test_sound_alone(tmp_path):
    with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(8000))
    assert "holds sound but no video" in refusal(tmp_path / "sound.wav")


def test_sound_with_a_cover(tmp_path):
    # FFmpeg gives the cover of a song as a video of one frame.
    film = write(tmp_path / "film.mp4", "mp4v")
    song = patched(film, tmp_path / "song.m4a", {8: b"M4A "})
    assert cv2.VideoCapture(str(song), cv2.CAP_FFMPEG).read()[0]
    assert "holds sound but no video" in refusal(song)


@pytest.mark.parametrize(
    ("data", "song"),
    [
        (b"\x1aE\xdf\xa3 \x86\x86A_OPUS", True),
        (b"\x1aE\xdf\xa3 \x86\x86A_OPUS \x86\x8fV_MPEG4", False),
        (b"\0\0\0\x20ftypisom hdlr\0\0\0\0\0\0\0\0soun", True),
        (b"\0\0\0\x20ftypisom hdlr\0\0\0\0\0\0\0\0soun hdlr\0\0\0\0\0\0\0\0vide", False),
        (b"OggS OpusHead", True),
        (b"GIF89a", False),
    ],
)
def test_a_film_of_one_picture_may_be_a_song_with_its_cover(tmp_path, data, song):
    path = tmp_path / "film"
    path.write_bytes(data)
    with pytest.raises(SourceError, match="holds sound but no video") if song else nullcontext():
        check_film(path)


def test_a_song_is_refused_when_it_ends_after_its_cover(tmp_path, monkeypatch):
    film = write(tmp_path / "film.mp4", "mp4v", list(moving_picture())[:1])
    with VideoFile(film) as source:
        assert len(list(source)) == 1
    song = diagnosis._Container(rb".{4}ftyp", picture=rb"(?!)", sound=b"")
    monkeypatch.setattr(diagnosis, "_CONTAINERS", [song])
    assert "holds sound but no video" in refusal(film)


@pytest.mark.parametrize("looked_at", [1 << 20, 1 << 10])
def test_sound_alone_in_a_container_for_films(tmp_path, monkeypatch, looked_at):
    monkeypatch.setattr(diagnosis, "_HEAD", looked_at)
    film = write(tmp_path / "film.mp4", "mp4v")
    handler = film.read_bytes().rfind(b"vide")
    path = patched(film, tmp_path / "sound.mp4", {handler: b"soun"})
    assert "holds sound but no video" in refusal(path)


@pytest.mark.parametrize("name", ["film.mp4", "film.avi", "film.mkv"])
def test_a_film_of_which_nothing_is_left(tmp_path, name):
    film = write(tmp_path / name, "mp4v")
    film.write_bytes(film.read_bytes()[:200])
    message = refusal(film)
    assert "is truncated or damaged, not one picture can be decoded; copy it again" in message


def test_a_film_whose_pictures_are_all_damaged(tmp_path):
    film = write(tmp_path / "film.mp4", "mp4v")
    data = film.read_bytes()
    start, end = data.find(b"mdat") + 4, data.rfind(b"moov") - 4
    path = patched(film, tmp_path / "noise.mp4", {start: bytes(end - start)})
    assert cv2.VideoCapture(str(path), cv2.CAP_FFMPEG).isOpened()
    assert "is truncated or damaged" in refusal(path)


def test_pictures_larger_than_any_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("har_desktop.sources.video._MOST_PIXELS", 64 * 48 - 1)
    message = refusal(write(tmp_path / "huge.mp4", "mp4v"))
    assert "pictures of 64x48 are too large; make them smaller" in message


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a name be any bytes")
def test_a_name_that_is_not_utf8(tmp_path):
    path = write(tmp_path / "plain.mp4", "mp4v").rename(tmp_path / os.fsdecode(b"bad\xff.mp4"))
    with pytest.raises(SourceError, match=r"bad\\udcff\.mp4.*is not valid UTF-8; rename it"):
        VideoFile(path).open()


@pytest.mark.parametrize("gone", [False, True])
def test_a_fault_of_the_disk_is_no_end(tmp_path, gone):
    random = np.random.default_rng(1)
    noise = [random.integers(0, 256, (48, 64, 3), dtype=np.uint8) for _ in range(200)]
    path = write(tmp_path / "long.avi", "MJPG", noise)
    with VideoFile(path) as video:
        for _ in range(20):
            video.read()
        os.truncate(path, path.stat().st_size // 2)
        if gone:
            path.unlink()
        told = "is gone, before its end" if gone else "became shorter while it was read"
        with pytest.raises(SourceError, match=rf"long\.avi: {told}"):
            list(video)


def test_a_file_that_was_deleted_while_it_was_read_ends_as_it_is(tmp_path):
    path = write(tmp_path / "film.avi", "MJPG")
    with VideoFile(path) as video:
        path.unlink()
        assert len(list(video)) == FRAMES


def test_a_film_that_is_gone_with_its_disk_is_no_whole_one(tmp_path, monkeypatch):
    path = tmp_path / "film.avi"
    path.write_bytes(b"x" * 100)
    status = path.stat()
    check_readable(path, status, whole=False)
    path.rename(tmp_path / "other.avi")
    with pytest.raises(SourceError, match=r"film\.avi: is gone, before its end"):
        check_readable(path, status, whole=False)
    path.write_bytes(b"x")  # another one of that name
    check_readable(path, status, whole=False)

    def fault(*_, **__):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(Path, "open", fault)
    with pytest.raises(SourceError, match="cannot be read to its end: Input/output error; see wh"):
        check_readable(path, status, whole=True)
