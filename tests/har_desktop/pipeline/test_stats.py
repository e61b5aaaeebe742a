import pytest

from har_desktop.pipeline import stats
from har_desktop.pipeline.stats import Recent


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 100.0

        def __call__(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(stats, "perf_counter", clock)
    return clock


def test_rate_is_that_of_the_last_seconds(clock):
    recent = Recent(2.0)
    assert recent.rate() == 0.0
    for _ in range(100):
        clock.now += 0.1
        recent.add()
    assert recent.rate() == pytest.approx(10.0)
    clock.now += 2.5
    assert recent.rate() == 0.0


def test_percentiles_forget(clock):
    recent = Recent(10.0)
    assert recent.percentile(50) is None
    for value in range(1, 102):
        recent.add(value)
    assert (recent.percentile(50), recent.percentile(95)) == (51.0, 96.0)
    clock.now += 9.0
    recent.add(7.0)
    clock.now += 2.0
    assert recent.percentile(50) == 7.0


def test_memory_is_bounded(clock):
    recent = Recent(2.0)
    for _ in range(10_000):
        clock.now += 0.01
        recent.add()
    assert len(recent._entries) <= 202


def test_of_two_that_come_at_once_no_rate_is_told(clock):
    recent = Recent(2.0)
    recent.add()
    clock.now += 1e-5
    recent.add()
    assert recent.rate() == 0.0
