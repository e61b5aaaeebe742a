"""What the tests of all packages share."""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["tests.bundles"]

# A busy machine must not fail an example for being slow.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_addoption(parser):
    parser.addoption("--kills", type=int, default=8, help="how often tests/e2e/test_kill.py kills")


SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
# What belongs to it, and how many files of each there are at least.
CONTENTS = {
    "ucf101/clips/*/*.mp4": 2371,
    "ucf101/native/*.avi": 10,
    "ucf101/*list0[123].txt": 6,
    "idle/*.mp4": 72,
    "imagenet/*.tflite": 1,
    "pose/*.tflite": 1,
}


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real clips beside the checkout; where there is none, the test is skipped.

    A folder that is there but incomplete fails the test: what is half missing was not tested.
    """
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no real clips here: {SHARED_DATA} does not exist")
    found = {pattern: sum(1 for _ in SHARED_DATA.glob(pattern)) for pattern in CONTENTS}
    if any(found[pattern] < count for pattern, count in CONTENTS.items()):
        pytest.fail(f"{SHARED_DATA} is incomplete: it holds {found}, and should hold {CONTENTS}")
    return SHARED_DATA


@pytest.fixture
def disk(tmp_path):
    """The function that makes a real disk in memory, of so many bytes, and returns its folder."""
    mount = shutil.which("mount")
    if sys.platform != "linux" or os.geteuid() != 0 or mount is None:
        pytest.skip("only root on Linux can mount a disk")
    mounted = []

    def make(size, name="disk"):
        folder = tmp_path / name
        folder.mkdir()
        done = subprocess.run(
            [mount, "-t", "tmpfs", "-o", f"size={size}", "none", folder], capture_output=True
        )
        if done.returncode:
            pytest.skip(f"no disk can be mounted here: {done.stderr.decode()}")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def read_only_disk(disk):
    """The folder of a real disk that takes no files."""
    folder = disk(2**20)
    subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
    return folder


@pytest.fixture
def foreign_folder():
    """A folder that everybody may look into, but only its owner may write to."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def mere_user(foreign_folder):
    """A context in which permissions count, and `foreign_folder` may only be read.

    Root, who may do everything, is nobody in there. Anybody else owns the folder, so it is closed.
    """
    if os.name == "nt":
        pytest.skip("Windows has other permissions")
    root = os.geteuid() == 0

    @contextmanager
    def being_nobody():
        if root:
            os.seteuid(65534)
        else:
            foreign_folder.chmod(0o555)
        try:
            yield
        finally:
            if root:
                os.seteuid(0)
            else:
                foreign_folder.chmod(0o755)

    return being_nobody


@pytest.fixture(scope="session")
def sure_bundle(tmp_path_factory: pytest.TempPathFactory, make_bundle) -> Path:
    """Sure of every window: the threshold is zero, so events are found."""
    return make_bundle(tmp_path_factory.mktemp("bundles") / "sure", threshold=0.0)
