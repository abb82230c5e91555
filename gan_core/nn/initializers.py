"""Initial values of the parameters.

An initializer is a function (shape, seed) -> float32 tensor; `seed` is [2] int64, made by
`gan_core.rng.seed`. A kernel's shape is [in, out] for a dense layer, [h, w, in, out] for a
convolution and [h, w, out, in] for a transposed convolution. fan_in is h w times the number of
input channels, fan_out h w times that of output channels. Glorot's formula is symmetric in the
two, so it also holds for a transposed convolution.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import tensorflow as tf

from gan_core import checks, rng

Initializer = Callable[[Sequence[int], tf.Tensor], tf.Tensor]


def zeros(shape: Sequence[int], seed: tf.Tensor | None = None) -> tf.Tensor:
    """Return zeros: the usual initial value of a bias.

    Args:
        shape: the shape of the result.
        seed: makes no difference.

    Returns:
        float32 of this shape.
    """
    return tf.zeros(shape)


def ones(shape: Sequence[int], seed: tf.Tensor | None = None) -> tf.Tensor:
    """Return ones: the usual initial value of batch norm's scale.

    Args:
        shape: the shape of the result.
        seed: makes no difference.

    Returns:
        float32 of this shape.
    """
    return tf.ones(shape)


def normal(sd: float, mean: float = 0.0) -> Initializer:
    """Make an initializer that draws N(mean, sd^2). Radford et al. 2015, section 4: sd = 0.02.

    Args:
        sd: the standard deviation, at least 0.
        mean: the mean.

    Returns:
        A function (shape, seed) -> float32 tensor.

    Raises:
        ValueError: if sd or mean is not finite, or sd is below 0.

    Example:
        >>> normal(0.02)([2, 3], rng.seed(0, "kernel")).shape
        TensorShape([2, 3])
    """
    checks.number("initializers.normal", "sd", sd, 0.0)
    checks.number("initializers.normal", "mean", mean)

    def initializer(shape: Sequence[int], seed: tf.Tensor) -> tf.Tensor:
        return mean + sd * rng.normal(shape, seed)

    return initializer


def glorot_normal(shape: Sequence[int], seed: tf.Tensor) -> tf.Tensor:
    """Draw N(0, 2 / (fan_in + fan_out)) (Glorot and Bengio 2010, eq. 12).

    It is a compromise: 1 / fan_in would keep the variance of a signal through a linear layer, and
    1 / fan_out that of a gradient.

    Args:
        shape: a kernel's shape, of rank 2 or more.
        seed: [2] int64.

    Returns:
        float32 of this shape.

    Raises:
        ValueError: if the shape has fewer than two axes.
    """
    fan_a, fan_b = _fans(shape)
    return math.sqrt(2.0 / (fan_a + fan_b)) * rng.normal(shape, seed)


def he_normal(shape: Sequence[int], seed: tf.Tensor) -> tf.Tensor:
    """Draw N(0, 2 / fan_in) (He et al. 2015, eq. 10).

    For layers whose input comes from a rectifier, which halves a symmetric signal's mean square.

    Args:
        shape: a kernel's shape that ends in (in, out).
        seed: [2] int64.

    Returns:
        float32 of this shape.

    Raises:
        ValueError: if the shape has fewer than two axes.
    """
    fan_in, _ = _fans(shape)
    return math.sqrt(2.0 / fan_in) * rng.normal(shape, seed)


def fan_in_normal(gain: float = 1.0) -> Initializer:
    """Make an initializer that draws N(0, gain^2 / fan_in).

    The output's standard deviation is then gain times the root mean square of the input.

    A gain of 1 is that of LeCun et al. 1998, sqrt(2) that of `he_normal`, and sqrt(2 / (1 + a^2))
    keeps the mean square through a leaky rectifier of slope a (He et al. 2015, eq. 15).

    Args:
        gain: at least 0.

    Returns:
        A function (shape, seed) -> float32 tensor, for a kernel's shape that ends in (in, out).

    Raises:
        ValueError: if gain is not finite, or is below 0.

    Example:
        >>> fan_in_normal(0.5)([3, 3, 2, 8], rng.seed(0, "kernel")).shape
        TensorShape([3, 3, 2, 8])
    """
    checks.number("initializers.fan_in_normal", "gain", gain, 0.0)

    def initializer(shape: Sequence[int], seed: tf.Tensor) -> tf.Tensor:
        fan_in, _ = _fans(shape)
        return gain / math.sqrt(fan_in) * rng.normal(shape, seed)

    return initializer


def _fans(shape: Sequence[int]) -> tuple[int, int]:
    if len(shape) < 2:
        wanted = "a kernel's, with at least two axes"
        checks.fail("initializers", "shape", wanted, checks.show_shape(shape))
    field = math.prod(shape[:-2])
    return field * shape[-2], field * shape[-1]
