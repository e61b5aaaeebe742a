"""Nothing leaves this computer, and nothing is left on it that nobody asked for."""

import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from har_desktop.opencv import cv2
from har_desktop.sinks.atomic import AtomicFile, AtomicText
from har_desktop.sinks.constant_rate import FRAGMENTED, ConstantRateVideo
from tests import no_network

ROOT = Path(__file__).parents[2]
CODE = """
from pathlib import Path
import sys
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.model import Model
Model(load_bundle(Path(sys.argv[1])), "cpu")
"""


def test_onnx_runtime_neither_reports_nor_keeps_an_identifier(bundle_folder, tmp_path):
    """Where it reports, it first stores a device id and a queue of events under the home folder."""
    environment = {name: os.environ[name] for name in os.environ if not name.startswith("ORT_")}
    for name in ("HOME", "USERPROFILE", "LOCALAPPDATA", "XDG_CACHE_HOME", "TMPDIR"):
        environment[name] = str(tmp_path)
    command = [sys.executable, "-c", CODE, str(bundle_folder)]
    subprocess.run(command, env=environment, check=True)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


PROGRAM = """
import sys
from pathlib import Path
from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication
from har_desktop.cli import main
from har_desktop.view.app import run_window
from har_desktop.view.main_window import MainWindow
from har_desktop.view.settings import Settings

folder, bundle = Path(sys.argv[1]), sys.argv[2]
main(["doctor"])
assert main(["models", "verify", bundle]) == 0
options = ["--out", str(folder / "out"), "--model", bundle]
assert main(["replay", str(folder / "clip.avi"), *options]) == 0
assert main(["replay", str(folder / "playlist.mp4"), *options]) == 2

def look():
    (window,) = [w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)]
    session = window.director.session
    if session.result is None or session.result.recognition.window is None:
        return
    window.commands.card.trigger()
    window.outputs.take_snapshot()
    timer.stop()
    QTimer.singleShot(500, window.close)

QApplication([])
timer = QTimer(interval=100)
timer.timeout.connect(look)
timer.start()
store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
settings = Settings(store)
settings.folder = folder / "pictures"
assert run_window(("demo",), settings) == 0
assert len([*settings.folder.iterdir()]) == 1
print("all went well")
"""
# To FFmpeg a play list, whatever it is called; what is no text would get past a check for text.
PLAYLIST = (
    b"#EXTM3U\n#\x01\xff\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n"
    b"http://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n"
)


@pytest.mark.skipif(not no_network.AVAILABLE, reason="only known for Linux")
class TestWithoutNetwork:
    @staticmethod
    def run(*command, **environment):
        return subprocess.run(
            [sys.executable, no_network.__file__, *map(str, command)],
            env=os.environ | environment,
            capture_output=True,
            text=True,
        )

    @pytest.mark.parametrize("family", ["AF_INET", "AF_INET6"])
    def test_whoever_opens_a_socket_is_killed(self, family):
        code = f"import socket; socket.socket(socket.{family}, socket.SOCK_DGRAM)"
        assert self.run(sys.executable, "-c", code).returncode == -signal.SIGSYS
        parent = (
            "import subprocess, sys;"
            f"child = subprocess.run([sys.executable, '-c', '{code}']);"
            "sys.exit(child.returncode)"
        )
        assert self.run(sys.executable, "-c", parent).returncode == -signal.SIGSYS & 0xFF

    @pytest.mark.slow
    def test_the_program_does_all_its_work(self, bundle_folder, tmp_path):
        """Doctor, models, replay, and the window with a replay, a card and a snapshot."""
        writer = cv2.VideoWriter(
            str(tmp_path / "clip.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48)
        )
        for _ in range(30):
            writer.write(np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8))
        writer.release()
        (tmp_path / "playlist.mp4").write_bytes(PLAYLIST)
        homes = dict.fromkeys(("HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"), str(tmp_path))
        done = self.run(
            sys.executable,
            "-c",
            PROGRAM,
            tmp_path,
            bundle_folder,
            QT_QPA_PLATFORM="offscreen",
            **homes,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith("all went well\n")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such mask")
@pytest.mark.parametrize("mask", [0o077, 0o022, 0o002])
def test_files_are_made_with_the_mask_of_the_user(tmp_path, mask):
    before = os.umask(mask)
    try:
        text = AtomicText(tmp_path / "lines.jsonl")
        text.write("{}\n")
        text.commit()
        file = AtomicFile(tmp_path / "clip.mp4", FRAGMENTED)
        video = ConstantRateVideo(file, 25.0, (48, 64))
        video.show(0.0, np.zeros((48, 64, 3), np.uint8))
        video.close()
        file.commit()
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("lines.jsonl", "clip.mp4"), 0o666 & ~mask)


SOURCES = [
    path
    for part in ("har_desktop", "training", "export", "scripts")
    for path in sorted((ROOT / part).rglob("*.py"))
]
# Modules whose files are code, and calls that run what they are given.
CODE_IN_DATA = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "torch"}
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}
SAFE = {"load_model": ("safe_mode", True), "load": ("allow_pickle", False)}


def dangers(code):
    """What in Python code would run what lies in a file."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from CODE_IN_DATA & {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from CODE_IN_DATA & {node.module.partition(".")[0]}
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            last = name.rpartition(".")[2]
            options = {option.arg: ast.unparse(option.value) for option in node.keywords}
            if name in RUNS_TEXT or name == "os.system" or options.get("shell") == "True":
                yield name
            if last == "enable_unsafe_deserialization":
                yield last
            if last in SAFE:
                option, value = SAFE[last]
                if options.get(option, str(value)) != str(value):
                    yield f"{name}({option}={options[option]})"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_run_as_code(path):
    assert list(dangers(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from joblib import load",
        "import torch.nn",
        "eval(text)",
        "keras.saving.load_model(path, safe_mode=False)",
        "np.load(path, allow_pickle=True)",
        "subprocess.run(line, shell=True)",
        "os.system(line)",
        "keras.config.enable_unsafe_deserialization()",
    ],
)
def test_what_is_looked_for_would_be_found(code):
    assert list(dangers(code))


def test_what_is_fine_is_left_alone():
    code = "re.compile(x); np.load(path, mmap_mode='r'); load_model(path); model.eval()"
    assert list(dangers(code)) == []
