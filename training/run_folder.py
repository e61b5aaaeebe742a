"""The folder of a training run: what is in it, whose it is, and how far it got. No TensorFlow.

It holds `config.json`, `split.json`, `environment.json`, `history.csv`, `best.weights.h5`,
`calibration.json`, `validation.json`, where it was asked for `tensorboard/`, and, while the run
lasts, `backup/`. A run of several networks holds a run folder `streamN` for each instead of the
history; see `training.streams`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click
import msgspec
import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from har_desktop.errors import InputError, OutputError
from har_desktop.inference.manifest import Json
from har_desktop.sinks.atomic import make_folder, writing
from har_desktop.sinks.leftovers import is_partial
from training import json_file
from training.config import Config, Streams, read_config
from training.data.split import Split, read_split

BEST = "best.weights.h5"
OLDER = ".bkp"  # Keras' suffix of the backup before the last one
CALIBRATED = ("calibration.json", "validation.json")


def check_run(run: Path, config: Config | Streams, *, resume: bool) -> None:
    """See that `open_run` can take the folder, as far as that is known before clips are decoded.

    Raises:
        InputError: The folder holds another run, a finished one, or nothing to resume.
    """
    path, finished = run / "config.json", (run / "environment.json").exists()
    if resume:
        if not path.exists():
            raise InputError(f"nothing to resume in {run}: it has no config.json")
        if config_of(path) != config:
            raise InputError(f"{path} is another configuration; give the run a folder of its own")
        if finished:
            raise InputError(f"{run} is finished; there is nothing left to resume")
        return
    if run.exists() and not run.is_dir():
        raise InputError(f"{run} is a file; give a folder")
    if finished:
        raise InputError(f"{run} holds a finished run: give another folder")
    if run.exists() and not all(_is_begun(path) for path in run.iterdir()):
        raise InputError(f"{run} is not empty: go on with --resume, or give another folder")


def open_run(run: Path, config: Config | Streams, split: Split, *, resume: bool) -> None:
    """Make the run folder, or check that an existing one belongs to this configuration and split.

    Raises:
        InputError: See `check_run`; or the run to resume has another split.
        OutputError: It cannot be written.
    """
    check_run(run, config, resume=resume)
    path, split_path = run / "config.json", run / "split.json"
    if resume:
        before = read_split(split_path)
        if before.others is None:
            split = msgspec.structs.replace(split, others=None)
        elif split.others and not before.others.test:  # as runs of before wrote it
            others = msgspec.structs.replace(split.others, test=[])
            split = msgspec.structs.replace(split, others=others)
        if before != split:
            raise InputError(
                f"{split_path} divides other clips, or divides them otherwise: the data or --fold"
                " has changed; give the run a folder of its own"
            )
        return
    make_folder(run)
    try:
        json_file.write(split_path, split)
        json_file.write(path, config)
    except BaseException:  # so that it can be opened once more
        split_path.unlink(missing_ok=True)
        raise


def _is_begun(path: Path) -> bool:
    """Whether it may be there of a run that was killed as it began."""
    # Windows keeps the history of an interrupted first epoch, which is empty.
    empty = path.name == "history.csv" and path.stat().st_size == 0
    begun = path.name in ("split.json", ".lock", ".DS_Store")
    return empty or begun or is_partial(path.name)


@contextmanager
def owning(folder: Path) -> Iterator[None]:
    """Let no other process learn in the folder meanwhile; one that dies lets go of it.

    Args:
        folder: It is there; its file `.lock` stays when the run is over.

    Raises:
        InputError: Another process learns in it.
        OutputError: It takes no files.
    """
    with writing(folder):
        lock = FileLock(folder / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise InputError(
                f"{folder}: another process trains there: wait for it, or give another folder"
            ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def learning(run: Path) -> Iterator[None]:
    """`owning`, for a run that `open_run` has opened; where it stops, the folder can go on.

    If no epoch is kept, it can be opened as if nothing had been. A person who interrupts it later
    is told of --resume.
    """
    with owning(run):
        try:
            yield
        except OutputError:  # says itself how to go on
            raise
        except BaseException as error:
            if not _is_kept(run):
                _forget(run)
            elif isinstance(error, KeyboardInterrupt):
                click.echo(f"{run}: interrupted; go on with --resume", err=True)
            raise


def _is_kept(run: Path) -> bool:
    """Whether a run that goes on has anything to go on from."""
    finished = (run / "environment.json").exists()
    learned = epochs_done(run) > 0 or history(run) is not None
    return finished or learned or any(map(_is_kept, stream_folders(run)))


def _forget(run: Path) -> None:
    """Take out what a run that has learned nothing has written."""
    for folder in (run / "backup", run / "tensorboard", *stream_folders(run)):
        shutil.rmtree(folder, ignore_errors=True)
    for name in ("config.json", "split.json", "history.csv", BEST):
        with suppress(OSError):  # Keras may still have it open, which Windows minds
            (run / name).unlink()


def config_of(path: Path) -> Config | Streams:
    """What is in the `config.json` of a run.

    Raises:
        InputError: It is none.
    """
    try:
        return read_config(json_file.read(path, Json))
    except msgspec.ValidationError as error:
        raise InputError(f"{path} cannot be used: {error}") from error


def history(run: Path) -> NDArray[np.void] | None:
    """One row per epoch with its losses and accuracies by name; None before the first."""
    path = run / "history.csv"
    if not path.exists() or path.read_text().count("\n") < 2:
        return None
    return np.atleast_1d(np.genfromtxt(path, delimiter=",", names=True))


def stream_folder(run: Path, number: int) -> Path:
    """The run folder of one of the networks that a run trains one after another."""
    return run / f"stream{number}"


def stream_folders(run: Path) -> list[Path]:
    """Those that are there; of most runs, none."""
    return sorted(run.glob("stream[0-9]*"))


def has_validation(rows: NDArray[np.void]) -> bool:
    """Whether clips validated while the run of this `history` learned; Keras notes NaN if not."""
    return bool(np.isfinite(rows["val_loss"]).all())


def take_calibration(before: Path, run: Path) -> None:
    """Give a run the calibration of a finished one, and what its validation clips said."""
    for name in CALIBRATED:
        shutil.copyfile(before / name, run / name)


def read_finished(run: Path) -> tuple[Config | Streams, Split]:
    """The configuration and the split of a finished run.

    Raises:
        InputError: It is none, holds no clips out, or lacks what another run takes from it.
    """
    if not (run / "environment.json").exists():
        raise InputError(f"{run} is no finished run: give the folder that `training fit` wrote")
    config, split = config_of(run / "config.json"), read_split(run / "split.json")
    if split.validated:
        raise InputError(f"{run} has learned from its validation clips: give the run before it")
    networks = range(len(config.streams)) if isinstance(config, Streams) else ()
    for folder in (run, *(stream_folder(run, number) for number in networks)):
        for name in CALIBRATED:
            if not (folder / name).exists():
                raise InputError(f"{folder / name} is gone: put it back, or train that run anew")
    return config, split


def rewind(run: Path) -> None:
    """Forget an epoch that was backed up, but of which nothing else was kept: the disk was full.

    The run goes on before it, from the backup of the epoch before.
    """
    rows = history(run)
    while epochs_done(run) > (0 if rows is None else len(rows)):
        kept = [path for path in (run / "backup").iterdir() if path.suffix != OLDER]
        older = [path.with_name(path.name + OLDER) for path in kept]
        if not all(path.exists() for path in older):  # there is none before the first
            shutil.rmtree(run / "backup")
            return
        for path, before in zip(kept, older, strict=True):
            before.replace(path)


def epochs_done(run: Path) -> int:
    """How many epochs the backup holds: an interrupted run goes on after them."""
    path = run / "backup" / "training_metadata.json"
    return int(msgspec.json.decode(path.read_bytes())["epoch"]) if path.exists() else 0


def best_loss(run: Path) -> float:
    """The lowest validation loss so far, whose weights are kept; infinite without any."""
    rows = history(run)
    if rows is None or not (run / BEST).exists() or not has_validation(rows):
        return float("inf")
    return float(np.min(rows["val_loss"]))


def seconds(run: Path) -> float:
    """How long its epochs took."""
    rows = history(run)
    return 0.0 if rows is None else float(np.sum(rows["seconds"]))
