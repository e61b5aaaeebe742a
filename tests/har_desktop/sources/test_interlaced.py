"""Films of fields: MPEG-2, in which a few bits tell whether a picture is one."""

import cv2
import numpy as np
import pytest

from har_desktop.errors import SourceError
from har_desktop.sources import contained, interlaced
from har_desktop.sources import video as module
from har_desktop.sources.interlaced import is_interlaced
from har_desktop.sources.video import VideoFile

EXTENSION = b"\x00\x00\x01\xb5"
SEQUENCE, PICTURE = 1, 8  # ISO 13818-2, 6.2.2.3 and 6.2.3.1


def with_fields(stream, first):
    """The same film, but the pictures from number `first` on are interlaced."""
    data, place, pictures = bytearray(stream), -1, 0
    while (place := data.find(EXTENSION, place + 1)) >= 0:
        kind = data[place + 4] >> 4
        if kind == SEQUENCE:
            data[place + 5] &= ~0x08  # progressive_sequence
        elif kind == PICTURE:
            if pictures >= first:
                data[place + 7] &= ~0x01  # chroma_420_type
                data[place + 8] &= ~0x80  # progressive_frame
            pictures += 1
    assert pictures > first
    return bytes(data)


@pytest.fixture
def film(tmp_path):
    """Write a film of brightening pictures, but for some that are alike; its path."""

    def write(fields_from=None, alike=(), count=40):
        path = tmp_path / "film.mpg"
        tag = cv2.VideoWriter.fourcc(*"mpg2")
        writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, tag, 25.0, (64, 48))
        for number in range(count):
            grey = 30 if number in alike else 5 * number
            writer.write(np.full((48, 64, 3), grey, np.uint8))
        writer.release()
        if fields_from is not None:
            path.write_bytes(with_fields(path.read_bytes(), fields_from))
        return path

    return write


@pytest.fixture
def asked(monkeypatch):
    """How many pictures were looked at, each time."""
    seen = []

    def note(path, pictures):
        seen.append(pictures)
        return is_interlaced(path, pictures)

    monkeypatch.setattr(module, "is_interlaced", note)
    return seen


def test_a_progressive_film_is_not_even_asked(film, asked):
    path = film()
    assert not is_interlaced(path, 10)
    with VideoFile(path) as source:
        assert len(list(source)) == 40
    assert asked == []


def test_an_interlaced_film_is_refused_as_it_is_opened(film):
    path = film(fields_from=0)
    assert is_interlaced(path, 2)
    source = VideoFile(path)
    with pytest.raises(
        SourceError, match=r"film\.mpg: is interlaced, .* convert it to progressive"
    ):
        source.open()
    assert source.read() is None


def test_a_film_that_becomes_interlaced_ends_there(film):
    with VideoFile(film(fields_from=12)) as source:
        pictures = []
        with pytest.raises(SourceError, match="is interlaced"):
            pictures.extend(iter(source))
        assert source.read() is None


@pytest.mark.parametrize(
    ("alike", "pictures"),
    [(range(5), [2]), (range(3, 8), []), (range(3, 30), [12]), (range(40), [2])],
)
def test_pictures_that_are_alike_are_asked_for_once(film, asked, alike, pictures):
    with VideoFile(film(alike=alike)) as source:
        frames = list(source)
    assert len(frames) == 40
    assert asked == pictures


def test_late_pictures_are_not_asked_for(film, asked, monkeypatch):
    """Everything before them would be decoded once more, while somebody waits."""
    monkeypatch.setattr(module, "_EARLY", 20)
    with VideoFile(film(alike=range(14, 40))) as source:
        assert len(list(source)) == 40
    assert asked == []


def test_who_waits_for_a_picture_waits_longer_than_the_question_takes():
    assert interlaced._PATIENCE_S < contained.PICTURE_S


def test_a_film_of_one_picture(film, asked):
    with VideoFile(film(count=1)) as source:
        assert [frame.index for frame in source] == [0]
    assert asked == []
