"""Small real films, written by OpenCV and, where it can't, patched by bytes."""

import struct

import numpy as np

from har_desktop.opencv import cv2

FPS = 25.0
FRAMES = 20


def moving_picture(count=FRAMES, height=48, width=64):
    """A light square that walks over dark ground; no two pictures are alike."""
    for index in range(count):
        picture = np.full((height, width, 3), (90, 40, 20), np.uint8)
        picture[8:24, 2 * index : 2 * index + 16] = (60, 220, 250)
        yield picture


def write(path, codec, pictures=None, fps=FPS, color=True, backend=cv2.CAP_FFMPEG):
    pictures = list(moving_picture() if pictures is None else pictures)
    deep = pictures[0].dtype == np.uint16
    settings = [cv2.VIDEOWRITER_PROP_IS_COLOR, int(color)]
    settings += [cv2.VIDEOWRITER_PROP_DEPTH, cv2.CV_16U] if deep else []
    size = pictures[0].shape[1::-1]
    fourcc = cv2.VideoWriter.fourcc(*codec)
    writer = cv2.VideoWriter(str(path), backend, fourcc, fps, size, settings)
    assert writer.isOpened()
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return path


def patched(data, patches):
    """The same bytes with some of them written over: {offset: bytes}."""
    data = bytearray(data)
    for offset, piece in patches.items():
        data[offset : offset + len(piece)] = piece
    return bytes(data)


def turned(data, matrix):
    """An mp4 with another display matrix, (a, b, c, d) (ISO 14496-12, 8.3.2: tkhd)."""
    a, b, c, d = (value << 16 for value in matrix)
    display = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    return patched(data, {data.rfind(b"tkhd") + 44: display})


def with_pixels(data, width, height):
    """An mp4 whose pixels are said to be of that shape (ISO 14496-12, 12.1.4: pasp)."""
    box = struct.pack(">I4sII", 16, b"pasp", width, height)
    entry = data.rfind(b"mp4v") - 4
    (size,) = struct.unpack(">I", data[entry : entry + 4])
    data = data[: entry + size] + box + data[entry + size :]
    return lengthened(data, entry, len(box), b"stsd", b"mp4v")


def with_durations(data, durations):
    """Give each sample of an mp4 its own duration (ISO 14496-12, 8.6.1.2: stts)."""
    at = data.rfind(b"stts") - 4
    size, _, _, _, count, unit = struct.unpack(">IIIIII", data[at : at + 24])
    assert (size, count) == (24, len(durations))
    unit = unit * count // max(1, sum(durations))
    table = b"".join(struct.pack(">II", 1, unit * each % 2**32) for each in durations)
    box = struct.pack(">I4sII", 16 + len(table), b"stts", 0, len(durations)) + table
    return lengthened(data[:at] + box + data[at + size :], at, len(box) - size)


def lengthened(data, at, more, *nearer):
    """An mp4 in which all boxes around a place have become longer; those around any table first."""
    data = bytearray(data)
    for parent in (b"moov", b"trak", b"mdia", b"minf", b"stbl", *nearer):
        head = data.rfind(parent, 0, at + 8) - 4
        (old,) = struct.unpack(">I", data[head : head + 4])
        data[head : head + 4] = struct.pack(">I", old + more)
    return bytes(data)
