"""The verb, on real clips with a network of our own: measured, kept, gone on with."""

import shutil
from pathlib import Path

import msgspec
import pytest

from tests.training.commands import command as in_a_process
from tests.training.commands import here

keras = pytest.importorskip("keras", reason="the training extra is not installed")

from training.compare import run as module  # noqa: E402
from training.compare.learn import Sanity  # noqa: E402
from training.compare.results import Result, Settings  # noqa: E402


@pytest.fixture
def where(clips_folder, tmp_path) -> tuple[object, ...]:
    return ("--data", clips_folder, "--cache", tmp_path / "cache", "--out", tmp_path / "out")


def compare(*arguments: object) -> int:
    small = ("--classes", "Drift,Still", "--size", 32, "--epochs", 2, "--weights", "none")
    return here("compare", *small, *arguments)


def row(folder: Path, protocol: str = "group-wise", name: str = "CNN+LSTM") -> Path:
    return folder / "rows" / protocol / f"{name}.json"


def finished(settings: Settings, name: str) -> Result:
    return Result(
        network=name,
        settings=settings,
        accuracy=0.5,
        wilson95=(0.3, 0.7),
        precision=0.5,
        recall=0.5,
        f1=0.5,
        parameters=1,
        milliseconds_per_frame=1.0,
        sanity_epochs=5,
        seconds_per_epoch=1.0,
        machine="",
        commit="",
    )


@pytest.fixture
def measured(monkeypatch) -> list[str]:
    """Rows are not trained, and the list tells which would have been."""
    names: list[str] = []

    def note(row, split, frames, settings, weights, unfinished):  # noqa: ARG001
        names.append(f"{settings.protocol} {row.name}")
        return finished(settings, row.name)

    monkeypatch.setattr(module, "measure", note)
    return names


@pytest.mark.slow
def test_rows_are_measured(where, tmp_path, capsys):
    out = tmp_path / "out"
    assert compare(*where, "--rows", "Two-stream+LSTM", "--epochs", 30) == 0
    result = msgspec.json.decode(row(out, name="Two-stream+LSTM").read_bytes(), type=Result)
    assert result.stopped is None
    assert result.settings.clips == (20, 6, 14)
    low, high = result.grouped95
    assert low <= result.accuracy <= high
    assert result.accuracy >= 0.9  # motion tells the two classes apart
    assert result.epochs == 30
    # A network for single pictures costs too much for as many.
    assert compare(*where, "--rows", "MobileNet", "--epochs", 2) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2 * 4
    single = msgspec.json.decode(row(out, name="MobileNet").read_bytes(), type=Result)
    assert single.stopped is None
    assert single.epochs == 2
    assert single.parameters > 3_000_000
    text = (out / "table.md").read_text()
    assert "| MobileNet |" in text
    assert "| Two-stream+LSTM |" in text


@pytest.mark.slow
def test_a_finished_row_is_kept(where, tmp_path, measured, capsys):
    assert compare(*where, "--rows", "CNN+LSTM") == 0
    assert compare(*where, "--rows", "CNN+LSTM,CNN-GRU", "--protocol", "both") == 0
    assert measured == [
        "group-wise CNN+LSTM",
        "group-wise CNN-GRU",
        "clip-random CNN+LSTM",
        "clip-random CNN-GRU",
    ]
    assert "[1/4] CNN+LSTM, group-wise: kept" in capsys.readouterr().err
    text = (tmp_path / "out/table.md").read_text()
    assert text.count("| CNN-GRU |") == 2
    # As in the poster, whatever order they were measured in.
    assert text.index("| CNN-GRU |") < text.index("| CNN+LSTM |")


@pytest.mark.slow
def test_an_interrupted_table_goes_on(where, tmp_path, measured, monkeypatch):
    fine = module.measure

    def interrupted(row, *more):
        if row.name == "CNN+LSTM":
            raise KeyboardInterrupt
        return fine(row, *more)

    monkeypatch.setattr(module, "measure", interrupted)
    rows = ("--rows", "CNN-GRU,CNN+LSTM")
    assert compare(*where, *rows) == 130
    assert "| CNN-GRU |" in (tmp_path / "out/table.md").read_text()
    monkeypatch.setattr(module, "measure", fine)
    assert compare(*where, *rows) == 0
    assert measured == ["group-wise CNN-GRU", "group-wise CNN+LSTM"]


