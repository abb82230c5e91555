"""Networks counted by hand: sizes, parameters and fields are those of the layers themselves."""

import numpy as np
import pytest
import tensorflow as tf

from dcgan.lessons import ladders
from gan_core import rng
from gan_core.nn.activations import leaky_relu
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.conv import Conv2D, Conv2DTranspose
from gan_core.nn.sequential import Sequential

# one network of mixed kernels: (kernel, stride, padding), for 31 pixels: 15, 15, 5, 4
MIXED = [(3, 2, "VALID"), (5, 1, "SAME"), (5, 3, "SAME"), (2, 1, "VALID")]


@pytest.fixture(scope="module")
def mixed():
    layers = []
    for i, (k, s, padding) in enumerate(MIXED):
        layers += [
            Conv2D(2, 2, k, seed=i, stride=s, padding=padding, use_bias=False),
            BatchNorm(2),
            leaky_relu(0.2),
        ]
    return Sequential(layers, name="mixed")


def test_sizes_and_counts_are_those_of_the_layers(mixed, capsys):
    rungs = ladders.climb(mixed, tf.zeros([1, 31, 31, 2]))
    ladders.show(mixed, rungs, caption="Mixed.")
    assert [rung.before for rung in rungs] == [31, 15, 15, 5]
    assert [rung.after for rung in rungs] == [rung.by_formula for rung in rungs] == [15, 15, 5, 4]
    assert [rung.kernel for rung in rungs] == [36, 100, 100, 16]
    assert [rung.norm for rung in rungs] == [8, 8, 8, 8]
    said = capsys.readouterr().out
    assert "by hand 252 + 32 = 284, of them trained 268" in said
    assert "the network has 284, of them trained 268" in said


def test_fields_are_where_the_gradient_is(mixed):
    """For every unit on the diagonal, those at the edges included."""
    x = rng.normal([1, 31, 31, 2], rng.seed(0, "x"))
    for rung in ladders.climb(mixed, x):
        for unit in range(rung.after):
            seen = ladders.gradient_of_a_unit(mixed, x, rung.position, unit)
            first, last = rung.sees(unit)
            inside = np.zeros([31, 31], bool)
            inside[max(first, 0) : last + 1, max(first, 0) : last + 1] = True
            np.testing.assert_array_equal(seen != 0.0, inside)


@pytest.mark.parametrize(
    ("k", "s", "padding", "size"), [(4, 1, "VALID", 8), (4, 2, "SAME", 10), (3, 2, "VALID", 11)]
)
def test_transposed_convolutions_grow_by_their_formulas(k, s, padding, size):
    layer = Conv2DTranspose(3, 2, k, seed=0, stride=s, padding=padding, use_bias=False)
    (rung,) = ladders.climb(Sequential([layer, tf.nn.relu]), tf.zeros([1, 5, 5, 3]))
    assert rung.after == rung.by_formula == size
    assert (rung.channels, rung.norm, rung.kernel) == ("3 → 2", 0, k * k * 6)
