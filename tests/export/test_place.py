from __future__ import annotations

from pathlib import Path

import pytest

from export.place import check_place, workshop
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
        ("manifest.json", "head.onnx", ".manifest.json.4711.1.partial.json", ".DS_Store"),
        ("Thumbs.db",),
    ],
)
def test_a_new_an_empty_and_a_bundles_folder_may_be_taken(tmp_path, names):
    check_place(tmp_path / "new")
    check_place(_fill(tmp_path / "there", *names))


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("thesis.odt",), "holds thesis.odt"),
        (("card.md",), "has no manifest.json"),
        (("manifest.json", "notes.txt"), "holds notes.txt"),
        (("manifest.json", "encoder-a.onnx"), "holds encoder-a.onnx"),
    ],
)
def test_any_other_folder_is_left_alone(tmp_path, names, reason):
    with pytest.raises(InputError, match=f"there {reason}, so it is no bundle and will not"):
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


@pytest.mark.parametrize("interruption", [OSError("full"), KeyboardInterrupt()])
def test_what_was_there_comes_back_where_the_new_one_cannot_be_put(
    tmp_path, monkeypatch, interruption
):
    target = _fill(tmp_path / "there", "old")
    rename = Path.rename

    def interrupted(self, new):
        if self.name == "new":
            raise interruption
        return rename(self, new)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises((OutputError, KeyboardInterrupt)), workshop(target):
        pass
    assert [path.name for path in target.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [target]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(OutputError, match=r"tiny cannot be written"),
        workshop(tmp_path / "file" / "tiny"),
    ):
        pass
