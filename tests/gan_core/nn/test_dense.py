"""A dense layer is x W + b, its start is Glorot's, and bfloat16 is a matter of the product
alone.
"""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from gan_core import rng
from gan_core.nn import initializers
from gan_core.nn.dense import Dense

X = np.random.default_rng(0).normal(size=[6, 3]).astype(np.float32)


@given(st.sampled_from([1, 3, 8]), st.sampled_from([1, 5]), st.booleans(), st.integers(0, 100))
def test_it_is_a_matrix_product_and_a_sum(in_size, out_size, use_bias, seed):
    layer = Dense(in_size, out_size, seed=seed, use_bias=use_bias)
    x = rng.normal([4, in_size], rng.seed(seed, "x")).numpy()
    expected = np.float64(x) @ np.float64(layer.kernel.numpy())
    if use_bias:
        layer.bias.assign(tf.range(1.0, out_size + 1.0))
        expected = expected + np.arange(1, out_size + 1)
    np.testing.assert_allclose(layer(x), expected, rtol=1e-5, atol=1e-5)


def test_its_gradients_are_the_transposed_products():
    layer = Dense(3, 2, seed=0)
    dy = np.random.default_rng(1).normal(size=[6, 2]).astype(np.float32)
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    d_x, d_kernel, d_bias = tape.gradient(
        y, [x, layer.kernel, layer.bias], output_gradients=tf.constant(dy)
    )
    np.testing.assert_allclose(d_x, dy @ layer.kernel.numpy().T, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(d_kernel, X.T @ dy, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(d_bias, dy.sum(axis=0), rtol=1e-5, atol=1e-6)


def test_it_is_linear_but_for_the_bias():
    """f(x) + f(y) = f(x + y) + f(0)."""
    layer = Dense(3, 4, seed=0)
    layer.bias.assign([1.0, 2.0, 3.0, 4.0])
    y = np.flip(X, axis=0).copy()
    np.testing.assert_allclose(
        layer(X) + layer(y), layer(X + y) + layer(np.zeros_like(X)), rtol=1e-5, atol=1e-5
    )


def test_the_kernel_starts_at_glorots_spread_and_the_bias_at_zero():
    """N(0, 2 / (in + out)): over 60,000 numbers the sd is known to half a per cent."""
    layer = Dense(300, 200, seed=5)
    kernel = layer.kernel.numpy()
    assert np.std(kernel) == pytest.approx(np.sqrt(2 / 500), rel=0.015)
    assert abs(np.mean(kernel)) < 4 * np.sqrt(2 / 500 / 60_000)
    np.testing.assert_array_equal(layer.bias, np.zeros(200))


def test_the_initializer_gets_the_shape_and_a_seed_of_the_layers_own():
    seen = []

    def initializer(shape, seed):
        seen.append((shape, seed.numpy().tolist()))
        return initializers.normal(0.02)(shape, seed)

    Dense(3, 2, seed=7, initializer=initializer)
    Dense(3, 2, seed=8, initializer=initializer)
    assert [shape for shape, _ in seen] == [[3, 2], [3, 2]]
    assert seen[0][1] == rng.seed(7, "Dense kernel").numpy().tolist() != seen[1][1]


def test_without_bias_there_is_no_variable_for_it():
    layer = Dense(3, 2, seed=0, use_bias=False)
    assert layer.bias is None
    assert len(layer.variables) == 1


def test_bfloat16_rounds_the_product_and_keeps_the_parameters():
    """8 significant bits: 2^-8 for each factor and for the sum.
    Gradients of float32 parameters are float32.
    """
    layer = Dense(3, 4, seed=0, compute_dtype=tf.bfloat16)
    exact = Dense(3, 4, seed=0)
    with tf.GradientTape() as tape:
        y = layer(X)
        loss = tf.reduce_sum(tf.cast(y, tf.float32) ** 2)
    assert y.dtype == tf.bfloat16
    assert layer.kernel.dtype == layer.bias.dtype == tf.float32
    size = np.abs(X) @ np.abs(layer.kernel.numpy())
    error = np.abs(tf.cast(y, tf.float32) - exact(X))
    assert np.all(error <= 4 * 2.0**-8 * size)
    assert np.any(error > 0.0)
    gradients = tape.gradient(loss, layer.trainable_variables)
    assert {g.dtype for g in gradients} == {tf.float32}
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(exact(X) ** 2)
    for one, other in zip(gradients, tape.gradient(loss, exact.trainable_variables), strict=True):
        np.testing.assert_allclose(one, other, rtol=0.05, atol=0.05 * np.max(np.abs(other)))


def test_bfloat16_rounds_the_factors_and_not_only_the_product():
    """1 + 3/1024 is 1 in bfloat16; its square in float32 would round up to 1 + 1/128.
    Speed is in the factors.
    """
    layer = Dense(1, 1, seed=0, compute_dtype=tf.bfloat16)
    layer.kernel.assign([[1.0 + 3 / 1024]])
    assert float(layer(np.array([[1.0 + 3 / 1024]], np.float32))[0, 0]) == 1.0
    assert float(tf.cast((1.0 + 3 / 1024) ** 2, tf.bfloat16)) == 1.0 + 1 / 128


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((0, 2), {}, "Dense: in_size must be a whole number of at least 1, got 0"),
        ((3, 2.0), {}, "Dense: out_size must be a whole number of at least 1, got 2.0"),
        ((3, True), {}, "Dense: out_size must be a whole number of at least 1, got True"),
        (
            (3, 2),
            {"compute_dtype": "float8"},
            "Dense: compute_dtype must be one of float32, bfloat16, got 'float8'",
        ),
        ((3, 2), {"compute_dtype": tf.int32}, "Dense: compute_dtype must be one of"),
        ((3, 2), {"seed": None}, "Dense: seed must be a whole number .*, got None"),
        (
            (3, 2),
            {"initializer": lambda shape, seed: tf.zeros([2, 3])},
            r"Dense: what initializer gives must be \[3, 2\], got \[2, 3\]",
        ),
        (
            (3, 2),
            {"initializer": lambda shape, seed: tf.zeros(shape, tf.bfloat16)},
            r"Dense: what initializer gives must be \[3, 2\] of float32, got \[3, 2\] of bfloat16",
        ),
    ],
)
def test_arguments_that_make_no_layer_are_refused(arguments, options, words):
    with pytest.raises(ValueError, match=words):
        Dense(*arguments, **{"seed": 0, **options})


def test_a_seed_is_required():
    with pytest.raises(TypeError, match="seed"):
        Dense(3, 2)


@pytest.mark.parametrize("shape", [[6, 2], [6], [6, 3, 1]])
def test_samples_of_another_shape_are_refused(shape):
    with pytest.raises(
        ValueError, match=rf"^Dense: x must be \[batch, 3\], got \[{', '.join(map(str, shape))}\]"
    ):
        Dense(3, 2, seed=0)(tf.zeros(shape))
