"""What a frozen trunk makes of the training clips, computed once and kept on disk.

A trunk that does not learn gives the same features in every epoch, so they are computed once for
each clip and a few varied views of it. View 0 shows the clip as it is; every other one is varied
alike over the whole clip (`training.data.augment`), at random, but the same in every run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from har_desktop.errors import SourceError
from har_desktop.inference.letterbox import as_seen
from har_desktop.opencv import cv2
from har_desktop.pipeline.hop import every
from har_desktop.sinks.atomic import make_folder
from training.data import augment
from training.data.cache import READER, nearest, refuse_broken, save
from training.data.figures import open_clip
from training.data.index import Clip
from training.network import a_few, normalize, predict

if TYPE_CHECKING:
    import keras

    from training.config import AugmentConfig

SEED = 1  # of the views; runs of other seeds share them
AHEAD = 4  # clips decoded while the trunk computes

Job = tuple[Clip, int]  # a clip and the number of the view
T = TypeVar("T")
Features = tuple[NDArray[np.float16], ...]


@dataclass(frozen=True)
class Tape:
    """The features of one view of one clip.

    Attributes:
        features: One array per output of the trunk, (frames, height, width, channels) float16,
            memory-mapped.
        times: (frames,) float64 seconds, increasing, from 0.
    """

    features: Features
    times: NDArray[np.float64]

    def window(self, times: NDArray[np.float64]) -> Features:
        """The features nearest to `times`; before the start and past the end the clip stands."""
        places = nearest(self.times, times)
        return tuple(values[places] for values in self.features)

    @property
    def duration(self) -> float:
        """Seconds from the first picture to the last."""
        return float(self.times[-1])


class Bank:
    """The folder of features for one trunk and one way to vary the views.

    Attributes:
        trunk: Normalised picture -> features.
    """

    def __init__(
        self,
        folder: Path,
        data: Path,
        trunk: keras.Model,
        config: AugmentConfig,
        interval: float,
    ) -> None:
        """Keep features of pictures half a frame interval (in seconds) apart.

        The nearest one is never further away than a quarter of it.
        """
        self.trunk = trunk
        self._spacing = interval / 2
        self._data = data
        self._config = config
        self._outputs = len(trunk.outputs)
        self._size: tuple[int, int] = trunk.input_shape[1:3]
        self.folder = folder / f"features-{self._key()}"
        make_folder(self.folder)

    def fill(self, jobs: Iterable[Job]) -> list[Job]:
        """Compute what is not there yet; a progress bar tells how far it is.

        Returns:
            The jobs that can be used. Unreadable clips are named on stderr.

        Raises:
            InputError: Too many clips cannot be decoded.
            OutputError: The folder takes no more. What is computed stays.
        """
        jobs = list(jobs)
        missing = [job for job in jobs if not self._paths(job)[-1].exists()]
        broken: dict[Clip, str] = {}
        bar = tqdm(total=len(missing), desc="features", unit="clip", disable=None)
        for job, decoded in _ahead(self._pictures, missing):
            bar.update()
            if isinstance(decoded, SourceError):
                broken[job[0]] = str(decoded)
                continue
            pictures, times = decoded
            features = predict(self.trunk, map(normalize, a_few(pictures)))
            arrays = [values.astype(np.float16) for values in features]
            *paths, last = self._paths(job)
            for path, array in zip(paths, arrays, strict=True):
                save(path, array)
            save(last, times)  # its presence says that all is whole
        bar.close()
        refuse_broken(broken.values(), len({clip for clip, _ in jobs}))
        return [job for job in jobs if job[0] not in broken]

    def load(self, clip: Clip, view: int) -> Tape:
        """The features of a clip that `fill` has computed."""
        *features, times = self._paths((clip, view))
        return Tape(tuple(np.load(path, mmap_mode="r") for path in features), np.load(times))

    def duration(self, clip: Clip, view: int) -> float:
        """Seconds of a clip that `fill` has computed."""
        return float(np.load(self._paths((clip, view))[-1])[-1])

    def _key(self) -> str:
        # When a window is drawn, and how it is mixed, changes no picture.
        pictures = msgspec.structs.replace(
            self._config, speed=1.0, jitter=0.0, reverse=0.0, still=0.0, background=0.0, mixup=0.0
        )
        digest = hashlib.sha256(msgspec.json.encode([pictures, SEED, self._spacing, READER]))
        for weights in self.trunk.get_weights():
            digest.update(weights.tobytes())
        return f"{self._size[0]}x{self._size[1]}-{digest.hexdigest()[:12]}"

    def _paths(self, job: Job) -> list[Path]:
        clip, view = job
        parts = [*map(str, range(self._outputs)), "times"]
        return [self.folder / f"{clip.sha256}.{view}.{part}.npy" for part in parts]

    def _pictures(self, job: Job) -> tuple[NDArray[np.uint8], NDArray[np.float64]] | SourceError:
        """Decode a clip and vary it: (frames, height, width, 3) uint8 RGB, and their times."""
        clip, view = job
        pictures: list[NDArray[np.uint8]] = []
        times: list[float] = []
        try:
            with open_clip(clip, self._data) as source:
                for frame in every(source, self._spacing):
                    pictures.append(as_seen(frame.image, self._size))
                    times.append(frame.time)
        except SourceError as error:
            return error
        stacked = np.stack(pictures)
        if view:
            rng = np.random.default_rng([SEED, view, int(clip.sha256[:12], 16)])
            stacked = augment.vary(rng, self._config, stacked, self._size)
        return stacked, np.asarray(times)


def _ahead(function: Callable[[Job], T], jobs: list[Job]) -> Iterator[tuple[Job, T]]:
    """Each job with its result, in order, a few of them computed in advance by another thread."""
    cv2.setNumThreads(1)
    waiting = iter(jobs)
    with ThreadPoolExecutor(1) as pool:
        queue = [(job, pool.submit(function, job)) for job in islice(waiting, AHEAD)]
        while queue:
            job, result = queue.pop(0)
            yield job, result.result()
            queue += [(job, pool.submit(function, job)) for job in islice(waiting, 1)]
