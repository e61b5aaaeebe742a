import subprocess
import sys

import pytest

from har_desktop.errors import OutputError
from har_desktop.sinks.atomic import AtomicFile, AtomicText, takes_files_of
from tests.limits import largest_file


def test_the_name_appears_with_the_whole_text(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("old")
    text = AtomicText(path)
    text.write("größer\r\n")
    assert path.read_text() == "old"
    assert text.commit() == path
    assert path.read_bytes() == "größer\r\n".encode()
    text.discard()  # too late to matter
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.csv"]


def test_a_discarded_file_leaves_the_old_one(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("old")
    text = AtomicText(path)
    text.write("new")
    text.discard()
    text.discard()
    assert [entry.read_text() for entry in tmp_path.iterdir()] == ["old"]


def test_the_hidden_name_keeps_the_suffix(tmp_path):
    file = AtomicFile(tmp_path / "clip.mp4")
    assert file.partial.suffix == ".mp4"
    assert file.partial.name.startswith(".")
    assert file.partial.parent == tmp_path


def test_a_folder_without_permission(foreign_folder, mere_user):
    with mere_user(), pytest.raises(OutputError) as caught:
        AtomicText(foreign_folder / "out.csv")
    assert str(caught.value) == (
        f"{foreign_folder / 'out.csv'}: cannot be written: Permission denied;"
        " choose a folder that you may write to"
    )


def test_a_missing_folder(tmp_path):
    with pytest.raises(OutputError, match=r"gone.out\.csv: cannot be written: No such file or dir"):
        AtomicText(tmp_path / "gone" / "out.csv")


def test_a_name_that_is_a_folders(tmp_path):
    (tmp_path / "out.csv" / "inner").mkdir(parents=True)
    text = AtomicText(tmp_path / "out.csv")
    with pytest.raises(OutputError, match=r"out\.csv: cannot be written: Is a directory"):
        text.commit()


DISK_OF_4_KB = """
import resource, sys
from pathlib import Path
from har_desktop.errors import OutputError
from har_desktop.sinks.atomic import AtomicText

resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
text = AtomicText(Path(sys.argv[1]))
try:
    for _ in range(int(sys.argv[2])):
        text.write("a line of sixteen")
    text.commit()
except OutputError as error:
    print(error)
    text.discard()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
@pytest.mark.parametrize("lines", [300, 10_000], ids=["noticed at the end", "noticed early"])
def test_a_full_disk(tmp_path, lines):
    script = [sys.executable, "-c", DISK_OF_4_KB, str(tmp_path / "out.csv"), str(lines)]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    assert "out.csv: cannot be written: File too large; " in done.stdout
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file's size")
def test_what_the_file_system_knows_is_found_without_writing_it(tmp_path):
    assert takes_files_of(2**32, tmp_path)
    with largest_file(2**20):
        assert takes_files_of(2**20, tmp_path)
        assert not takes_files_of(2**20 + 1, tmp_path)
    assert list(tmp_path.iterdir()) == []
