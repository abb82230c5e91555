"""Trials of batch norm on numbers whose means are known.

Its moving averages, and which samples are normalised together.
"""

from __future__ import annotations

from collections.abc import Callable

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


def company(seed: int) -> dict[str, tuple[float, float, float]]:
    """64 real numbers of N(0.3, 0.5^2) beside 64 fake ones of N(-0.3, 0.5^2), or worse ones.

    The worse ones lie 1 further off.

    Returns:
        For each way to normalise them: the mean of the real ones, that of the fake ones, and by how
        much the first real number changes when the fakes get worse.
    """
    real = 0.5 * rng.normal([64, 1], rng.seed(seed, "real")) + 0.3
    fake_noise = 0.5 * rng.normal([64, 1], rng.seed(seed, "fake"))
    fake = fake_noise - 0.3
    worse = fake_noise - 1.3
    moving = BatchNorm(1)
    for _ in range(50):
        moving(real, training=True)
        moving(fake, training=True)
    ways: dict[str, Callable] = {
        "each by itself": _each_by_itself,
        "both together": _both_together,
        "moving averages": lambda a, b: (moving(a), moving(b)),
    }
    found = {}
    for way, normalise in ways.items():
        beside_fake, normalised_fake = normalise(real, fake)
        beside_worse, _ = normalise(real, worse)
        found[way] = (
            float(tf.reduce_mean(beside_fake)),
            float(tf.reduce_mean(normalised_fake)),
            float(abs(beside_worse[0, 0] - beside_fake[0, 0])),
        )
    return found


def _each_by_itself(real: tf.Tensor, fake: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return BatchNorm(1)(real, training=True), BatchNorm(1)(fake, training=True)


def _both_together(real: tf.Tensor, fake: tf.Tensor) -> list[tf.Tensor]:
    return tf.split(BatchNorm(1)(tf.concat([real, fake], axis=0), training=True), 2)


def signal(network: Sequential, x: tf.Tensor) -> tuple[list[float], float]:
    """Send x through a Sequential, in training: the sd behind each batch norm, and at the end."""
    sds = []
    for layer in network.layers:
        x = Sequential([layer])(x, training=True)
        if isinstance(layer, BatchNorm):
            sds.append(float(np.std(x)))
    return sds, float(np.std(x))
