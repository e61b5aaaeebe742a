"""Encoders on published MobileNetV2 trunks: one knows bodies, one knows things.

Either both are frozen, and a neck that joins them learns; or one of them learns on. The last
convolution is the Grad-CAM target. The trunks are taken from published networks
(`training.pretrained`), whose BatchNorm is folded into the convolutions:

* `body`: backbone and feature pyramid of MoveNet Lightning, which was trained to find the joints of
  a person. Its joint detectors are left out.
* `things`: MobileNetV2 trained on ImageNet, to its thirteenth block.

Source: Sandler, Howard, Zhu, Zhmoginov, Chen, "MobileNetV2: Inverted Residuals and Linear
Bottlenecks", CVPR 2018; Lin et al., "Feature Pyramid Networks for Object Detection", CVPR 2017.
"""

from __future__ import annotations

from pathlib import Path

import keras
from keras import layers

from har_desktop.errors import InputError
from training.config import MobileNetGru, OnPublished, TunedGru
from training.luma import COLOURS
from training.precision import full_precision
from training.pretrained import convolutions

TARGET, TARGET_NORM = "join", "bn_join"

# Expansion, output channels, stride of each inverted residual block (Table 2 of the paper).
BLOCKS = (
    (1, 16, 1),
    (6, 24, 2),
    (6, 24, 1),
    (6, 32, 2),
    *[(6, 32, 1)] * 2,
    (6, 64, 2),
    *[(6, 64, 1)] * 3,
    *[(6, 96, 1)] * 3,
    (6, 160, 2),
    *[(6, 160, 1)] * 2,
    (6, 320, 1),
)
# Blocks after which the pyramid branches off at each stride, and the channels that it takes along.
PYRAMID = {4: 2, 8: 5, 16: 9}
CHANNELS = {8: 32, 16: 64}
LAST = 12  # the last block at stride 16
BN_MOMENTUM = 0.95
# What changes from picture to picture spans a fraction of what a picture spans.
DIFFERENCE_GAIN = 4.0
PUBLISHED = {
    "body": "movenet_single_pose_lightning_ptq.tflite",
    "things": "tf2_mobilenet_v2_1.0_224_ptq.tflite",
}


class _Convolutions:
    """Lays convolutions in a published network's order, and numbers them in that order."""

    def __init__(self, network: str) -> None:
        self._network = network
        self._number = 0

    def full(self, x, filters: int, size: int = 1, stride: int = 1, activation: str | None = None):
        """A convolution over all channels."""
        return self._layer(layers.Conv2D, filters, size, stride, activation)(x)

    def depthwise(self, x, stride: int = 1, activation: str | None = None):
        """A 3x3 convolution of each channel by itself."""
        return self._layer(layers.DepthwiseConv2D, 3, stride, activation)(x)

    def skip(self) -> None:
        """Leave out the next convolution of the published network."""
        self._number += 1

    def block(self, x, number: int):
        """One inverted residual block."""
        expansion, filters, stride = BLOCKS[number]
        y = x
        if expansion > 1:
            y = self.full(y, expansion * x.shape[-1], activation="relu6")
        y = self.depthwise(y, stride, activation="relu6")
        y = self.full(y, filters)
        return x + y if y.shape == x.shape else y

    def _layer(self, kind: type[layers.Layer], *arguments) -> layers.Layer:
        *shape, stride, activation = arguments
        name = f"{self._network}_{self._number}"
        self._number += 1
        return kind(*shape, strides=stride, padding="same", activation=activation, name=name)


def build_encoder(config: OnPublished) -> keras.Model:
    """One normalised picture -> (activation, features).

    Returns:
        A model from what `training.network.normalize` gives of the network's motion and colour to
        `activation` (height/16, width/16, filters), after ReLU and before BatchNorm, and the
        normalised `features` of the same shape.
    """
    if isinstance(config, TunedGru):
        return _tuned_encoder(config)
    trunk = build_trunk(config.height, config.width, full_precision())
    neck = _neck(config, [output.shape[1:] for output in trunk.outputs])
    picture = keras.Input(trunk.input_shape[1:], dtype=full_precision(), name="picture")
    return keras.Model(picture, neck(trunk(picture)), name="encoder")


def _tuned_encoder(config: TunedGru) -> keras.Model:
    shape = (config.height, config.width, config.differences if config.motion else COLOURS)
    picture = keras.Input(shape, dtype=full_precision(), name="picture")
    x = _backbone(picture, config.trunk)
    x = layers.BatchNormalization(momentum=BN_MOMENTUM, name="bn_trunk")(x)
    x = layers.SpatialDropout2D(config.dropout / 2, name="drop_trunk")(x)
    activation = layers.Conv2D(config.filters, 3, padding="same", activation="relu", name=TARGET)(x)
    features = layers.BatchNormalization(momentum=BN_MOMENTUM, name=TARGET_NORM)(activation)
    return keras.Model(picture, [activation, features], name="encoder")


