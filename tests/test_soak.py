"""The soak in short: what takes hours to show is left to the command itself."""

import csv
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests import soak

HOURS = np.arange(0, 1, 1 / 720)
STEADY = soak.Sample(0.0, 200.0, 13, 14, *(10, 9, 1, 0), *(8, 2, 0), 1, *(9, 8, 0, 1))


def samples(growth=0.0, noise=0.1):
    memory = 200 + growth * HOURS + np.random.default_rng(1).normal(0, noise, len(HOURS))
    return [
        replace(STEADY, seconds=3600 * hours, rss_mb=rss)
        for hours, rss in zip(HOURS, memory, strict=True)
    ]


def kept(found):
    return [ok for _, _, ok in soak.findings(found, warm_up=900.0)]


def test_steady_numbers_keep_every_promise():
    assert kept(samples()) == [True] * 4


@pytest.mark.parametrize(("growth", "small"), [(0.5, True), (0.95, False), (1.5, False)])
def test_growth_is_found_if_it_may_be_too_much(growth, small):
    found = samples(growth, noise=0.3)
    seconds, memory = [s.seconds for s in found], [s.rss_mb for s in found]
    assert soak.slope(seconds, memory) == pytest.approx(growth, abs=0.1)
    assert growth < soak.upper_bound(seconds, memory) < growth + 0.3
    assert kept(found)[0] is small


def test_what_hangs_together_is_not_taken_for_many_witnesses():
    wander = np.cumsum(np.random.default_rng(0).normal(0, 0.1, len(HOURS)))
    seconds = 3600 * HOURS
    lone = np.random.default_rng(0).normal(0, wander.std(), len(HOURS))
    width = {
        name: soak.upper_bound(seconds, values) - soak.slope(seconds, values)
        for name, values in (("wander", wander), ("lone", lone))
    }
    assert width["wander"] > 2 * width["lone"]


def test_a_thread_that_stays_is_found_one_that_comes_and_goes_is_not():
    found = samples()
    found[::7] = [replace(sample, threads=14, handles=16) for sample in found[::7]]
    assert kept(found) == [True] * 4
    found[400:] = [replace(sample, threads=14) for sample in found[400:]]
    assert kept(found) == [True, False, True, True]
    found[400:] = [replace(sample, threads=13, handles=15) for sample in found[400:]]
    assert kept(found) == [True, True, False, True]


@pytest.mark.parametrize("lost", ["frames", "pictures_shown", "results_written"])
def test_a_lost_frame_is_found(lost):
    found = samples()
    found[3] = replace(found[3], **{lost: 7})
    assert kept(found) == [True, True, True, False]


@pytest.mark.slow
def test_a_few_seconds(tmp_path):
    report = tmp_path / "soak.md"
    command = [sys.executable, "-m", "tests.soak", "--hours", "0.004", "--report", str(report)]
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr  # a few seconds say little about memory
    lines = report.read_text().splitlines()
    (captured,) = [line for line in lines if line.startswith("| captured")]
    assert captured.endswith("| yes |")
    with report.with_suffix(".csv").open() as file:
        rows = list(csv.DictReader(file))
    assert int(rows[-1]["recordings"]) > 1
    assert int(rows[-1]["recognised"]) > 10
