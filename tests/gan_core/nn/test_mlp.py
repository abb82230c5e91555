"""Small networks are what their docstrings say: affine pieces, born of seed, name and layer."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_core.nn.mlp import mlp, standardise, unstandardise

X = np.random.default_rng(0).normal(size=[6, 2]).astype(np.float32)


def test_an_mlp_is_weighted_sums_with_leaky_rectifiers_between():
    network = mlp([2, 5, 4, 3], seed=1, name="D")
    h = X.astype(np.float64)
    dense = [layer for layer in network.layers if hasattr(layer, "kernel")]
    assert [(layer.in_size, layer.out_size) for layer in dense] == [(2, 5), (5, 4), (4, 3)]
    for i, layer in enumerate(dense):
        h = h @ layer.kernel.numpy() + layer.bias.numpy()
        h = np.where((h > 0) | (i == 2), h, 0.2 * h)
    np.testing.assert_allclose(network(X), h, rtol=1e-4, atol=1e-6)


def test_the_name_is_mlp_unless_another_is_given():
    """And the name is part of what the weights depend on."""
    unnamed = mlp([2, 3], seed=0)
    named = mlp([2, 3], seed=0, name="mlp")
    assert unnamed.name == "mlp"
    np.testing.assert_array_equal(unnamed(X), named(X))


def test_two_sizes_are_an_affine_function():
    network = mlp([2, 3], seed=0, name="G")
    np.testing.assert_allclose(network(X) + network(-X), 2.0 * network(0.0 * X), atol=1e-5)


def test_another_activation_can_be_given():
    network = mlp([2, 5, 1], seed=0, name="G", activation=np.abs)
    np.testing.assert_allclose(network(X), network(-X), atol=1e-6)  # all biases are 0 at birth


def test_the_weights_are_a_function_of_seed_name_and_layer():
    def kernels(seed, name):
        return [
            v.numpy()
            for v in mlp([4, 4, 4], seed=seed, name=name).trainable_variables
            if v.shape.rank == 2
        ]

    first = kernels(7, "G")
    again = kernels(7, "G")
    other_seed = kernels(8, "G")
    other_name = kernels(7, "D")
    np.testing.assert_array_equal(first, again)
    all_of_them = np.stack([*first, *other_seed, *other_name])
    assert len(np.unique(all_of_them[:, 0, 0])) == 6


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ([2], "sizes must be at least two"),
        ([], "sizes must be at least two"),
        ([2, 0], r"sizes\[1\] must be a whole"),
        ([2.0, 1], r"sizes\[0\] must be a whole number"),
    ],
)
def test_sizes_that_are_none_are_refused(sizes, words):
    with pytest.raises(ValueError, match=words):
        mlp(sizes, seed=0, name="G")


@given(mean=st.floats(-100, 100, width=32), sd=st.floats(0.125, 100, width=32))
def test_unstandardise_undoes_standardise(mean, sd):
    back = unstandardise(mean, sd)(standardise(mean, sd)(X))
    np.testing.assert_allclose(back, X, atol=2e-5 * (1 + abs(mean)))


def test_standardised_data_have_mean_0_and_sd_1_in_every_column():
    mean = X.mean(axis=0)
    sd = X.std(axis=0)
    t = np.asarray(standardise(mean, sd)(X))
    np.testing.assert_allclose([t.mean(axis=0), t.std(axis=0)], [[0, 0], [1, 1]], atol=1e-6)


@pytest.mark.parametrize("function", [standardise, unstandardise])
@pytest.mark.parametrize(
    ("mean", "sd", "words"),
    [
        (0.0, 0.0, "sd must be above 0"),
        ([0.0, 0.0], [1.0, -1.0], "sd must be above 0"),
        (0.0, math.nan, "sd must be"),
        (math.inf, 1.0, "mean must be finite"),
    ],
)
def test_what_has_no_scale_is_refused(function, mean, sd, words):
    with pytest.raises(ValueError, match=f"{function.__name__}: {words}"):
        function(mean, sd)
