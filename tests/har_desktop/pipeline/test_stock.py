"""How often a source is read to get back what had to go."""

import numpy as np
import pytest

from har_desktop.frame import Frame
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.stock import ALL, Stock
from har_desktop.sources.base import Source, SourceInfo

LENGTH, FPS = 400, 60.0
MEMORY = 1_000_000  # bytes, for about a third of the frames
SCARCE = 80_000  # for more frames than a window is computed from, and fewer than it spans


class Film(Source):
    """Frames that are drawn as they are read; counts how often it begins."""

    openings = 0

    def open(self):
        Film.openings += 1
        self.next = 0
        return SourceInfo("film", 64, 48, FPS, LENGTH, live=False)

    def read(self):
        index = self.next
        self.next += 1
        if index == LENGTH:
            return None
        small = np.random.default_rng(index // 4).integers(0, 256, (6, 8, 3), np.uint8)
        return Frame(np.kron(small, np.ones((8, 8, 1), np.uint8)), index, index / FPS)

    def close(self):
        pass


@pytest.fixture
def seen(live_bundle, request):
    """A film of which all was analysed, and most had to go again."""
    stock = Stock(Film, Recognizer(live_bundle), request.param, lambda _: None)
    for index in range(LENGTH + 1):
        stock.look_at(min(index, LENGTH - 1))
        while stock.analyse(index):
            pass
    assert stock.length == LENGTH
    Film.openings = 0
    yield stock
    stock.reels.close()


def show(stock, index):
    stock.look_at(index)
    assert any(not stock.restore(index) for _ in range(20 * LENGTH)), "it never ends"
    assert stock.detail(index) == ALL
    assert stock.album.window(index) is not None


@pytest.mark.parametrize("step", [1, -1])
@pytest.mark.parametrize("seen", [MEMORY], indirect=True)
def test_what_lies_around_a_frame_comes_back_with_it(seen, step):
    show(seen, 150)
    assert Film.openings == 1
    for index in range(150 + step, 150 + 20 * step, step):
        show(seen, index)
    assert Film.openings == 1


@pytest.mark.parametrize("seen", [SCARCE], indirect=True)
def test_where_there_is_no_room_for_more_a_window_comes_back_all_the_same(seen):
    room = len(seen.album._pages)
    for index in (150, 151):
        show(seen, index)
        sources = seen.analysis.sources_of(index)
        assert len(sources) < room < sources[-1] - sources[0]
