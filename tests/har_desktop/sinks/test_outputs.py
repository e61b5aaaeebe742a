"""What a replay's files are called, and that none of them is left half done."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from har_desktop.errors import InputError
from har_desktop.sinks import outputs
from har_desktop.sinks.base import Sink
from har_desktop.sinks.frames_jsonl import FramesJsonl
from har_desktop.sinks.outputs import is_result, make_folder, opened, place, spare_others

OURS, OTHERS = b"\0\0\0\x18ftypisml", b"\0\0\0\x20ftypisom"


def test_a_name_that_a_number_would_make_is_not_taken_twice(tmp_path: Path) -> None:
    assert _places(tmp_path, "a", "b", "a", "a-2", "a") == ["a", "b", "a-2", "a-2-2", "a-3"]


def test_names_that_some_disks_take_for_the_same_are_kept_apart(tmp_path: Path) -> None:
    assert _places(tmp_path, "Clip", "clip", "CLIP-2") == ["Clip", "clip-2", "CLIP-2-2"]
    assert _places(tmp_path, "caf\u00e9", "cafe\u0301") == ["caf\u00e9", "cafe\u0301-2"]


def test_results_that_a_program_has_open_stay_as_they_are(tmp_path, run_info, monkeypatch) -> None:
    run = replace(run_info, source_sha256="1" * 64)
    FramesJsonl(tmp_path / "a.frames.jsonl", run).finish()
    assert place(tmp_path, "a", "1" * 64, set()).name == "a"
    monkeypatch.setattr(outputs, "is_open", lambda path: path.name == "a.events.csv")
    assert place(tmp_path, "a", "1" * 64, set()).name == "a-2"


def test_a_source_whose_share_is_gone_keeps_no_other_from_being_replayed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whose results are there already."""
    far, near = tmp_path / "far.avi", tmp_path / "near.mp4"
    far.touch()
    near.write_bytes(OURS)
    (tmp_path / "near.frames.jsonl").touch()
    stat = os.stat

    def fail(path: Any, *rest: Any, **options: Any) -> os.stat_result:
        if str(path) == str(far):
            raise OSError(errno.EHOSTDOWN, "Host is down")
        return stat(path, *rest, **options)

    monkeypatch.setattr(os, "stat", fail)
    spare_others("film.avi", tmp_path / "near", [far])
    with pytest.raises(InputError, match=r"film\.avi: the result would replace .*near\.mp4"):
        spare_others("film.avi", tmp_path / "near", [far, near])


def test_results_of_another_source_keep_their_name(tmp_path: Path, run_info) -> None:
    for name, sha256 in (("a", "1" * 64), ("a-2", "2" * 64), ("b", None)):
        run = replace(run_info, source_sha256=sha256)
        FramesJsonl(tmp_path / f"{name}.frames.jsonl", run).finish()
    found = [place(tmp_path, "a", number * 64, set()).name for number in "123"]
    assert found == ["a", "a-2", "a-3"]
    assert place(tmp_path, "b", "1" * 64, set()).name == "b-2"
    assert place(tmp_path, "b", None, set()).name == "b"


def test_only_what_is_drawn_on_is_a_result(tmp_path: Path, run_info) -> None:
    names = ("drawn.mp4", "plain.mp4", "alone.mp4", "drawn.avi")
    videos = [tmp_path / name for name in names]
    FramesJsonl(tmp_path / "drawn.frames.jsonl", run_info).finish()
    FramesJsonl(tmp_path / "plain.frames.jsonl", run_info, plain=True).finish()
    assert [video.name for video in videos if is_result(video, videos)] == ["drawn.mp4"]


def test_a_film_beside_the_rest_of_old_results_is_not_replaced(tmp_path: Path, run_info) -> None:
    FramesJsonl(tmp_path / "film.frames.jsonl", run_info).finish()
    film = tmp_path / "film.mp4"
    spare_others("film.avi", tmp_path / "film", [])
    film.write_bytes(OURS)
    spare_others("film.avi", tmp_path / "film", [])
    film.write_bytes(OTHERS)
    with pytest.raises(InputError, match=r"film\.avi: the result would replace .*film\.mp4"):
        spare_others("film.avi", tmp_path / "film", [])


def test_the_name_of_what_another_run_is_writing_is_taken(
    tmp_path: Path, run_info, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with other:
        monkeypatch.setattr("har_desktop.sinks.leftovers.os.getpid", lambda: other.pid)
        theirs = FramesJsonl(tmp_path / "a.frames.jsonl", replace(run_info, source_sha256="1" * 64))
        monkeypatch.undo()
        assert place(tmp_path, "a", "2" * 64, set()).name == "a-2"
        assert place(tmp_path, "a", "1" * 64, set()).name == "a"  # they write the same
        assert place(tmp_path, "b", "2" * 64, set()).name == "b"
        other.kill()
    assert place(tmp_path, "a", "2" * 64, set()).name == "a"
    theirs.abort()


def test_of_results_of_before_the_source_tells(tmp_path: Path, run_info) -> None:
    for name in ("with", "without"):
        frames = FramesJsonl(tmp_path / f"{name}.frames.jsonl", run_info).finish()
        frames.write_text(frames.read_text().replace(',"drawn":true', ""))
    videos = [tmp_path / name for name in ("with.avi", "with.mp4", "without.mp4")]
    assert [video.name for video in videos if is_result(video, videos)] == ["with.mp4"]


def test_a_folder_whose_name_no_video_can_have_is_refused_at_once(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"ou\xff")
    with pytest.raises(InputError, match=r"ou\\udcff': the path is not valid UTF-8"):
        make_folder(folder)
    assert list(tmp_path.iterdir()) == []


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


def _places(out: Path, *names: str) -> list[str]:
    taken = set[str]()
    return [place(out, name, None, taken).name for name in names]


def _write(sinks: Sequence[Sink], result) -> None:
    for sink in sinks:
        sink.write(*result(np.zeros((96, 128, 3), np.uint8), 0, 0.0), [])
