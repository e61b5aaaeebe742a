"""What the ends of a network compute in."""

from __future__ import annotations

import keras


def full_precision() -> str:
    """float32 for every policy of Keras' but float64."""
    return str(keras.config.dtype_policy().variable_dtype)
