"""Trials of batch norm on numbers whose means are known: its moving averages, and who is normalised with whom."""

import numpy as np
import tensorflow as tf

from gan_core import rng
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.sequential import Sequential


def variances(seed: int, n: int = 4) -> tuple[float, float]:
    """One batch of n normal numbers. -> their biased variance behind batch norm; what the moving average is fed
    over what they were divided by: 1 and n / (n - 1)."""
    x, layer = (
        rng.normal([n, 1], rng.seed(seed, "a batch")),
        BatchNorm(1, momentum=0.0, epsilon=1e-9),
    )
    y = layer(x, training=True)
    return float(np.var(y)), float(layer.moving_variance[0]) / float(np.var(x))


def moving_error(momentum: float, seed: int, batches: int = 60, n: int = 16) -> float:
    """The sd of the moving mean, after batches of n from N(0, 1), in units of one batch's mean's, 1 / sqrt(n).

    By the formula sqrt((1 - momentum) / (1 + momentum)). Measured over 512 channels at once.
    """
    layer = BatchNorm(512, momentum=momentum)
    for i in range(batches):
        layer(rng.normal([n, 512], rng.seed(seed, "moving", i)), training=True)
    return float(np.std(layer.moving_mean) * np.sqrt(n))


def in_turn(momentum: float, seed: int, batches: int = 30) -> np.ndarray:
    """The moving mean [batches], fed in turn with real batches, N(1, 1), and generated ones, N(-1, 1), as D is."""
    layer, path = BatchNorm(1, momentum=momentum), []
    for i in range(batches):
        layer(rng.normal([4096, 1], rng.seed(seed, "in turn", i)) + (-1.0) ** i, training=True)
        path.append(float(layer.moving_mean[0]))
    return np.array(path)


def company(seed: int) -> dict[str, tuple[float, float, float]]:
    """64 real numbers of N(0.3, 0.5^2) beside 64 fake ones of N(-0.3, 0.5^2), and beside worse ones, 1 further off.

    -> for each way to normalise them: the mean of the real ones, that of the fake ones, and by how
    much the first real number changes when the fakes get worse.
    """
    noise = [0.5 * rng.normal([64, 1], rng.seed(seed, name)) for name in ("real", "fake")]
    real, fake, worse = noise[0] + 0.3, noise[1] - 0.3, noise[1] - 1.3
    moving = BatchNorm(1)
    for _ in range(50):
        for batch in (real, fake):
            moving(batch, training=True)
    ways = {
        "each by itself": lambda a, b: (
            BatchNorm(1)(a, training=True),
            BatchNorm(1)(b, training=True),
        ),
        "both together": lambda a, b: tf.split(
            BatchNorm(1)(tf.concat([a, b], axis=0), training=True), 2
        ),
        "moving averages": lambda a, b: (moving(a), moving(b)),
    }
    found = {}
    for way, normalise in ways.items():
        (a, b), (beside_worse, _) = normalise(real, fake), normalise(real, worse)
        found[way] = (
            float(tf.reduce_mean(a)),
            float(tf.reduce_mean(b)),
            float(abs(beside_worse[0, 0] - a[0, 0])),
        )
    return found


def signal(network, x) -> tuple[list[float], float]:
    """Send x through a Sequential, in training. -> the sd behind each batch norm in it, and at its end."""
    sds = []
    for layer in network.layers:
        x = Sequential([layer])(x, training=True)
        sds += [float(np.std(x))] * isinstance(layer, BatchNorm)
    return sds, float(np.std(x))
