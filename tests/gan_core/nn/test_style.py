"""Styles: their formulas, what they reach, and their errors."""

import math

import numpy as np
import pytest
import tensorflow as tf

from gan_core import rng, testing
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.conditional import ConditionalBatchNorm, WithEmbedding
from gan_core.nn.conv import Conv2D
from gan_core.nn.dense import Dense
from gan_core.nn.sequential import Sequential
from gan_core.nn.shapes import Reshape
from gan_core.nn.style import Modulation, Styled, style_mapping, unit_mean_square


def drawn(*shape, name="x"):
    return rng.normal(list(shape), rng.seed(0, name))


def stirred(network):
    """With biases that are not 0."""
    for i, variable in enumerate(network.trainable_variables):
        if variable.shape.rank == 1:
            variable.assign(0.5 * rng.normal(variable.shape, rng.seed(i, "stirred")))
    return network


def slow_modulation(layer, x, w):
    """The docstring's y = (1 + a) x + b, number by number."""
    kernel = layer.to_scale_and_shift.kernel.numpy().astype(np.float64)
    bias = layer.to_scale_and_shift.bias.numpy().astype(np.float64)
    a_and_b = np.zeros([len(w), 2 * layer.channels])
    for sample, column in np.ndindex(*a_and_b.shape):
        a_and_b[sample, column] = np.sum(w[sample] * kernel[:, column]) + bias[column]
    y = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        sample = place[0]
        channel = place[-1]
        a = a_and_b[sample, channel]
        b = a_and_b[sample, layer.channels + channel]
        y[place] = (1.0 + a) * x[place] + b
    return y


@pytest.mark.parametrize("shape", [(3, 5), (3, 2, 4, 5)])
def test_modulation_scales_and_shifts_each_channel(shape):
    layer = stirred(Modulation(5, 4, seed=1))
    x = drawn(*shape)
    w = drawn(3, 4, name="w")
    wanted = slow_modulation(layer, x.numpy(), w.numpy().astype(np.float64))
    np.testing.assert_allclose(layer(x, style=w), wanted, atol=1e-5)


def test_a_style_of_zeros_changes_nothing_at_the_start():
    x = drawn(3, 2, 2, 5)
    np.testing.assert_array_equal(Modulation(5, 4, seed=1)(x, tf.zeros([3, 4])), x)


def test_a_and_b_start_with_a_standard_deviation_of_three_tenths():
    layer = Modulation(2000, 64, seed=0)
    w = unit_mean_square(drawn(8, 64))
    a_and_b = layer.to_scale_and_shift(w).numpy()
    np.testing.assert_allclose(a_and_b.std(axis=1), 0.3, rtol=0.05)


def test_the_mapping_is_two_dense_layers_of_the_scaled_z():
    mapping = stirred(style_mapping(6, 4, seed=3))
    z = drawn(5, 6).numpy().astype(np.float64)
    w = z / np.sqrt(np.mean(z**2, axis=1, keepdims=True) + 1e-8)
    for dense in [layer for layer in mapping.layers if isinstance(layer, Dense)]:
        w = w @ dense.kernel.numpy() + dense.bias.numpy()
        w = np.where(w > 0.0, w, 0.2 * w)
    np.testing.assert_allclose(mapping(tf.constant(z, tf.float32)), w, atol=1e-5)


def test_the_mapping_keeps_the_mean_square_at_the_start_and_does_not_know_how_long_z_is():
    mapping = style_mapping(256, 512, seed=3)
    z = drawn(64, 256)
    w = mapping(z)
    assert math.isclose(float(tf.reduce_mean(tf.square(w))), 1.0, rel_tol=0.1)
    np.testing.assert_allclose(mapping(3.0 * z), w, rtol=1e-4, atol=1e-5)
    assert np.all(np.isfinite(mapping(0.0 * z)))


def small(seed=0):
    layers = [
        Dense(6, 8, seed=seed),
        Reshape([2, 2, 2]),
        Conv2D(2, 5, 3, seed=seed + 1),
        BatchNorm(5),
        Modulation(5, 4, seed=seed + 2),
        tf.tanh,  # smooth, for the law about slopes
        Conv2D(5, 3, 3, seed=seed + 3),
    ]
    return Styled(style_mapping(6, 4, seed=seed + 4), layers, name="styled")


def test_a_styled_network_hands_its_style_to_the_layers_that_accept_one():
    network = small()
    z = drawn(5, 6)
    style = network.mapping(z)
    x = z
    for layer in network.layers:
        x = layer(x, style=style) if isinstance(layer, Modulation) else layer(x)
    np.testing.assert_allclose(network(z), x, atol=1e-6)


