"""What the lists and the listing say."""

from pathlib import Path

import pytest

from har_desktop.errors import InputError
from training.download.listing import (
    CLIPS_URL,
    LIST_NAMES,
    choose,
    official_clips,
    read_index,
    read_lists,
)

# An index as mod_autoindex writes it without HTMLTable.
PLAIN = """<pre><img src="/icons/blank.gif" alt="Icon "> <a href="?C=N;O=D">Name</a>
<img src="/icons/back.gif" alt="[DIR]"> <a href="/THUMOS14/UCF101/">Parent Directory</a>         -
<img src="/icons/movie.gif" alt="[VID]"> <a href="v_Archery_g01_c01.avi">v_Archery_g01_c01.a..&gt;\
</a> 04-Jun-2013 13:39  266K
<img src="/icons/movie.gif" alt="[VID]"> <a href="v_Archery_g01_c02.avi">v_Archery_g01_c02.a..&gt;\
</a> 04-Jun-2013 13:39  1.1M
<img src="/icons/movie.gif" alt="[VID]"> <a href="v_Archery_g01_c03.avi">v_Archery_g01_c03.a..&gt;\
</a>
</pre>"""


def test_an_index_without_a_table():
    index = read_index(PLAIN, CLIPS_URL)
    assert sorted(index) == [f"v_Archery_g01_c0{number}.avi" for number in (1, 2, 3)]
    url, size = index["v_Archery_g01_c01.avi"]
    assert url == CLIPS_URL + "v_Archery_g01_c01.avi"
    assert size.low <= 266 * 1024 <= size.high
    assert not size.low <= 268 * 1024 <= size.high
    _, size = index["v_Archery_g01_c02.avi"]
    assert size.low <= 1_103_502 <= size.high  # what a real clip of 1.1M has
    assert not size.low <= 2 * 1_103_502 // 3 <= size.high
    assert index["v_Archery_g01_c03.avi"][1] is None


def test_an_index_with_a_table(ucf101, originals):
    index = read_index(ucf101.files["/clips/"].decode(), f"{ucf101.url}/clips/")
    assert index.keys() == originals.keys()
    for name, content in originals.items():
        url, size = index[name]
        assert url == f"{ucf101.url}/clips/{name}"
        assert size.low <= len(content) <= size.high


def test_folders_are_named_as_in_the_lists(ucf101):
    lists = read_lists(ucf101.files["/lists.zip"])
    paths = official_clips(lists)
    assert "HandstandPushups/v_HandStandPushups_g01_c01.avi" in paths
    index = read_index(ucf101.files["/clips/"].decode(), "http://host/")
    remotes, missing = choose(paths, index, ["HandstandPushups"])
    assert [remote.path for remote in remotes] == [
        "HandstandPushups/v_HandStandPushups_g01_c01.avi",
        "HandstandPushups/v_HandStandPushups_g08_c01.avi",
    ]
    assert not missing


def test_all_classes(ucf101):
    paths = official_clips(read_lists(ucf101.files["/lists.zip"]))
    index = read_index(ucf101.files["/clips/"].decode(), "http://host/")
    assert [remote.path for remote in choose(paths, index, None)[0]] == paths


def test_clips_that_the_listing_lacks_are_told_of(ucf101):
    paths = official_clips(read_lists(ucf101.files["/lists.zip"]))
    index = read_index(ucf101.files["/clips/"].decode(), "http://host/")
    del index["v_Still_g08_c01.avi"]
    remotes, missing = choose(paths, index, ["Still"])
    assert [remote.path for remote in remotes] == ["Still/v_Still_g01_c01.avi"]
    assert missing == ["Still/v_Still_g08_c01.avi"]


@pytest.mark.parametrize(
    ("name", "hint"), [("HandStandPushups", "HandstandPushups"), ("Yodelling", "Drift, Hand")]
)
def test_an_unknown_class_is_named_with_a_hint(ucf101, name, hint):
    paths = official_clips(read_lists(ucf101.files["/lists.zip"]))
    with pytest.raises(InputError, match=f"no class {name}; .*{hint}"):
        choose(paths, {}, [name])


def test_a_page_that_is_no_listing(ucf101):
    paths = official_clips(read_lists(ucf101.files["/lists.zip"]))
    with pytest.raises(InputError, match="shows none of the 2 clips"):
        choose(paths, read_index("<html>moved</html>", "http://host/"), ["Still"])


def test_archives_that_are_none(ucf101):
    whole = ucf101.files["/lists.zip"]
    for broken in (b"", b"<html>", whole[: len(whole) // 2]):
        with pytest.raises(InputError, match="no whole zip archive"):
            read_lists(broken)


def test_the_real_lists(shared_data: Path):
    lists = {name: (shared_data / "ucf101" / name).read_bytes() for name in LIST_NAMES}
    paths = official_clips(lists)
    assert len(paths) == 13320
    assert len({path.partition("/")[0] for path in paths}) == 101
