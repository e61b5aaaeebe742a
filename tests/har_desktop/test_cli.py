"""The verbs, through the program's own `main`, with a small real bundle as the default model."""

import json
import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from har_desktop import replay as module
from har_desktop.cli import main
from har_desktop.models import DEFAULT_BUNDLE
from har_desktop.opencv import cv2
from har_desktop.sinks.leftovers import partial_of
from har_desktop.sources.contained import ContainedVideo
from har_desktop.system_libraries import SystemLibrary
from tests import films

HEAVY = {"numpy", "cv2", "onnxruntime", "PySide6", "tqdm"}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A machine without a display, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)


@pytest.fixture
def shipped(make_bundle, tmp_path, monkeypatch):
    """The folder of shipped bundles, holding a good default one."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setattr("har_desktop.models.shipped_folder", lambda: folder)
    make_bundle(folder / DEFAULT_BUNDLE)
    return folder


@pytest.fixture
def run(capsys):
    """Run the program; return exit code, stdout, stderr."""

    def start(*arguments):
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return start


def fresh(code):
    """Run code in a fresh interpreter; return what it printed."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_first_answers_are_quick(argument):
    code = (
        f"import sys; from har_desktop.cli import main; main(['{argument}']); print(*sys.modules)"
    )
    *answer, modules = fresh(code).splitlines()
    assert answer
    assert not HEAVY & set(modules.split())


def test_version(run):
    assert run("--version") == (0, f"har-desktop {metadata.version('har-desktop')}\n", "")


def test_runs_as_a_module_too():
    command = [sys.executable, "-m", "har_desktop", "--version"]
    assert subprocess.run(command, capture_output=True).returncode == 0


def test_unknown_verb(run):
    code, out, err = run("recognise")
    assert (code, out) == (2, "")
    assert err == "har-desktop: error: No such command 'recognise'. See har-desktop --help.\n"


@pytest.mark.parametrize("name", ["clip.mp4", "my clips"])
def test_a_video_without_a_verb_is_told_the_verb(run, tmp_path, name):
    (tmp_path / name).mkdir()
    code, out, err = run(name, "--out", "results")
    assert (code, out) == (2, "")
    assert err == (
        f"har-desktop: error: No such command {name!r}; to recognise it:"
        f" har-desktop replay {shlex.quote(name)} --out RESULTS. See har-desktop --help.\n"
    )


@pytest.fixture
def clip(tmp_path):
    """Three seconds of noise, enough for a few windows."""
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    rng = np.random.default_rng(0)
    for _ in range(30):
        writer.write(rng.integers(0, 256, (48, 64, 3), np.uint8))
    writer.release()
    return path


