"""The tables say what was measured, under which limits, and what is merely quoted."""

import csv
import io

import msgspec
import pytest

from har_desktop.opencv import cv2
from training.compare.quoted import POSTER_SCORES, QUOTED
from training.compare.results import Result, Settings
from training.compare.table import as_csv, markdown, write

pytest.importorskip("matplotlib", reason="the training extra is not installed")

SETTINGS = Settings(
    protocol="group-wise",
    classes=tuple("ABCDEFGHIJ"),
    size=(64, 88),
    weights="from scratch",
    epochs=20,
    warmup=3,
    frames=2,
    batch=8,
    seed=1,
    clips=(690, 154, 280),
)
MEASURED = Result(
    network="VGG16",
    settings=SETTINGS,
    accuracy=0.4375,
    wilson95=(0.38, 0.49),
    precision=0.42,
    recall=0.43,
    f1=0.41,
    parameters=14_719_818,
    milliseconds_per_frame=7.25,
    sanity_epochs=20,
    epochs=20,
    seconds_per_epoch=140.0,
    machine="Linux x86_64, 2 cores",
    commit="0123456789ab",
)
STOPPED = Result(
    network="VGG19",
    settings=SETTINGS,
    stopped="cannot learn 20 clips by heart",
    parameters=20_000_000,
    sanity_epochs=200,
    machine="",
    commit="",
)


def rows(text: str) -> dict[str, list[str]]:
    cells = [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines()]
    return {row[0]: row for row in cells if len(row) > 3}


def test_a_measured_row_stands_beside_the_posters_with_its_limits():
    row = rows(markdown([MEASURED]))["VGG16"]
    assert row[1:5] == ["0.438 (0.380 to 0.490)", "0.420", "0.430", "0.410"]
    assert row[5] == "0.07, 0.01, 0.07, 0.01"
    assert row[6:8] == ["14.72 M", "7.2"]
    assert row[8] == "64x88 px; from scratch; 20 epochs of 2 pictures per clip"


def test_an_interval_says_what_it_draws():
    drawn = msgspec.structs.replace(MEASURED, network="CNN-GRU", grouped95=(0.31, 0.55))
    table = markdown([MEASURED])
    assert "The intervals of all take clips of one group for independent (Wilson)" in table
    assert "draw whole groups" not in table
    table = markdown([MEASURED, drawn, STOPPED])
    assert "Intervals draw whole groups" in table
    assert "The intervals of VGG16 take clips of one group for independent (Wilson)" in table
    assert rows(table)["CNN-GRU"][1] == "0.438 (0.310 to 0.550)"
    assert "Wilson" not in markdown([drawn])
    (record,) = csv.DictReader(io.StringIO(as_csv([drawn])))
    assert (record["low95"], record["high95"]) == ("0.31", "0.55")


def test_a_stopped_row_says_why_and_states_no_number():
    row = rows(markdown([STOPPED]))["VGG19"]
    assert row[1] == "stopped: cannot learn 20 clips by heart"
    assert row[2:5] == ["", "", ""]


def test_guessing_is_called_guessing():
    lucky = msgspec.structs.replace(MEASURED, accuracy=0.12, wilson95=(0.09, 0.16))
    assert "not better than guessing" in rows(markdown([lucky]))["VGG16"][8]


def test_protocols_have_tables_of_their_own_and_the_one_that_leaks_says_so():
    leaked = msgspec.structs.replace(
        MEASURED, settings=msgspec.structs.replace(SETTINGS, protocol="clip-random"), accuracy=0.99
    )
    text = markdown([MEASURED, leaked])
    first, second = text.index("## group-wise"), text.index("## clip-random")
    assert "0.438" in text[first:second]
    assert "0.990" in text[second:]
    assert "it leaks" in text[second:]
    assert "it leaks" not in text[first:second]


def test_quoted_numbers_are_marked_and_never_stand_among_the_measured():
    ours = msgspec.structs.replace(MEASURED, network="Two-stream+LSTM")
    leaks = msgspec.structs.replace(SETTINGS, protocol="clip-random")
    leaked = msgspec.structs.replace(ours, settings=leaks, accuracy=0.99)
    text = markdown([ours, leaked])  # which is not what strangers would see
    measured, quoted = text.split("## Quoted, not measured: 101 classes, not comparable")
    assert not any(quote.name in measured for quote in QUOTED)
    lines = rows(quoted)
    assert lines["TS-LSTM"][1] == "94.1 %"
    assert lines["A2-Net"][1] == "not at hand"
    assert lines["Two-stream + LSTM"][2] == "Two-stream+LSTM: 0.438 on 10 classes, group-wise"
    assert all(quote.source for quote in QUOTED)


def test_csv_has_all_digits():
    (record, stopped) = csv.DictReader(io.StringIO(as_csv([MEASURED, STOPPED])))
    assert record["network"] == "VGG16"
    assert float(record["accuracy"]) == 0.4375
    assert float(record["poster_accuracy"]) == POSTER_SCORES["VGG16"].accuracy
    assert record["weights"] == "from scratch"
    assert stopped["accuracy"] == ""
    assert stopped["stopped"]


def test_everything_is_written(tmp_path):
    paths = write(tmp_path, [MEASURED, STOPPED])
    assert sorted(p.name for p in paths) == [
        "accuracy.png",
        "accuracy.svg",
        "table.csv",
        "table.md",
    ]
    assert {p.name for p in tmp_path.iterdir()} == {p.name for p in paths}
    assert cv2.imread(str(tmp_path / "accuracy.png")).shape[1] >= 1000
    assert "<svg" in (tmp_path / "accuracy.svg").read_text()
