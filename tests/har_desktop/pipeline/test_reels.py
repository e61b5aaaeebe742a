import pytest

from har_desktop.pipeline.reels import Reels


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
