"""What a network and its ends compute in."""

from __future__ import annotations

import time

import keras
import numpy as np

from training.config import Precision

# Half precision costs digits, so it has to be quicker by more than a measurement is off.
WORTH = 1.2


def full_precision() -> str:
    """float32 for every policy of Keras' but float64."""
    return str(keras.config.dtype_policy().variable_dtype)


def choose(precision: Precision) -> Precision:
    """The policy of Keras' that a configuration asks for; "fastest" is decided here, in seconds.

    bfloat16 is several times quicker than float32 where the processor has instructions for it, and
    several times slower where it has none and it is emulated.
    """
    if precision != "fastest":
        return precision
    full, half = (_step_seconds(policy) for policy in ("float32", "mixed_bfloat16"))
    return "mixed_bfloat16" if full > WORTH * half else "float32"


def _step_seconds(policy: str) -> float:
    """How long a small convolution takes to learn one step, at best."""
    model = keras.Sequential(
        [keras.layers.Conv2D(64, 3, dtype=policy), keras.layers.GlobalAveragePooling2D()]
    )
    model.compile("sgd", "mse")
    pictures, targets = np.ones((16, 24, 24, 32), np.float32), np.ones((16, 64), np.float32)
    seconds = []
    for _ in range(4):  # the first one traces
        began = time.perf_counter()
        model.train_on_batch(pictures, targets)
        seconds.append(time.perf_counter() - began)
    return min(seconds)
