from __future__ import annotations

import pytest

from export.place import check_place, workshop, write
from har_desktop.errors import InputError, OutputError


def _fill(folder, *names):
    folder.mkdir()
    for name in names:
        (folder / name).write_text(name)
    return folder


@pytest.mark.parametrize(
    "names",
    [
        (),
        ("manifest.json",),
        ("manifest.json", "head.onnx", "encoder.onnx", "card.md"),
        ("manifest.json", "head.onnx", "encoder.onnx", "card.md", "confusion.png"),
        ("manifest.json", "head.onnx", "encoder-1.onnx", "encoder-2.onnx", "card.md"),
    ],
)
def test_a_new_an_empty_and_a_bundles_folder_may_be_taken(tmp_path, names):
    check_place(tmp_path / "new")
    check_place(_fill(tmp_path / "there", *names))


@pytest.mark.parametrize(
    "names",
    [
        ("thesis.odt",),
        ("card.md",),
        ("manifest.json", "notes.txt"),
        ("manifest.json", "encoder-a.onnx"),
    ],
)
def test_any_other_folder_is_left_alone(tmp_path, names):
    with pytest.raises(InputError, match="holds no bundle"):
        check_place(_fill(tmp_path / "there", *names))


def test_files_links_and_odd_names_are_refused(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(_fill(tmp_path / "there"))
    for name in ("file", "link"):
        with pytest.raises(InputError, match="not a folder"):
            check_place(tmp_path / name)
    for name in ("a b", ".hidden", ".."):
        with pytest.raises(InputError, match="cannot name a bundle"):
            check_place(tmp_path / name)


def test_what_is_made_in_the_workshop_takes_the_place(tmp_path):
    target = _fill(tmp_path / "there", "old")
    with workshop(target) as folder:
        (folder / "new").write_text("")
        assert (target / "old").exists()
    assert [path.name for path in target.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_in_the_workshop_changes_nothing(tmp_path):
    target = _fill(tmp_path / "there", "old")

    def fail():
        with workshop(target) as folder:
            (folder / "new").write_text("")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [path.name for path in target.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [target]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(OutputError, match=r"tiny cannot be written"),
        workshop(tmp_path / "file" / "tiny"),
    ):
        pass
    with pytest.raises(OutputError, match=r"card\.md cannot be written"):
        write(tmp_path / "nowhere" / "card.md", b"")


def test_a_file_is_replaced_in_one_piece(tmp_path):
    path = tmp_path / "card.md"
    write(path, b"old")
    write(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]
