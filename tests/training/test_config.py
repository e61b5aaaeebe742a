from pathlib import Path

import msgspec
import pytest

from har_desktop.errors import InputError
from training.config import (
    UCF10,
    CnnGru,
    Config,
    MobileNetGru,
    MultiStream,
    Streams,
    TunedGru,
    parts,
    read_config,
)
from training.config_file import CONFIGS, load_config


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda p: p.stem)
def test_committed_configurations_can_be_read(path: Path) -> None:
    for config in parts(load_config(path.stem)):
        assert config.classes == UCF10
        stride = config.network.stride
        assert config.network.height % stride == config.network.width % stride == 0


def test_the_committed_configurations_name_their_networks() -> None:
    kinds = {path.stem: load_config(path.stem).network for path in CONFIGS.glob("*.toml")}
    assert {name: type(network) for name, network in kinds.items()} == {
        "cnn_gru": CnnGru,
        "motion_gru": CnnGru,
        "mobilenet_gru": MobileNetGru,
        "tuned_body": TunedGru,
        "tuned_motion": TunedGru,
        "two_stream": MultiStream,
    }
    moving = {name for name, network in kinds.items() if network.motion}
    assert moving == {"motion_gru", "tuned_motion", "two_stream"}


def test_streams_are_configurations_side_by_side(tmp_path: Path) -> None:
    names = ("mobilenet_gru", "motion_gru", "mobilenet_gru")
    path = tmp_path / "three.toml"
    path.write_text(f"streams = {list(names)}")
    config = load_config(str(path))
    assert isinstance(config, Streams)
    assert config.streams == tuple(load_config(name) for name in names)
    network = config.network
    assert (network.height, network.width, network.length, network.motion) == (160, 192, 10, True)
    assert [network.shrink(stream) for stream in network.streams] == [1, 2, 1]
    assert read_config(msgspec.json.decode(msgspec.json.encode(config))) == config


SMALL = '[network]\nname = "cnn_gru"\n'
TUNED = '[network]\nname = "tuned_gru"\nmotion = true\n'


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (SMALL, SMALL + "length = 8", "windows of 8 and of 10 pictures"),
        (SMALL, SMALL + "height = 80\nwidth = 96", "the streams' grids differ"),
        (TUNED, TUNED + "differences = 3", "the streams see motion in different steps"),
        (SMALL, 'classes = ["a", "b"]\n' + SMALL, "differ in classes"),
        (SMALL, "frame_interval_s = 0.3\n" + SMALL, "differ in classes or frame_interval_s"),
        (SMALL, 'streams = ["cnn_gru", "motion_gru"]', "streams"),
    ],
)
def test_streams_that_cannot_look_at_one_window_are_refused(
    tmp_path: Path, first: str, second: str, message: str
) -> None:
    names = []
    for name, text in (("first", first), ("second", second)):
        path = tmp_path / f"{name}.toml"
        path.write_text(text)
        names.append(str(path))
    both = tmp_path / "both.toml"
    both.write_text(f"streams = {names}")
    with pytest.raises(InputError, match=message) as error:
        load_config(str(both))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (CnnGru, "cnn_gru"),
        (MobileNetGru, "mobilenet_gru"),
        (TunedGru, "tuned_gru"),
    ],
)
def test_the_name_decides_the_network_and_survives_the_run_folder(
    tmp_path: Path, kind, name: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f'[network]\nname = "{name}"\nheight = 96\nwidth = 64')
    config = load_config(str(path))
    assert config.network == kind(height=96, width=64)
    assert config.network.kind == name
    assert msgspec.json.decode(msgspec.json.encode(config), type=Config) == config


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("learning_rat = 1", "learning_rat"),
        ('[network]\nname = "cnn_gru"\nfilter = [1, 2, 3]', "filter"),
        ('[network]\nname = "mobilenet_gru"\nmotion = true', "motion"),
        ('[network]\nname = "mobilenet_gru"\nfilters = [1, 2, 3]', "filters"),
        ('[network]\nname = "tuned_gru"\ntrunk = "hands"', "'hands'"),
        ('[network]\nname = "tuned_gru"\ndifferences = 3', "with `motion = true` only"),
        ('[network]\nname = "tuned_gru"\nmotion = true\ndifferences = 2', "differences"),
        ('[network]\nname = "tuned_gru"\nwidth = 168', "128x168: use multiples of 16"),
        ('[network]\nname = "resnet"', "'resnet'"),
        ("[network]\nheight = 64", "name"),
        ('[network]\nname = "cnn_gru"\nheight = 60', "60x80: use multiples of 8"),
        ('[network]\nname = "mobilenet_gru"\nwidth = 200', "160x200: use multiples of 32"),
        ('[network]\nname = "cnn_gru"\nheight = 4096', "height"),
        ('[network]\nname = "mobilenet_gru"\nwidth = 2080', "width"),
        ('[network]\nname = "tuned_gru"\nwidth = 2064', "width"),
        ("epochs = 0", "epochs"),
        ("epochs = 'many'", "epochs"),
        ("seed = -3", "seed"),
        ("seed = 4294967296", "seed"),
        ("[network", "cannot be used"),
    ],
)
def test_a_wrong_key_or_value_stops_and_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as error:
        load_config(str(path))
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)
