import csv

import numpy as np

from har_desktop.decision.decision import Event
from har_desktop.sinks.events_csv import EventsCsv

IMAGE = np.zeros((96, 128, 3), np.uint8)


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_events_come_back_as_they_were(tmp_path, run_info, result):
    path = tmp_path / "clip.events.csv"
    sink = EventsCsv(path, run_info)
    sink.write(*result(IMAGE, 0, 0.0), [Event(0.0, 1.23456, "Lunges", 0.91234)])
    sink.write(*result(IMAGE, 1, 0.04), [])
    sink.write(*result(IMAGE, 2, 0.08), [Event(3.5, 4.0, 'a "b", c\nd', 1.0)])
    assert not path.exists()
    assert sink.finish([Event(4000.0, 5000.5, "Größe", 0.5)]) == path
    assert rows_of(path) == [
        ["start", "end", "label", "confidence"],
        ["0.000", "1.235", "Lunges", "0.9123"],
        ["3.500", "4.000", 'a "b", c\nd', "1.0000"],
        ["4000.000", "5000.500", "Größe", "0.5000"],
    ]


def test_without_events_there_is_still_a_table(tmp_path, run_info):
    assert len(rows_of(EventsCsv(tmp_path / "clip.events.csv", run_info).finish())) == 1


def test_an_aborted_table_is_gone(tmp_path, run_info):
    EventsCsv(tmp_path / "clip.events.csv", run_info).abort()
    assert list(tmp_path.iterdir()) == []
