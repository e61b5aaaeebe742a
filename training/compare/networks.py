"""The networks of the comparison.

The seven of keras.applications answer picture by picture, each behind its own `preprocess_input`,
and a clip's answer is the mean over its pictures. The others see the ten pictures as a sequence:
the poster's CNN-GRU, its encoder before an LSTM, and the two-stream form of that, where a second
encoder sees optical flow (Ng et al., "Beyond Short Snippets", CVPR 2015, put an LSTM over both).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import keras
from keras import layers, ops

from training import cnn
from training.compare.frames import COUNT
from training.compare.weights import Weights
from training.config import CnnGru
from training.network import build as build_cnn_gru
from training.network import normalize

Kind = Literal["frames", "sequence", "two-stream"]

UNITS = 64  # of the LSTM
DROPOUT = 0.2


@dataclass(frozen=True)
class Row:
    """A network of the table.

    Attributes:
        name: As the poster calls it.
        kind: What it sees: single pictures, ten in a row, or ten with their optical flow.
        rate: Learning rate from scratch.
        module: In keras.applications; None for our own networks.
        smallest: Side of the smallest picture that it takes.
        tune: Learning rate of fine-tuning.
    """

    name: str
    kind: Kind
    rate: float = 1e-3
    module: str | None = None
    smallest: int = 32
    tune: float = 1e-4


# VGG has no normalisation: a rate that suits the others throws its weights away.
ROWS = {
    row.name: row
    for row in (
        Row("CNN-GRU", "sequence"),
        Row("Xception", "frames", module="xception", smallest=71),
        Row("DenseNet121", "frames", module="densenet"),
        Row("InceptionV3", "frames", module="inception_v3", smallest=75),
        Row("MobileNet", "frames", module="mobilenet"),
        Row("ResNet50", "frames", module="resnet50"),
        Row("VGG16", "frames", module="vgg16", rate=1e-4, tune=3e-5),
        Row("VGG19", "frames", module="vgg19", rate=1e-4, tune=3e-5),
        Row("CNN+LSTM", "sequence"),
        Row("Two-stream+LSTM", "two-stream"),
    )
}


@dataclass(frozen=True)
class Network:
    """A network ready to learn.

    Attributes:
        model: uint8 RGB to logits: of a picture (height, width, 3), or of a clip
            (COUNT, height, width, 3), or of two, the second being its flow.
        trunk: The part whose weights are others', frozen while the head warms up; None from
            scratch.
    """

    model: keras.Model
    trunk: keras.Model | None


def build(row: Row, size: tuple[int, int], classes: int, weights: Weights) -> Network:
    """Build a row's network.

    Raises:
        InputError: The weights cannot be had, or are another network's.
    """
    if row.module is not None:
        return _on_application(row, size, classes, weights)
    config = CnnGru(height=size[0], width=size[1], length=COUNT, dropout=DROPOUT)
    if row.name == "CNN-GRU":
        return Network(build_cnn_gru(config, classes), None)
    return Network(_lstm(config, classes, two_streams=row.kind == "two-stream"), None)


def _on_application(row: Row, size: tuple[int, int], classes: int, weights: Weights) -> Network:
    module = getattr(keras.applications, str(row.module))
    trunk = getattr(module, row.name)(include_top=False, weights=None, input_shape=(*size, 3))
    published = weights.load(trunk, module, row.name)
    if published:
        tune(trunk)
    else:
        _prepare_from_scratch(trunk)
    picture = keras.Input((*size, 3), dtype="uint8", name="picture")
    x = module.preprocess_input(ops.cast(picture, "float32"))
    x = trunk(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dropout(DROPOUT, name="dropout")(x)
    model = keras.Model(picture, layers.Dense(classes, name="logits")(x), name="frames")
    return Network(model, trunk if published else None)


def tune(trunk: keras.Model) -> None:
    """Let a published trunk learn, all but its BatchNorm.

    Published statistics are better than those of a few small batches. `training=False` in the call
    would not keep them: Keras 3 hands the outer model's `training` on to all that is inside.
    """
    trunk.trainable = True
    for layer in trunk.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False


def _prepare_from_scratch(trunk: keras.Model) -> None:
    """What these networks lack for learning from a few hundred clips from scratch."""
    normalised = False
    for layer in trunk.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = cnn.BN_MOMENTUM
            normalised = True
    if normalised:
        return
    # Sixteen layers of ReLU and no normalisation: with Glorot's weights, Keras' default, the signal
    # fades in each (He et al., "Delving Deep into Rectifiers", ICCV 2015).
    convolutions = [layer for layer in trunk.layers if isinstance(layer, layers.Conv2D)]
    for number, layer in enumerate(convolutions):
        # `preprocess_input` leaves VGG's pictures at the scale of -124 to 151.
        scale = 1 / 64 if number == 0 else 1.0
        layer.kernel.assign(scale * keras.initializers.HeNormal(number)(layer.kernel.shape))


def _lstm(config: CnnGru, classes: int, *, two_streams: bool) -> keras.Model:
    shape = (COUNT, config.height, config.width, 3)
    names = ("clip", "flow") if two_streams else ("clip",)
    inputs = [keras.Input(shape, dtype="uint8", name=name) for name in names]
    streams = [_stream(config, clip, name) for clip, name in zip(inputs, names, strict=True)]
    x = layers.Concatenate(name="join")(streams) if two_streams else streams[0]
    x = layers.Dropout(DROPOUT, name="dropout")(x)
    x = layers.LSTM(UNITS, name="lstm")(x)
    x = layers.Dropout(DROPOUT, name="dropout_logits")(x)
    return keras.Model(
        inputs if two_streams else inputs[0], layers.Dense(classes, name="logits")(x)
    )


def _stream(config: CnnGru, clip: Any, name: str) -> Any:
    """The pooled features of each picture of a clip: (COUNT, features)."""
    encoder = cnn.build_encoder(config)
    # Two layers of one name cannot stand in one network.
    encoder = keras.Model(encoder.inputs, encoder.outputs, name=f"encoder_{name}")
    frames = ops.reshape(clip, (-1, config.height, config.width, 3))
    _, features = encoder(normalize(frames))
    pooled = layers.GlobalMaxPooling2D(name=f"pool_{name}")(features)
    return ops.reshape(pooled, (-1, COUNT, features.shape[-1]))
