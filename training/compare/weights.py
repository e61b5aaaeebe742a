"""The weights that a network of keras.applications starts from."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import click
import keras
import numpy as np

from har_desktop.errors import InputError

SUFFIXES = (".h5", ".npz")


class Weights:
    """From scratch, Keras' ImageNet weights, or files.

    Args:
        choice: "none", "imagenet", or a path: a file, or a folder that holds one file per network,
            whose name begins with the network's, such as Keras' own
            vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5. A .npz holds arrays LAYER/NAME.

    Attributes:
        choice: The same.
    """

    def __init__(self, choice: str) -> None:
        self.choice = choice

    def describe(self, name: str) -> str:
        """What the table says of them, exact enough to tell one file from another.

        Raises:
            InputError: There is no such file, or there are several.
        """
        if self.choice == "none":
            return "from scratch"
        if self.choice == "imagenet":
            return "ImageNet (Keras)"
        path = self._file(name)
        return f"{path.name} (sha256 {hashlib.sha256(path.read_bytes()).hexdigest()[:12]})"

    def load(self, trunk: keras.Model, module: Any, name: str) -> bool:
        """Load them.

        Args:
            trunk: The network without its top.
            module: That it is from, in keras.applications.
            name: Of the network.

        Returns:
            Whether there was something to load: False from scratch.

        Raises:
            InputError: They cannot be had, or are another network's.
        """
        if self.choice == "none":
            return False
        if self.choice == "imagenet":
            _copy_imagenet(trunk, module, name)
            return True
        path = self._file(name)
        try:
            if path.suffix == ".npz":
                _load_arrays(trunk, path)
            else:
                trunk.load_weights(path)
        except (OSError, ValueError, KeyError) as error:
            raise InputError(f"{path} does not hold the weights of {name}: {error}") from error
        return True

    def _file(self, name: str) -> Path:
        path = Path(self.choice)
        if path.is_file():
            return path
        if not path.is_dir():
            raise InputError(f"--weights {path}: no such file or folder, nor imagenet, nor none")
        files = sorted(p for p in path.iterdir() if p.suffix in SUFFIXES)
        found = [p for p in files if _plain(p.name).startswith(_plain(name))]
        if len(found) != 1:
            what = f"several files for {name}" if found else f"no file for {name}"
            raise InputError(
                f"--weights {path} holds {what}: one must be there whose name begins with"
                f" {name.lower()} and ends in {' or '.join(SUFFIXES)}; or leave the row out, --rows"
            )
        return found[0]


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _copy_imagenet(trunk: keras.Model, module: Any, name: str) -> None:
    """Let Keras load them into a network of its own, for it wants a size of its choice."""
    try:
        loaded = getattr(module, name)(
            include_top=False, weights="imagenet", input_shape=trunk.input_shape[1:]
        )
    except Exception as error:
        # Keras raises a bare Exception where the download fails.
        raise InputError(
            f"the ImageNet weights of {name} cannot be had: {error}; give --weights none, or a"
            " folder that holds them"
        ) from error
    trunk.set_weights(loaded.get_weights())


def _load_arrays(trunk: keras.Model, path: Path) -> None:
    """Load LAYER/NAME by name. What the file lacks stays random, and that is said.

    Raises:
        ValueError: It is another network's, by names or shapes, or holds less than half of it.
    """
    with np.load(path) as arrays:
        values = {key: arrays[key] for key in arrays.files}
    loaded = 0
    for layer in trunk.layers:
        for variable in layer.weights:
            kind = "depthwise_kernel" if "Depthwise" in type(layer).__name__ else variable.name
            names = (f"{layer.name}/{variable.name}", f"{layer.name}/{kind}")
            value = next((values[n] for n in names if n in values), None)
            if value is not None:
                variable.assign(value)
                loaded += 1
    if loaded < len(trunk.weights) / 2:
        raise ValueError(f"only {loaded} of {len(trunk.weights)} arrays are there by name")
    if loaded < len(trunk.weights):
        rest = len(trunk.weights) - loaded
        click.echo(f"{path.name} lacks {rest} of {loaded + rest} arrays: random", err=True)
