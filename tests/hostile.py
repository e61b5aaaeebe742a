"""Files that somebody may take for a video: more than three hundred, the same ones every time.

Small real films of every container that OpenCV writes are cut, bent, renamed and contradicted.
"""

import struct
import wave

import numpy as np

from har_desktop.opencv import cv2
from tests.films import moving_picture, patched, turned, with_durations, write

CODECS = {
    "mp4": "mp4v",
    "mov": "mp4v",
    "avi": "MJPG",
    "mkv": "FFV1",
    "webm": "VP80",
    "ts": "mpg2",
    "mpg": "mpg1",
    "flv": "FLV1",
    "wmv": "WMV2",
}
PICTURES = (".jpg", ".png", ".bmp", ".tiff", ".webp", ".ppm", ".jp2", ".gif", ".avif")
HUGE = (0, 1, 2**15, 2**16 - 1, 2**31 - 1, 2**32 - 1)


def good_films(folder):
    """{suffix: bytes} of films that are fine."""
    films = {}
    for suffix, codec in CODECS.items():
        films[suffix] = write(folder / f"good.{suffix}", codec).read_bytes()
    return films


def write_corpus(folder):
    """Write all files into a folder, which must be empty; their paths."""
    films = good_films(folder)
    for path in folder.iterdir():
        path.unlink()
    kinds = (
        *(truncated, flipped, renamed, blanked, spliced, stuffed),
        *(lying_mp4, lying_avi, lying_mkv, bent_times, odd_views),
    )
    for kind in kinds:
        for name, data in kind(films):
            path = folder / f"{kind.__name__}-{name}"
            assert not path.exists()
            path.write_bytes(data)
    for kind in (odd_sizes, large_sizes, odd_rates, pictures, sounds):
        kind(folder)
    return sorted(folder.iterdir())


