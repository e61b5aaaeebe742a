"""The configuration of a run: one frozen struct, written into the run's folder.

An unknown key stops the run. `training.config_file` reads the files.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

UCF10 = (
    "ApplyEyeMakeup",
    "BodyWeightSquats",
    "BoxingPunchingBag",
    "JugglingBalls",
    "JumpingJack",
    "Lunges",
    "PlayingCello",
    "PushUps",
    "ShavingBeard",
    "YoYo",
)

# Policies of Keras'; "fastest" is float32 or mixed_bfloat16, whichever is quicker on the machine.
Precision = Literal["float32", "mixed_bfloat16", "mixed_float16", "fastest"]

LARGEST_SEED = 2**32 - 1  # that NumPy and TensorFlow take
Positive = Annotated[int, Meta(ge=1)]
Side = Annotated[int, Meta(ge=1, le=2048)]  # as large as a bundle's may be, in pixels
Seed = Annotated[int, Meta(ge=0, le=LARGEST_SEED)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]


class _Network(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="name"
):
    """What all networks have; the key `name` says which one it is."""

    height: Side
    width: Side
    length: Annotated[int, Meta(ge=2, le=64)] = 10

    @property
    def kind(self) -> str:
        """The value of the key `name`."""
        return str(self.__struct_config__.tag)

    @property
    def motion(self) -> bool:
        """Whether it sees the pictures before, too."""
        return False

    @property
    def differences(self) -> int:
        """Into how many the change from one place of the window to the next is divided."""
        return 1

    @property
    def pictures(self) -> int:
        """Of a window; with motion, those that it is told by are among them."""
        return self.length * self.differences + 1 if self.motion else self.length

    @property
    def colour(self) -> bool:
        """Whether it sees more of a picture than how bright it is."""
        return True

    def shrink(self, stream: Stream) -> int:
        """How many times larger the input is than what a stream of this network sees."""
        return self.height // stream.height


class _Stream(_Network, frozen=True, kw_only=True):
    """An encoder and the poster's head."""

    stride: ClassVar[int]  # both sides are multiples of it
    cell: ClassVar[int]  # pixels of the picture that one place of the features stands for

    conv3d: Positive = 64
    gru: tuple[Positive, Positive] = (32, 50)
    dropout: Share = 0.0

    def __post_init__(self) -> None:
        """Refuse a picture that doesn't divide evenly.

        Raises:
            ValueError: A side is no multiple of what the encoder divides it by.
        """
        if self.height % self.stride or self.width % self.stride:
            raise ValueError(f"{self.height}x{self.width}: use multiples of {self.stride}")


class CnnGru(_Stream, frozen=True, kw_only=True, tag="cnn_gru"):
    """The poster's network; see `training.cnn`."""

    stride: ClassVar[int] = 8
    cell: ClassVar[int] = 8

    height: Side = 64
    width: Side = 80
    filters: tuple[Positive, Positive, Positive] = (16, 32, 64)
    motion: bool = False


class MobileNetGru(_Stream, frozen=True, kw_only=True, tag="mobilenet_gru"):
    """Two frozen trunks before the poster's head; see `training.mobilenet`.

    It sees motion between the features of neighbouring frames, not between pictures. `filters` are
    those of the Grad-CAM target.
    """

    stride: ClassVar[int] = 32
    cell: ClassVar[int] = 16

    height: Side = 160
    width: Side = 192
    filters: Positive = 128


class TunedGru(_Stream, frozen=True, kw_only=True, tag="tuned_gru"):
    """A published trunk that learns on, before the poster's head; see `training.mobilenet`.

    With `motion` it sees nothing but how a picture differs from the one an interval before: once,
    or in three steps, one for each colour that the trunk knew. `filters` are those of the Grad-CAM
    target.
    """

    stride: ClassVar[int] = 16
    cell: ClassVar[int] = 16

    height: Side = 128
    width: Side = 160
    trunk: Literal["body", "things"] = "things"
    filters: Positive = 128
    motion: bool = False
    differences: Literal[1, 3] = 1

    def __post_init__(self) -> None:
        """Refuse differences that nobody would see, too.

        Raises:
            ValueError: See `_Stream`, or there are several without motion.
        """
        super().__post_init__()
        if self.differences > 1 and not self.motion:
            raise ValueError("`differences` are seen with `motion = true` only")

    @property
    def colour(self) -> bool:
        """Differences are those of brightness."""
        return not self.motion


OnPublished = MobileNetGru | TunedGru  # begins with published networks, or holds them
Stream = CnnGru | OnPublished


