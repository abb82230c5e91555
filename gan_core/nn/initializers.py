"""First values of the parameters.

An initializer is a function (shape, seed) -> float32 tensor; `seed` is [2] int64 of
`gan_core.rng`. The last two sizes of a kernel's shape are (in, out) for a dense layer and a
convolution, [in, out] and [h, w, in, out], and (out, in) for a transposed convolution; the
receptive field h w multiplies both fans. Glorot's formula treats the two fans alike, so it
needs not know which is which.
"""

import math

import tensorflow as tf

from gan_core import checks, rng


def zeros(shape, seed=None) -> tf.Tensor:
    """All 0: the usual start of a bias."""
    return tf.zeros(shape)


def ones(shape, seed=None) -> tf.Tensor:
    """All 1: the usual start of batch norm's scale."""
    return tf.ones(shape)


def normal(sd: float, mean: float = 0.0):
    """An initializer that draws N(mean, sd^2). Radford et al. 2015, section 3: sd = 0.02."""
    checks.number("initializers.normal", "sd", sd, 0.0)
    checks.number("initializers.normal", "mean", mean)

    def initializer(shape, seed):
        return mean + sd * rng.normal(shape, seed)

    return initializer


def glorot_normal(shape, seed) -> tf.Tensor:
    """N(0, 2 / (fan_in + fan_out)): signals and gradients keep their variance, on average,
    through a linear layer (Glorot and Bengio 2010, eq. 12)."""
    fan_a, fan_b = _fans(shape)
    return math.sqrt(2.0 / (fan_a + fan_b)) * rng.normal(shape, seed)


def he_normal(shape, seed) -> tf.Tensor:
    """N(0, 2 / fan_in), for layers followed by a rectifier, which loses half of the signal's
    square (He et al. 2015, eq. 10). For shapes that end in (in, out)."""
    fan_in, _ = _fans(shape)
    return math.sqrt(2.0 / fan_in) * rng.normal(shape, seed)


def _fans(shape) -> tuple[int, int]:
    field = math.prod(shape[:-2])
    return field * shape[-2], field * shape[-1]
