"""The mathematics of the comparison, on times that are known."""

import numpy as np
import pytest

from benchmarks import harness
from benchmarks.harness import FEWEST, Effort, Sample, alternate, ratio


@pytest.fixture
def clock(monkeypatch):
    """A clock that calls move: the list holds its one number."""
    now = [0.0]
    monkeypatch.setattr(harness, "perf_counter", lambda: now[0])
    return now


def rival(clock, name, seconds, log):
    def call():
        log.append(name)
        clock[0] += next(seconds)

    return call


def constant(seconds):
    while True:
        yield seconds


def test_rivals_alternate_forwards_and_backwards(clock):
    log = []
    rivals = {name: rival(clock, name, constant(1.0), log) for name in "abc"}
    alternate(rivals, Effort(rounds=3, turn_s=0.0))
    assert "".join(log) == "abc" + "abc" + "cba" + "abc"  # the first three warm up


def test_calls_fill_a_turn_and_the_first_of_them_does_not_count(clock):
    log = []
    cold = iter([0.1, *[0.5, 0.1, 0.1, 0.1, 0.1] * 2])
    samples = alternate({"a": rival(clock, "a", cold, log)}, Effort(rounds=2, turn_s=0.401))
    assert [len(turn) for turn in samples["a"].turns] == [4, 4]
    np.testing.assert_allclose(samples["a"].calls, 0.1)


def test_a_call_that_is_longer_than_a_turn_is_counted_alone(clock):
    log = []
    samples = alternate({"a": rival(clock, "a", constant(3.0), log)}, Effort(rounds=4, turn_s=1.0))
    assert len(log) == 5
    np.testing.assert_allclose(samples["a"].calls, [3.0] * 4)


def test_a_turn_of_nothing_at_all_is_bounded():
    samples = alternate({"a": lambda: None}, Effort(rounds=1, turn_s=1.0))
    assert len(samples["a"].calls) == harness.MOST_CALLS


def test_ratio_of_constants_is_exact():
    found = ratio(Sample([[6.0]] * 5), Sample([[2.0]] * 5))
    assert (found.value, found.low, found.high) == (3.0, 3.0, 3.0)


def test_ratio_is_of_medians_of_turns():
    found = ratio(Sample([[1.0, 4.0, 100.0]] * 3), Sample([[2.0]] * 3))
    assert found.value == 2.0


def test_drift_of_the_machine_cancels():
    """The machine becomes ten times slower on the way; the ratio doesn't notice."""
    speed = np.linspace(1, 10, 20)
    found = ratio(Sample([[4 * s] for s in speed]), Sample([[s] for s in speed]))
    assert found.value == pytest.approx(4.0)
    assert found.high - found.low < 1e-9


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(1)
    held = 0
    for _ in range(100):
        top, bottom = (
            Sample([[factor * noise] for noise in random.lognormal(0, 0.2, 15)])
            for factor in (3.0, 1.0)
        )
        found = ratio(top, bottom)
        assert found.low <= found.value <= found.high
        held += found.low <= 3.0 <= found.high
    assert 85 <= held <= 100  # 95 are meant


def test_more_noise_gives_a_wider_interval():
    random = np.random.default_rng(2)
    widths = []
    for noise in (0.02, 0.5):
        top = Sample([[x] for x in random.lognormal(0, noise, 15)])
        found = ratio(top, Sample([[1.0]] * 15))
        widths.append(found.high - found.low)
    assert widths[0] < widths[1]


def test_fewer_rounds_for_slow_rivals_but_enough_for_an_interval():
    assert Effort(rounds=30).fewer().rounds == 10
    assert Effort(rounds=15).fewer().rounds == FEWEST == 6
    assert Effort(rounds=2).fewer().rounds == 2


def test_scaled():
    np.testing.assert_allclose(Sample([[1.0, 2.0], [3.0]]).scaled(0.5).calls, [0.5, 1.0, 1.5])
