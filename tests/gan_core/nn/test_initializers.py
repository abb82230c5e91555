"""initializers: the spread of each is its formula's, and its numbers are its seed's."""

import math

import numpy as np
import pytest
import tensorflow as tf

from gan_core import rng
from gan_core.nn import initializers

SEED = rng.seed(0, "kernel")


def test_zeros_and_ones():
    np.testing.assert_array_equal(initializers.zeros([2, 3]), np.zeros([2, 3], np.float32))
    np.testing.assert_array_equal(initializers.ones([2, 3], SEED), np.ones([2, 3], np.float32))


# Fans by hand: (in, out) of a dense kernel; a convolution's receptive field multiplies both.
SPREADS = [
    (initializers.glorot_normal, [100, 300], math.sqrt(2 / (100 + 300))),
    (initializers.glorot_normal, [4, 4, 30, 70], math.sqrt(2 / (16 * 30 + 16 * 70))),
    (initializers.glorot_normal, [4, 4, 70, 30], math.sqrt(2 / (16 * 30 + 16 * 70))),
    (initializers.he_normal, [100, 300], math.sqrt(2 / 100)),
    (initializers.he_normal, [4, 4, 30, 70], math.sqrt(2 / (16 * 30))),
    (initializers.fan_in_normal(), [100, 300], math.sqrt(1 / 100)),
    (initializers.fan_in_normal(0.5), [4, 4, 30, 70], 0.5 * math.sqrt(1 / (16 * 30))),
    (initializers.normal(0.02), [100, 300], 0.02),
    (initializers.normal(3.0), [300, 100], 3.0),
]


@pytest.mark.parametrize(("initializer", "shape", "sd"), SPREADS)
def test_mean_and_spread(initializer, shape, sd):
    """n >= 30,000 draws: the standard deviation's own relative error is 1/sqrt(2 n) < 0.0041;
    four of them.
    """
    weights = initializer(shape, SEED).numpy()
    assert weights.dtype == np.float32
    assert list(weights.shape) == shape
    assert abs(weights.mean()) < 4 * sd / math.sqrt(weights.size)
    assert weights.std() == pytest.approx(sd, rel=4 * 0.0041)


def test_normal_is_mean_plus_sd_times_a_standard_normal():
    shape = [7, 5]
    np.testing.assert_allclose(
        initializers.normal(0.02, 1.0)(shape, SEED),
        1 + 0.02 * rng.normal(shape, SEED).numpy(),
        rtol=1e-6,
    )
    np.testing.assert_array_equal(
        initializers.normal(0.0, 2.0)(shape, SEED), np.full(shape, 2.0, np.float32)
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "initializer",
    [
        initializers.glorot_normal,
        initializers.he_normal,
        initializers.normal(1.0),
        initializers.fan_in_normal(2.0),
    ],
)
def test_numbers_are_the_seeds(initializer):
    weights = initializer([4, 3], SEED)
    np.testing.assert_array_equal(weights, initializer([4, 3], rng.seed(0, "kernel")))
    assert not np.any(weights == initializer([4, 3], rng.seed(1, "kernel")))
    compiled = tf.function(lambda: initializer([4, 3], SEED), jit_compile=True)
    np.testing.assert_allclose(compiled(), weights, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: initializers.normal(-0.02),
            "initializers.normal: sd must be a finite number of at least 0, got -0.02.",
        ),
        (
            lambda: initializers.normal("1"),
            "initializers.normal: sd must be a finite number of at least 0, got '1'.",
        ),
        (
            lambda: initializers.normal(1.0, math.nan),
            "initializers.normal: mean must be a finite number, got nan.",
        ),
        (
            lambda: initializers.fan_in_normal(-1.0),
            "initializers.fan_in_normal: gain must be a finite number of at least 0, got -1.0.",
        ),
        (
            lambda: initializers.he_normal([4], SEED),
            "initializers: shape must be a kernel's, with at least two axes, got [4].",
        ),
    ],
)
def test_errors_name_the_argument(make, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011  the whole message is compared
        make()
    assert str(error.value) == message
