"""Law 26 for batch norm: which statistics normalise, which are kept, and by which momentum.

The oracle is `reference.batch_norm`, float64. n below is the number of values of a channel.
"""

import numpy as np
import pytest
import tensorflow as tf
from batch_norm_cases import BETA, GAMMA, SHAPES, batch, layer
from hypothesis import given
from hypothesis import strategies as st

from gan_core.devices.compiling import compiled
from gan_core.nn import initializers
from gan_core.nn.batch_norm import BatchNorm
from gan_core.testing import reference

CASES = st.tuples(st.sampled_from(SHAPES), st.integers(0, 1000), st.sampled_from([1e-5, 1e-3, 0.5]))


@given(CASES)
def test_in_training_it_is_the_papers_algorithm_1(case):
    shape, seed, epsilon = case
    x = batch(shape, seed)
    y = layer(epsilon=epsilon)(x, training=True)
    expected, _, _ = reference.batch_norm(x, GAMMA, BETA, epsilon)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=2e-3)


@given(CASES)
def test_in_training_each_channel_has_mean_beta_and_spread_gamma(case):
    """The spread by the biased variance, and short of |gamma| by what epsilon takes."""
    shape, seed, epsilon = case
    x = batch(shape, seed)
    y = np.float64(layer(epsilon=epsilon)(x, training=True))
    axes = tuple(range(x.ndim - 1))
    variance = np.var(np.float64(x), axis=tuple(range(x.ndim - 1)))
    np.testing.assert_allclose(y.mean(axis=axes), BETA, atol=1e-3)
    np.testing.assert_allclose(
        y.std(axis=axes),
        np.abs(GAMMA) * np.sqrt(variance / (variance + epsilon)),
        rtol=1e-3,
        atol=1e-4,
    )


def test_in_training_neither_scale_nor_shift_of_the_input_matter():
    x = batch([6, 3])
    made = layer(epsilon=1e-12)
    np.testing.assert_allclose(
        made(4.0 * x + 7.0, training=True), made(x, training=True), atol=2e-3
    )


@pytest.mark.parametrize("mode", ["graph", "xla"])
@pytest.mark.parametrize("shape", [[64, 3], [4, 4, 4, 3]], ids=str)
def test_a_mean_far_from_0_costs_no_digits_in_any_way_to_compile(shape, mode):
    """XLA computes the variance of TensorFlow's op as mean(x^2) - mean(x)^2, which is negative for
    such a batch.
    """
    x = np.float32(1e4 + np.random.default_rng(0).normal(size=shape))
    made = layer()
    y = compiled(lambda x: made(x, training=True), mode)(tf.constant(x))
    expected, mean, variance = reference.batch_norm(x, GAMMA, BETA, 1e-5)
    unbiased = variance * 64 / 63
    np.testing.assert_allclose(y, expected, atol=5e-3)
    np.testing.assert_allclose(made.moving_mean, 0.1 * mean, rtol=1e-5)
    np.testing.assert_allclose(made.moving_variance, 0.9 + 0.1 * unbiased, rtol=1e-3)


