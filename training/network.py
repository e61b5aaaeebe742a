"""The poster's CNN-GRU, as one Keras network over a whole window.

The encoder sees one picture at a time; time is folded into the batch (TimeDistributed layers would
unroll into ten copies). `export` takes the trained weights by layer name and writes the two
streaming graphs, so the names below are part of the contract with it:

    encoder: conv1 bn1 pool1 conv2 bn2 pool2 conv3 bn3 pool3      conv3 is the Grad-CAM target
    head:    conv3d  (global max)  gru1 gru2 logits

Source: Hossain, Mahmud, Rahman, "Interpretable Human Action Recognition: A CNN-GRU Approach with
Grad-CAM Insights", 4th MusIML workshop at ICML 2025; ten frames, 3 x (Conv2D + BatchNorm +
Pooling), one Conv3D, GRU(32), GRU(50), Dense. `motion` goes past it: a fourth input channel holds
the grey difference to the picture one interval before.
"""

from __future__ import annotations

import keras
from keras import layers, ops

from training.config import NetworkConfig

# ITU-R BT.601 luma of RGB.
LUMA = (0.299, 0.587, 0.114)
# An epoch has some fifty steps. Keras' 0.99 would take ten epochs to forget the initial statistics,
# and validation would mislead all that time.
BN_MOMENTUM = 0.9


def full_precision():
    """What the ends of a network compute in: float32 for every policy but float64."""
    return keras.config.dtype_policy().variable_dtype


def normalize(frame, previous=None, dtype="float32"):
    """The encoder's first step, shared with the exported graph.

    Args:
        frame: (batch, height, width, 3) uint8 RGB.
        previous: The same one interval before, for a network with motion, else None.
        dtype: To compute in.

    Returns:
        (batch, height, width, 3 or 4) of `dtype`: RGB in [-1, 1]; the fourth channel is the
        difference of luma to `previous`, in [-2, 2].
    """
    rgb = ops.cast(frame, dtype) / 127.5 - 1.0
    if previous is None:
        return rgb
    before = ops.cast(previous, dtype) / 127.5 - 1.0
    luma = ops.reshape(ops.convert_to_tensor(LUMA, dtype=dtype), (1, 1, 1, 3))
    difference = ops.sum((rgb - before) * luma, axis=-1, keepdims=True)
    return ops.concatenate([rgb, difference], axis=-1)


def build_encoder(config: NetworkConfig) -> keras.Model:
    """One normalised picture -> (activation, features).

    Returns:
        A model from (height, width, 3 or 4) to `activation` (height/4, width/4, filters[2]), after
        ReLU and before BatchNorm, and the pooled `features` (height/8, width/8, filters[2]).
    """
    shape = (config.height, config.width, 4 if config.motion else 3)
    picture = keras.Input(shape, dtype=full_precision(), name="picture")
    x = activation = picture
    for number, filters in enumerate(config.filters, start=1):
        activation = layers.Conv2D(
            filters, 3, padding="same", activation="relu", name=f"conv{number}"
        )(x)
        x = layers.BatchNormalization(momentum=BN_MOMENTUM, name=f"bn{number}")(activation)
        x = layers.MaxPooling2D(2, name=f"pool{number}")(x)
    return keras.Model(picture, [activation, x], name="encoder")


def build(config: NetworkConfig, classes: int) -> keras.Model:
    """The whole network.

    Returns:
        A model from `clip`, uint8 RGB (length or, with motion, length + 1 frames, height, width,
        3), oldest first, to `logits` (classes,).
    """
    extra = 1 if config.motion else 0
    shape = (config.height, config.width, 3)
    clip = keras.Input((config.length + extra, *shape), dtype="uint8", name="clip")
    frames = ops.reshape(clip[:, extra:], (-1, *shape))
    previous = ops.reshape(clip[:, :-1], (-1, *shape)) if config.motion else None
    encoder = build_encoder(config)
    _, features = encoder(normalize(frames, previous, full_precision()))
    x = ops.reshape(features, (-1, config.length, *features.shape[1:]))
    x = layers.Conv3D(config.conv3d, 3, padding="same", activation="relu", name="conv3d")(x)
    x = ops.max(x, axis=(2, 3))
    x = layers.Dropout(config.dropout, name="dropout")(x)
    x = layers.GRU(config.gru[0], return_sequences=True, name="gru1")(x)
    x = layers.GRU(config.gru[1], name="gru2")(x)
    x = layers.Dropout(config.dropout, name="dropout_logits")(x)
    logits = layers.Dense(classes, dtype=full_precision(), name="logits")(x)
    return keras.Model(clip, logits, name=config.name)
