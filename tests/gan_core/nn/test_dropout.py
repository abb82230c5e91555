"""Dropout keeps the mean, and its mask is a function of the seed (Srivastava et al. 2014)."""

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from gan_core import rng
from gan_core.nn.dense import Dense
from gan_core.nn.dropout import Dropout
from gan_core.nn.sequential import Sequential

SEED = rng.seed(0, "dropout")
N = 40_000
RATES = st.integers(1, 15).map(lambda k: k / 16)
X = rng.normal([50, 40], rng.seed(0, "x"))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_mean_is_kept(rate):
    """The standard deviation of a value of 1 is sqrt(rate / (1 - rate)): four standard errors."""
    y = Dropout(rate)(tf.ones([N]), training=True, seed=SEED).numpy()
    bound = 4 * math.sqrt(rate / (1 - rate) / N)
    assert y.mean(dtype=np.float64) == pytest.approx(1.0, abs=bound)


@given(rate=RATES, seed=st.integers(0, 100))
def test_survivors_are_scaled_and_the_others_are_0(rate, seed):
    y = Dropout(rate)(X, training=True, seed=rng.seed(seed, "dropout")).numpy()
    dropped = y == 0.0
    np.testing.assert_allclose(y[~dropped], X.numpy()[~dropped] / (1.0 - rate), rtol=1e-6)
    error = math.sqrt(rate * (1 - rate) / dropped.size)
    assert dropped.mean() == pytest.approx(rate, abs=5 * error)


@given(rate=RATES)
def test_in_inference_it_is_the_identity_with_or_without_a_seed(rate):
    np.testing.assert_array_equal(Dropout(rate)(X), X)
    np.testing.assert_array_equal(Dropout(rate)(X, training=False, seed=SEED), X)


def test_rate_0_is_the_identity():
    np.testing.assert_array_equal(Dropout(0.0)(X, training=True), X)
    np.testing.assert_array_equal(Dropout(0)(X, training=True, seed=SEED), X)


def test_one_seed_one_mask_and_another_seed_another():
    layer = Dropout(0.5)
    first, again = (layer(X, training=True, seed=SEED) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    other = layer(X, training=True, seed=rng.seed(0, "dropout", 1))
    assert np.mean((first.numpy() == 0) == (other.numpy() == 0)) == pytest.approx(0.5, abs=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float64"])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_the_mask_is_the_same_eager_in_a_graph_and_under_xla(jit_compile, dtype):
    layer = Dropout(0.3)
    x = tf.cast(X, dtype)
    eager = layer(x, training=True, seed=SEED)
    compiled = tf.function(
        lambda x, seed: layer(x, training=True, seed=seed), jit_compile=jit_compile, autograph=False
    )(x, SEED)
    assert eager.dtype == dtype
    np.testing.assert_array_equal(tf.cast(eager, tf.float64), tf.cast(compiled, tf.float64))


def test_a_batch_of_unknown_size_may_come():
    layer = Dropout(0.3)
    function = tf.function(
        lambda x: layer(x, training=True, seed=SEED),
        input_signature=[tf.TensorSpec([None, 40])],
        autograph=False,
    )
    np.testing.assert_array_equal(function(X), layer(X, training=True, seed=SEED))


def test_the_gradient_is_that_of_the_mask():
    """dy/dx is 0 where a value was dropped, and 1 / (1 - rate) elsewhere."""
    layer = Dropout(0.75)
    with tf.GradientTape() as tape:
        tape.watch(X)
        y = layer(X, training=True, seed=SEED)
    np.testing.assert_array_equal(tape.gradient(y, X), 4.0 * (y.numpy() != 0.0))


def test_in_a_sequential_it_gets_its_seed():
    """Two layers of one network drop other values, and one seed gives the network one output."""
    network = Sequential([Dropout(0.5), Dense(40, 40, seed=0), Dropout(0.5)])
    first, again = (network(X, training=True, seed=SEED) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    only_masks = Sequential([Dropout(0.5), Dropout(0.5)])
    kept = only_masks(tf.ones([N]), training=True, seed=SEED).numpy() > 0.0
    assert kept.mean() == pytest.approx(0.25, abs=0.02)  # one mask, twice, would keep a half


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Dropout(1.0), "rate must be .* below 1, got 1.0"),
        (lambda: Dropout(-0.1), "rate must be a finite number of at least 0"),
        (lambda: Dropout("half"), "rate must be .*, got 'half'"),
        (lambda: Dropout(True), "rate must be .*, got True"),
        (
            lambda: Dropout(0.5)(X, training=True),
            "seed must be given where training=True, got None",
        ),
        (lambda: Sequential([Dropout(0.5)])(X, training=True), "seed must be given"),
        (lambda: Dropout(0.5)(tf.ones([3], tf.int32)), "x must be of a floating dtype, got int32"),
    ],
)
def test_wrong_calls_are_told(call, words):
    with pytest.raises(ValueError, match=f"^Dropout: {words}"):
        call()
