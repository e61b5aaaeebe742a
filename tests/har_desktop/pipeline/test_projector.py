"""The replay without its thread: what is done is exactly what `work` was called for."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from har_desktop.decision.events import Decider
from har_desktop.errors import SourceError
from har_desktop.frame import Frame
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline import projector
from har_desktop.pipeline.player import MEMORY
from har_desktop.pipeline.projector import AHEAD, PlayState, Projector
from har_desktop.sources.base import Source, SourceInfo

FPS = 20.0
SIZE = (48, 64)
LENGTH = 60
SCARCE = 200_000  # bytes, for about half of the pages, and more than a window needs


def frames(count=LENGTH, fps=FPS):
    """Pictures that move in a way that gives different answers at different times."""
    made = []
    for index in range(count):
        rng = np.random.default_rng(index // 4)
        small = rng.integers(0, 256, (6, 8, 3), np.uint8)
        made.append(Frame(np.kron(small, np.ones((8, 8, 1), np.uint8)), index, index / fps))
    return made


class Film(Source):
    """Frames in memory; counts how it is read."""

    readings = 0
    reads = 0

    def __init__(self, film):
        self.film = film

    def open(self):
        Film.readings += 1
        self.left = iter(self.film)
        return SourceInfo("film", SIZE[1], SIZE[0], FPS, len(self.film), live=False)

    def read(self):
        Film.reads += 1
        return next(self.left, None)

    def close(self):
        self.left = iter(())


class Show:
    """A projector, and what came out of it."""

    def __init__(self, recognizer, film, memory=MEMORY, open_source=None):
        self.moments, self.results = [], []
        Film.readings = Film.reads = 0
        self.projector = Projector(
            open_source or (lambda: Film(film)),
            recognizer,
            memory,
            self.moments.append,
            self.results.append,
        )

    def settle(self, most=100_000):
        """Work until there is nothing more to do."""
        for _ in range(most):
            if self.projector.work() is None:
                return
        pytest.fail("the work never ends")

    def play_to(self, state):
        while self.projector.state is not state:
            assert self.projector.work() is not None, "it would wait for ever"

    @property
    def shown(self):
        return self.moments[-1]


@pytest.fixture
def film():
    return frames()


@pytest.fixture
def show(recognizer, film):
    return Show(recognizer, film)


@pytest.fixture(scope="module")
def truth(live_bundle):
    """What the engine says of each frame, straight through."""
    recognizer = Recognizer(live_bundle, "cpu")
    manifest = recognizer.manifest
    decider = Decider(manifest.classes, manifest.calibration.rejection_threshold)
    recognitions = [recognizer.push(frame) for frame in frames()]
    decisions = [decider.update(recognition) for recognition in recognitions]
    return recognitions, decisions, decider.finish()


def same_window(one, other):
    assert (one is None) == (other is None)
    if one is not None:
        assert np.array_equal(one.logits, other.logits)
        assert np.array_equal(one.heatmaps, other.heatmaps)
        assert one.times == other.times
        assert one.explained == other.explained
        assert all(np.array_equal(a, b) for a, b in zip(one.images, other.images, strict=True))


def test_opens_paused_at_the_first_frame_and_looks_only_a_little_ahead(show):
    show.settle()
    assert show.projector.state is PlayState.PAUSED
    assert show.shown.frame.index == 0
    assert show.shown.result.recognition.filled == 0
    assert show.projector.stock.analysis.frontier == AHEAD + 1
    assert Film.reads == AHEAD + 1
    assert not show.projector.busy


def test_every_frame_goes_through_the_model_once_and_in_order(show, truth):
    recognitions, decisions, last = truth
    show.settle()
    show.projector.set_speed(1000.0)
    show.projector.play()
    show.play_to(PlayState.ENDED)
    assert [moment.frame.index for moment in show.moments] == list(range(LENGTH))
    assert [result.recognition.frame.index for result in show.results] == list(range(LENGTH))
    assert (Film.readings, Film.reads) == (1, LENGTH + 1)
    for moment, recognition in zip(show.moments, recognitions, strict=True):
        same_window(moment.result.recognition.window, recognition.window)
        assert np.array_equal(moment.frame.image, recognition.frame.image)
    for result, (decision, _) in zip(show.results, decisions, strict=True):
        assert result.decision.state is decision.state
        assert result.decision.label == decision.label
        assert result.decision.confidence == decision.confidence
    events = [event for result in show.results for event in result.events]
    assert events == [*(event for _, closed in decisions for event in closed), *last]
    assert last  # or it would not have been seen that the end closes an action


def test_seek_back_shows_at_once_and_reads_nothing(show, truth):
    show.projector.seek(2.0)
    show.settle()
    reads = Film.reads
    show.moments.clear()
    show.projector.seek(1.5)
    show.projector.work()
    (moment,) = show.moments
    assert moment.frame.index == 30
    same_window(moment.result.recognition.window, truth[0][30].window)
    error = moment.frame.image.astype(int) - truth[0][30].frame.image
    assert 0 < np.abs(error).mean() < 16  # compressed; worst on such pictures
    assert Film.reads == reads


@pytest.mark.usefixtures("far")
def test_seek_forward_shows_the_picture_first_and_the_result_when_all_before_is_analysed(
    show, truth
):
    show.settle()
    show.moments.clear()
    show.projector.seek(2.02)
    while not show.moments:
        show.projector.work()
    assert show.shown.frame.index == 40
    assert show.shown.result is None
    assert np.array_equal(show.shown.frame.image, truth[0][40].frame.image)
    assert show.projector.stock.analysis.frontier == AHEAD + 1
    show.settle()
    assert len(show.moments) == 2
    same_window(show.shown.result.recognition.window, truth[0][40].window)
    indices = [result.recognition.frame.index for result in show.results]
    assert indices == list(range(40 + AHEAD))
    assert not show.projector.busy


@pytest.fixture
def far(monkeypatch):
    """Every seek ahead is one that looks there first."""
    monkeypatch.setattr(projector, "_CLOSE_S", -1.0)


def test_a_short_way_ahead_is_analysed_and_read_once(show, truth):
    show.settle()
    for wish, index in (
        (lambda: show.projector.seek(1.02), 20),
        (lambda: show.projector.jump(0.5), 30),
        (lambda: show.projector.jump(4.0), LENGTH - 1),
    ):
        wish()
        show.settle()
        assert show.shown.frame.index == index
        same_window(show.shown.result.recognition.window, truth[0][index].window)
    assert [result.recognition.frame.index for result in show.results] == list(range(LENGTH))
    assert Film.reads <= LENGTH + 1
    assert Film.readings == 1


@pytest.mark.usefixtures("far")
def test_a_step_after_a_seek_ahead_reads_nothing(show):
    show.settle()
    show.projector.seek(2.02)
    while not show.moments or show.shown.frame.index != 40:
        show.projector.work()
    reads = Film.reads
    show.projector.step(1)
    while show.shown.frame.index != 41:
        show.projector.work()
    assert Film.reads == reads


def test_play_at_the_last_picture_begins_anew(show):
    show.projector.set_speed(1000.0)
    show.projector.seek(99.0)
    show.settle()
    show.moments.clear()
    show.projector.play()
    show.play_to(PlayState.ENDED)
    assert [moment.frame.index for moment in show.moments] == list(range(LENGTH))


def test_is_busy_only_where_it_takes_long(show, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(projector, "perf_counter", lambda: now[0])
    show.settle()
    show.projector.seek(2.0)
    assert not show.projector.busy
    now[0] += 1.0
    assert show.projector.busy
    show.settle()
    assert not show.projector.busy


def test_playing_waits_for_the_analysis(show):
    show.settle()
    show.projector.set_speed(1000.0)
    show.projector.seek(2.0)
    show.projector.play()
    show.play_to(PlayState.ENDED)
    whole = [moment.frame.index for moment in show.moments if moment.result]
    assert whole == [0, *range(40, LENGTH)]


@pytest.mark.parametrize("factor", [0.25, 1.0, 4.0])
def test_keeps_time_whatever_the_work_costs(recognizer, film, monkeypatch, factor):
    now = [1000.0]
    monkeypatch.setattr(projector, "perf_counter", lambda: now[0])
    show = Show(recognizer, film)
    show.settle()
    show.projector.set_speed(factor)
    show.projector.play()
    began = now[0]
    while show.projector.state is PlayState.PLAYING:
        now[0] += show.projector.work() + 0.002
    assert now[0] - began == pytest.approx(LENGTH / FPS / factor, abs=0.05)


def test_does_not_hurry_after_a_delay(recognizer, film, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(projector, "perf_counter", lambda: now[0])
    show = Show(recognizer, film)
    show.settle()
    show.projector.play()
    while show.shown.frame.index < 10:
        now[0] += show.projector.work()
    now[0] += 30.0
    began = now[0]
    while show.projector.state is PlayState.PLAYING:
        now[0] += show.projector.work()
    assert now[0] - began > (LENGTH - 15) / FPS


def test_no_picture_flickers_by_without_its_heat_map(recognizer, film, monkeypatch):
    monkeypatch.setattr(projector, "perf_counter", lambda: next(ticks))
    ticks = (tick / 1000 for tick in range(10**9))  # time stands almost still
    show = Show(recognizer, film)
    show.projector.seek(99.0)
    show.settle()
    show.projector.explain(1)
    show.moments.clear()
    show.projector.seek(1.0)
    show.projector.play()
    while not show.moments or show.shown.frame.index < LENGTH - 1:
        show.projector.work()
    assert [moment.frame.index for moment in show.moments] == list(range(20, LENGTH))
    assert {moment.result.recognition.window.explained for moment in show.moments} == {1}


@pytest.mark.parametrize(
    ("time", "index"),
    [(-1.0, 0), (0.0, 0), (0.049, 0), (1.0, 20), (1.049, 20), (2.95, 59), (99.0, 59)],
)
@pytest.mark.parametrize("known", [False, True])
def test_seek_finds_the_last_frame_that_is_not_later(show, time, index, known):
    if known:
        show.projector.seek(99.0)
        show.settle()
        assert show.projector.stock.length == LENGTH
    show.projector.seek(time)
    show.settle()
    assert show.shown.frame.index == index
    assert show.shown.result is not None
    assert show.projector.state is PlayState.PAUSED


@pytest.mark.parametrize("known", [False, True])
def test_jumps_add_up_though_nothing_between_was_shown(show, known):
    show.settle()
    if known:
        show.projector.seek(99.0)
        show.settle()
        show.projector.seek(0.0)
    for _ in range(2):
        show.projector.jump(1.0)
    show.projector.jump(-0.5)
    show.settle()
    assert show.shown.frame.index == 30
    show.projector.jump(-5.0)
    show.settle()
    assert show.shown.frame.index == 0
    for seconds in (*(1.0,) * 9, -1.0):  # the end is soon reached
        show.projector.jump(seconds)
    show.settle()
    assert show.shown.frame.index == LENGTH - 1 - FPS


def test_steps(show):
    show.settle()
    path = []
    for frames_on in (1, 1, -1, -5, 3, 1000):
        show.projector.step(frames_on)
        show.settle()
        path.append(show.shown.frame.index)
    assert path[:5] == [1, 2, 1, 0, 3]
    assert path[5] > 3  # as far as anything was known
    while show.projector.stock.length is None:
        show.projector.step(1000)
        show.settle()
    for frames_on in (1000, 1):
        show.projector.step(frames_on)
        show.settle()
        assert show.shown.frame.index == LENGTH - 1


def test_loop_and_play_after_the_end(show):
    show.projector.set_speed(1000.0)
    show.projector.set_loop(True)
    show.projector.play()
    while len(show.moments) < 2 * LENGTH:
        show.projector.work()
    assert [moment.frame.index for moment in show.moments] == [*range(LENGTH), *range(LENGTH)]
    assert len(show.results) == LENGTH
    show.projector.set_loop(False)
    show.play_to(PlayState.ENDED)
    show.projector.play()
    show.play_to(PlayState.ENDED)
    assert show.moments[-LENGTH].frame.index == 0
    assert Film.readings == 1


def test_a_single_picture_is_not_looped(recognizer):
    show = Show(recognizer, frames(1))
    show.projector.set_loop(True)
    show.projector.play()
    show.play_to(PlayState.ENDED)
    show.settle()
    assert [moment.frame.index for moment in show.moments] == [0]


def test_seek_at_the_end_is_a_pause(show):
    show.projector.set_speed(1000.0)
    show.projector.play()
    show.play_to(PlayState.ENDED)
    show.projector.seek(1.0)
    show.settle()
    assert (show.projector.state, show.shown.frame.index) == (PlayState.PAUSED, 20)


@pytest.mark.parametrize("motion", [True, False])
def test_pinned_class_is_explained_at_once_and_exactly(motion, make_bundle, tmp_path, film):
    folder = make_bundle(tmp_path / "pinned", motion=motion, length=5, interval=0.1)
    show = Show(Recognizer(load_bundle(folder), "cpu"), film)
    straight = Recognizer(load_bundle(folder), "cpu", explain=2)
    truth = [straight.push(frame) for frame in film]
    show.projector.seek(1.5)
    show.settle()
    reads = Film.reads
    show.moments.clear()
    show.projector.explain(2)
    show.settle()
    (moment,) = show.moments
    assert moment.frame.index == 30
    same_window(moment.result.recognition.window, truth[30].window)
    assert Film.reads == reads
    for index in (20, 33, 50):  # before, where it was analysed already, and where it was not
        show.projector.seek(index / FPS)
        show.settle()
        same_window(show.shown.result.recognition.window, truth[index].window)


def test_memory_is_bounded_and_what_had_to_go_comes_back(recognizer, film, truth):
    show = Show(recognizer, film, memory=SCARCE)
    show.projector.seek(99.0)
    show.settle()
    album = show.projector.stock.album
    assert len(album._pages) < LENGTH - 10
    assert album._used <= SCARCE
    for index in (15, 50, 16, 59, 0):
        show.moments.clear()
        show.projector.seek(index / FPS)
        show.settle()
        assert show.shown.frame.index == index
        same_window(show.shown.result.recognition.window, truth[0][index].window)
        assert show.shown.result.decision.confidence == truth[1][index][0].confidence
        assert album._used <= SCARCE
    assert len(show.results) == LENGTH


def test_played_again_out_of_too_small_a_memory(recognizer, film, truth):
    show = Show(recognizer, film, memory=SCARCE)
    show.projector.seek(99.0)
    show.settle()
    show.moments.clear()
    show.projector.set_speed(1000.0)
    show.projector.seek(0.0)
    show.projector.play()
    show.play_to(PlayState.ENDED)
    whole = {m.frame.index: m for m in show.moments if m.result}
    assert list(whole) == list(range(LENGTH))
    for index, moment in whole.items():
        same_window(moment.result.recognition.window, truth[0][index].window)


@pytest.mark.parametrize("memory", [1, 8_000, 15_000, 20_000, 25_000, 30_000, 35_000, 45_000])
def test_memory_without_room_for_a_window_shows_what_it_can(recognizer, film, truth, memory):
    show = Show(recognizer, film, memory=memory)
    show.projector.seek(99.0)
    show.settle()
    show.projector.seek(1.5)
    show.settle()
    assert show.shown.frame.index == 30
    assert show.shown.result.decision.probabilities is not None
    window = show.shown.result.recognition.window
    assert window is None or memory > 15_000
    if window is not None:
        same_window(window, truth[0][30].window)


WISHES = st.one_of(
    st.tuples(st.just("seek"), st.floats(-1.0, 4.0)),
    st.tuples(st.just("step"), st.integers(-LENGTH, LENGTH)),
    st.tuples(st.just("explain"), st.integers(-1, 2)),
    st.tuples(st.just("play"), st.integers(1, 100)),  # and so many things to do
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wishes=st.lists(WISHES, max_size=12), memory=st.sampled_from([SCARCE, MEMORY]))
def test_whatever_is_wished_what_is_shown_is_true(live_bundle, film, truth, wishes, memory):
    show = Show(Recognizer(live_bundle, "cpu"), film, memory)
    show.projector.set_speed(1000.0)
    pinned = -1
    for wish, value in wishes:
        if wish == "play":
            show.projector.play()
            for _ in range(value):
                show.projector.work()
            show.projector.pause()
        else:
            getattr(show.projector, wish)(value)
        pinned = value if wish == "explain" else pinned
        show.settle()
        shown = show.shown
        recognition, (decision, _) = truth[0][shown.frame.index], truth[1][shown.frame.index]
        assert shown.frame.time == recognition.frame.time
        assert shown.result.recognition.filled == recognition.filled
        assert shown.result.decision.confidence == decision.confidence
        window = shown.result.recognition.window
        assert (window is None) == (recognition.window is None)
        if window is not None:
            assert np.array_equal(window.logits, recognition.window.logits)
            assert pinned in (-1, window.explained)
    indices = [result.recognition.frame.index for result in show.results]
    assert indices == list(range(len(indices)))


@pytest.mark.parametrize("wish", ["settle", "seek"])
def test_source_without_a_frame(recognizer, wish):
    show = Show(recognizer, [])
    if wish == "seek":
        show.projector.seek(3.0)
    with pytest.raises(SourceError, match="film: holds no picture"):
        show.settle()


def test_source_of_one_frame(recognizer, film):
    show = Show(recognizer, film[:1])
    show.projector.set_speed(4.0)
    show.projector.play()
    show.play_to(PlayState.ENDED)
    assert len(show.moments) == len(show.results) == 1
    assert show.projector.stock.duration() == 0.0


def test_source_that_is_shorter_the_second_time(recognizer, film):
    lengths = iter([LENGTH, 10])
    show = Show(recognizer, film, SCARCE, lambda: Film(film[: next(lengths)]))
    show.projector.seek(99.0)
    with pytest.raises(SourceError, match="ended earlier than at the first reading"):
        show.settle()


def test_a_header_that_claims_centuries_is_not_believed(recognizer, film):
    class Absurd(Film):
        def open(self):
            return replace(super().open(), frames=10**9, fps=0.001)

    show = Show(recognizer, film, open_source=lambda: Absurd(film))
    show.settle()
    assert show.projector.stock.duration() < 10


def test_duration_by_the_header_until_the_end_is_known(recognizer, film):
    show = Show(recognizer, film)
    show.settle()
    assert show.projector.stock.duration() == pytest.approx((LENGTH - 1) / FPS)
    assert show.projector.stock.length is None
    show.projector.seek(99.0)
    show.settle()
    assert show.projector.stock.duration() == film[-1].time