def _neck(config: MobileNetGru, shapes: list[tuple[int, ...]]) -> keras.Model:
    """The trunk's two grids -> the Grad-CAM target on the coarse one."""
    fine, coarse = inputs = [keras.Input(shape, dtype=full_precision()) for shape in shapes]
    branches = []
    for name, x, size, stride in (("fine", fine, 3, 2), ("coarse", coarse, 1, 1)):
        # The published features have scales of their own, from 1 to 70.
        x = layers.BatchNormalization(momentum=BN_MOMENTUM, name=f"bn_{name}")(x)
        x = layers.SpatialDropout2D(config.dropout / 2, name=f"drop_{name}")(x)
        filters = config.filters
        x = layers.Conv2D(filters, size, stride, padding="same", name=f"conv_{name}")(x)
        branches.append(x)
    x = layers.Concatenate(name="branches")(branches)
    x = layers.BatchNormalization(momentum=BN_MOMENTUM, name="bn_branches")(x)
    x = layers.ReLU(name="relu_branches")(x)
    x = layers.SpatialDropout2D(config.dropout / 2, name="drop_branches")(x)
    activation = layers.Conv2D(config.filters, 3, padding="same", activation="relu", name=TARGET)(x)
    features = layers.BatchNormalization(momentum=BN_MOMENTUM, name=TARGET_NORM)(activation)
    return keras.Model(inputs, [activation, features], name="neck")


def build_trunk(height: int, width: int, dtype: str) -> keras.Model:
    """Both trunks over one picture.

    Args:
        height: Rows of the picture, a multiple of 32.
        width: Columns of the picture, a multiple of 32.
        dtype: Of the picture.

    Returns:
        A frozen model from RGB in [-1, 1] (height, width, 3) to `fine` (height/8, width/8, 24): the
        body's pyramid; and `coarse` (height/16, width/16, 224): the body's pyramid (32 channels),
        its backbone (96) and the things (96).
    """
    picture = keras.Input((height, width, 3), dtype=dtype, name="picture")
    fine, pyramid, backbone = _body(picture)
    coarse = layers.Concatenate(name="coarse")([pyramid, backbone, _backbone(picture, "things")])
    trunk = keras.Model(picture, [fine, coarse], name="trunk")
    trunk.trainable = False
    return trunk


def _body(picture):
    net = _Convolutions("body")
    x = net.full(picture, 32, 3, 2, "relu6")
    floors = {}
    for number in range(len(BLOCKS)):
        x = net.block(x, number)
        if number == PYRAMID[4]:
            net.skip()  # the pyramid's finest floor, for joints to the pixel
        for stride, channels in CHANNELS.items():
            if number == PYRAMID[stride]:
                floors[stride] = net.full(x, channels)
        if number == LAST:
            backbone = x
    x = net.full(x, 1280, activation="relu6")
    x = net.full(x, CHANNELS[16])
    for stride, channels in ((16, CHANNELS[8]), (8, 24)):
        x = layers.UpSampling2D(2, interpolation="bilinear")(x) + floors[stride]
        x = floors[stride] = net.full(net.depthwise(x), channels, activation="relu")
    return floors[8], floors[16], backbone


def _backbone(picture, network: str):
    net = _Convolutions(network)
    x = net.full(picture, 32, 3, 2, "relu6")
    for number in range(LAST + 1):
        x = net.block(x, number)
        if network == "body" and number in PYRAMID.values():
            net.skip()  # the pyramid branches off here
    return x


def load_published(trunk: keras.Model, folder: Path, differences: int = 0) -> None:
    """Fill the layers of a trunk with the weights of the published networks.

    Where it sees differences of pictures, the first convolution takes the weights of one colour for
    each of three, and all colours' together for one.

    Args:
        trunk: As built by `build_trunk`, or an encoder of a `TunedGru`.
        folder: Holds the files `PUBLISHED` of the networks that it is made of, at any depth.
        differences: How many of them it sees; 0 of one that sees colours.

    Raises:
        InputError: A file is missing or holds another network.
    """
    for network in PUBLISHED:
        mine = [layer for layer in trunk.layers if layer.name.rpartition("_")[0] == network]
        if not mine:
            continue
        path = published_file(network, folder)
        published = convolutions(path)
        for layer in mine:
            number = int(layer.name.rpartition("_")[2])
            kernel, bias = published[number] if number < len(published) else (None, None)
            if kernel is not None and number == 0 and differences:
                # In a third of the time a third changes.
                kernel = DIFFERENCE_GAIN * differences * kernel
                if differences == 1:
                    kernel = kernel.sum(axis=2, keepdims=True)
            if kernel is None or kernel.shape != layer.kernel.shape:
                raise InputError(f"{path} is another network: its convolution {number} differs")
            layer.set_weights([kernel, bias])


def published_file(network: str, folder: Path) -> Path:
    """Where a published network lies, at any depth of the folder.

    Raises:
        InputError: It isn't there.
    """
    path = next(folder.rglob(PUBLISHED[network]), None)
    if path is None:
        raise InputError(f"{folder} holds no {PUBLISHED[network]}")
    return path
