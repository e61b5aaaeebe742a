import errno
import os
from pathlib import Path

import pytest

from har_desktop.errors import InputError
from har_desktop.sinks.base import RunInfo
from har_desktop.sinks.frames_jsonl import FramesJsonl
from har_desktop.sources.base import SourceInfo
from training.data.index import is_ucf, other_labels, scan


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
        touch(tmp_path / name / "one.mp4")
    (tmp_path / "readme.txt").touch()
    (tmp_path / "cache").mkdir()
    touch(tmp_path / "Trash" / ".hidden.mp4")
    assert other_labels(tmp_path, ("Run", "Absent")) == ("Jump", "Wave")
    assert other_labels(tmp_path, ("Jump", "Run", "Wave")) == ()


@pytest.mark.parametrize("label", ["Absent", "Empty"])
def test_class_without_clips_is_named(tmp_path: Path, label: str) -> None:
    (tmp_path / "Empty").mkdir()
    (tmp_path / "Empty" / "notes.txt").touch()
    with pytest.raises(InputError, match=f"no clips of class {label}"):
        scan(tmp_path, (label,))


def test_a_class_whose_clips_lie_deeper_is_told_so(tmp_path: Path) -> None:
    touch(tmp_path / "squat" / "anna" / "a.mp4")
    touch(tmp_path / "squat" / "ben" / "june" / "b.mp4")
    touch(tmp_path / "squat" / ".trash" / "c.mp4")
    with pytest.raises(InputError, match=r"squat itself: 2 lie in folders below it; move them up"):
        scan(tmp_path, ("squat",))


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no data folder .*nowhere"):
        scan(tmp_path / "nowhere")


def test_a_missing_class_names_those_that_are_there(tmp_path: Path) -> None:
    touch(tmp_path / "squat" / "a.mp4")
    with pytest.raises(InputError, match=r"no clips of class Lunges.*there are squat: .*--classes"):
        scan(tmp_path, ("Lunges",))


def test_own_clips_are_groups_of_their_own_without_a_table(tmp_path: Path) -> None:
    for name in ("squat/a.mp4", "squat/b.MOV", "jump/a.mp4"):
        touch(tmp_path / name)
    clips = scan(tmp_path)
    assert [clip.group for clip in clips] == [clip.path for clip in clips]
    assert {clip.path for clip in clips} == {"squat/a.mp4", "squat/b.MOV", "jump/a.mp4"}
    assert not is_ucf(clips)


def test_the_table_tells_the_groups_whatever_the_names(tmp_path: Path, clips_folder: Path) -> None:
    touch(tmp_path / "Wave" / "v_Wave_g01_c01.avi")
    touch(tmp_path / "Wave" / "b.mp4")
    (tmp_path / "groups.csv").write_text(
        "\ufeffFile;Group ;note\nWave/v_Wave_g01_c01.avi;anna;\n;;\nWave\\b.mp4; anna ;x\n;;\n"
    )
    clips = scan(tmp_path)
    assert {clip.group for clip in clips} == {"anna"}
    assert not is_ucf(clips)
    assert is_ucf(scan(clips_folder))


def test_a_file_is_found_however_its_name_is_spelled(tmp_path: Path) -> None:
    for name in ("a.MP4", "U\u0308bung e\u0301.mp4", "b.mp4"):
        touch(tmp_path / "Bu\u0308cken" / name)
    touch(tmp_path / "Bu\u0308cken" / "c, d.mp4")
    (tmp_path / "groups.csv").write_text(
        "file\tgroup\n./B\u00fccken/a.MP4\tanna\nB\u00fccken/\u00dcbung \u00e9.mp4\tben\n"
        'Bu\u0308cken//b.mp4\tcem\n"B\u00fccken/c, d.mp4"\tdora\n',
        encoding="utf-8",
    )
    assert [clip.group for clip in scan(tmp_path)] == ["ben", "anna", "cem", "dora"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("name,group\nWave/a.mp4,x", "first line must name the columns file,group"),
        ("file,group\nWave/a.mp4,", "line 2: give both a file and a group"),
        ("file,group\nWave/a.mp4,x\n,,\n,x", "line 4: give both a file and a group"),
        ("file,group\nWave/a.mp4,x\nWave/a.mp4,y", "line 3: Wave/a.mp4 has another group"),
        ("file,group\nWave/a.mp4,Jo  B\nWave/b.mp4,jo b", "line 3: the groups 'Jo  B' and 'jo b'"),
        ("file,group\nWave/a.mp4,x,,\nWave/b, c.mp4,y", "line 3: more cells than the first line"),
        ("file;group\nWave/b; c.mp4;y", r"line 2: .*a ';' into double quotes"),
        (
            "file,group\nWave/a.mp4,Jo-B 1\nWave/b.mp4,jo_b 1",
            "groups 'Jo-B 1' and 'jo_b 1'",
        ),
        (
            "file,group\nWave/b.mp4,x",
            r"states no group of Wave/a.mp4 \(1 of 1 clips in Wave\)",
        ),
    ],
)
def test_a_table_that_cannot_be_used_is_named(tmp_path: Path, table: str, words: str) -> None:
    touch(tmp_path / "Wave" / "a.mp4")
    (tmp_path / "groups.csv").write_text(table)
    with pytest.raises(InputError, match=words):
        scan(tmp_path)


