"""A finished training run, as `training fit` leaves it. TensorFlow only to load the network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from har_desktop.errors import InputError
from har_desktop.inference.manifest import Calibration, Json
from har_desktop.sources.files import is_folder
from training import json_file
from training.config import Config, Streams
from training.data.split import Split, read_split
from training.run_folder import BEST, config_of

if TYPE_CHECKING:
    import keras

Precision = Literal["float32", "float64"]


@dataclass(frozen=True)
class Run:
    """What the export needs of a run's folder.

    Attributes:
        folder: The run's folder.
        config: Everything that decided the run.
        calibration: Temperature, and the limits of what is named.
        split: The clips of each set.
        environment: Commit, versions, date, duration.
    """

    folder: Path
    config: Config | Streams
    calibration: Calibration
    split: Split
    environment: Json

    def network(self, precision: Precision = "float32") -> keras.Model:
        """The trained network.

        Args:
            precision: What it computes in. float32 is what was trained (half precision keeps its
                weights in float32 all the same); float64 shows what rounding does to that.

        Raises:
            InputError: The weights are missing, damaged or of another network.
        """
        import keras

        from training.network import build

        path = self.folder / BEST
        if not path.is_file():
            raise InputError(f"{path} is missing: the run has not finished its first epoch")
        keras.config.set_dtype_policy(precision)
        network = build(self.config.network, len(self.config.classes))
        keras.config.set_dtype_policy("float32")
        try:
            network.load_weights(path)
        except (ValueError, KeyError, OSError, RuntimeError) as error:  # the latter of HDF5
            reason = str(error).strip().splitlines()[0]
            raise InputError(f"{path} doesn't fit {self.folder}/config.json: {reason}") from error
        return network


def read_run(folder: Path) -> Run:
    """Read a run's folder, all but the weights.

    Raises:
        InputError: It is no folder of a finished run.
    """
    if not is_folder(folder):
        raise InputError(f"no run folder {folder}: give the folder that `training fit` wrote")
    return Run(
        folder,
        config_of(_there(folder / "config.json")),
        json_file.read(_there(folder / "calibration.json"), Calibration),
        read_split(_there(folder / "split.json")),
        json_file.read(_there(folder / "environment.json"), Json),
    )


def _there(path: Path) -> Path:
    if not path.exists():
        raise InputError(f"{path} is missing: the run has not finished; see --resume")
    return path
