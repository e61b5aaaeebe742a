"""What a replay's files are called, and that none of them is left half done."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from har_desktop.sinks.base import Sink
from har_desktop.sinks.outputs import make_folder, opened, unique


def test_a_name_that_a_number_would_make_is_not_taken_twice() -> None:
    assert unique(["a", "b", "a", "a-2", "a"]) == ["a", "b", "a-2", "a-2-2", "a-3"]


def test_names_that_some_disks_take_for_the_same_are_kept_apart() -> None:
    assert unique(["Clip", "clip", "CLIP-2"]) == ["Clip", "clip-2", "CLIP-2-2"]
    assert unique(["caf\u00e9", "cafe\u0301"]) == ["caf\u00e9", "cafe\u0301-2"]


def test_looking_whether_a_folder_takes_files_leaves_all_as_it_is(tmp_path: Path) -> None:
    mine = tmp_path / ".har-desktop"
    mine.write_text("mine")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make_folder, [tmp_path] * 500))
    assert mine.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [mine]


def test_four_files_stand_under_one_name(tmp_path: Path, run_info, result) -> None:
    with opened(tmp_path / "clip.old", run_info) as sinks:
        _write(sinks, result)
        written = [sink.finish() for sink in sinks]
    suffixes = (".mp4", ".frames.jsonl", ".events.csv", ".vtt")
    assert written == [tmp_path / f"clip.old{suffix}" for suffix in suffixes]
    assert sorted(tmp_path.iterdir()) == sorted(written)


def test_what_fails_leaves_none_of_them(tmp_path: Path, run_info, result) -> None:
    def fail() -> None:
        with opened(tmp_path / "clip", run_info) as sinks:
            _write(sinks, result)
            assert list(tmp_path.iterdir())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(tmp_path.iterdir()) == []


def _write(sinks: Sequence[Sink], result) -> None:
    for sink in sinks:
        sink.write(*result(np.zeros((96, 128, 3), np.uint8), 0, 0.0), [])
