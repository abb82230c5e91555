"""latent: the prior's shape, dtype, distribution and errors."""

import dataclasses
import math

import numpy as np
import pytest
import tensorflow as tf

from gan_core import latent, rng

SEED = rng.seed(0, "z")


@pytest.mark.slow
@pytest.mark.parametrize(
    "prior",
    [
        latent.Normal(3),
        latent.Normal(3, 2.0),
        latent.Uniform(3),
        latent.NormalAndBits(2, 1),
        latent.NormalAndBits(3, 0),
    ],
)
def test_z_is_n_by_dim_float32_and_a_function_of_the_seed(prior):
    z = prior(5, SEED)
    assert z.dtype == tf.float32
    assert z.shape == [5, prior.dim] == [5, 3]
    np.testing.assert_array_equal(prior(5, rng.seed(0, "z")), z)
    assert not np.array_equal(prior(5, rng.seed(0, "z", 1)), z)
    np.testing.assert_allclose(
        tf.function(prior, jit_compile=True, autograph=False)(5, SEED), z, rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("sd", [1.0, 2.5])
def test_normal_has_its_sd_and_lies_near_its_shell(sd):
    """100,000 coordinates: their mean has standard error 0.0032 sd, their spread 0.0022 sd.
    The length of one z
    of 100 coordinates is sd sqrt(100), give or take sd / sqrt(2)."""
    z = latent.Normal(100, sd)(1000, SEED).numpy()
    assert abs(z.mean()) < 4 * 0.0032 * sd
    assert z.std() == pytest.approx(sd, rel=4 * 0.0022)
    lengths = np.linalg.norm(z, axis=1)
    assert lengths.mean() == pytest.approx(10 * sd, rel=0.01)
    assert lengths.std() == pytest.approx(sd / math.sqrt(2), rel=0.15)


def test_normal_scales_the_standard_normal():
    np.testing.assert_array_equal(latent.Normal(3, 2.0)(4, SEED), 2 * latent.Normal(3)(4, SEED))


def test_uniform_fills_minus_1_to_1():
    z = latent.Uniform(100)(1000, SEED).numpy()
    assert z.min() >= -1
    assert z.max() < 1
    assert z.min() < -0.999
    assert z.max() > 0.999
    assert abs(z.mean()) < 4 / math.sqrt(3 * z.size)
    assert z.var() == pytest.approx(1 / 3, rel=0.02)


def test_normal_and_bits_are_normal_numbers_and_then_fair_coins():
    """4,000 flips of each coin: the mean's standard error is 0.016;
    so is that of two coins' product, and of a
    coin's with a normal number."""
    z = latent.NormalAndBits(2, 3)(4000, SEED).numpy()
    normals = z[:, :2]
    bits = z[:, 2:]
    assert set(np.unique(bits)) == {-1.0, 1.0}
    assert np.abs(normals.mean(axis=0)).max() < 4 * 0.016
    assert normals.std(axis=0) == pytest.approx(1, abs=4 * 0.011)
    assert np.abs(bits.mean(axis=0)).max() < 4 * 0.016
    products = z.T @ z / len(z) - np.eye(5)
    assert np.abs(products[~np.eye(5, dtype=bool)]).max() < 4 * 0.016


def test_a_prior_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        latent.Normal(3).dim = 4


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: latent.Normal(0),
            "latent.Normal: dim must be a whole number of at least 1, got 0.",
        ),
        (
            lambda: latent.Normal(2.0),
            "latent.Normal: dim must be a whole number of at least 1, got 2.0.",
        ),
        (
            lambda: latent.Normal(2, 0.0),
            "latent.Normal: sd must be a finite number above 0, got 0.0.",
        ),
        (
            lambda: latent.Normal(2, math.inf),
            "latent.Normal: sd must be a finite number above 0, got inf.",
        ),
        (
            lambda: latent.Uniform(-1),
            "latent.Uniform: dim must be a whole number of at least 1, got -1.",
        ),
        (
            lambda: latent.NormalAndBits(0, 1),
            "latent.NormalAndBits: normals must be a whole number of at least 1, got 0.",
        ),
        (
            lambda: latent.NormalAndBits(1, -1),
            "latent.NormalAndBits: bits must be a whole number of at least 0, got -1.",
        ),
    ],
)
def test_errors_name_the_argument(make, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011  the whole message is compared
        make()
    assert str(error.value) == message


def test_coin_flips_are_drawn_apart_from_the_normals(monkeypatch):
    """With one seed for both, the bits would be a function of the normals."""
    seen = {}
    for name in ("normal", "integers"):
        draw = getattr(latent.rng, name)

        def remember(shape, seed, *rest, name=name, draw=draw):
            seen[name] = tuple(seed.numpy().tolist())
            return draw(shape, seed, *rest)

        monkeypatch.setattr(latent.rng, name, remember)
    latent.NormalAndBits(2, 3)(4, rng.seed(0, "z"))
    assert len(set(seen.values())) == 2


# ---------------------------------------------------------------- labels of several factors


def test_rows_are_drawn_whole_and_as_often_as_they_are_counted():
    """Four standard errors of a share."""
    rows = [[0, 1], [2, 0], [1, 1]]
    counts = [6, 3, 1]
    n = 20_000
    drawn = latent.Rows(rows, counts)(n, SEED).numpy()
    assert drawn.dtype == np.int32
    found, often = np.unique(drawn, axis=0, return_counts=True)
    assert found.tolist() == [[0, 1], [1, 1], [2, 0]]
    for share, wanted in zip(often / n, (0.6, 0.1, 0.3), strict=True):
        assert share == pytest.approx(wanted, abs=4 * math.sqrt(wanted * (1 - wanted) / n))


def test_rows_without_counts_have_the_frequencies_of_the_list():
    drawn = latent.Rows([[0], [0], [0], [1]])(10_000, SEED).numpy()
    assert drawn.mean() == pytest.approx(0.25, abs=4 * math.sqrt(0.1875 / 10_000))


def test_rows_are_the_same_compiled_and_a_function_of_the_seed():
    labels = latent.Rows([[0, 1], [2, 0], [1, 1]], [6, 3, 1])
    drawn = labels(50, SEED)
    for jit_compile in (False, True):
        compiled = tf.function(labels, jit_compile=jit_compile, autograph=False)(50, SEED)
        np.testing.assert_array_equal(compiled, drawn)
    assert not np.array_equal(labels(50, rng.seed(1, "z")), drawn)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([[1, 2]], r"rows must be \[k, f\] of whole numbers"),
        ([np.zeros([0, 2], int)], r"rows must be \[k, f\] of whole numbers with k at least 1"),
        ([[[-1]]], "rows must be whole numbers from 0, got -1"),
        ([[[0], [1]], [1]], r"counts must be \[2\]"),
        ([[[0], [1]], [2, -1]], "counts must be whole numbers from 0, together from 1"),
        ([[[0], [1]], [0, 0]], "counts must be whole numbers from 0, together from 1"),
        ([[[0.5]]], "rows must be"),
        ([[[2**32 + 1]]], r"rows must be \[k, f\] of whole numbers from .* to 2147483647"),
    ],
)
def test_rows_that_are_no_labels_are_refused(arguments, words):
    with pytest.raises(ValueError, match=f"^latent.Rows: {words}"):
        latent.Rows(*arguments)
