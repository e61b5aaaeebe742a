"""What a row of the comparison came to, one file per row, so that a table can be gone on with."""

from __future__ import annotations

from pathlib import Path

import msgspec

from har_desktop.errors import InputError
from training import json_file

REMEDY = "remove it"  # for a file that cannot be used


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that decides a row, but for the network.

    Attributes:
        protocol: "group-wise" or "clip-random".
        classes: Class names.
        size: (height, width) of the pictures.
        weights: What the network starts from.
        epochs: After the warm-up of the head.
        warmup: Epochs of the head alone, where the weights are others'.
        frames: Pictures of each clip that it learns from in an epoch.
        batch: Clips in a batch.
        seed: Of weights, order, variation and the clip-random split.
        clips: Of training, validation and test.
        split: Digest of which clips these are, of which groups; "" in rows of before.
    """

    protocol: str
    classes: tuple[str, ...]
    size: tuple[int, int]
    weights: str
    epochs: int
    warmup: int
    frames: int
    batch: int
    seed: int
    clips: tuple[int, int, int]
    split: str = ""


class Result(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A finished row.

    Attributes:
        network: Name of the row.
        settings: Under which it was measured.
        stopped: Why it was not measured; None where it was.
        accuracy: Of the test clips; like the rest None where the row was stopped.
        wilson95: Its 95 % interval, were clips of one group as different as others.
        grouped95: The one that draws whole groups; None in rows of before.
        precision: Macro average, like the next two.
        recall: See above.
        f1: See above.
        parameters: All of the network's.
        milliseconds_per_frame: One clip at a time, divided by its ten pictures.
        sanity_epochs: After which 20 clips were known by heart, or that was given up.
        epochs: After the warm-up.
        seconds_per_epoch: Median, validation included.
        machine: That it was measured on.
        commit: Of this checkout.
    """

    network: str
    settings: Settings
    stopped: str | None = None
    accuracy: float | None = None
    wilson95: tuple[float, float] | None = None
    grouped95: tuple[float, float] | None = None
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None
    parameters: int
    milliseconds_per_frame: float | None = None
    sanity_epochs: int
    epochs: int = 0
    seconds_per_epoch: float | None = None
    machine: str
    commit: str

    @property
    def interval(self) -> tuple[float, float] | None:
        """The one to believe; None where the row was stopped."""
        return self.grouped95 or self.wilson95

    def limits(self) -> list[str]:
        """What this number must not be taken for more than."""
        s = self.settings
        said = [
            f"{s.size[0]}x{s.size[1]} px",
            s.weights,
            f"{self.epochs} epochs of {s.frames} pictures per clip",
        ]
        if self.interval and self.interval[0] <= 1 / len(s.classes):
            said.append("not better than guessing")
        return said


def path_of(folder: Path, network: str, protocol: str) -> Path:
    """The file of a row."""
    return folder / "rows" / protocol / f"{network}.json"


def load(folder: Path, network: str, settings: Settings) -> Result | None:
    """A row that is finished already.

    Raises:
        InputError: It was measured under other settings, or its file is damaged.
    """
    path = path_of(folder, network, settings.protocol)
    if not path.exists():
        return None
    result = json_file.read(path, Result, REMEDY)
    _compare(path, result.settings, settings)
    return result


def begun(folder: Path, network: str, settings: Settings) -> Path:
    """The folder of a row that is not finished: what it goes on with once it is interrupted.

    Raises:
        InputError: It began under other settings, or its file is damaged.
    """
    unfinished = path_of(folder, network, settings.protocol).with_suffix("")
    path = unfinished / "settings.json"
    if path.exists():
        _compare(unfinished, json_file.read(path, Settings, REMEDY), settings)
    return unfinished


def _compare(path: Path, found: Settings, wanted: Settings) -> None:
    theirs, ours = msgspec.structs.asdict(found), msgspec.structs.asdict(wanted)
    if not found.split:
        theirs["split"] = wanted.split
    for name in ours:
        if ours[name] != theirs[name]:
            raise InputError(
                f"{path} is of other settings ({name}: {theirs[name]}, not {ours[name]});"
                " remove it, or give another --out"
            )


def load_all(folder: Path) -> list[Result]:
    """Every finished row in the folder."""
    paths = sorted((folder / "rows").glob("*/*.json"))
    return [json_file.read(path, Result, REMEDY) for path in paths]
