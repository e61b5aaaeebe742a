"""Tables for people and for programs."""

import csv

import pytest

from benchmarks.harness import Ratio, Sample
from benchmarks.rows import Row, compare, markdown, write_csv

SAMPLES = {"ours": Sample([[0.001, 0.003]] * 2), "theirs": Sample([[0.02]] * 2)}


def test_compare_gives_each_rival_its_ratio_to_the_reference():
    ours, theirs = compare("net", SAMPLES, "ours", {"theirs": ">= 10"}, {"ours": "quick"})
    assert (ours.ratio, ours.goal, ours.note) == (None, "", "quick")
    assert (theirs.ratio, theirs.goal, theirs.note) == (Ratio(10.0, 10.0, 10.0), ">= 10", "")


def test_markdown():
    head, rule, ours, theirs = markdown(compare("net", SAMPLES, "ours")).splitlines()
    assert head == "| case | measured | min | p50 | p95 | ratio (95 %) | goal | note |"
    assert set(rule) == {"|", "-", " "}
    assert ours == "| net | ours | 1.00 | 2.00 | 3.00 |  |  |  |"
    assert theirs == "| net | theirs | 20.0 | 20.0 | 20.0 | 10.0 (10.0 to 10.0) |  |  |"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0123, "0.0123"),
        (0.9996, "1.00"),
        (1.234, "1.23"),
        (98.76, "98.8"),
        (999.4, "999"),
        (1234.5, "1234"),
    ],
)
def test_three_digits_count(value, text):
    row = Row("", "", Sample([[value / 1000]]))
    assert f"| {text} | {text} | {text} |" in markdown([row])


def test_csv_can_be_read_back(tmp_path):
    write_csv(tmp_path / "all.csv", {"some": compare("a, b", SAMPLES, "ours")})
    with (tmp_path / "all.csv").open(newline="") as file:
        ours, theirs = csv.DictReader(file)
    assert (ours["benchmark"], ours["case"], ours["measured"]) == ("some", "a, b", "ours")
    assert (float(ours["min_ms"]), float(ours["p50_ms"]), ours["calls"]) == (1.0, 2.0, "4")
    assert (ours["ratio"], float(theirs["ratio_low"])) == ("", 10.0)