def truncated(films):
    """At every stage, from the first bytes of the header to the last of the index."""
    for suffix, data in films.items():
        for percent in (1, 5, 15, 30, 50, 70, 85, 95, 99):
            yield f"{percent}.{suffix}", data[: max(1, len(data) * percent // 100)]
        yield f"head.{suffix}", data[:12]


def flipped(films):
    for suffix, data in films.items():
        for seed in range(8):
            rng = np.random.default_rng((seed, len(data)))
            bent = np.frombuffer(data, np.uint8).copy()
            where = rng.integers(0, len(bent), 1 + 4 ** (seed % 4))
            bent[where] ^= np.uint8(1) << rng.integers(0, 8, len(where), np.uint8)
            yield f"{seed}.{suffix}", bent.tobytes()


def renamed(films):
    """Contents of one kind under the name of another."""
    names = list(films)
    for suffix, data in films.items():
        yield f"{suffix}.{names[names.index(suffix) - 1]}", data
        yield f"{suffix}.txt", data
    yield "program.mp4", b"\x7fELF\x02\x01\x01" + bytes(4096)
    yield "archive.mkv", b"PK\x03\x04" + bytes(range(256)) * 16
    yield "text.avi", b"not a film at all\n" * 50
    yield "playlist.mp4", b"#EXTM3U\n#EXTINF:3,\n/etc/passwd\n"
    yield "script.ts", b"ffconcat version 1.0\nfile /etc/passwd\n"
    yield "page.webm", b"<html><video src='x.mp4'></html>"


def blanked(films):
    """Nothing, zeros, and films with a stretch of zeros."""
    yield "nothing.mp4", b""
    yield "nothing.mkv", b""
    yield "one.avi", b"\0"
    for suffix, data in films.items():
        yield f"all.{suffix}", bytes(len(data))
        for place in (0, 1, 2):
            third = len(data) // 3
            yield f"{place}.{suffix}", patched(data, {place * third: bytes(third)})


def spliced(films):
    """The head of one film and the tail of another; the same film twice; noise in between."""
    names = list(films)
    for suffix, data in films.items():
        other = films[names[names.index(suffix) - 3]]
        yield f"other.{suffix}", data[: len(data) // 2] + other[len(other) // 2 :]
        yield f"twice.{suffix}", data + data
        yield f"backwards.{suffix}", data[len(data) // 2 :] + data[: len(data) // 2]


def stuffed(films):
    for suffix, data in films.items():
        noise = np.random.default_rng(len(data)).integers(0, 256, 2000, np.uint8).tobytes()
        yield f"noise.{suffix}", data[: len(data) // 2] + noise + data[len(data) // 2 :]
        yield f"only-noise.{suffix}", data[:64] + noise


def lying_mp4(films):
    """Sizes and counts that cannot be; no index; an index and nothing else."""
    data = films["mp4"]
    for value in HUGE:
        number = struct.pack(">I", value)
        for box, offset in (("moov", -4), ("mdat", -4), ("stsz", 12), ("stts", 8), ("stco", 8)):
            yield f"{box}-{value}.mp4", patched(data, {data.rfind(box.encode()) + offset: number})
    sides = data.rfind(b"mp4v") + 28  # width and height of the sample entry
    shown = data.rfind(b"tkhd") + 80
    for side in (0, 1, 16384, 65535):
        yield f"coded-{side}.mp4", patched(data, {sides: struct.pack(">HH", side, side)})
        yield (
            f"shown-{side}.mp4",
            patched(data, {shown: struct.pack(">II", side << 16, side << 16)}),
        )
    yield "no-index.mp4", data[: data.rfind(b"moov") - 4]
    yield "only-index.mp4", data[data.rfind(b"moov") - 4 :]


def lying_avi(films):
    data = films["avi"]
    header, stream = data.find(b"avih"), data.find(b"strh")
    for value in HUGE:
        number = struct.pack("<I", value)
        yield f"period-{value}.avi", patched(data, {header + 8: number})
        yield f"length-{value}.avi", patched(data, {header + 24: number, stream + 40: number})
        yield f"scale-{value}.avi", patched(data, {stream + 28: number})
        yield f"rate-{value}.avi", patched(data, {stream + 32: number})
        side = data.find(b"strf") + 12
        yield f"sides-{value}.avi", patched(data, {side: number * 2, header + 40: number * 2})
        yield f"chunk-{value}.avi", patched(data, {data.find(b"00dc") + 4: number})
    yield "no-index.avi", data[: data.rfind(b"idx1")]


def lying_mkv(films):
    data = films["mkv"]
    width = data.find(b"\xb0\x81")  # PixelWidth of one byte
    if width < 0:
        width = data.find(b"\xb0\x82")
    for value in (0, 1, 255):
        yield f"width-{value}.mkv", patched(data, {width + 2: bytes([value])})
    for name, mark in (("cluster", b"\x1f\x43\xb6\x75"), ("cues", b"\x1c\x53\xbb\x6b")):
        at = data.find(mark)
        yield f"endless-{name}.mkv", patched(data, {at + 4: b"\x01" + b"\xff" * 7})
        yield f"without-{name}.mkv", patched(data, {at: bytes(4)})


def bent_times(films):
    """Rates that vary, stamps that repeat, leap, and run backwards."""
    data = films["mp4"]
    for name, durations in (
        ("variable", [1, 1, 3, 1, 4] * 4),
        ("repeating", [0] * 20),
        ("half-repeating", [0, 2] * 10),
        ("leaping", [1] * 10 + [10**6] + [1] * 9),
        ("endless", [2**31] * 20),
    ):
        yield f"{name}.mp4", with_durations(data, durations)
    stream = films["ts"]
    packets = [stream[at : at + 188] for at in range(0, len(stream), 188)]
    yield "reversed.ts", b"".join(reversed(packets))
    yield "stuttering.ts", b"".join(packet * 2 for packet in packets)
    order = np.random.default_rng(1).permutation(len(packets))
    yield "shuffled.ts", b"".join(packets[index] for index in order)


def odd_views(films):
    """Turned, mirrored and impossible display matrices."""
    matrices = {
        "90": (0, 1, -1, 0),
        "180": (-1, 0, 0, -1),
        "270": (0, -1, 1, 0),
        "mirrored": (-1, 0, 0, 1),
        "sheared": (1, 1, 0, 1),
        "nothing": (0, 0, 0, 0),
        "huge": (32767, 32767, -32768, -32768),
    }
    for suffix in ("mp4", "mov"):
        for name, matrix in matrices.items():
            yield f"{name}.{suffix}", turned(films[suffix], matrix)


def odd_sizes(folder):
    for height, width in ((1, 1), (2, 2), (1, 64), (64, 1), (3, 5), (2000, 16), (16, 2000)):
        noise = np.random.default_rng(0).integers(0, 256, (3, height, width, 3), np.uint8)
        if min(height, width) > 1:  # which FFmpeg's own writer asks for
            write(folder / f"size-{width}x{height}.mkv", "FFV1", noise)
        path = folder / f"size-{width}x{height}.avi"
        write(path, "MJPG", noise, backend=cv2.CAP_OPENCV_MJPEG)


def large_sizes(folder):
    """8K, which is a film, and what is too large to be one."""
    for height, width in ((4320, 7680), (9000, 9000)):
        path = folder / f"size-{width}x{height}.avi"
        picture = np.full((height, width, 3), 90, np.uint8)
        write(path, "MJPG", [picture], backend=cv2.CAP_OPENCV_MJPEG)


def odd_rates(folder):
    for fps in (0.01, 0.5, 1000.0, 90000.0):
        write(folder / f"rate-{fps:g}.mkv", "MJPG", fps=fps)
        write(folder / f"rate-{fps:g}.avi", "MJPG", fps=fps)


def pictures(folder):
    """One picture, and animated ones, under their own name and under that of a film."""
    (first, *_) = moving_picture()
    animation = cv2.Animation()
    animation.frames = list(moving_picture(8))
    animation.durations = np.array([40] * 8, np.int32)
    for suffix in PICTURES:
        cv2.imwrite(str(folder / f"still{suffix}"), first)
        data = (folder / f"still{suffix}").read_bytes()
        (folder / f"still{suffix}.mp4").write_bytes(data)
        (folder / f"half{suffix}").write_bytes(data[: len(data) // 2])
    for suffix in (".gif", ".webp", ".png"):
        cv2.imwriteanimation(str(folder / f"animated{suffix}"), animation)
        data = (folder / f"animated{suffix}").read_bytes()
        (folder / f"animated{suffix}.avi").write_bytes(data)
        (folder / f"half-animated{suffix}").write_bytes(data[: len(data) // 2])


def sounds(folder):
    """Nothing to see."""
    with wave.open(str(folder / "sound.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(8000))
    (folder / "sound.mp4").write_bytes((folder / "sound.wav").read_bytes())
    (folder / "sound.mp3").write_bytes(b"\xff\xfb\x90\x00" + bytes(413))
    film = write(folder / "sound-track.mp4", "mp4v")
    data = film.read_bytes()
    film.write_bytes(patched(data, {data.rfind(b"vide"): b"soun"}))
