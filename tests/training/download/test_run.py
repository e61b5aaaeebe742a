"""The verb: what comes is whole, what does not come is named, and a further run goes on."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from time import sleep

import pytest

from har_desktop.errors import OutputError
from tests.training.commands import here
from training.data.cache import Cache
from training.data.index import other_labels, scan
from training.download import run as run_module
from training.download.fetch import Fetcher
from training.download.listing import LIST_NAMES


def download(mirror, root: Path, *more: object) -> int:
    where = ("--listing", f"{mirror.url}/clips/", "--lists", f"{mirror.url}/lists.zip")
    arguments = ("download", "--root", root, "--classes", "Drift,Still", *where, *more)
    return here(*arguments)


def clips(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.glob("*/*"))


WHOLE = [
    f"{label}/v_{label}_g{group}_c01.avi" for label in ("Drift", "Still") for group in ("01", "08")
]


def manifest(root: Path) -> dict:
    return json.loads((root / "manifest.json").read_text())


def test_only_the_wanted_classes_come_whole(ucf101, originals, target, capsys):
    assert download(ucf101, target) == 0
    assert "4 clips fetched, 0 were there already" in capsys.readouterr().out
    assert clips(target) == WHOLE
    assert {p.name for p in target.iterdir() if p.is_file()} == {*LIST_NAMES, "manifest.json"}
    said = manifest(target)
    assert said["source"] == f"{ucf101.url}/clips/"
    assert said["verified"] is True
    assert list(said["clips"]) == WHOLE
    for path, entry in said["clips"].items():
        content = originals[path.partition("/")[2]]
        assert (target / path).read_bytes() == content
        assert entry["bytes"] == len(content)
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()
        assert entry["frames"] == 10


def test_training_reads_what_came(ucf101, target, tmp_path):
    """AVI files under the data set's own names, one folder per class and no other folders."""
    assert download(ucf101, target, "--classes", "Drift,HandstandPushups") == 0
    found = scan(target)
    assert sorted({clip.label for clip in found}) == ["Drift", "HandstandPushups"]
    assert {clip.group for clip in found} == {"g01", "g08"}
    assert other_labels(target, ["Drift"]) == ("HandstandPushups",)
    cache = Cache(tmp_path / "cache", target, (48, 64), 0.2)
    assert cache.fill(found) == found
    assert cache.load(found[0]).images.shape[1:] == (48, 64, 3)


def test_a_further_run_fetches_only_what_is_not_there(ucf101, target, capsys):
    assert download(ucf101, target, "--classes", "Drift") == 0
    ucf101.asked.clear()
    assert download(ucf101, target) == 0
    assert "2 clips fetched, 2 were there already" in capsys.readouterr().out
    asked = sorted(path for path, _ in ucf101.asked if path.endswith(".avi"))
    assert asked == ["/clips/v_Still_g01_c01.avi", "/clips/v_Still_g08_c01.avi"]
    assert list(manifest(target)["clips"]) == WHOLE


@pytest.mark.parametrize("known", [True, False], ids=["in the manifest", "not in the manifest"])
def test_clips_that_were_damaged_since_are_fetched_anew(ucf101, target, originals, known):
    assert download(ucf101, target) == 0
    damaged = target / WHOLE[0]
    damaged.write_bytes(damaged.read_bytes()[:-50])
    if not known:
        (target / "manifest.json").unlink()
    ucf101.asked.clear()
    assert download(ucf101, target) == 0
    assert [path for path, _ in ucf101.asked if path.endswith(".avi")] == [f"/clips/{damaged.name}"]
    assert damaged.read_bytes() == originals[damaged.name]


@pytest.mark.parametrize("name", ["stall", "cut", "reset", "short", "garbage"])
def test_a_server_that_comes_round(ucf101, faults, originals, target, name):
    for path in originals:
        ucf101.faults[f"/clips/{path}"] = [faults[name]]
    assert download(ucf101, target) == 0
    assert clips(target) == WHOLE
    for path in WHOLE:
        assert (target / path).read_bytes() == originals[path.partition("/")[2]]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("cut", "given up after 5 attempts"),
        ("short", "the listing says"),
        ("garbage", "it is no AVI file"),
        ("missing", "the server answers 404"),
    ],
)
def test_what_cannot_be_had_is_named_and_the_rest_is_kept(
    ucf101, faults, target, capsys, name, reason
):
    ucf101.ranges = False
    bad = "/clips/v_Drift_g08_c01.avi"
    if name == "missing":
        del ucf101.files[bad]  # the listing was read before
    else:
        ucf101.faults[bad] = [faults[name]] * 99
    assert download(ucf101, target) == 1
    said = capsys.readouterr()
    assert "3 clips fetched" in said.out
    (line,) = [line for line in said.err.splitlines() if line.startswith("not had: ")]
    assert bad in line
    assert reason in line
    assert "error: 1 clips are not there, see above" in said.err
    assert set(manifest(target)["clips"]) == {*WHOLE} - {"Drift/v_Drift_g08_c01.avi"}
    assert not (target / "Drift/v_Drift_g08_c01.avi").exists()


