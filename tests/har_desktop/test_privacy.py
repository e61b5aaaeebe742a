"""Nothing leaves this computer, and nothing is left on it that nobody asked for."""

import os
import subprocess
import sys

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