@pytest.mark.usefixtures("shipped")
class TestReplay:
    FILES = ("clip.mp4", "clip.frames.jsonl", "clip.events.csv", "clip.vtt")

    def test_one_source_is_one_object(self, run, clip, tmp_path):
        code, out, _ = run("replay", clip, "--out", "results", "--json", "--provider", "cpu")
        summary = json.loads(out)
        assert code == 0
        assert summary["source"] == str(clip)
        assert summary["frames"] == 30
        assert summary["windows"] > 0
        assert (summary["provider"], summary["provider_reason"]) == ("cpu", None)
        assert summary["files"] == [f"results/{name}" for name in self.FILES]
        assert all((tmp_path / file).stat().st_size for file in summary["files"])

    def test_for_reading(self, run, clip):
        code, out, _ = run(
            *("replay", clip, "--out", "results", "--hop", "0.5", "--method", "hires-cam")
        )
        assert code == 0
        header = Path("results/clip.frames.jsonl").read_text().splitlines()[0]
        assert json.loads(header)["method"] == "hires-cam"
        assert f"{clip}\n  action    " in out
        assert [line.split()[1] for line in out.splitlines() if "wrote" in line] == [
            f"results/{name}" for name in self.FILES
        ]

    def test_what_a_killed_run_has_left_is_told_and_stays(self, run, clip, tmp_path):
        left = partial_of(tmp_path / "results" / "clip.mp4", ".ismv")
        left.parent.mkdir()
        left.write_bytes(b"pictures")
        code, _, err = run("replay", clip, "--out", "results")
        notes = [line for line in err.splitlines() if line.startswith("har-desktop: note: ")]
        assert code == 0
        assert notes == [
            "har-desktop: note: results: an earlier run was interrupted and left"
            f" {left.name}; rename or delete them"
        ]
        assert left.read_bytes() == b"pictures"

    def test_a_bad_one_does_not_stop_the_others(self, run, clip, tmp_path):
        (tmp_path / "text.mp4").write_text("no video\n" * 100)
        code, out, err = run("replay", "gone.mp4", clip, "text.mp4", "--out", "results", "--json")
        results = json.loads(out)
        assert code == 2
        assert [summary["source"] for summary in results["summaries"]] == [str(clip)]
        assert [failure["source"] for failure in results["failures"]] == ["gone.mp4", "text.mp4"]
        told = [line for line in err.splitlines() if line.startswith("har-desktop: error: ")]
        assert [line.split()[2].rstrip(":") for line in told] == ["gone.mp4", "text.mp4"]

    def test_what_an_interrupted_batch_has_done_is_told(self, run, clip, monkeypatch):
        replay = module.replay

        def interrupted(*arguments, on_summary, **options):
            def stop(summary):
                on_summary(summary)
                raise KeyboardInterrupt

            return replay(*arguments, on_summary=stop, **options)

        monkeypatch.setattr(module, "replay", interrupted)
        given = ("gone.mp4", clip, "demo", "--out", "results", "--json")
        code, out, _ = run("replay", *given)
        assert code == 130
        results = json.loads(out)
        assert [summary["source"] for summary in results["summaries"]] == [str(clip)]
        assert [failure["source"] for failure in results["failures"]] == ["gone.mp4"]

    def test_a_full_disk_is_one_line(self, run, clip, disk):
        folder = disk(16 * 1024)
        code, out, err = run("replay", clip, "--out", folder)
        told = [line for line in err.splitlines() if line.startswith("har-desktop: ")]
        assert (code, out) == (1, "")
        assert len(told) == 1
        assert "clip" in told[0]
        assert "free some space" in told[0]
        assert list(folder.iterdir()) == []

    def test_a_read_only_disk_is_one_line(self, run, clip, read_only_disk):
        code, out, err = run("replay", clip, "--out", read_only_disk)
        assert (code, out) == (2, "")
        assert err == (
            f"har-desktop: error: cannot write into the folder {read_only_disk}:"
            " Read-only file system; choose another one\n"
        )

    def test_a_folder_is_a_list_even_of_one(self, run, clip):
        code, out, _ = run("replay", clip.parent, "--out", "results", "--json")
        assert code == 0
        assert [s["source"] for s in json.loads(out)["summaries"]] == [str(clip)]

    def test_the_demo_is_one_object_whatever_else_is_called_so(self, run, clip, monkeypatch):
        monkeypatch.setattr("har_desktop.replay.Demo", lambda: ContainedVideo(clip))
        Path("demo").mkdir()
        code, out, _ = run("replay", "demo", "--out", "results", "--json")
        assert (code, json.loads(out)["source"]) == (0, "demo")

    def test_a_film_of_too_few_pictures_is_not_called_short(self, run, tmp_path):
        path = films.write(tmp_path / "lapse.avi", "MJPG", fps=3.0)
        code, out, _ = run("replay", path, "--out", "results")
        assert code == 0
        assert "  action    no action (pictures too far apart for the model)\n" in out

    def test_a_line_break_in_a_name_breaks_no_line(self, run, clip, tmp_path):
        (tmp_path / "two\nlines.mp4").write_text("no video")
        code, _, err = run("replay", "two\nlines.mp4", clip, "--out", "results")
        assert code == 2
        (told,) = (line for line in err.splitlines() if "lines.mp4" in line)
        assert told.startswith("har-desktop: error: two lines.mp4: ")

    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            (["gone.mp4"], "gone.mp4: no such file"),
            (["clip.avi", "--explain", "sing"], "unknown class 'sing' to explain"),
            (["clip.avi", "--model", "gone"], "gone: no such folder"),
            (["clip.avi", "--hop", "nan"], "Invalid value for '--hop': not a number."),
            (
                ["clip.avi", "--hop", "abc"],
                "Invalid value for '--hop': 'abc' is not a valid number.",
            ),
            (["clip.avi", "--hop", "-1"], "Invalid value for '--hop': -1.0 is not in the range"),
            (["rtsp://me:secret@cam/1"], "Invalid value for 'SOURCE...': addresses are for the"),
            (["clip.avi", "--provider", "tpu"], "Invalid value for '--provider'"),
            (["clip.avi", "--method", "x-ray"], "Invalid value for '--method'"),
            (["clip.avi", "--out", ""], "Invalid value for '--out': an empty name; name a folder"),
            ([], "Missing argument 'SOURCE...'"),
            (["clip.avi", ""], "Invalid value for 'SOURCE...': an empty name; name a file"),
            (["x" * 300 + ".avi"], "x" * 300 + ".avi: cannot be read: File name too lo"),
        ],
    )
    def test_wrong_input_is_one_line(self, run, clip, arguments, complaint):
        assert clip.exists()
        code, out, err = run("replay", "--out", "results", *arguments)
        assert (code, out) == (2, "")
        assert err.startswith(f"har-desktop: error: {complaint}")
        assert err.count("\n") == 1
        assert "secret" not in err

    def test_a_failure_is_an_object_too(self, run):
        code, out, err = run("replay", "gone.mp4", "--out", "results", "--json")
        failure = json.loads(out)
        assert (code, failure["source"], failure["exit_code"]) == (2, "gone.mp4", 2)
        assert err == f"har-desktop: error: {failure['error']}\n"

    def test_no_verb_and_no_display_replays_the_demo(self, run, clip, monkeypatch, tmp_path):
        monkeypatch.setattr("har_desktop.replay.Demo", lambda: ContainedVideo(clip))
        code, out, _ = run()
        assert code == 0
        assert out.startswith(
            "har-desktop: no display (neither DISPLAY nor WAYLAND_DISPLAY is set)"
        )
        assert (tmp_path / "out" / "demo" / "demo.mp4").stat().st_size


