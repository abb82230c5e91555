"""The directions of a page's sliders, where they are known beforehand."""

import numpy as np
import pytest

from dcgan.page import sliders
from gan_core.nn.conv import Conv2DTranspose
from gan_core.nn.dense import Dense
from gan_core.nn.sequential import Sequential

DIM = 6


def generate(z):
    """A picture of one pixel whose "colours" are z's first numbers."""
    return np.asarray(z)[:, None, None, :3]


def read(images):
    return {
        "hair_colour": (images[:, 0, 0, 0] > 0.0).astype(int),
        "fringe": (images[:, 0, 0, 0] + images[:, 0, 0, 1] > 0.0).astype(int),
    }


@pytest.fixture(scope="module")
def found():
    rng = np.random.default_rng(0)
    z = rng.normal(size=[4000, DIM]).astype(np.float32)
    new_z = rng.normal(size=[1000, DIM]).astype(np.float32)
    factors = {"hair_colour": ("dark", "light"), "fringe": ("short", "long")}
    return {
        (one.group, one.name): one for one in sliders.of_factors(generate, read, factors, z, new_z)
    }


def test_a_slider_for_each_value_of_each_factor(found):
    assert set(found) == {
        ("hair colour", "dark"),
        ("hair colour", "light"),
        ("fringe", "short"),
        ("fringe", "long"),
    }
    np.testing.assert_allclose(found["hair colour", "light"].direction, np.eye(DIM)[0], atol=0.1)
    np.testing.assert_allclose(found["hair colour", "dark"].direction, -np.eye(DIM)[0], atol=0.1)


def test_alone_has_nothing_in_common_with_the_other_group(found):
    for own, other in (("hair colour", "fringe"), ("fringe", "hair colour")):
        for (group, _), one in found.items():
            if group == own:
                for (also, _), another in found.items():
                    if also == other:
                        assert abs(one.alone @ another.direction) < 1e-5


def test_where_a_factor_has_no_direction_of_its_own_there_is_a_slider_without_one():
    """z of one number: the direction of hair is that of the fringe too."""
    z = np.random.default_rng(0).normal(size=[300, 1]).astype(np.float32)
    factors = {"hair_colour": ("dark", "light"), "fringe": ("short", "long")}
    made = sliders.of_factors(lambda z: z[:, None, None, [0, 0, 0]], read, factors, z, z)
    assert len(made) == 4
    for one in made:
        assert (one.alone, one.measured_alone) == (None, "")
        assert one.measured.startswith("at 3, 100% of faces reach it")


def test_what_was_measured_is_told(found):
    """Light hair is reached by all of them, and the fringe changes in those that had it short."""
    words = found["hair colour", "light"].measured
    assert words.startswith("at 3, 100% of faces reach it; another factor changes in ")
    assert "(most: fringe, " in words
    assert found["hair colour", "light"].measured_alone != words


def test_principal_directions_are_those_of_the_activations_covariance():
    layer = Conv2DTranspose(DIM, 3, 4, padding="VALID", seed=1)
    found = sliders.of_activations(Sequential([layer]), DIM, count=3)
    z = np.random.default_rng(1).normal(size=[20000, DIM]).astype(np.float32)
    activations = layer(z[:, None, None, :]).numpy().reshape(len(z), -1)
    variances = [np.var(activations @ _axis(layer, one.direction)) for one in found]
    total = np.sum(np.var(activations, axis=0))
    for one, variance in zip(found, variances, strict=True):
        np.testing.assert_allclose(np.linalg.norm(one.direction), 1.0, rtol=1e-5)
        share = float(one.measured.split("%")[0]) / 100.0
        np.testing.assert_allclose(share, variance / total, atol=0.01)
    assert variances == sorted(variances, reverse=True)


def _axis(layer, direction):
    """Where the first layer sends a direction, of length 1."""
    moved = layer(direction[None, None, None, :]).numpy().ravel()
    return moved / np.linalg.norm(moved)


def test_a_dense_first_layer_has_the_same_directions_as_the_convolution_that_it_is():
    layer = Conv2DTranspose(DIM, 3, 4, padding="VALID", seed=1)
    dense = Dense(DIM, 4 * 4 * 3, seed=2)
    dense.kernel.assign(np.moveaxis(layer.kernel.numpy(), -1, 0).reshape(DIM, -1))
    wanted = sliders.of_activations(Sequential([layer]), DIM, count=3)
    found = sliders.of_activations(Sequential([dense]), DIM, count=3)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one.direction, other.direction)
        assert one.measured == other.measured


def test_a_network_that_begins_otherwise_is_refused():
    words = "first layer must be a Conv2DTranspose or Dense, got NoneType"
    with pytest.raises(ValueError, match=words):
        sliders.of_activations(Sequential([Dense(2, 2, seed=0).__call__]), 2)


def test_directions_of_a_generator_with_labels_are_those_of_z_for_one_label():
    """Four more numbers behind z: they are held fixed."""
    layer = Conv2DTranspose(DIM + 4, 3, 4, padding="VALID", seed=1)
    found = sliders.of_activations(Sequential([layer]), DIM, count=2)
    rng = np.random.default_rng(1)
    z = rng.normal(size=[20000, DIM]).astype(np.float32)
    label = np.tile(rng.normal(size=4).astype(np.float32), [20000, 1])
    inputs = np.concatenate([z, label], axis=1)
    activations = layer(inputs[:, None, None, :]).numpy().reshape(len(z), -1)
    first = found[0].direction
    assert first.shape == (DIM,)
    moved = layer(np.append(first, np.zeros(4, np.float32))[None, None, None]).numpy().ravel()
    variance = np.var(activations @ (moved / np.linalg.norm(moved)))
    share = float(found[0].measured.split("%")[0]) / 100.0
    np.testing.assert_allclose(share, variance / np.sum(np.var(activations, axis=0)), atol=0.01)