@pytest.mark.parametrize("shape", [(6, 5), (6, 2, 4, 5)])
@pytest.mark.parametrize("labels", [None, [0, 1, 2, 2, 1, 0]])
@pytest.mark.parametrize("training", [False, True])
def test_batch_norm_and_modulation_in_one_step_are_both_after_each_other(shape, labels, training):
    def made():
        norm = BatchNorm(5) if labels is None else ConditionalBatchNorm(5, 3)
        for i, variable in enumerate(norm.variables):
            variable.assign(0.5 + rng.uniform(variable.shape, rng.seed(i, "norm")))
        return norm, stirred(Modulation(5, 4, seed=1))

    x = drawn(*shape)
    network = Styled(lambda x: drawn(6, 4, name="w"), made())
    norm, modulation = made()
    if labels is None:
        wanted = norm(x, training=training)
    else:
        wanted = norm(x, labels, training=training)
    wanted = slow_modulation(modulation, wanted.numpy(), drawn(6, 4, name="w").numpy())
    np.testing.assert_allclose(network(x, labels, training=training), wanted, atol=1e-5)
    for own, other in zip(network.layers[0].variables, norm.variables, strict=True):
        np.testing.assert_array_equal(own, other)  # the moving averages, too


def test_a_norm_of_ones_own_is_called_and_not_merged():
    """Its call may do something else than BatchNorm's."""

    class Doubled(BatchNorm):
        def __call__(self, x, *, training=False):
            return 2.0 * super().__call__(x, training=training)

    norm = Doubled(5, epsilon=1e-9)
    network = Styled(lambda x: tf.zeros([3, 4]), [norm, Modulation(5, 4, seed=1)])
    x = drawn(3, 5)
    np.testing.assert_allclose(network(x), 2.0 * x, atol=1e-5)


def test_every_weight_of_the_mapping_is_learnt():
    network = small()
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(network(drawn(5, 6), training=True) - 1.0))
    gradients = tape.gradient(loss, network.mapping.trainable_variables)
    assert len(gradients) == 4
    assert all(float(tf.reduce_max(tf.abs(gradient))) > 1e-6 for gradient in gradients)


def test_labels_go_on_to_the_layers_of_a_styled_network():
    """The label changes the style, as the end of z, and batch norm."""
    norm = ConditionalBatchNorm(4, 3)
    norm.betas.assign(drawn(3, 4, name="betas"))
    inside = Styled(
        style_mapping(8, 4, seed=1), [Dense(8, 4, seed=2), norm, Modulation(4, 4, seed=3)]
    )
    network = Sequential([WithEmbedding(3, 2, seed=4), inside])
    z = drawn(2, 6)
    first = network(z, [0, 0]).numpy()
    assert np.abs(first - network(z, [1, 2]).numpy()).min(axis=1).max() > 1e-3
    with pytest.raises(ValueError, match="Sequential: labels must be None"):
        small()(z, [0, 1])


@pytest.mark.parametrize("jit", [False, True])
def test_graphs_and_xla_compute_the_same(jit):
    network = small()
    z = drawn(5, 6)
    compiled = tf.function(network, jit_compile=jit, autograph=False)
    np.testing.assert_allclose(compiled(z), network(z), atol=1e-5)


def test_bfloat16_stays():
    layer = Modulation(5, 4, seed=1)
    y = layer(tf.cast(drawn(3, 2, 2, 5), tf.bfloat16), drawn(3, 4))
    assert y.dtype == tf.bfloat16


def test_the_summary_calls_the_layers_with_a_style(capsys):
    small().summary((6,))
    told = capsys.readouterr().out
    assert "Modulation" in told
    assert "[batch, 2, 2, 3]" in told


@pytest.mark.slow
@testing.parametrize_with_laws(
    [testing.Layer(lambda seed: small(10 * seed), [6], [2, 2, 3], name="Styled")]
)
def test_the_laws_of_layers_hold(subject, law):
    law(subject)


def test_errors_name_what_is_wrong():
    layer = Modulation(5, 4, seed=1)
    with pytest.raises(ValueError, match=r"Modulation: style must be \[batch, 4\], got None"):
        layer(drawn(3, 5))
    with pytest.raises(ValueError, match=r"Modulation: style must .*\[3, 4\].*got \[2, 4\]"):
        layer(drawn(3, 5), drawn(2, 4))
    with pytest.raises(ValueError, match=r"Modulation: x must be .*got \[3, 6\]"):
        layer(drawn(3, 6), drawn(3, 4))
    with pytest.raises(ValueError, match="Modulation: x must be of a floating dtype, got int32"):
        layer(tf.ones([3, 5], tf.int32), drawn(3, 4))
    with pytest.raises(ValueError, match="Modulation: channels must be"):
        Modulation(0, 4, seed=1)
    with pytest.raises(ValueError, match="Styled: mapping must be a network or a function, got 3"):
        Styled(3, [layer])
    with pytest.raises(ValueError, match="Styled: layers must be a list with a layer that accepts"):
        Styled(style_mapping(6, 4, seed=1), [tf.nn.relu])
    with pytest.raises(ValueError, match="style_mapping: style_size must be"):
        style_mapping(6, 0, seed=1)
