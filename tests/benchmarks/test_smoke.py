"""Each benchmark measures something, at the least effort. How fast it is stands in no test."""

import csv
import os
import subprocess

import numpy as np
import pytest

from benchmarks import __main__ as program
from benchmarks import arithmetic, floor, peer, replay, start
from benchmarks.graphs import bare_run, to_session
from benchmarks.harness import Effort
from benchmarks.stream import Stream, random_pictures
from benchmarks.video import record
from har_desktop import console
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.recognizer import Recognizer
from har_desktop.inference.session import Session

LEAST = Effort(rounds=2, turn_s=0.0)


@pytest.fixture(autouse=True)
def visible_again(monkeypatch):
    """The command hides GPUs; other tests of this process may look for one."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")


@pytest.fixture(scope="module")
def bundle(bundle_folder):
    return load_bundle(bundle_folder)


def check(rows, names):
    assert [row.measured for row in rows] == names
    for row in rows:
        low, middle, high = row.milliseconds
        assert 0 < low <= middle <= high
        assert row.ratio is None or 0 < row.ratio.low <= row.ratio.value <= row.ratio.high


def test_floor(bundle):
    check(floor.measure("small", bundle, LEAST), [floor.FLOOR, floor.STEP, floor.DRAWN])


def test_floor_of_several_encoders(make_bundle, tmp_path):
    double = load_bundle(make_bundle(tmp_path / "b", beside=[(False, 2, 3), (True, 3, 2)]))
    names = [floor.FLOOR, floor.STEP, floor.DRAWN, floor.IN_TURN]
    check(floor.measure("double", double, LEAST), names)


def test_arithmetic(bundle):
    rows = arithmetic.measure("small", bundle, LEAST)
    check(rows, [arithmetic.GEMM, "encoder", "head"])
    assert rows[0].note.endswith("multiply-adds a second")


def test_peer_runs_frame_by_frame():
    session = to_session(peer.mobilenet_tsm())
    bare_run(session)()
    kept = [name for name in session.outputs if name != "logits"]
    for name in kept:  # what a frame keeps is what the next one is given
        assert session.outputs[name] == session.inputs[name.replace("kept", "past")]
    feeds = {name: np.full(shape, 0.5, np.float32) for name, (_, shape) in session.inputs.items()}
    first, *_ = session.run(["logits", *kept], feeds)
    feeds["past_1"] += 1.0
    second, *_ = session.run(["logits", *kept], feeds)
    assert np.isfinite(first).all()
    assert not np.allclose(first, second)  # the frame before counts


def test_the_peers_rival_is_a_step_of_all_graphs(bundle, make_bundle, tmp_path, monkeypatch):
    double = load_bundle(make_bundle(tmp_path / "double", beside=[(False, 2, 3), (True, 3, 2)]))
    steps = {"small": peer.streaming(bundle), "double": peer.streaming(double)}
    run, begun = Session.run_on_device, []
    monkeypatch.setattr(
        Session, "run_on_device", lambda self, *rest: (begun.append(self.name), run(self, *rest))[1]
    )
    answers = [steps[name]() for name in ("small", "double")]
    assert all(np.isfinite(answer.logits).all() for answer in answers)
    inner = [name for name in begun if name in ("join", "stack")]
    assert inner == ["stack", "join", "stack"]
    assert answers[0].heatmaps.tolist() != steps["small"]().heatmaps.tolist()  # the window moves


def test_replay(bundle, tmp_path):
    pictures = [picture[:48, :64].copy() for picture in random_pictures((48, 64))] * 6
    record(tmp_path / "clip.mp4", pictures)
    rows = replay.measure("small", bundle, tmp_path / "clip.mp4", pictures, LEAST)
    names = [replay.DECODER, replay.GRAPHS, replay.ENCODER, replay.TEXTS, replay.ALL]
    check(rows, names)
    assert [row.ratio is not None for row in rows] == [False, False, False, True, True]
    assert {file.name for file in tmp_path.iterdir()} == {"clip.mp4", "encoded.mp4"}


def test_first_label_of_replay(monkeypatch):
    check(start.measure("first label of replay", LEAST), [start.IMPORTS, start.START])
    monkeypatch.setattr(start, "SECONDS", 1.0)  # no full window, and no label
    with pytest.raises(subprocess.CalledProcessError) as caught:
        start.measure("first label of replay", LEAST)
    assert b"ended before a window was full" in caught.value.stderr


def test_stream_gives_a_window_with_every_step(bundle):
    stream = Stream(Recognizer(bundle, "cpu"), random_pictures((24, 32)))
    assert all(stream.step().window is not None for _ in range(100))


def test_command_prints_tables_and_writes_a_file(tmp_path, capsys, monkeypatch, bundle):
    monkeypatch.setattr(floor, "shipped", lambda: {"small": bundle})
    out = tmp_path / "new" / "folder"
    code = console.run(
        program.main, "python -m benchmarks", ["floor", "--rounds", "6", "--out", str(out)]
    )
    printed = capsys.readouterr()
    assert code == 0
    assert "### floor" in printed.out
    assert f"| small | {floor.STEP} |" in printed.out
    (file,) = out.iterdir()
    assert str(file) in printed.err
    assert "_har-desktop-" in file.name
    with file.open(newline="") as lines:
        assert next(row["measured"] for row in csv.DictReader(lines)) == floor.FLOOR


def test_unknown_benchmark_and_bad_folder(tmp_path, capsys):
    assert console.run(program.main, "python -m benchmarks", ["nothing"]) == 2
    assert "'nothing' is not one of" in capsys.readouterr().err
    (tmp_path / "file").touch()
    arguments = ["floor", "--out", str(tmp_path / "file")]
    assert console.run(program.main, "python -m benchmarks", arguments) == 2
    assert "cannot make the folder" in capsys.readouterr().err


def test_a_folder_called_gpu_is_no_benchmark(tmp_path, monkeypatch, bundle):
    monkeypatch.setattr(floor, "shipped", lambda: {"small": bundle})
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    arguments = ["floor", "--rounds", "6", "--out", "gpu"]
    assert console.run(program.main, "python -m benchmarks", arguments) == 0
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "-1"


def test_on_a_gpu_nothing_else_is_measured(capsys):
    assert console.run(program.main, "python -m benchmarks", ["floor", "gpu"]) == 2
    printed = capsys.readouterr()
    assert "gpu is measured by itself" in printed.err
    assert printed.out == ""
