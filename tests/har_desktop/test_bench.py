"""The figures of a small real model: that they are there, and that they belong together."""

import json

import pytest

from har_desktop import bench as module
from har_desktop.bench import STAGES, Bench, Speed, Stage, bench, rows
from har_desktop.cli import main


@pytest.fixture(scope="module")
def found(bundle_folder):
    return bench(bundle_folder, seconds=0.0)


def test_every_stage_is_measured(found, bundle_folder):
    assert (found.model, found.path) == (bundle_folder.name, str(bundle_folder))
    assert (found.width, found.height) == (640, 480)
    assert found.cores >= 1
    assert found.versions["python"]
    cpu = found.speeds[-1]
    assert cpu.provider == "cpu"
    assert cpu.steps == module.LEAST
    assert tuple(cpu.stages) == STAGES
    assert all(0 < stage.p50_ms <= stage.p95_ms for stage in cpu.stages.values())


def test_the_step_holds_all_other_stages(found):
    stages = found.speeds[-1].stages
    parts = [stage.p50_ms for name, stage in stages.items() if name != "step"]
    assert max(parts) < stages["step"].p50_ms
    assert found.speeds[-1].camera_fps == pytest.approx(1000 / stages["step"].p95_ms, rel=0.02)


def test_without_another_processor_it_says_why(found):
    assert (len(found.speeds) == 1) == (found.absent is not None)


@pytest.mark.parametrize("motion", [False, True])
@pytest.mark.parametrize(("length", "interval"), [(2, 0.01), (20, 1.5)])
def test_any_window_is_filled(make_bundle, tmp_path, motion, length, interval):
    folder = make_bundle(tmp_path / "model", motion=motion, length=length, interval=interval)
    assert bench(folder, seconds=0.0).speeds[-1].steps == module.LEAST


def test_table_compares_processors():
    stages = {name: Stage(1.0, 2.0) for name in STAGES}
    speeds = [
        Speed(provider=name, steps=7, stages=stages, camera_fps=fps)
        for name, fps in (("cuda", 400.4), ("cpu", 60.2))
    ]
    table = rows(
        Bench(
            model="m",
            path="models/m",
            system="Linux",
            cpu="CPU",
            cores=2,
            versions={},
            width=640,
            height=480,
            speeds=speeds,
            absent=None,
        )
    )
    names = [name for name, _ in table]
    assert names.index("cuda") < names.index("cpu")
    assert [text for name, text in table if name == "  camera"] == [
        "keeps up with 400 frames a second",
        "keeps up with 60 frames a second",
    ]
    assert "compared" not in names


def test_on_the_command_line(capsys, bundle_folder, found):
    assert main(["bench", "--json", "--model", str(bundle_folder)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["model"] == found.model
    assert set(printed["speeds"][-1]["stages"]) == set(STAGES)


def test_no_such_model(capsys, tmp_path):
    assert main(["bench", "--model", str(tmp_path / "gone")]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"har-desktop: error: {tmp_path / 'gone'}: no such folder")
