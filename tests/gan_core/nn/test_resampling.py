"""Resampling is a filter and a stride: the sums of its docstring, its adjoint, its frequencies."""

import numpy as np
import pytest
import tensorflow as tf

from gan_core import rng, testing
from gan_core.nn.resampling import downsample, upsample

TAPS = [(1, 3, 3, 1), (1, 1), (1, 5, 10, 10, 5, 1), (0, 1, 2, 1)]


def images(*shape, seed=0):
    return rng.normal(list(shape), rng.seed(seed, "images"))


def slow_downsample(x, taps, axis):
    """y[j] = sum over a of f[a] x[2 j + a - p], term by term."""
    x = np.moveaxis(np.asarray(x, np.float64), axis, 0)
    f = np.asarray(taps, np.float64) / np.sum(taps)
    p = len(f) // 2 - 1
    y = np.zeros([len(x) // 2, *x.shape[1:]])
    for j in range(len(y)):
        for a in range(len(f)):
            if 0 <= 2 * j + a - p < len(x):
                y[j] += f[a] * x[2 * j + a - p]
    return np.moveaxis(y, 0, axis)


def slow_upsample(y, taps, axis):
    """x[i] = 2 sum over j of f[i + p - 2 j] y[j], term by term."""
    y = np.moveaxis(np.asarray(y, np.float64), axis, 0)
    f = np.asarray(taps, np.float64) / np.sum(taps)
    p = len(f) // 2 - 1
    x = np.zeros([2 * len(y), *y.shape[1:]])
    for i in range(len(x)):
        for j in range(len(y)):
            if 0 <= i + p - 2 * j < len(f):
                x[i] += 2 * f[i + p - 2 * j] * y[j]
    return np.moveaxis(x, 0, axis)


@pytest.mark.parametrize("taps", TAPS)
def test_both_are_the_sums_that_the_docstring_says(taps):
    """On images that are not square, so that an exchange of height and width would show."""
    x = images(2, 6, 10, 3)
    want = slow_downsample(slow_downsample(x, taps, 1), taps, 2)
    np.testing.assert_allclose(downsample(x, taps), want, atol=1e-6)
    want = slow_upsample(slow_upsample(x, taps, 1), taps, 2)
    np.testing.assert_allclose(upsample(x, taps), want, atol=1e-5)


@pytest.mark.parametrize("taps", TAPS)
def test_upsampling_is_four_times_the_adjoint_of_downsampling(taps):
    x = images(2, 8, 6, 3)
    y = images(2, 4, 3, 3, seed=1)
    left = tf.reduce_sum(downsample(x, taps) * y)
    right = tf.reduce_sum(x * upsample(y, taps)) / 4.0
    np.testing.assert_allclose(left, right, rtol=1e-5)


def test_in_float64_any_taps_have_its_digits():
    """A third of float32 differs from a third in the eighth digit."""
    x = np.arange(4.0).reshape(1, 1, 4, 1) * np.ones([1, 2, 1, 1])
    low = downsample(tf.constant(x), taps=(1.0, 2.0)).numpy()
    np.testing.assert_allclose(low.ravel(), [2.0 / 3.0, 8.0 / 3.0], rtol=1e-14)


def test_upsampling_is_bilinear_interpolation_within_the_border():
    """A ramp stays a ramp of half the slope, and a constant stays what it is."""
    x = tf.tile(tf.range(8.0)[tf.newaxis, :, tf.newaxis, tf.newaxis], [1, 1, 8, 1])
    inside = upsample(x)[0, 1:-1, 1:-1, 0]
    ramp = (np.arange(1, 15) - 0.5) / 2.0
    np.testing.assert_allclose(inside, np.tile(ramp[:, None], [1, 14]), atol=1e-6)
    inside = downsample(tf.ones([1, 8, 8, 1]))[0, 1:-1, 1:-1, 0]
    np.testing.assert_allclose(inside, np.ones([2, 2]), rtol=1e-6)


def test_a_checkerboard_vanishes_where_dropping_pixels_would_keep_it():
    row = np.resize([1.0, -1.0], 16)
    board = tf.constant(np.outer(row, row)[None, :, :, None], tf.float32)
    np.testing.assert_allclose(downsample(board)[0, 1:-1, 1:-1, 0], np.zeros([6, 6]), atol=1e-6)
    assert np.abs(board[:, ::2, ::2]).min() == 1.0


def test_upsampled_noise_has_no_pattern_of_two_by_two_pixels():
    """Zeros between the pixels, or nearest neighbours, put all of the pattern into the image."""
    x = upsample(images(4, 64, 64, 1)).numpy()
    pattern = (x[:, ::2, ::2] - x[:, ::2, 1::2] - x[:, 1::2, ::2] + x[:, 1::2, 1::2]) / 4.0
    assert abs(pattern.mean()) < 4 * pattern.std() / np.sqrt(pattern.size)
    assert pattern.std() < 0.3 * x.std()


@pytest.mark.slow
@testing.parametrize_with_laws(
    [
        testing.Layer(lambda seed: upsample, [3, 4, 2], [6, 8, 2], name="upsample"),
        testing.Layer(lambda seed: downsample, [6, 8, 2], [3, 4, 2], name="downsample"),
    ]
)
def test_the_laws_of_layers_hold(subject, law):
    law(subject)


@pytest.mark.slow
@pytest.mark.parametrize("function", [downsample, upsample])
def test_bfloat16_stays_bfloat16_and_an_unknown_batch_is_known_when_it_comes(function):
    x = images(2, 4, 6, 3)
    half = function(tf.cast(x, tf.bfloat16))
    assert half.dtype == tf.bfloat16
    np.testing.assert_allclose(tf.cast(half, tf.float32), function(x), atol=0.05)
    compiled = tf.function(function, input_signature=[tf.TensorSpec([None, 4, 6, 3])])
    np.testing.assert_allclose(compiled(x), function(x), atol=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: downsample(tf.zeros([1, 3, 4, 1])), "downsample: the height of x must be even"),
        (lambda: downsample(tf.zeros([1, 4, 5, 1])), "downsample: the width of x must be even"),
        (lambda: upsample(tf.zeros([4, 4])), "upsample: x must be images"),
        (lambda: upsample(tf.zeros([1, 4, 4, 1], tf.int32)), "x must be of a floating dtype"),
        (lambda: upsample(tf.zeros([1, 4, 4, 1]), (1, 2, 1)), "taps must be an even number"),
        (lambda: downsample(tf.zeros([1, 4, 4, 1]), (1, -1)), "taps must be an even number"),
        (lambda: downsample(tf.zeros([1, 4, 4, 1]), "soft"), "taps must be an even number"),
        (lambda: downsample(tf.zeros([1, 4, 4, 1]), ()), "taps must be an even number"),
    ],
)
def test_what_does_not_fit_is_told(call, words):
    with pytest.raises(ValueError, match=words):
        call()