class MultiStream(_Network, frozen=True, kw_only=True, tag="multi_stream"):
    """Networks side by side, each with a head of its own; the mean of their logits counts.

    The largest one's picture is the input; the others see it shrunk by a whole number.

    Source: Simonyan, Zisserman, "Two-Stream Convolutional Networks for Action Recognition in
    Videos", NIPS 2014: appearance and motion, fused late.
    """

    streams: Annotated[tuple[Stream, ...], Meta(min_length=2, max_length=8)]

    def __post_init__(self) -> None:
        """Refuse streams that can't look at the same window.

        Raises:
            ValueError: Their windows or grids differ, or a picture doesn't shrink evenly.
        """
        grids = {(s.height // s.cell, s.width // s.cell) for s in self.streams}
        if len(grids) > 1:
            raise ValueError(f"the streams' grids differ: {sorted(grids)}")
        for stream in self.streams:
            if stream.motion and stream.differences != self.differences:
                raise ValueError("the streams see motion in different steps")
            if stream.length != self.length:
                raise ValueError(f"windows of {stream.length} and of {self.length} pictures")
            if self.shrink(stream) * stream.width != self.width or (
                self.shrink(stream) * stream.height != self.height
            ):
                raise ValueError(
                    f"{self.height}x{self.width} doesn't shrink to {stream.height}x{stream.width}"
                )

    @property
    def motion(self) -> bool:
        """Whether a stream sees the pictures before, too."""
        return any(stream.motion for stream in self.streams)

    @property
    def differences(self) -> int:
        """Those of all streams that see motion."""
        return next((stream.differences for stream in self.streams if stream.motion), 1)


NetworkConfig = Stream | MultiStream


class AugmentConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How training pictures are varied; see `training.data.augment`. Zero switches a part off."""

    scale: tuple[float, float] = (1.0, 1.0)  # of the crop's side, relative to the whole picture
    aspect: Annotated[float, Meta(ge=1.0)] = 1.0  # largest change of the aspect ratio
    mirror: bool = False
    brightness: Share = 0.0
    contrast: Share = 0.0
    saturation: Share = 0.0
    hue: Share = 0.0  # share of the full circle
    grey: Share = 0.0  # probability
    blur: Share = 0.0  # probability
    noise: Share = 0.0  # largest standard deviation, of 1.0 = white
    erase: Share = 0.0  # probability
    speed: Annotated[float, Meta(ge=1.0)] = 1.0  # largest factor on the frame interval
    jitter: Share = 0.0  # of each frame's time, in intervals
    reverse: Share = 0.0  # probability
    still: Share = 0.0  # probability of a window that stands still, which shows no action
    background: Share = 0.0  # probability of the picture over another clip's room
    mixup: Share = 0.0  # alpha of the Beta distribution, 0 = off


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that decides a run."""

    classes: tuple[str, ...] = UCF10
    # Windows of all other classes for each one of these; they teach the network to be unsure.
    others: Annotated[float, Meta(ge=0.0)] = 0.0
    frame_interval_s: Annotated[float, Meta(gt=0.0, le=5.0)] = 0.2
    network: Stream = CnnGru()
    augment: AugmentConfig = AugmentConfig()
    seed: Seed = 1
    epochs: Positive = 40
    batch: Positive = 16
    windows: Positive = 1  # windows drawn of each clip in one epoch
    views: Positive = 1  # of each clip, where a frozen trunk's features are learned from
    learning_rate: Annotated[float, Meta(gt=0.0)] = 1e-3
    warmup: Share = 0.05  # share of the steps with a rising learning rate
    weight_decay: Annotated[float, Meta(ge=0.0)] = 1e-4
    label_smoothing: Share = 0.0
    precision: Precision = "float32"
    average: Share = 0.0  # decay of the exponential moving average of the weights, 0 = off
    patience: Positive = 1000  # epochs without a better validation loss
    figures: Annotated[int, Meta(ge=0)] = 0  # rendered clips per class, added to the training set


class Streams(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Networks that are trained one after another, and then look at a window side by side."""

    streams: Annotated[tuple[Config, ...], Meta(min_length=2)]

    def __post_init__(self) -> None:
        """Refuse networks that don't answer the same question.

        Raises:
            ValueError: Their classes or intervals differ, or see `MultiStream`.
        """
        if len({(c.classes, c.frame_interval_s) for c in self.streams}) > 1:
            raise ValueError("the streams differ in classes or frame_interval_s")
        _ = self.network

    @property
    def classes(self) -> tuple[str, ...]:
        """What all of them tell apart."""
        return self.streams[0].classes

    @property
    def frame_interval_s(self) -> float:
        """Between the pictures of a window."""
        return self.streams[0].frame_interval_s

    @property
    def seed(self) -> int:
        """Of the first stream."""
        return self.streams[0].seed

    @property
    def network(self) -> MultiStream:
        """All of them as one network."""
        parts = tuple(config.network for config in self.streams)
        largest = max(parts, key=lambda part: part.height)
        return MultiStream(
            height=largest.height, width=largest.width, length=largest.length, streams=parts
        )


def parts(config: Config | Streams) -> tuple[Config, ...]:
    """The configurations of the networks that are trained; of most, itself."""
    return config.streams if isinstance(config, Streams) else (config,)


def read_config(raw: object) -> Config | Streams:
    """Convert what was decoded from JSON or TOML.

    Raises:
        msgspec.ValidationError: A key or value is not allowed.
    """
    if isinstance(raw, dict) and "streams" in raw:
        return msgspec.convert(raw, Streams)
    return msgspec.convert(raw, Config)
