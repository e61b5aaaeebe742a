"""Random weights that keep a network alive: signals neither fade away nor explode."""

import numpy as np


def randomize(network, seed: int = 0) -> None:
    """Give every weight a value that no initialiser gives: biases, BatchNorm, negative gammas."""
    random = np.random.default_rng(seed)
    for weight in network.weights:
        kind = weight.path.rsplit("/", 1)[-1]
        shape = tuple(weight.shape)
        if kind == "moving_variance":
            value = random.uniform(0.3, 2.0, shape)
        elif kind == "gamma":
            value = random.uniform(0.5, 1.5, shape) * random.choice([-1, 1], shape)
        elif kind in ("beta", "moving_mean", "bias"):
            value = random.normal(0, 0.3, shape)
        else:
            # A depthwise kernel (rows, columns, channels, 1) sees one channel at a time.
            depthwise = len(shape) == 4 and shape[-1] == 1
            seen = np.prod(shape[:2] if depthwise else shape[:-1])
            # A frozen trunk has no BatchNorm between its many layers that would hold it in bounds.
            gain = 1.5 if weight.trainable else 1.0
            value = random.normal(0, gain / np.sqrt(seen), shape)
        weight.assign(value.astype(np.float32))
