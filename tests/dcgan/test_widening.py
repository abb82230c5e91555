"""Wider networks that start as copies: what they compute stays, and their channels do not."""

import numpy as np
import pytest
import tensorflow as tf

from dcgan import conditional_networks, networks
from dcgan.runs import widening
from gan_core import rng
from gan_core.nn.variables import named_variables

SIZES = {"size": 32, "latent_dim": 7}


def widen(narrow, wide):
    """Give the wide network the widened variables of the narrow one."""
    readings = widening.readings(wide)
    there = named_variables(narrow)
    for path, variable in named_variables(wide).items():
        array = there[path].numpy()
        seed = rng.seed(3, path)
        variable.assign(widening.widened(array, variable.shape, readings.get(path), seed))


def stirred(network, seed):
    """A network whose variables have no special values: no zeros, ones or equal statistics."""
    for i, variable in enumerate(network.variables):
        noise = 0.1 * rng.uniform(variable.shape, rng.seed(seed, f"stirred {i}"), 0.1, 1.0)
        variable.assign_add(noise)
    return network


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("network", networks.BY_NAME)
@pytest.mark.parametrize("times", [1, 2, 3])
def test_the_wide_g_makes_the_pictures_of_the_narrow_one(network, times, training):
    narrow, _ = networks.make(network, width=2, seed=0, **SIZES)
    wide, _ = networks.make(network, width=2, g_width=2 * times, seed=1, **SIZES)
    widen(stirred(narrow, 5), wide)
    z = rng.normal([4, 7], rng.seed(0, "z"))
    pictures = narrow(z, training=training)
    assert float(tf.math.reduce_std(pictures)) > 0.01
    np.testing.assert_allclose(wide(z, training=training), pictures, atol=1e-4)


def test_a_wide_styled_g_makes_the_same_pictures():
    options = {"network": "dcgan", "width": 2, "styled": True, **SIZES}
    narrow, _ = networks.make(**options, seed=0)
    wide, _ = networks.make(**options, g_width=4, seed=1)
    widen(stirred(narrow, 5), wide)
    z = rng.normal([4, 7], rng.seed(0, "z"))
    np.testing.assert_allclose(wide(z), narrow(z), atol=1e-4)


def test_a_wide_conditional_g_makes_the_same_pictures():
    narrow, _ = conditional_networks.make([3], width=2, seed=0, **SIZES)
    wide, _ = conditional_networks.make([3], width=2, g_width=4, seed=1, **SIZES)
    widen(stirred(narrow, 5), wide)
    z = rng.normal([4, 7], rng.seed(0, "z"))
    labels = tf.constant([[0], [1], [2], [1]])
    np.testing.assert_allclose(wide(z, labels), narrow(z, labels), atol=1e-4)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("minibatch_std", [False, True])
@pytest.mark.parametrize("network", networks.BY_NAME)
@pytest.mark.parametrize("times", [1, 2, 3])
def test_the_wide_d_has_the_logits_of_the_narrow_one(network, times, minibatch_std, training):
    options = {**SIZES, "minibatch_std": minibatch_std}
    _, narrow = networks.make(network, width=2, seed=0, **options)
    _, wide = networks.make(network, width=2 * times, seed=1, **options)
    widen(stirred(narrow, 5), wide)
    x = rng.normal([4, 32, 32, 3], rng.seed(0, "x"))
    logits = narrow(x, training=training)
    assert float(tf.math.reduce_std(logits)) > 0.01
    np.testing.assert_allclose(wide(x, training=training), logits, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("minibatch_std", [False, True])
def test_a_wide_conditional_d_has_the_same_logits(minibatch_std):
    options = {**SIZES, "minibatch_std": minibatch_std}
    _, narrow = conditional_networks.make([3, 2], width=2, seed=0, **options)
    _, wide = conditional_networks.make([3, 2], width=4, seed=1, **options)
    widen(stirred(narrow, 5), wide)
    x = rng.normal([4, 32, 32, 3], rng.seed(0, "x"))
    labels = tf.constant([[0, 1], [1, 0], [2, 1], [1, 1]])
    np.testing.assert_allclose(wide(x, labels), narrow(x, labels), rtol=1e-4, atol=1e-4)


def test_copies_get_different_gradients():
    """Equal ones would keep them copies for ever."""
    narrow, _ = networks.make("dcgan", width=2, seed=0, **SIZES)
    wide, _ = networks.make("dcgan", width=2, g_width=4, seed=1, **SIZES)
    widen(narrow, wide)
    z = rng.normal([4, 7], rng.seed(0, "z"))
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(tf.square(wide(z, training=True) - 0.5))
    first = wide.layers[1]
    gradient = tape.gradient(total, first.kernel).numpy()
    copies = gradient[:, :, 0::2]
    others = gradient[:, :, 1::2]
    kernel = first.kernel.numpy()
    np.testing.assert_array_equal(kernel[:, :, 0::2], kernel[:, :, 1::2])
    assert np.abs(copies - others).max() > 0.05 * np.abs(copies).max()


def test_every_kernel_is_found_with_the_axis_it_reads():
    for name in networks.BY_NAME:
        for network in networks.make(name, width=2, seed=0, minibatch_std=True, **SIZES):
            kernels = [path for path in named_variables(network) if path.endswith("kernel")]
            assert sorted(widening.readings(network)) == sorted(kernels)


@pytest.mark.parametrize("shape", [(3,), (1,), (2, 2)])
def test_a_side_that_is_no_multiple_is_refused(shape):
    with pytest.raises(
        ValueError, match=r"widened: array must be of sides that divide .*got \[2\]"
    ):
        widening.widened(np.zeros(2), shape, None, rng.seed(0, "x"))
