"""Trials of batch norm: its moving averages, and the size of a signal in a network."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from gan_core import rng
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.sequential import Sequential


def variances(seed: int, n: int = 4) -> tuple[float, float]:
    """Batch norm of one batch of n normal numbers.

    Returns:
        The biased variance behind it, 1; and what the moving average is fed over what the numbers
        were divided by, n / (n - 1).
    """
    x = rng.normal([n, 1], rng.seed(seed, "a batch"))
    layer = BatchNorm(1, momentum=0.0, epsilon=1e-9)
    y = layer(x, training=True)
    return float(np.var(y)), float(layer.moving_variance[0]) / float(np.var(x))


def moving_error(momentum: float, seed: int, batches: int = 60, n: int = 16) -> float:
    """The sd of the moving mean after batches of n from N(0, 1), over one batch's mean's.

    The sd of one batch's mean is 1 / sqrt(n). By the formula the ratio is
    sqrt((1 - momentum) / (1 + momentum)). Measured over 512 channels at once.
    """
    layer = BatchNorm(512, momentum=momentum)
    for i in range(batches):
        layer(rng.normal([n, 512], rng.seed(seed, "moving", i)), training=True)
    return float(np.std(layer.moving_mean) * np.sqrt(n))


def in_turn(momentum: float, seed: int, batches: int = 30) -> np.ndarray:
    """The moving mean, fed in turn with real batches, N(1, 1), and generated ones, N(-1, 1).

    So D is fed. Returns [batches].
    """
    layer = BatchNorm(1, momentum=momentum)
    path = []
    for i in range(batches):
        mean = 1.0 if i % 2 == 0 else -1.0
        batch = mean + rng.normal([4096, 1], rng.seed(seed, "in turn", i))
        layer(batch, training=True)
        path.append(float(layer.moving_mean[0]))
    return np.array(path)


def signal(network: Sequential, x: tf.Tensor) -> tuple[list[float], float]:
    """Send x through a Sequential, in training: the sd behind each batch norm, and at the end."""
    sds = []
    for layer in network.layers:
        x = Sequential([layer])(x, training=True)
        if isinstance(layer, BatchNorm):
            sds.append(float(np.std(x)))
    return sds, float(np.std(x))