def test_other_settings_are_refused_before_anything_is_measured(where, measured, capsys):
    assert compare(*where, "--rows", "CNN+LSTM") == 0
    assert compare(*where, "--rows", "CNN-GRU,CNN+LSTM", "--epochs", 3) == 2
    assert "is of other settings (epochs: 2, not 3); remove it" in capsys.readouterr().err
    assert measured == ["group-wise CNN+LSTM"]


def test_another_division_of_as_many_clips_is_refused(
    where, tmp_path, clips_folder, measured, capsys
):
    data = tmp_path / "data"
    for label in ("Drift", "Still"):
        shutil.copytree(clips_folder / label, data / label)
    where = ("--data", data, *where[2:])
    assert compare(*where, "--rows", "CNN+LSTM") == 0
    first, other = sorted((data / "Drift").iterdir())[:2]
    content = first.read_bytes()
    first.write_bytes(other.read_bytes())
    other.write_bytes(content)
    assert compare(*where, "--rows", "CNN+LSTM") == 2
    assert "is of other settings (split: " in capsys.readouterr().err
    kept = row(tmp_path / "out")
    result = msgspec.json.decode(kept.read_bytes())
    del result["settings"]["split"]  # as rows of before
    kept.write_bytes(msgspec.json.encode(result))
    assert compare(*where, "--rows", "CNN+LSTM") == 0
    assert measured == ["group-wise CNN+LSTM"]


@pytest.mark.slow
def test_an_interrupted_row_goes_on(where, tmp_path, monkeypatch, capsys):
    unfinished = row(tmp_path / "out").with_suffix("")
    with monkeypatch.context() as patch:
        patch.setattr(module, "answers", interrupt)  # all epochs done, not measured yet
        assert compare(*where, "--rows", "CNN+LSTM") == 130
    assert {"settings.json", "sanity.json", "backup"} <= {p.name for p in unfinished.iterdir()}
    assert compare(*where, "--rows", "CNN+LSTM", "--epochs", 3) == 2
    assert "CNN+LSTM is of other settings (epochs: 2, not 3)" in capsys.readouterr().err
    monkeypatch.setattr(module, "check_sanity", interrupt)
    assert compare(*where, "--rows", "CNN+LSTM") == 0
    result = msgspec.json.decode(row(tmp_path / "out").read_bytes(), type=Result)
    assert result.epochs == 2
    assert result.accuracy is not None
    assert not unfinished.exists()


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.usefixtures("measured")
def test_a_damaged_row_is_named(where, tmp_path, capsys):
    assert compare(*where, "--rows", "CNN+LSTM") == 0
    row(tmp_path / "out").write_text("{")
    assert compare(*where, "--rows", "CNN+LSTM") == 2
    assert "CNN+LSTM.json cannot be used" in capsys.readouterr().err


@pytest.mark.slow
def test_a_row_that_cannot_learn_is_stopped_with_a_clear_word(where, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "check_sanity", lambda *_: Sanity(0.35, 200))
    assert compare(*where, "--rows", "CNN+LSTM") == 0
    result = msgspec.json.decode(row(tmp_path / "out").read_bytes(), type=Result)
    assert result.accuracy is None
    assert "cannot learn 20 clips by heart (0.35 after 200 epochs)" in result.stopped
    assert result.stopped in (tmp_path / "out/table.md").read_text()


@pytest.mark.slow
@pytest.mark.usefixtures("measured")
def test_pictures_are_as_large_as_a_network_needs(where, tmp_path):
    assert compare(*where, "--rows", "Xception,InceptionV3,MobileNet") == 0
    sizes = {
        name: msgspec.json.decode(
            row(tmp_path / "out", name=name).read_bytes(), type=Result
        ).settings.size
        for name in ("Xception", "InceptionV3", "MobileNet")
    }
    assert sizes == {"Xception": (72, 96), "InceptionV3": (80, 112), "MobileNet": (32, 48)}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--rows", "VGG11"), "no row VGG11; known are CNN-GRU, Xception"),
        (("--size", "50"), "--size 50: use a multiple of 8"),
        (("--classes", "Drift,Sprint"), "no clips of class Sprint"),
        (("--weights", "nowhere", "--rows", "VGG16"), "nowhere: no such file or folder"),
    ],
)
def test_bad_input_is_one_line(where, measured, capsys, arguments, says):
    assert compare(*where, *arguments) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert says in said[-1]
    assert not measured


def test_help_does_not_load_tensorflow():
    for verb in ("compare", "download"):
        assert in_a_process(verb, "--help", without=("tensorflow", "keras")).returncode == 0