def test_a_clip_cut_short_is_seen_without_sizes_in_the_listing(ucf101, faults, target, capsys):
    page = ucf101.files["/clips/"].replace(b"2013-06-04 13:39", b"")
    ucf101.files["/clips/"] = page
    bad = "/clips/v_Drift_g08_c01.avi"
    ucf101.faults[bad] = [faults["short"]] * 99
    assert download(ucf101, target) == 1
    assert "it is cut short: " in capsys.readouterr().err
    assert len(clips(target)) == 3


def test_clips_that_the_listing_does_not_show_are_named(ucf101, target, capsys):
    page = ucf101.files["/clips/"].decode().splitlines()
    page = [line for line in page if "v_Still_g08" not in line]
    ucf101.files["/clips/"] = "\n".join(page).encode()
    assert download(ucf101, target) == 1
    assert "not in the listing: Still/v_Still_g08_c01.avi" in capsys.readouterr().err
    assert len(clips(target)) == 3


def test_a_disk_that_is_too_small_is_said_before_the_first_clip(
    ucf101, target, capsys, monkeypatch
):
    usage = shutil._ntuple_diskusage(100, 100, 0)
    monkeypatch.setattr(run_module.shutil, "disk_usage", lambda _: usage)
    assert download(ucf101, target) == 1
    assert "free some space, choose another folder, or fewer --classes" in capsys.readouterr().err
    assert not clips(target)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is full")
def test_a_disk_that_fills_up_stops_everything_and_what_came_is_kept(ucf101, target):
    assert download(ucf101, target, "--classes", "Drift") == 0
    (target / "Still").mkdir()
    (target / "Still/v_Still_g01_c01.avi.part").symlink_to("/dev/full")
    with pytest.raises(OutputError, match="No space left on device; free some space"):
        run_module.download(
            Fetcher(),
            target,
            ["Drift", "Still"],
            f"{ucf101.url}/clips/",
            f"{ucf101.url}/lists.zip",
            verified=True,
            jobs=1,
        )
    assert WHOLE[0] in manifest(target)["clips"]
    assert "Still/v_Still_g01_c01.avi" not in manifest(target)["clips"]
    assert not (target / "Still/v_Still_g01_c01.avi").exists()
    (target / "Still/v_Still_g01_c01.avi.part").unlink()
    assert download(ucf101, target) == 0
    assert clips(target) == WHOLE


def test_a_killed_run_goes_on(ucf101, faults, target):
    """SIGKILL while a clip is half there: nothing of it is taken for whole."""
    ucf101.faults["/clips/v_Still_g08_c01.avi"] = [faults["stall"]] * 99
    program = (
        "from training.download.cli import download; from training.download import fetch\n"
        "fetch.TIMEOUT_S = (2.0, 60.0); download()"
    )
    where = ("--listing", f"{ucf101.url}/clips/", "--lists", f"{ucf101.url}/lists.zip")
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", program, "--classes", "Drift,Still"),
            *("--jobs", "1", "--root", target, *where),
        ],
        stderr=subprocess.DEVNULL,
    )
    part = target / "Still/v_Still_g08_c01.avi.part"
    try:
        while process.poll() is None and not part.exists():
            sleep(0.05)
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
    assert not part.with_suffix("").exists()
    assert not (target / "manifest.json").exists()
    ucf101.faults.clear()
    ucf101.asked.clear()
    assert download(ucf101, target) == 0
    assert [path for path, _ in ucf101.asked if path.endswith(".avi")] == [
        "/clips/v_Still_g08_c01.avi"
    ]
    assert clips(target) == WHOLE
    assert len(manifest(target)["clips"]) == 4


def test_a_manifest_that_is_none(ucf101, target, capsys):
    target.mkdir()
    (target / "manifest.json").write_text("{")
    assert download(ucf101, target) == 2
    assert "remove it, and all clips are checked anew" in capsys.readouterr().err


def test_without_checking_certificates_it_is_said_and_remembered(ucf101, target, capsys):
    assert download(ucf101, target, "--insecure") == 0
    assert "warning: --insecure" in capsys.readouterr().err
    assert download(ucf101, target) == 0
    assert manifest(target)["verified"] is False
