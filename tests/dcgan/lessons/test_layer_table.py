"""Networks counted by hand: sizes, parameters and fields are those of the layers themselves."""

import numpy as np
import pytest
import tensorflow as tf

from dcgan.lessons import layer_table
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
    layers = layer_table.measure(mixed, tf.zeros([1, 31, 31, 2]))
    layer_table.show(mixed, layers, caption="Mixed.")
    assert [facts.pixels_in for facts in layers] == [31, 15, 15, 5]
    assert (
        [facts.pixels_out for facts in layers]
        == [facts.by_formula for facts in layers]
        == [15, 15, 5, 4]
    )
    assert [facts.kernel for facts in layers] == [36, 100, 100, 16]
    assert [facts.norm for facts in layers] == [8, 8, 8, 8]
    said = capsys.readouterr().out
    assert "by hand 252 + 32 = 284, of them trained 268" in said
    assert "the network has 284, of them trained 268" in said


def test_fields_are_where_the_gradient_is(mixed):
    """For every unit on the diagonal, those at the edges included."""
    x = rng.normal([1, 31, 31, 2], rng.seed(0, "x"))
    for facts in layer_table.measure(mixed, x):
        for unit in range(facts.pixels_out):
            seen = layer_table.gradient_of_a_unit(mixed, x, facts.position, unit)
            first, last = facts.sees(unit)
            inside = np.zeros([31, 31], bool)
            inside[max(first, 0) : last + 1, max(first, 0) : last + 1] = True
            np.testing.assert_array_equal(seen != 0.0, inside)


@pytest.mark.parametrize(
    ("k", "s", "padding", "size"), [(4, 1, "VALID", 8), (4, 2, "SAME", 10), (3, 2, "VALID", 11)]
)
def test_transposed_convolutions_grow_by_their_formulas(k, s, padding, size):
    layer = Conv2DTranspose(3, 2, k, seed=0, stride=s, padding=padding, use_bias=False)
    (facts,) = layer_table.measure(Sequential([layer, tf.nn.relu]), tf.zeros([1, 5, 5, 3]))
    assert facts.pixels_out == facts.by_formula == size
    assert (facts.channels, facts.norm, facts.kernel) == ("3 → 2", 0, k * k * 6)
