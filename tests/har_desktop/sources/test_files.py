import hashlib

import pytest

from har_desktop.errors import InputError
from har_desktop.sources.files import digest, expand_sources


@pytest.fixture
def folder(tmp_path):
    for name in ("b.mp4", "a.AVI", "c.mkv", "notes.txt", ".b.partial.mp4", "no-suffix"):
        (tmp_path / name).touch()
    (tmp_path / "inner.mp4").mkdir()
    (tmp_path / "inner.mp4" / "deep.mp4").touch()
    return tmp_path


def test_a_folder_stands_for_its_own_visible_videos_by_name(folder):
    assert [path.name for path in expand_sources([folder])] == ["a.AVI", "b.mp4", "c.mkv"]


def test_files_are_taken_as_named_whatever_their_suffix(folder):
    named = [folder / "notes.txt", folder / "b.mp4"]
    assert expand_sources(named) == named


def test_each_file_comes_once(folder):
    paths = expand_sources([folder / "c.mkv", folder, folder / "inner.mp4" / ".." / "c.mkv"])
    assert [path.name for path in paths] == ["c.mkv", "a.AVI", "b.mp4"]


def test_a_file_is_named_after_itself_and_not_after_a_link(tmp_path):
    (tmp_path / "a.avi").touch()
    (tmp_path / "b.avi").symlink_to(tmp_path / "a.avi")
    assert [path.name for path in expand_sources([tmp_path])] == ["a.avi"]


def test_a_folder_that_may_only_be_listed_is_told(mere_user, foreign_folder):
    folder = foreign_folder / "films"
    folder.mkdir()
    (folder / "a.avi").touch()
    folder.chmod(0o444)
    with mere_user(), pytest.raises(InputError, match="cannot be read: Permission denied"):
        expand_sources([folder])
    folder.chmod(0o755)


def test_what_a_link_leads_to_does_not_keep_the_others(mere_user, foreign_folder):
    """It may have a line of its own, when its turn comes."""
    films, private = foreign_folder / "films", foreign_folder / "private"
    films.mkdir()
    private.mkdir()
    (films / "a.avi").touch()
    (private / "b.avi").touch()
    (films / "b.avi").symlink_to(private / "b.avi")
    private.chmod(0)
    with mere_user():
        assert [path.name for path in expand_sources([films])] == ["a.avi", "b.avi"]
    private.chmod(0o755)


def test_a_link_to_what_is_gone_has_a_line_of_its_own(folder):
    (folder / "d.mp4").symlink_to(folder / "stick" / "d.mp4")
    (folder / "e.mp4").symlink_to(folder / "inner.mp4")
    names = [path.name for path in expand_sources([folder])]
    assert names == ["a.AVI", "b.mp4", "c.mkv", "d.mp4"]


def test_a_digest_is_that_of_the_content(folder):
    (folder / "b.mp4").write_bytes(b"content")
    assert digest(folder / "b.mp4", print) == hashlib.sha256(b"content").hexdigest()
    assert digest(folder / "inner.mp4", print) is None
    assert digest(folder / "gone.mp4", print) is None


def test_a_folder_without_videos_is_refused(folder):
    (folder / "inner.mp4" / "deep.mp4").rename(folder / "inner.mp4" / "deep.txt")
    with pytest.raises(InputError, match=r"inner\.mp4: no video in this folder; .*name"):
        expand_sources([folder / "b.mp4", folder / "inner.mp4"])


def test_a_path_that_leads_nowhere_is_refused(folder):
    with pytest.raises(InputError, match=r"gone: no such file or folder; check the path"):
        expand_sources([folder / "gone"])
    with pytest.raises(InputError, match=r"deep: cannot be read: Not a directory"):
        expand_sources([folder / "b.mp4" / "deep"])
