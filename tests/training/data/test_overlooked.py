"""What of a data folder is not looked at is told, and nothing else is."""

from pathlib import Path

from training.data.overlooked import overlooked


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(str(path).encode())


def test_folders_without_videos_and_videos_that_lie_deeper_are_told(tmp_path: Path) -> None:
    for name in ("good/a.mp4", "some/a.mp4", "some/anna/b.mp4", "deep/anna/a.mp4", "deep/b/b.mp4"):
        touch(tmp_path / name)
    touch(tmp_path / "notes" / "a.txt")
    touch(tmp_path / "good" / "words" / "a.txt")
    (tmp_path / "empty").mkdir()
    none = "no video lies directly in it, so it is no class"
    assert overlooked(tmp_path) == [
        f"{tmp_path / 'deep'}: {none}; 2 videos in folders below it are not looked at",
        f"{tmp_path / 'empty'}: {none}",
        f"{tmp_path / 'notes'}: {none}",
        f"{tmp_path / 'some'}: 1 videos in folders below it are not looked at",
    ]
    assert overlooked(tmp_path, ("good", "deep")) == []  # the second is an error elsewhere
    assert len(overlooked(tmp_path, ("good", "some"))) == 1


def test_videos_beside_the_folders_are_told(tmp_path: Path) -> None:
    for name in ("squat/a.mp4", "b.mp4", "a.m2ts", ".hidden.mp4", "notes.txt"):
        touch(tmp_path / name)
    told = "2 videos lie in no folder of a class and are not looked at, such as a.m2ts"
    assert overlooked(tmp_path) == [f"{tmp_path}: {told}"]


def test_lines_of_the_table_without_a_file_are_counted(tmp_path: Path) -> None:
    touch(tmp_path / "Bu\u0308cken" / "a.mp4")
    touch(tmp_path / "deep" / "anna" / "a.mp4")
    table = "file,group\nB\u00fccken/a.mp4,x\ndeep/anna/a.mp4,x\nB\u00fccken/b.mp4,x\nc/d.mp4,y"
    (tmp_path / "groups.csv").write_text(table, encoding="utf-8")
    (line,) = overlooked(tmp_path, ())
    assert "2 of its lines name files that are not there, such as B\u00fccken/b.mp4: " in line
