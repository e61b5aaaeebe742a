from pathlib import Path

import pytest

from har_desktop.errors import InputError
from training.config import CONFIGS, UCF10, load_config


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda p: p.stem)
def test_committed_configurations_can_be_read(path: Path) -> None:
    config = load_config(path.stem)
    assert config.classes == UCF10
    assert config.network.height % 8 == config.network.width % 8 == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("learning_rat = 1", "learning_rat"),
        ('[network]\nname = "cnn_gru"\nfilter = [1, 2, 3]', "filter"),
        ("epochs = 0", "epochs"),
        ("epochs = 'many'", "epochs"),
        ("[network", "cannot be used"),
    ],
)
def test_a_wrong_key_or_value_stops_and_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        load_config(str(path))


def test_unknown_name_lists_the_known() -> None:
    with pytest.raises(InputError, match=r"known are: .*motion_gru"):
        load_config("nothing_like_it")
