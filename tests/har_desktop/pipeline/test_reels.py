import numpy as np
import pytest

from har_desktop.errors import SourceError
from har_desktop.frame import Frame
from har_desktop.pipeline.reels import NEAR, Reels
from har_desktop.sources.contained import ContainedVideo
from har_desktop.sources.video import VideoFile
from tests.films import write

LONG = 700


@pytest.fixture
def opened():
    return []


@pytest.fixture
def reels(opened, count_source):
    def open_source():
        opened.append(count_source(10))
        return opened[-1]

    reels = Reels(open_source)
    yield reels
    reels.close()
    assert all(source.closed for source in opened)


def read(reels, index, spare=-1):
    while True:
        frame = reels.read_towards(index, spare)
        if frame is None or frame.index == index:
            return frame


def test_in_order_one_reading_is_enough(reels, opened):
    assert reels.info is None
    assert [read(reels, i).index for i in range(10)] == list(range(10))
    assert read(reels, 10) is None
    assert len(opened) == 1
    assert reels.info.name == "count"


def test_a_look_back_leaves_the_other_reading_where_it_is(reels, opened):
    read(reels, 7)
    assert read(reels, 2, spare=8).index == 2
    assert read(reels, 8).index == 8
    assert read(reels, 3).index == 3
    assert len(opened) == 2
    assert read(reels, 1, spare=9).index == 1  # rewinds the second
    assert [source.opened for source in opened] == [1, 2]
    assert not any(source.closed for source in opened)


def test_a_look_ahead_starts_from_the_nearest(reels, opened):
    read(reels, 4)
    assert read(reels, 8, spare=5).index == 8
    assert len(opened) == 1
    assert read(reels, 5, spare=5).index == 5  # which the other has to read up to
    assert len(opened) == 2


# --- jumps ---


@pytest.fixture
def counted(monkeypatch):
    """How many pictures were decoded since it was cleared."""
    decoded = []
    decode = VideoFile._decode

    def counting(self):
        decoded.append(None)
        return decode(self)

    monkeypatch.setattr(VideoFile, "_decode", counting)
    return decoded


def noise(count=LONG):
    rng = np.random.default_rng(0)
    for _ in range(count):
        yield np.kron(rng.integers(0, 256, (6, 8, 3), np.uint8), np.ones((8, 8, 1), np.uint8))


@pytest.fixture(
    scope="module",
    params=["mp4v.mp4", "mp4v.mkv", "MJPG.avi", "XVID.avi", "VP80.webm"],
)
def film(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("films")
    return write(folder / request.param, request.param.split(".")[0], noise())


@pytest.mark.parametrize("kind", [VideoFile, ContainedVideo])
def test_far_frames_come_back_by_a_jump_and_are_the_same(film, kind, counted):
    with VideoFile(film) as source:
        frames = list(source)
    reels = Reels(lambda: kind(film))
    while reels.read_towards(len(frames), spare=-1) is not None:
        pass
    counted.clear()
    for index in (600, 300, len(frames) - 1, 500):
        first = reels.read_towards(index, spare=len(frames))
        assert index - 2 * NEAR < first.index <= index
        passed = [first, *(read(reels, i, len(frames)) for i in range(first.index + 1, index + 4))]
        for frame in [frame for frame in passed if frame is not None]:
            assert frame.time == frames[frame.index].time
            assert np.array_equal(frame.image, frames[frame.index].image)
    assert len(counted) < 4 * 3 * NEAR
    reels.close()


def test_the_analysis_does_not_move_who_has_looked_ahead(film, counted):
    reels = Reels(lambda: VideoFile(film))
    read(reels, 299)  # analysed up to here
    read(reels, 650, spare=300)  # and looked at here: this one is at the edge now
    counted.clear()
    for index in range(300, 310):
        assert read(reels, index, spare=index).index == index
    assert read(reels, 651, spare=310).index == 651
    assert len(counted) < 2 * NEAR
    # Both look back, and then one goes on at the edge: by a jump, too.
    assert read(reels, 100, spare=310).index == 100
    assert read(reels, 320, spare=320).index == 320
    counted.clear()
    assert read(reels, 652, spare=320).index == 652
    assert len(counted) < 2 * NEAR
    reels.close()


class Astray(VideoFile):
    """A file in which a seek goes wrong."""

    jumps = 0

    def seek(self, index, time):
        type(self).jumps += 1
        self.jumped = True
        return super().seek(index + self.beside, time + self.beside / 25)

    beside = 0
    jumped = False


class Beside(Astray):
    beside = 40


class Repainted(Astray):
    """Broken pictures behind a seek, from the 20th on."""

    after = 0

    def read(self):
        frame = super().read()
        self.after += self.jumped
        if frame is not None and self.after > 20:
            return Frame(255 - frame.image, frame.index, frame.time)
        return frame

    def open(self):
        self.jumped, self.after = False, 0
        return super().open()


class EndsEarly(Repainted):
    def read(self):
        return super().read() if self.after < 20 else None


class Breaks(Astray):
    def seek(self, index, time):
        super().seek(index, time)
        raise SourceError("the decoder crashed on it")


class BreaksLater(Repainted):
    def read(self):
        if self.after == 20:
            raise SourceError("the decoder crashed on it")
        return super().read()


class Stays(Astray):
    def seek(self, index, time):  # noqa: ARG002
        Stays.jumps += 1
        return False


@pytest.mark.parametrize("kind", [Beside, Repainted, EndsEarly, Breaks, BreaksLater, Stays])
def test_where_a_jump_leads_astray_all_is_read_from_the_start(tmp_path, kind):
    path = write(tmp_path / "film.avi", "MJPG", noise())
    with VideoFile(path) as source:
        frames = list(source)
    kind.jumps = 0
    reels = Reels(lambda: kind(path))
    read(reels, LONG - 1)
    for index in (600, 400):
        frame = read(reels, index, spare=LONG)
        assert frame.time == frames[index].time
        assert np.array_equal(frame.image, frames[index].image)
    assert kind.jumps == 1
    reels.close()


def test_what_ends_behind_a_jump_is_not_taken_for_the_end(tmp_path):
    path = write(tmp_path / "film.avi", "MJPG", noise())
    reels = Reels(lambda: EndsEarly(path))
    read(reels, 650)
    assert read(reels, 400, spare=-1).index == 400
    assert read(reels, 651, spare=-1).index == 651  # unknown when it was wished for
    reels.close()


def test_what_is_near_is_not_jumped_to(tmp_path, counted):
    path = write(tmp_path / "film.avi", "MJPG", noise())
    reels = Reels(lambda: VideoFile(path))
    read(reels, 200)
    counted.clear()
    assert read(reels, 100, spare=201).index == 100
    assert len(counted) > 100
    reels.close()
