"""Optical flow inside a Keras network: the app's own, which gives it to an exported encoder."""

from __future__ import annotations

from itertools import pairwise

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from har_desktop.inference.flow import Flow, flow_shape, optical_flow


class OpticalFlow(layers.Layer):
    """Clips -> the flow of each picture but the first, since the one before. It has no gradient."""

    def call(self, clips):
        """uint8 RGB (n, pictures, height, width, 3) -> (n * (pictures - 1), rows, columns, 2)."""
        import tensorflow as tf  # only here: the other networks learn on any backend of Keras

        flow = tf.numpy_function(flows, [clips], tf.float32)
        return tf.cast(tf.ensure_shape(flow, self.compute_output_shape(clips.shape)), self.dtype)

    def compute_output_shape(self, clips):
        """See `call`."""
        return (None, *flow_shape(clips[2], clips[3]))

    def compute_output_spec(self, clips):
        """OpenCV cannot be traced."""
        return keras.KerasTensor(self.compute_output_shape(clips.shape), self.dtype)


def flows(clips: NDArray[np.uint8]) -> Flow:
    """The flow of each picture of each clip but its first, one clip after the other."""
    return np.stack(
        [optical_flow(picture, before) for clip in clips for before, picture in pairwise(clip)]
    )
