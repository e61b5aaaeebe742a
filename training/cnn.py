"""The poster's encoder: three times Conv2D, BatchNorm and pooling.

`motion` goes past the poster: a fourth input channel holds the grey difference to the picture one
interval before.
"""

from __future__ import annotations

import keras
from keras import layers

from training.config import CnnGru
from training.luma import COLOURS
from training.precision import full_precision

TARGET, TARGET_NORM = "conv3", "bn3"
# An epoch has some fifty steps. Keras' 0.99 would take ten epochs to forget the initial statistics,
# and validation would mislead all that time.
BN_MOMENTUM = 0.9


def build_encoder(config: CnnGru) -> keras.Model:
    """One normalised picture -> (activation, features).

    Returns:
        A model from (height, width, 3 or 4) to `activation` (height/4, width/4, filters[2]), after
        ReLU and before BatchNorm, and the pooled `features` (height/8, width/8, filters[2]).
    """
    shape = (config.height, config.width, COLOURS + config.motion)
    picture = keras.Input(shape, dtype=full_precision(), name="picture")
    x = activation = picture
    for number, filters in enumerate(config.filters, start=1):
        activation = layers.Conv2D(
            filters, 3, padding="same", activation="relu", name=f"conv{number}"
        )(x)
        x = layers.BatchNormalization(momentum=BN_MOMENTUM, name=f"bn{number}")(activation)
        x = layers.MaxPooling2D(2, name=f"pool{number}")(x)
    return keras.Model(picture, [activation, x], name="encoder")
