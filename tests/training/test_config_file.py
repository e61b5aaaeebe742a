"""Where configurations are read from."""

import json
import shutil
from pathlib import Path

import msgspec
import pytest

from har_desktop.errors import InputError
from training.config import Config, parts
from training.config_file import CONFIGS, load_config

SMALL = '[network]\nname = "cnn_gru"\n'


def test_the_mark_that_some_editors_put_first_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b"\xef\xbb\xbfepochs = 3\n")
    assert load_config(str(path)) == Config(epochs=3)
    path.write_bytes("epochs = 3 # für später".encode("latin-1"))
    with pytest.raises(InputError, match=r"mine\.toml cannot be read: .*save it as text in UTF-8"):
        load_config(str(path))


@pytest.mark.parametrize("name", sorted({p.stem for p in CONFIGS.glob("*.toml")} - {"two_stream"}))
def test_each_shipped_configuration_has_the_line_that_few_clips_change(name: str, tmp_path) -> None:
    shipped = (CONFIGS / f"{name}.toml").read_text()
    assert shipped.count("windows = 1 ") == 1
    (tmp_path / "mine.toml").write_text(shipped.replace("windows = 1 ", "windows = 10 "))
    changed = msgspec.structs.replace(load_config(name), windows=10)
    assert load_config(str(tmp_path / "mine.toml")) == changed


def test_a_bundle_tells_what_it_was_trained_with(bundle_folder, tmp_path: Path) -> None:
    manifest = json.loads((bundle_folder / "manifest.json").read_text())
    with pytest.raises(InputError, match="small: the manifest does not tell how"):
        load_config(str(bundle_folder))
    (tmp_path / "mine").mkdir()
    text = 'streams = ["tuned_body", "tuned_motion"]'
    (tmp_path / "both.toml").write_text(text)
    config = load_config(str(tmp_path / "both.toml"))
    manifest["training"]["configuration"] = msgspec.to_builtins(config)
    (tmp_path / "mine" / "manifest.json").write_text(json.dumps(manifest))
    assert load_config(str(tmp_path / "mine")) == config
    manifest["training"]["configuration"] = {"epochs": 0}
    (tmp_path / "mine" / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match=r"mine/manifest\.json cannot be used: .*epochs"):
        load_config(str(tmp_path / "mine"))


def test_a_shipped_name_is_no_folder_of_that_name(bundle_folder, tmp_path, monkeypatch) -> None:
    shutil.copytree(bundle_folder, tmp_path / "cnn_gru")
    before = load_config("cnn_gru")
    monkeypatch.chdir(tmp_path)
    assert load_config("cnn_gru") == before


def test_streams_are_looked_for_beside_the_file_first(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path)
    for folder, epochs in (("", 3), ("sub", 4)):
        text = f"epochs = {epochs}\n" + SMALL
        (tmp_path / folder / "first.toml").write_text(text)
    (tmp_path / "tuned_body.toml").write_text("epochs = 5\n" + SMALL)
    (tmp_path / "second.toml").write_text("epochs = 6\n" + SMALL)
    (tmp_path / "sub" / "cnn_gru.toml").write_text(
        'streams = ["first.toml", "first", "second.toml", "../tuned_body.toml"]'
    )
    config = load_config("sub/cnn_gru.toml")
    assert [part.epochs for part in parts(config)] == [4, 4, 6, 5]
    text = 'streams = ["cnn_gru", "cnn_gru"]'  # not itself
    (tmp_path / "sub" / "cnn_gru.toml").write_text(text)
    assert set(parts(load_config("sub/cnn_gru.toml"))) == {load_config("cnn_gru")}


def test_streams_of_streams_are_refused(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text('streams = ["two", "two"]')
    (tmp_path / "two.toml").write_text('streams = ["one", "one"]')
    with pytest.raises(InputError, match=r"one\.toml cannot be used: .*unknown field `streams`"):
        load_config(str(tmp_path / "one.toml"))


def test_unknown_name_lists_the_known() -> None:
    with pytest.raises(InputError, match=r"known are: .*motion_gru"):
        load_config("nothing_like_it")
