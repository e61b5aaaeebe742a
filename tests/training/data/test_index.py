from pathlib import Path

import pytest

from har_desktop.errors import InputError
from training.data.index import other_labels, scan


def test_scan_reads_label_group_and_content(clips_folder: Path) -> None:
    clips = scan(clips_folder, ("Drift", "Still"))
    assert len(clips) == 40
    assert {clip.label for clip in clips} == {"Drift", "Still"}
    assert clips[0].path == "Drift/v_Drift_g01_c01.avi"
    assert clips[0].origin == ("Drift", "g01")
    assert len({clip.sha256 for clip in clips}) == 40


def test_scan_finds_all_classes(clips_folder: Path) -> None:
    assert {clip.label for clip in scan(clips_folder)} == {"Drift", "Still", "Other"}


def test_other_labels_are_folders_of_none_of_the_classes(tmp_path: Path) -> None:
    for name in ("Wave", "Run", "Jump"):
        (tmp_path / name).mkdir()
    (tmp_path / "readme.txt").touch()
    assert other_labels(tmp_path, ("Run", "Absent")) == ("Jump", "Wave")
    assert other_labels(tmp_path, ("Jump", "Run", "Wave")) == ()


@pytest.mark.parametrize("label", ["Absent", "Empty"])
def test_class_without_clips_is_named(tmp_path: Path, label: str) -> None:
    (tmp_path / "Empty").mkdir()
    (tmp_path / "Empty" / "notes.txt").touch()
    with pytest.raises(InputError, match=f"no clips of class {label}"):
        scan(tmp_path, (label,))


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no data folder .*nowhere"):
        scan(tmp_path / "nowhere")


def test_name_without_group_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Wave").mkdir()
    (tmp_path / "Wave" / "holiday.mp4").touch()
    with pytest.raises(InputError, match=r"holiday\.mp4 states no group"):
        scan(tmp_path, ("Wave",))
