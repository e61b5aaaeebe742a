"""Which of the machine's devices a run computes on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import keras

from har_desktop.errors import InputError

Strategy = Literal["single", "mirrored"]
# Opens what a network must be built and compiled in.
Scope = Callable[[], AbstractContextManager[object]]


def used(strategy: Strategy) -> str:
    """Names of the devices that compute, such as `gpu:0`: without a GPU it takes long."""
    found = keras.distribution.list_devices()
    return ", ".join(found if strategy == "mirrored" else found[:1])


def scope(strategy: Strategy) -> Scope:
    """Where a network is to be built.

    Args:
        strategy: "single" leaves the device to TensorFlow; "mirrored" puts a copy of the network on
            each GPU, divides every batch among them and adds their gradients
            (`tf.distribute.MirroredStrategy`).

    Raises:
        InputError: There are no devices to mirror on.
    """
    if strategy == "single":
        return nullcontext
    if keras.backend.backend() != "tensorflow":
        raise InputError(f"--strategy {strategy} needs TensorFlow as the backend of Keras")
    import tensorflow as tf

    # A machine without GPUs has one CPU, unless somebody divided it, as the tests do.
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(devices) < 2:
        raise InputError(
            f"--strategy {strategy} needs two GPUs or more, and TensorFlow finds only"
            f" {devices[0].name.removeprefix('/device:')}; leave the option out"
        )
    made: Scope = tf.distribute.MirroredStrategy([device.name for device in devices]).scope
    return made
