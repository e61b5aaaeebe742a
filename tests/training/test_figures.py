"""The figures of a run and of a bundle: are they there, and do they show what they should?"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from io import BytesIO
from pathlib import Path

import msgspec
import numpy as np
import pytest

from har_desktop.errors import InputError
from har_desktop.inference.bundle import load_bundle
from har_desktop.opencv import cv2
from tests.training import commands
from tests.training.commands import here
from training.data.index import scan
from training.data.split import split_by_group
from training.figures import confusion, curves, reliability, strips
from training.figures.style import DOTS, WIDTH
from training.illustrate import check_belongs, draw_run
from training.run_folder import history

CLASSES = ("Drift", "Still")


def command(*arguments: object):
    """`figures` shares a module with `explain`, which needs onnx."""
    return commands.command(*arguments, without=("tensorflow", "keras"))


HISTORY = """epoch,accuracy,loss,seconds,val_accuracy,val_loss
0,0.4,1.2,3.0,0.5,1.1
1,0.6,0.9,3.0,0.7,0.6
2,0.9,0.4,3.0,0.6,0.8
"""
ENVIRONMENT = {"finished": "2026-11-25T08:00:00+00:00", "seconds": 9}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, make_bundle) -> Path:
    folder = tmp_path_factory.mktemp("bundles") / "two"
    return make_bundle(
        folder,
        classes=CLASSES,
        size=(48, 64),
        edit_manifest=lambda m: m.update(training={"environment": ENVIRONMENT}),
    )


@pytest.fixture
def run(tmp_path: Path, clips_folder: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "history.csv").write_text(HISTORY)
    (folder / "environment.json").write_bytes(msgspec.json.encode(ENVIRONMENT))
    split = split_by_group(scan(clips_folder, CLASSES))
    (folder / "split.json").write_bytes(msgspec.json.encode(split))
    return folder


def test_all_figures_are_drawn_without_tensorflow(bundle, run, clips_folder, tmp_path) -> None:
    out = tmp_path / "figures"
    where = ("--run", run, "--bundle", bundle, "--data", clips_folder, "--out", out)
    done = command("figures", *where, "--strips", 1)
    assert done.returncode == 0, done.stderr
    names = {Path(line).name for line in done.stdout.splitlines()}
    assert names == {path.name for path in out.iterdir()}
    kinds = {"curves", "confusion", "reliability"}
    assert {f"{kind}.{suffix}" for kind in kinds for suffix in ("png", "svg")} <= names
    assert any(name.startswith(("recognised", "misclassified")) for name in names)
    for path in out.glob("*.png"):
        assert cv2.imread(str(path)).std() > 5
    assert cv2.imread(str(out / "curves.png")).shape[1] == WIDTH * DOTS
    for path in out.glob("*.svg"):
        assert ET.parse(path).getroot().tag.endswith("svg")


def test_the_run_alone_gives_the_curves(run, tmp_path, capsys) -> None:
    assert here("figures", "--run", run, "--out", tmp_path / "figures") == 0
    assert {p.name for p in (tmp_path / "figures").iterdir()} == {"curves.png", "curves.svg"}
    assert "give --bundle and --data" in capsys.readouterr().err


def test_a_run_of_streams_gives_the_curves_of_each(run, tmp_path) -> None:
    for number in (0, 1):
        (run / f"stream{number}").mkdir()
        (run / f"stream{number}" / "history.csv").write_text(HISTORY)
    (run / "history.csv").unlink()
    assert here("figures", "--run", run, "--out", tmp_path / "figures") == 0
    names = {path.name for path in (tmp_path / "figures").iterdir()}
    assert names == {f"curves-stream{n}.{suffix}" for n in (0, 1) for suffix in ("png", "svg")}


def test_the_same_figure_is_the_same_file(run, tmp_path) -> None:
    one, two = (draw_run(run, tmp_path / name) for name in ("one", "two"))
    for first, second in zip(one, two, strict=True):
        assert first.read_bytes() == second.read_bytes()


def test_the_curves_mark_the_epoch_that_was_kept(run) -> None:
    loss, accuracy = curves.draw(history(run)).axes
    assert loss.lines[0].get_ydata().tolist() == [1.2, 0.9, 0.4]
    assert accuracy.lines[1].get_ydata().tolist() == [0.5, 0.7, 0.6]
    assert loss.lines[2].get_xdata() == [2, 2]
    assert loss.texts[0].get_text() == "kept: epoch 2"


def test_the_matrix_states_the_counts() -> None:
    (axes,) = confusion.draw([[3, 1], [0, 4]], CLASSES).axes
    texts = {(t.get_position(), t.get_text()) for t in axes.texts}
    assert texts == {((0, 0), "3"), ((1, 0), "1"), ((1, 1), "4")}


def test_names_of_classes_are_no_formulas_and_keep_their_hyphens() -> None:
    figure = confusion.draw([[1, 0], [0, 1]], ["a$^$", "$x_1$"])
    figure.savefig(BytesIO(), format="svg")  # where formulas are understood, the first one is none
    assert strips._broken("push-up") == "push-\nup"
    assert strips._broken("BodyWeightSquats of me") == "Body\nWeight\nSquats\nof\nme"


def test_reliability_counts_the_right_answers_of_each_confidence() -> None:
    sure = np.array([0.95, 0.95, 0.95, 0.95, 0.65, 0.65])
    truth = np.array([0, 0, 0, 1, 0, 1])
    above, below = reliability.draw(np.stack([sure, 1 - sure], axis=1), truth).axes
    bars = [(round(b.get_x(), 2), b.get_height()) for b in above.patches]
    assert bars == [(0.6, 0.5), (0.9, 0.75)]
    assert [bar.get_height() for bar in below.patches] == [2, 4]


def test_strips_show_windows_that_are_right_and_wrong(bundle, clips_folder) -> None:
    clips = scan(clips_folder, CLASSES)[::8]
    loaded = load_bundle(bundle)
    found = strips.find(loaded, clips_folder, clips, 2)
    for strip in found:
        assert len(strip.images) == len(strip.times) == loaded.manifest.window.length
        assert strip.images[0].shape == (48, 64, 3)
        assert strip.right == (strip.answer == strip.clip.label)
        if strip.right:
            np.testing.assert_array_equal(strip.truth, strip.window.heatmaps)
    assert sum(strip.right for strip in found) <= 2
    figure = strips.draw(found)
    rows = sum(2 if strip.right else 3 for strip in found)
    assert len(figure.axes) == rows + 1


def test_large_frames_are_held_as_small_as_print_shows_them() -> None:
    assert strips._small(np.zeros((1080, 1920, 3), np.uint8)).shape == (270, 480, 3)
    assert strips._small(np.zeros((48, 64, 3), np.uint8)).shape == (48, 64, 3)


def test_a_bundle_of_another_run_is_refused(bundle, run) -> None:
    check_belongs(load_bundle(bundle), run)
    (run / "environment.json").write_text("{}")
    with pytest.raises(InputError, match="was not built from"):
        check_belongs(load_bundle(bundle), run)
    (run / "environment.json").unlink()
    with pytest.raises(InputError, match="is the run finished"):
        check_belongs(load_bundle(bundle), run)


def test_bad_input_is_one_line(bundle, tmp_path, capsys) -> None:
    (tmp_path / "empty").mkdir()
    for arguments, words in (
        ((), "Give --run, --bundle, or both"),
        (("--bundle", bundle), "give --data"),
        (("--run", tmp_path / "empty"), "nothing to draw"),
    ):
        assert here("figures", *arguments, "--out", tmp_path / "out") == 2
        told = capsys.readouterr().err
        assert words in told
        assert len(told.strip().splitlines()) == 1


def test_a_folder_that_takes_nothing_is_told(run, tmp_path, capsys) -> None:
    (tmp_path / "file").touch()
    assert here("figures", "--run", run, "--out", tmp_path / "file" / "figures") == 1
    assert "cannot be written" in capsys.readouterr().err
