"""Batch norm's gradients and theirs: against the oracle, against the formula,
and with the same bits each time.
"""

import functools

import numpy as np
import pytest
import tensorflow as tf
from batch_norm_cases import SHAPES, batch, layer

from gan_core import rng
from gan_core.nn.batch_norm import BatchNorm
from gan_core.testing import reference

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("dtype", ["float64", "float32", "bfloat16"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_tensorflows_fused_op_and_the_formula_agree_and_so_do_their_gradients(shape, dtype):
    """The formula is that of several replicas; with one it is the same thing."""
    tolerance = {"rtol": 0.02, "atol": 0.1} if dtype == "bfloat16" else {"rtol": 1e-3, "atol": 1e-3}
    x = tf.cast(batch(shape), dtype)
    found = []
    for together in (False, True):
        made = layer(epsilon=0.1)
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y, *statistics = made._normalise_by_batch(x, together)
                total = tf.reduce_sum(tf.sin(tf.cast(y, tf.float32)))
            dx, dgamma, dbeta = inner.gradient(total, [x, made.gamma, made.beta])
            penalty = tf.reduce_sum(tf.square(tf.cast(dx, tf.float32)))
        assert y.dtype == dx.dtype == dtype
        found.append([y, dx, dgamma, dbeta, outer.gradient(penalty, made.gamma), *statistics])
    for fused, formula in zip(*found, strict=True):
        np.testing.assert_allclose(
            tf.cast(fused, tf.float32), tf.cast(formula, tf.float32), **tolerance
        )


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("shape", [*SHAPES, [1, 1, 2, 3]], ids=str)
def test_second_gradients_are_those_of_the_oracles_slope(shape, together):
    """f = sum u dx + v dgamma + w dbeta is the slope of sum dy y along (u, v, w);
    by central differences, twice.
    """
    random = np.random.default_rng(4)
    x, dy, u = (random.normal(size=shape) for _ in range(3))
    gamma, v, w = (random.normal(size=3) for _ in range(3))
    epsilon = 0.1
    h = 1e-3

    def f(x, gamma, dy):
        def total(t):
            return np.sum(dy * reference.batch_norm(x + t * u, gamma + t * v, t * w, epsilon)[0])

        return (total(h) - total(-h)) / (2 * h)

    made = layer(epsilon=epsilon)
    inputs = tf.constant(x, tf.float32)
    made.gamma.assign(gamma)
    cotangent = tf.constant(dy, tf.float32)
    with tf.GradientTape() as outer:
        outer.watch([inputs, cotangent])
        with tf.GradientTape() as inner:
            inner.watch(inputs)
            y = made._normalise_by_batch(inputs, together)[0]
        first = inner.gradient(y, [inputs, made.gamma, made.beta], output_gradients=cotangent)
    found = outer.gradient(
        first,
        [inputs, made.gamma, cotangent],
        output_gradients=[tf.constant(t, tf.float32) for t in (u, v, w)],
    )
    at = [x, gamma, dy]
    for i, gradient in enumerate(found):
        expected = np.zeros_like(at[i])
        for place in np.ndindex(*at[i].shape):
            step = np.zeros_like(at[i])
            step[place] = h
            more, less = ([*at[:i], at[i] + sign * step, *at[i + 1 :]] for sign in (1, -1))
            expected[place] = (f(*more) - f(*less)) / (2 * h)
        np.testing.assert_allclose(gradient, expected, rtol=1e-3, atol=1e-3)


def test_a_third_derivative_is_that_of_the_formula():
    """f(t) = |dx(x + t u)|^2: its second derivative, by both ways of computing batch norm and op by op."""

    def op_by_op(x):
        mean = tf.reduce_mean(
            x, [0, 1, 2]
        )  # not tf.nn.moments, whose variance has a wrong second derivative
        variance = tf.reduce_mean(tf.square(x - mean), [0, 1, 2])
        return tf.nn.batch_normalization(x, mean, variance, made.beta, made.gamma, made.epsilon)

    made = layer(epsilon=0.1)
    found = []
    ways = [
        functools.partial(made._normalise_by_batch, together=False),
        functools.partial(made._normalise_by_batch, together=True),
    ]
    for way in [*(lambda x, one=one: one(x)[0] for one in ways), op_by_op]:
        t = tf.constant(0.0)
        with tf.GradientTape() as third:
            third.watch(t)
            with tf.GradientTape() as second:
                second.watch(t)
                x = tf.constant(batch([4, 2, 1, 3]) + 0.0) + t * tf.constant(batch([4, 2, 1, 3], 1))
                with tf.GradientTape() as first:
                    first.watch(x)
                    total = tf.reduce_sum(tf.sin(way(x)))
                f = tf.reduce_sum(tf.square(first.gradient(total, x)))
            slope = second.gradient(f, t)
        found.append([f, slope, third.gradient(slope, t)])
    np.testing.assert_allclose(found[0], found[2], rtol=1e-4)
    np.testing.assert_allclose(found[1], found[2], rtol=1e-4)


@pytest.mark.parametrize("together", [False, True])
def test_no_gradient_flows_through_the_statistics_that_are_kept(together):
    made = layer()
    x = tf.constant(batch([6, 3]))
    with tf.GradientTape() as tape:
        tape.watch(x)
        _, *kept = made._normalise_by_batch(x, together)
    assert tape.gradient(kept, x) is None


# ---------------------------------------------------------------- the same bits each time


def r1_of_one_layer(x, dy, u, made):
    """The gradients of sum u dx by x, gamma and dy, through `made`."""
    with tf.GradientTape() as outer:
        outer.watch([x, dy])
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = made(x, training=True)
        dx = inner.gradient(y, x, output_gradients=dy)
    return outer.gradient(dx, [x, made.gamma, dy], output_gradients=u)


def test_second_gradients_have_the_same_bits_each_time():
    """Each on both cores: differentiated by TensorFlow, about half of the calls differ from the
    first.
    """
    x, dy, u = (rng.normal([64, 16, 16, 64], rng.seed(i, "test")) for i in range(3))
    made = BatchNorm(64)
    compiled = tf.function(lambda *arguments: r1_of_one_layer(*arguments, made), autograph=False)
    first = compiled(x, dy, u)
    for _ in range(19):
        for one, another in zip(first, compiled(x, dy, u), strict=True):
            np.testing.assert_array_equal(one, another)


@pytest.mark.parametrize("xla", [False, True])
def test_second_gradients_are_the_same_compiled_and_without_the_batch_size(xla):
    made = BatchNorm(3)
    arrays = [rng.normal([5, 4, 4, 3], rng.seed(i, "test")) for i in range(3)]
    spec = tf.TensorSpec([5 if xla else None, 4, 4, 3])
    compiled = tf.function(
        lambda *arguments: r1_of_one_layer(*arguments, made),
        [spec] * 3,
        autograph=False,
        jit_compile=xla,
    )
    for one, eager in zip(compiled(*arrays), r1_of_one_layer(*arrays, made), strict=True):
        np.testing.assert_allclose(one, eager, rtol=1e-4, atol=1e-4)