@given(CASES)
def test_in_inference_it_is_affine_with_the_moving_statistics(case):
    shape, seed, epsilon = case
    x = batch(shape, seed)
    made = layer(epsilon=epsilon)
    mean = np.array([1.0, -2.0, 0.5])
    variance = np.array([4.0, 0.25, 1.0])
    made.moving_mean.assign(mean)
    made.moving_variance.assign(variance)
    expected = reference.batch_norm_inference(x, GAMMA, BETA, mean, variance, epsilon)
    np.testing.assert_allclose(made(x), expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(made.moving_mean, mean.astype(np.float32))
    np.testing.assert_array_equal(made.moving_variance, variance.astype(np.float32))


@given(st.sampled_from(SHAPES), st.sampled_from([0.0, 0.25, 0.9, 1.0]), st.integers(0, 1000))
def test_momentum_is_the_share_of_the_old_value_and_the_kept_variance_is_unbiased(
    shape, momentum, seed
):
    """With two values a channel the unbiased variance is twice the biased one."""
    made = layer(momentum=momentum)
    mean = np.zeros(3)
    variance = np.ones(3)
    for number in range(3):
        x = batch(shape, seed + number)
        made(x, training=True)
        _, batch_mean, biased = reference.batch_norm(x, GAMMA, BETA, 1e-5)
        n = x.size / 3
        mean = reference.moving_average(mean, batch_mean, momentum)
        variance = reference.moving_average(variance, biased * n / (n - 1), momentum)
    np.testing.assert_allclose(made.moving_mean, mean, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(made.moving_variance, variance, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [[1, 3], [1, 1, 1, 3]])
def test_one_value_a_channel_becomes_beta_and_breaks_nothing(shape):
    made = layer(momentum=0.5)
    x = batch(shape)
    np.testing.assert_allclose(made(x, training=True).numpy().ravel(), BETA, atol=1e-2)
    np.testing.assert_allclose(made.moving_mean, 0.5 * x.ravel(), rtol=1e-6)
    np.testing.assert_allclose(
        made.moving_variance, [0.5, 0.5, 0.5], atol=1e-6
    )  # there is no spread in one value


def test_a_channel_without_spread_has_finite_values_and_gradients():
    made = layer()
    x = tf.fill([6, 3], 2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(made(x, training=True) ** 2)
    for gradient in tape.gradient(loss, [x, made.gamma, made.beta]):
        assert np.all(np.isfinite(gradient))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_gradient_in_training_goes_through_the_batchs_statistics(shape):
    """Against central differences of the oracle. Its sum over a channel is 0,
    as a shift changes nothing.
    """
    x = batch(shape)
    made = layer()
    dy = np.random.default_rng(9).normal(size=shape)

    def loss(x):
        return np.sum(dy * reference.batch_norm(x, GAMMA, BETA, 1e-5)[0])

    inputs = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = made(inputs, training=True)
    gradient, *_ = tape.gradient(y, [inputs], output_gradients=tf.constant(dy, tf.float32))
    step = 1e-4
    expected = np.zeros(shape)
    for place in np.ndindex(*shape):
        shift = np.zeros(shape)
        shift[place] = step
        expected[place] = (loss(np.float64(x) + shift) - loss(np.float64(x) - shift)) / (2 * step)
    scale = np.max(np.abs(GAMMA / np.std(x, axis=tuple(range(x.ndim - 1)))))
    np.testing.assert_allclose(gradient, expected, atol=1e-3 * scale, rtol=1e-2)
    np.testing.assert_allclose(
        tf.reduce_sum(gradient, axis=list(range(x.ndim - 1))), np.zeros(3), atol=1e-3 * scale
    )


def test_bfloat16_comes_out_as_it_went_in_and_is_counted_in_float32():
    x = tf.cast(batch([6, 3]), tf.bfloat16)
    made = layer()
    wide = layer()
    y = made(x, training=True)
    assert y.dtype == tf.bfloat16
    np.testing.assert_array_equal(
        y, tf.cast(wide(tf.cast(x, tf.float32), training=True), tf.bfloat16)
    )
    np.testing.assert_array_equal(made.moving_variance, wide.moving_variance)


def test_gamma_and_beta_are_trained_and_the_statistics_are_not():
    made = BatchNorm(3, gamma_initializer=initializers.normal(0.02, 1.0), seed=4)
    assert [
        v is w for v, w in zip(made.trainable_variables, (made.beta, made.gamma), strict=True)
    ] == [True, True]
    assert len(made.variables) == 4
    np.testing.assert_allclose(made.gamma, [1.0, 1.0, 1.0], atol=0.1)
    assert np.std(made.gamma) > 0.0
    for variable, start in ((made.beta, 0.0), (made.moving_mean, 0.0), (made.moving_variance, 1.0)):
        np.testing.assert_array_equal(variable, np.full(3, start))


@pytest.mark.parametrize(
    ("channels", "options", "words"),
    [
        (0, {}, "channels must be a whole number of at least 1, got 0"),
        (3, {"momentum": 1.5}, "momentum must be a finite number from 0 to 1, got 1.5"),
        (3, {"epsilon": 0.0}, "epsilon must be a finite number above 0, got 0.0"),
        (
            3,
            {"gamma_initializer": lambda shape, seed: tf.ones([2])},
            r"what gamma_initializer gives must be \[3\], got \[2\]",
        ),
    ],
)
def test_arguments_that_make_no_layer_are_refused(channels, options, words):
    with pytest.raises(ValueError, match=f"^BatchNorm: {words}"):
        BatchNorm(channels, **options)


def test_integers_are_refused_for_their_y_would_be_cut_to_integers():
    with pytest.raises(ValueError, match=r"^BatchNorm: x must be of a floating dtype, got int32"):
        layer()(tf.ones([6, 3], tf.int32), training=True)


@pytest.mark.parametrize("shape", [[6, 2], [3], [2, 4, 3], [2, 4, 5, 2]])
def test_samples_of_another_shape_are_refused_and_move_nothing(shape):
    made = layer()
    came = ", ".join(map(str, shape))
    with pytest.raises(
        ValueError,
        match=rf"^BatchNorm: x must be \[batch, 3\] or \[batch, h, w, 3\], got \[{came}\]",
    ):
        made(tf.ones(shape), training=True)
    np.testing.assert_array_equal(made.moving_mean, np.zeros(3))


@pytest.mark.parametrize("shape", [[0, 3], [0, 4, 5, 3], [2, 0, 5, 3]])
def test_an_empty_batch_is_refused_in_training_alone(shape):
    """Its mean would be 0 / 0, and the averages NaN from then on."""
    made = layer()
    with pytest.raises(ValueError, match=r"^BatchNorm: x must be .* where training=True, got \["):
        made(tf.zeros(shape), training=True)
    np.testing.assert_array_equal(made.moving_mean, np.zeros(3))
    assert made(tf.zeros(shape)).shape == shape


def test_synchronised_is_true_or_false():
    for value in (1, "yes", None):
        with pytest.raises(
            ValueError, match=r"^BatchNorm: synchronised must be True or False, got"
        ):
            BatchNorm(3, synchronised=value)
