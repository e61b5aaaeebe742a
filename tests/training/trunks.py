"""A frozen trunk that costs next to nothing."""

import keras

from tests.weights import randomize


def tiny_trunk(height: int = 32, width: int = 64) -> keras.Model:
    """Two grids of random features, like `training.mobilenet.build_trunk`; always the same."""
    picture = keras.Input((height, width, 3))
    fine = keras.layers.Conv2D(4, 8, strides=8, activation="tanh")(picture)
    coarse = keras.layers.Conv2D(6, 2, strides=2, activation="tanh")(fine)
    trunk = keras.Model(picture, [fine, coarse])
    trunk.trainable = False
    randomize(trunk, seed=2)
    return trunk