def test_a_table_of_another_encoding_is_named(tmp_path: Path) -> None:
    touch(tmp_path / "Wave" / "a.mp4")
    (tmp_path / "groups.csv").write_bytes("file,group\nWave/a.mp4,Jürgen".encode("latin-1"))
    with pytest.raises(InputError, match=r"groups\.csv cannot be read.*UTF-8"):
        scan(tmp_path)


@pytest.mark.parametrize("twin", ["Push Up", "push-up", "push_up ", "PUSHUP"])
def test_labels_that_nobody_could_tell_apart_are_refused(tmp_path: Path, twin: str) -> None:
    for label in ("push up", twin, "pull up"):
        touch(tmp_path / label / "a.mp4")
    with pytest.raises(InputError, match="too much alike: rename one"):
        scan(tmp_path, ("pull up",))


def test_a_name_without_group_among_names_with_groups_is_refused(tmp_path: Path) -> None:
    touch(tmp_path / "Wave" / "v_Wave_g01_c01.avi")
    touch(tmp_path / "Wave" / "holiday.mp4")
    with pytest.raises(InputError, match=r"holiday\.mp4 states no group, as those of its ne"):
        scan(tmp_path, ("Wave",))


def test_clips_that_show_our_own_drawing_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("Run/a.mp4", "Run/b.mp4", "Wave/a.avi", "Wave/a.mp4", "Wave/c.mp4", "Wave/d.mp4"):
        touch(tmp_path / name)
    for name in ("Run/a", "Wave/a", "Wave/d"):
        _tell_of(tmp_path / name, plain=False)
    _tell_of(tmp_path / "Run" / "b", plain=True)
    # The table need not name what is left out.
    (tmp_path / "groups.csv").write_text("file,group\nRun/b.mp4,x\nWave/a.avi,x\nWave/c.mp4,y\n")
    assert [clip.path for clip in scan(tmp_path)] == ["Run/b.mp4", "Wave/a.avi", "Wave/c.mp4"]
    assert capsys.readouterr().err == (
        "left out: clips with heat-map and label drawn in: 3, first Run/a.mp4\n"
    )
    (tmp_path / "Run" / "a.frames.jsonl").unlink()
    with pytest.raises(InputError, match=r"states no group of Run/a\.mp4"):
        scan(tmp_path, ("Run",))
    assert capsys.readouterr().err == ""


def _tell_of(video: Path, *, plain: bool) -> None:
    """Write the results that stand beside a video of this program's."""
    source = SourceInfo("camera", 64, 48, 25.0, None, live=True)
    run = RunInfo(source, "small", "0a", "cpu", None, ("Run", "Wave"), 0.2)
    FramesJsonl(video.with_name(f"{video.name}.frames.jsonl"), run, plain=plain).finish()


def test_what_only_has_the_name_of_a_video_is_no_clip(tmp_path: Path) -> None:
    touch(tmp_path / "Wave" / "a.mp4")
    (tmp_path / "Wave" / "folder.mp4").mkdir()
    (tmp_path / "Wave" / "gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    (tmp_path / "Run" / "folder.mp4").mkdir(parents=True)
    assert [clip.path for clip in scan(tmp_path)] == ["Wave/a.mp4"]


@pytest.mark.parametrize("unreadable", ["Wave", "Wave/a.mp4"])
def test_what_cannot_be_read_is_named(tmp_path: Path, monkeypatch, unreadable: str) -> None:
    """Root may read everything, so the system's answer is made up."""
    touch(tmp_path / "Wave" / "a.mp4")

    def refusing(name: str):
        whole = getattr(Path, name)

        def refuse(path: Path, *arguments: object):
            if path == tmp_path / unreadable:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return whole(path, *arguments)

        return refuse

    for name in ("iterdir", "open"):
        monkeypatch.setattr(Path, name, refusing(name))
    with pytest.raises(InputError, match=f"{unreadable} cannot be read: Permission denied; mend"):
        scan(tmp_path)


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(str(path).encode())


def test_what_the_system_keeps_beside_the_classes_is_none_of_them(tmp_path: Path) -> None:
    for label in ("jump", ".Trash", "lost+found", "System Volume Information"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "a.mp4").write_text(label)
    assert [clip.label for clip in scan(tmp_path)] == ["jump"]
    assert other_labels(tmp_path, ()) == ("jump",)