class TestModels:
    def test_json_lists_good_and_broken_ones(self, run, shipped, make_bundle):
        make_bundle(shipped / "another", classes=("wave", "jump"))
        (shipped / "broken").mkdir()
        code, out, _ = run("models", "--json")
        default, another, broken = json.loads(out)
        assert code == 0
        assert default["name"] == DEFAULT_BUNDLE
        assert default["path"] == str(shipped / DEFAULT_BUNDLE)
        assert [entry["default"] for entry in (default, another, broken)] == [True, False, False]
        assert another["classes"] == ["wave", "jump"]
        assert another["networks"] == ["random"]
        assert isinstance(another["metrics"], dict)
        assert "error" not in another
        assert "manifest.json: missing" in broken["error"]
        assert broken["networks"] == []

    def test_for_reading(self, run, shipped, make_bundle):
        metrics = {"group-wise": {"accuracy": 0.8125, "wilson95": [0.76, 0.85]}}
        make_bundle(shipped / "measured", edit_manifest=lambda m: m.update(metrics=metrics))
        (shipped / "broken").mkdir()
        code, out, _ = run("models")
        assert code == 0
        assert f"{DEFAULT_BUNDLE} (default)\n" in out
        assert "accuracy group-wise 0.812 (0.760 to 0.850)" in out
        assert "manifest.json: missing" in out

    def test_one_that_boasts_hides_no_other(self, run, shipped, make_bundle):
        metrics = {"group-wise": {"accuracy": 10**400}}
        make_bundle(shipped / "boaster", edit_manifest=lambda m: m.update(metrics=metrics))
        make_bundle(shipped / "other")
        code, out, _ = run("models")
        assert code == 0
        assert "boaster" in out
        assert "accuracy not measured" in out
        assert "other\n" in out

    def test_verify(self, run, bundle_folder):
        code, out, err = run("models", "verify", bundle_folder)
        assert (code, err) == (0, "")
        for checked in ("schema 1", "encoder.onnx", "head.onnx", "SHA-256", "dry run"):
            assert checked in out

    @pytest.mark.parametrize("verb", [["verify", "--json"], ["--json", "verify"]])
    def test_verify_as_json(self, run, bundle_folder, verb):
        code, out, err = run("models", *verb, bundle_folder)
        assert (code, err) == (0, "")
        report = json.loads(out)
        assert report["path"] == str(bundle_folder)
        assert report["checked"]["dry run"] == "finite, probabilities sum to 1"

    def test_verify_finds_a_changed_byte(self, run, shipped):
        head = shipped / DEFAULT_BUNDLE / "head.onnx"
        content = bytearray(head.read_bytes())
        content[len(content) // 2] ^= 1
        head.write_bytes(content)
        code, out, err = run("models", "verify", head.parent)
        assert (code, out) == (2, "")
        assert err.startswith(f"har-desktop: error: {head}: its SHA-256")
        assert err.count("\n") == 1

    def test_verify_needs_a_folder(self, run):
        code, _, err = run("models", "verify", "nowhere")
        assert code == 2
        assert err == (
            "har-desktop: error: nowhere: no such folder; "
            "give the folder that holds manifest.json\n"
        )


class TestDoctor:
    def test_json(self, run, shipped):
        code, out, _ = run("doctor", "--json")
        report = json.loads(out)
        assert report["problems"] == []
        assert code == 0
        assert report["versions"]["har-desktop"] == metadata.version("har-desktop")
        assert report["display"] == {
            "available": False,
            "detail": "neither DISPLAY nor WAYLAND_DISPLAY is set",
            "window": "",
        }
        assert "CPUExecutionProvider" in report["providers"]["available"]
        # On every machine: either the wish was met, or there is a reason.
        assert (report["providers"]["used"] == "cpu") == bool(report["providers"]["reason"])
        assert report["model"]["path"] == str(shipped / DEFAULT_BUNDLE)
        assert isinstance(report["cameras"], list)
        assert report["system_libraries"] == {"missing": [], "remedy": None}

    def test_for_reading(self, run, shipped):
        code, out, err = run("doctor")
        assert (code, err) == (0, "")
        assert f"model            {DEFAULT_BUNDLE} ({shipped / DEFAULT_BUNDLE})" in out

    def test_broken_model_is_the_only_thing_to_mend(self, run, shipped):
        (shipped / DEFAULT_BUNDLE / "head.onnx").unlink()
        code, out, err = run("doctor")
        assert code == 1
        assert err.startswith("har-desktop: error: the default model cannot be used: ")
        assert err.count("\n") == 1
        assert "PySide6" in out

    @pytest.mark.usefixtures("shipped")
    def test_cameras_go_by_their_names(self, run, monkeypatch):
        webcam = SimpleNamespace(index=2, name="Integrated Webcam", path="", vid=None, pid=None)
        monkeypatch.setattr("cv2_enumerate_cameras.enumerate_cameras", lambda _: [webcam])
        assert "  cameras          Integrated Webcam (2)\n" in run("doctor")[1]

    @pytest.mark.usefixtures("shipped")
    def test_missing_library_comes_with_its_remedy(self, run, monkeypatch):
        absent = SystemLibrary("libabsent.so.9", "libabsent9")
        monkeypatch.setattr("har_desktop.doctor.missing_libraries", lambda _: [absent])
        line = "sudo apt-get install -y --no-install-recommends libabsent9"
        code, out, err = run("doctor")
        assert code == 1
        assert line in out
        assert err == f"har-desktop: error: system libraries are missing: {line}\n"

    @pytest.mark.usefixtures("shipped")
    def test_qt_that_does_not_load_is_told(self, run, monkeypatch, tmp_path):
        (tmp_path / "PySide6.py").write_text("raise ImportError('libEGL.so.1: no such file')")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        code, _, err = run("doctor")
        assert code == 1
        assert "Qt cannot be loaded: ImportError: libEGL.so.1: no such file" in err
