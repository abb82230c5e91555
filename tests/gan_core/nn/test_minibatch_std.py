"""The standard deviation of a batch: one number, of the whole batch, in float32."""

import numpy as np
import pytest
import tensorflow as tf

from gan_core import rng, testing
from gan_core.nn.minibatch_std import MinibatchStd


def batch(*shape):
    return rng.normal(list(shape), rng.seed(0, "batch"))


@pytest.mark.parametrize("shape", [(5, 3), (6, 4, 2, 3)])
def test_it_is_the_mean_over_coordinates_of_the_standard_deviation_over_the_batch(shape):
    x = 3.0 * batch(*shape) + 7.0
    y = MinibatchStd()(x, training=True).numpy()
    np.testing.assert_array_equal(y[..., :-1], x)
    want = np.asarray(x, np.float64).std(axis=0).mean()
    np.testing.assert_allclose(y[..., -1], np.full(shape[:-1], want), rtol=1e-5)


def test_equal_samples_have_no_spread_and_a_finite_gradient():
    x = tf.tile(batch(1, 4), [6, 1])
    with tf.GradientTape() as tape:
        tape.watch(x)
        std = MinibatchStd()(x, training=True)[:, -1]
    np.testing.assert_allclose(std, np.full(6, 1e-4), rtol=1e-3)
    assert np.isfinite(tape.gradient(std, x)).all()
    one = MinibatchStd()(batch(1, 4), training=True)  # a batch of one, as a tester may ask
    np.testing.assert_allclose(one[:, -1], [1e-4], rtol=1e-3)


def test_under_bfloat16_the_statistic_is_computed_in_float32():
    """Numbers of bfloat16 from 64 to 71.5, whose squares it could not tell apart."""
    x = tf.cast(64.0 + tf.reshape(tf.range(16.0), [16, 1]) / 2.0, tf.bfloat16)
    y = MinibatchStd()(x, training=True)
    assert y.dtype == tf.bfloat16
    want = tf.cast(x, tf.float32).numpy().std()
    np.testing.assert_allclose(float(y[0, 1]), want, rtol=2**-8)


def test_otherwise_it_is_the_average_that_training_keeps():
    layer = MinibatchStd()
    x = batch(8, 3)
    np.testing.assert_array_equal(layer(x)[:, -1], np.ones(8))
    s = float(layer(x, training=True)[0, -1])
    kept = 0.9 + 0.1 * s
    np.testing.assert_allclose(layer(100.0 * x)[:, -1], np.full(8, kept), rtol=1e-6)
    for _ in range(200):
        layer(x, training=True)
    np.testing.assert_allclose(layer(x[:1])[:, -1], [s], rtol=1e-5)


@pytest.mark.slow
@testing.parametrize_with_laws(
    [testing.Layer(lambda seed: MinibatchStd(), [3, 4, 2], [3, 4, 3], name="MinibatchStd")]
)
def test_the_laws_of_layers_hold(subject, law):
    law(subject)


@pytest.mark.parametrize(
    ("x", "training", "words"),
    [
        (tf.zeros([3]), False, r"MinibatchStd: x must be \[batch, ..., channels\], got \[3\]"),
        (tf.zeros([3, 2], tf.int32), False, "x must be of a floating dtype"),
        (tf.zeros([0, 2]), True, "x must be at least one sample"),
    ],
)
def test_what_does_not_fit_is_told(x, training, words):
    with pytest.raises(ValueError, match=words):
        MinibatchStd()(x, training=training)
