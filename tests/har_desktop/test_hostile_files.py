"""Whatever file is opened: an answer or one clear line, and the next file is none the worse."""

import math
import os
import signal
from contextlib import closing
from itertools import count, pairwise
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from har_desktop.errors import SourceError
from har_desktop.replay import replay
from har_desktop.sources.contained import ContainedVideo, Decoder
from tests.films import FRAMES, write
from tests.hostile import good_films, write_corpus

SAMPLE = 25


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, make_bundle):
    return make_bundle(tmp_path_factory.mktemp("bundles") / "small")


def check_batch(paths, bundle, folder):
    """Replay the files, and a good one after them."""
    good = write(folder / "good.mp4", "mp4v")
    sources = [str(path) for path in (*paths, good)]
    results = replay(sources, folder / "out", model=bundle, provider="cpu")
    done = {summary.source: summary for summary in results.summaries}
    failed = {failure.source: failure for failure in results.failures}
    assert sorted([*done, *failed]) == sorted(sources)
    assert done[str(good)].frames == FRAMES
    for source, failure in failed.items():
        assert "\n" not in failure.error
        assert failure.error.startswith(f"{source}: ")
        assert "; " in failure.error  # what to do
        assert failure.exit_code == 2
        # None of these files brings this decoder down or confuses our own code.
        assert "the decoder" not in failure.error
        assert "cannot be decoded: " not in failure.error
    for summary in done.values():
        assert summary.frames > 0
        assert math.isfinite(summary.duration_s)
        assert all(Path(file).stat().st_size for file in summary.files)
    return done, failed


def test_a_sample_of_hostile_files(corpus, bundle, tmp_path):
    small = [path for path in corpus if path.stat().st_size < 200_000]
    done, failed = check_batch(small[:: len(small) // SAMPLE], bundle, tmp_path)
    assert len(done) > 5
    assert len(failed) > 5


@pytest.mark.slow
def test_all_hostile_files(corpus, bundle, tmp_path):
    assert len(corpus) >= 300
    done, failed = check_batch(corpus, bundle, tmp_path)
    assert any("7680x4320" in source for source in done)
    assert any("pictures of 9000x9000 are too large" in f.error for f in failed.values())


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    return good_films(tmp_path_factory.mktemp("films"))


@pytest.fixture(scope="module")
def decoder():
    with closing(Decoder()) as decoder:
        yield decoder


WOUNDS = st.lists(
    st.tuples(
        st.sampled_from(["overwrite", "insert", "remove", "repeat"]),
        st.floats(0, 1),
        st.binary(min_size=1, max_size=64),
    ),
    min_size=1,
    max_size=8,
)


def wounded(data, wounds):
    """Bytes with some changed: what is done, where (of the whole), and with which bytes."""
    for how, place, piece in wounds:
        at = int(place * len(data))
        end = at + len(piece)
        data = {
            "overwrite": data[:at] + piece + data[end:],
            "insert": data[:at] + piece + data[at:],
            "remove": data[:at] + data[end:],
            "repeat": data[:end] + data[at:],
        }[how]
    return data


def check_reading(source):
    """Frames as they should be, or one clear line."""
    try:
        source.open()
        frames = list(source)
    except SourceError as error:
        assert str(error).count("\n") == 0  # noqa: PT017, most have no error
        assert "cannot be decoded: " not in str(error)  # noqa: PT017
        return
    assert frames
    assert {frame.size for frame in frames} == {frames[0].size}
    assert all(one.time < other.time < math.inf for one, other in pairwise(frames))


def fuzz(examples):
    return settings(
        max_examples=examples,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


@fuzz(25)
@given(suffix=st.sampled_from(["mp4", "avi", "mkv", "webm", "ts", "mpg", "flv", "wmv"]), w=WOUNDS)
def test_wounded_films(suffix, w, films, decoder, tmp_path):
    path = tmp_path / f"wounded.{suffix}"
    path.write_bytes(wounded(films[suffix], w))
    check_reading(ContainedVideo(path, decoder))


@pytest.mark.slow
@fuzz(400)
@given(suffix=st.sampled_from(["mp4", "avi", "mkv", "webm", "ts", "mpg", "flv", "wmv"]), w=WOUNDS)
def test_many_wounded_films(suffix, w, films, decoder, tmp_path):
    path = tmp_path / f"wounded.{suffix}"
    path.write_bytes(wounded(films[suffix], w))
    check_reading(ContainedVideo(path, decoder))


def test_a_file_that_goes_away_while_it_is_read(tmp_path):
    """As one does on a share that is gone: it is cut off, and removed."""
    path = write(tmp_path / "film.avi", "MJPG", fps=25.0)
    source = ContainedVideo(path)
    source.open()
    assert source.read() is not None
    os.truncate(path, 100)
    path.unlink()
    frames = list(source)
    assert len(frames) <= FRAMES
    with pytest.raises(SourceError, match="no such file"):
        source.open()
    source.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows lacks the signal")
def test_a_decoder_that_crashes_takes_one_file_with_it(bundle, tmp_path):
    paths = [write(tmp_path / f"{name}.mp4", "mp4v") for name in ("first", "second", "third")]
    frames, others = count(), set(psutil.Process().children())

    def shoot():
        if next(frames) == FRAMES + 5:
            (decoder,) = set(psutil.Process().children()) - others
            decoder.send_signal(signal.SIGSEGV)

    results = replay([*map(str, paths)], tmp_path / "out", model=bundle, on_frame=shoot)
    assert [summary.frames for summary in results.summaries] == [FRAMES, FRAMES]
    (failure,) = results.failures
    assert failure.error.startswith(f"{paths[1]}: the decoder crashed on it (SIGSEGV); ")
    assert failure.exit_code == 2
    left = {path.name.partition(".")[0] for path in (tmp_path / "out").iterdir()}
    assert left == {"first", "third"}
    assert set(psutil.Process().children()) == others
