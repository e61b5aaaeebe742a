"""Whose a run folder is while it is learned in, and what opening one refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from har_desktop.errors import InputError, OutputError
from training.config import Config, Streams
from training.data.index import scan
from training.data.split import Others, Split, split_by_group
from training.run_folder import BEST, learning, open_run, owning, read_finished

CONFIG = Config(classes=("Drift", "Still"))
OTHER = """
import sys
from pathlib import Path
from training.run_folder import owning
with owning(Path(sys.argv[1])):
    print("mine", flush=True)
    sys.stdin.read()
"""


def test_a_folder_is_one_process_until_it_dies(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "mine\n"
        with pytest.raises(InputError, match="another process trains there"), owning(tmp_path):
            pytest.fail("two processes own it")
        other.kill()
    with owning(tmp_path):
        pass


def test_a_run_that_was_killed_as_it_began_can_begin_again(tmp_path: Path) -> None:
    run = tmp_path / "run"
    split = Split("group-wise", [], [], [], [])
    open_run(run, Config(), split, resume=False)
    (run / "config.json").rename(run / ".config.json.4711.1.partial.json")
    for left in (".lock", ".DS_Store", "history.csv"):
        (run / left).touch()
    open_run(run, Config(), split, resume=False)
    with pytest.raises(InputError, match="not empty: go on with --resume"):
        open_run(run, Config(), split, resume=False)


def test_a_folder_with_a_history_is_not_taken_for_one_that_just_began(tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text("epoch,loss\n0,1.5\n")
    with pytest.raises(InputError, match="not empty"):
        open_run(tmp_path, Config(), Split("group-wise", [], [], [], []), resume=False)


def test_it_is_let_go_of_when_learning_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), owning(tmp_path):
        raise ZeroDivisionError
    with owning(tmp_path):
        pass


SPLIT = Split("group-wise", [], [], [], [])


@pytest.mark.parametrize("stop", [ValueError, KeyboardInterrupt])
def test_what_fails_before_anything_is_learned_can_begin_again(tmp_path: Path, stop) -> None:
    open_run(tmp_path, CONFIG, SPLIT, resume=False)
    open_run(tmp_path / "stream0", CONFIG, SPLIT, resume=False)
    (tmp_path / "backup").mkdir()
    (tmp_path / "history.csv").write_text("epoch,loss\n")
    (tmp_path / BEST).touch()  # kept before the epoch was noted
    with pytest.raises(stop), learning(tmp_path):
        raise stop
    open_run(tmp_path, Config(seed=2), SPLIT, resume=False)


@pytest.mark.parametrize("where", ["", "stream0"])
def test_what_was_learned_is_kept_and_it_is_told_how_to_go_on(tmp_path, capsys, where) -> None:
    open_run(tmp_path, CONFIG, SPLIT, resume=False)
    (tmp_path / where).mkdir(exist_ok=True)
    (tmp_path / where / "history.csv").write_text("epoch,loss\n0,1.0\n")
    with pytest.raises(KeyboardInterrupt), learning(tmp_path):
        raise KeyboardInterrupt
    assert f"{tmp_path}: interrupted; go on with --resume" in capsys.readouterr().err
    with pytest.raises(ValueError, match="wrong"), learning(tmp_path):
        raise ValueError("wrong")
    assert capsys.readouterr().err == ""
    open_run(tmp_path, CONFIG, SPLIT, resume=True)


def test_a_run_goes_on_with_the_same_clips_of_other_classes(clips_folder, tmp_path) -> None:
    def others(*paths: str) -> Others:
        return Others([clip for clip in scan(clips_folder, ["Other"]) if clip.path in paths], [])

    paths = [clip.path for clip in scan(clips_folder, ["Other"])]
    split = msgspec.structs.replace(SPLIT, others=others(*paths))
    open_run(tmp_path, CONFIG, split, resume=False)
    open_run(tmp_path, CONFIG, split, resume=True)
    fewer = msgspec.structs.replace(split, others=others(*paths[1:]))
    with pytest.raises(InputError, match="divides other clips, or divides them otherwise"):
        open_run(tmp_path, CONFIG, fewer, resume=True)
    # Runs of before do not tell which of them test, or of any.
    tested = [clip for clip in scan(clips_folder, ["Other"]) if clip.path == paths[0]]
    known = msgspec.structs.replace(split.others, test=tested)
    open_run(tmp_path, CONFIG, msgspec.structs.replace(split, others=known), resume=True)
    (tmp_path / "split.json").write_bytes(msgspec.json.encode(SPLIT))
    open_run(tmp_path, CONFIG, split, resume=True)


def test_a_finished_run_of_several_networks_needs_what_each_has_found(tmp_path: Path) -> None:
    open_run(tmp_path, Streams(streams=(CONFIG, CONFIG)), SPLIT, resume=False)
    with pytest.raises(InputError, match="is no finished run"):
        read_finished(tmp_path)
    for name in ("environment", "calibration", "validation"):
        (tmp_path / f"{name}.json").write_text("{}")
    with pytest.raises(InputError, match=r"stream0.calibration\.json is gone: put it back, or"):
        read_finished(tmp_path)
    for number in range(2):
        (tmp_path / f"stream{number}").mkdir()
        for name in ("calibration", "validation"):
            (tmp_path / f"stream{number}" / f"{name}.json").write_text("{}")
    assert read_finished(tmp_path)[1] == SPLIT


def test_a_full_disk_says_itself_how_to_go_on(tmp_path: Path) -> None:
    open_run(tmp_path, CONFIG, SPLIT, resume=False)
    with pytest.raises(OutputError), learning(tmp_path):
        raise OutputError("mend that, and go on with --resume")
    open_run(tmp_path, CONFIG, SPLIT, resume=True)


def test_a_folder_that_takes_no_files_is_one_line(read_only_disk: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"), owning(read_only_disk):
        pytest.fail("nothing was written")


def test_a_run_folder_is_never_overwritten(clips_folder: Path, tmp_path: Path) -> None:
    split = split_by_group(scan(clips_folder, CONFIG.classes))
    run = tmp_path / "run"
    with pytest.raises(InputError, match="nothing to resume"):
        open_run(run, CONFIG, split, resume=True)
    open_run(run, CONFIG, split, resume=False)
    for taken, words in ((run, "not empty"), (run / "config.json", "is a file")):
        with pytest.raises(InputError, match=words):
            open_run(taken, CONFIG, split, resume=False)
    other = Config(classes=CONFIG.classes, seed=7)
    with pytest.raises(InputError, match="another configuration"):
        open_run(run, other, split, resume=True)
    with pytest.raises(InputError, match=r"divides other clips.*own"):
        open_run(run, CONFIG, msgspec.structs.replace(split, train=split.train[1:]), resume=True)
    open_run(run, CONFIG, split, resume=True)
    (run / "environment.json").write_text("{}")
    with pytest.raises(InputError, match="holds a finished run: give another folder"):
        open_run(run, CONFIG, split, resume=False)
    with pytest.raises(InputError, match="is finished"):
        open_run(run, CONFIG, split, resume=True)
    for damaged in (b"{", b'{"seed": "\xff"}', b'{"epochs": 0}'):
        (run / "config.json").write_bytes(damaged)
        with pytest.raises(InputError, match=r"config\.json cannot be used"):
            open_run(run, CONFIG, split, resume=True)
