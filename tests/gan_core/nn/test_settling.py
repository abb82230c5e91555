"""Settling measures batch norm's averages anew: the plain mean over the batches,
and nothing else moves.
"""

import numpy as np
import pytest
import tensorflow as tf
from batch_norm_cases import batch, layer
from hypothesis import given
from hypothesis import strategies as st

from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.dense import Dense
from gan_core.nn.dropout import Dropout
from gan_core.nn.sequential import Sequential
from gan_core.nn.settling import settle, settled


@given(
    st.lists(st.integers(2, 9), min_size=1, max_size=4),
    st.integers(0, 100),
    st.sampled_from([100.0, np.nan, np.inf]),
)
def test_settled_averages_are_the_plain_mean_over_the_batches_and_forget_what_was_there(
    sizes, seed, there
):
    made = layer(momentum=0.3)
    batches = [batch([size, 3], seed + i) for i, size in enumerate(sizes)]
    made.moving_mean.assign([there] * 3)
    made.moving_variance.assign([there] * 3)
    settle(Sequential([made]), iter(batches))
    np.testing.assert_allclose(
        made.moving_mean, np.mean([x.mean(axis=0) for x in batches], axis=0), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(
        made.moving_variance,
        np.mean([x.var(axis=0, ddof=1) for x in batches], axis=0),
        rtol=1e-4,
        atol=1e-5,
    )
    assert made.momentum == 0.3


@pytest.mark.slow
def test_a_settled_network_gives_the_same_in_use_as_in_training():
    """Up to n / (n - 1) of the variance; before, its averages are those of other weights."""
    network = Sequential(
        [Dense(3, 3, seed=0), BatchNorm(3), tf.nn.relu, Dense(3, 3, seed=1), BatchNorm(3)]
    )
    x = batch([500, 3])
    for _ in range(100):
        network(x, training=True)
    network.layers[0].kernel.assign(5.0 * network.layers[0].kernel)
    assert np.abs(network(x) - network(x, training=True)).max() > 0.5
    before = [layer.gamma.numpy() for layer in (network.layers[1], network.layers[4])]
    settle(network, [x])
    np.testing.assert_allclose(network(x), network(x, training=True), atol=0.02)
    for old, now in zip(before, (network.layers[1], network.layers[4]), strict=True):
        np.testing.assert_array_equal(now.gamma, old)


def test_settling_puts_the_momentum_back_even_if_a_batch_does_not_fit():
    made = layer(momentum=0.3)
    with pytest.raises(ValueError, match="BatchNorm: x must be"):
        settle(Sequential([made]), [batch([4, 3]), np.zeros([4, 2], np.float32)])
    assert made.momentum == 0.3


def test_settling_by_no_batch_is_refused_and_changes_nothing():
    made = layer(momentum=0.3)
    with pytest.raises(ValueError, match=r"^settle: batches must be at least one batch, got none"):
        settle(Sequential([made]), iter([]))
    np.testing.assert_array_equal(made.moving_variance, np.ones(3))
    assert made.momentum == 0.3


def test_where_there_is_no_batch_norm_nothing_is_computed():
    settle(
        Sequential([Dense(3, 3, seed=0)]), (pytest.fail("was asked for a batch") for _ in range(1))
    )


def test_what_was_settled_for_a_while_is_put_back_even_after_an_error():
    network = Sequential([Dense(3, 3, seed=0), BatchNorm(3)])
    x = batch([50, 3])
    before = [variable.numpy() for variable in network.variables]
    with settled(network, [x]):
        np.testing.assert_allclose(network(x), network(x, training=True), atol=0.1)
    with pytest.raises(ValueError, match="Dense: x must be"), settled(network, [x, x[:, :2]]):
        pass
    for old, variable in zip(before, network.variables, strict=True):
        np.testing.assert_array_equal(variable, old)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_settling_inside_a_tf_function_is_refused(jit_compile):
    """There each batch would only be recorded, and the last one's averages alone would be kept."""
    network = Sequential([BatchNorm(3)])
    batches = [batch([4, 3]), batch([4, 3], 1)]

    @tf.function(jit_compile=jit_compile, autograph=False)
    def settle_in_a_graph():
        settle(network, batches)

    @tf.function(jit_compile=jit_compile, autograph=False)
    def settled_in_a_graph():
        with settled(network, batches):
            return network(batches[0])

    for owner, function in (("settle", settle_in_a_graph), ("settled", settled_in_a_graph)):
        with pytest.raises(
            ValueError, match=f"^{owner}: the call must be made outside a tf.function"
        ):
            function()
    np.testing.assert_array_equal(network.layers[0].moving_mean, np.zeros(3))


class Compiled(Sequential):
    """A network with a tf.function of its own, which keeps what it was traced with."""

    @tf.function
    def __call__(self, x, *, training=False):
        return super().__call__(x, training=training)


def test_a_network_that_compiles_itself_is_settled_by_all_batches():
    """The graph holds the momentum of its first call. All batches have one shape, and one graph."""
    made = layer()
    batches = [batch([4, 3], seed) for seed in range(3)]
    settle(Compiled([made]), batches)
    np.testing.assert_allclose(
        made.moving_mean, np.mean([x.mean(axis=0) for x in batches], axis=0), rtol=1e-4, atol=1e-5
    )


def test_a_batch_norm_by_itself_can_be_settled():
    made = layer()
    x = batch([50, 3])
    settle(made, [x])
    np.testing.assert_allclose(made.moving_mean, x.mean(axis=0), rtol=1e-4, atol=1e-4)


def test_a_network_that_takes_a_seed_gets_another_one_for_each_batch():
    """So that dropout drops other values each time; and the same ones when it is settled again."""
    network = Sequential([Dropout(0.5), BatchNorm(3)])
    once = tf.ones([8, 3])
    found = []
    for batches in ([once], [once, once], [once, once]):
        settle(network, batches)
        found.append(network.layers[1].moving_mean.numpy())
    assert np.any(found[0] != found[1])
    np.testing.assert_array_equal(found[1], found[2])


def test_labels_are_passed_on_with_their_batch():
    class Conditional(tf.Module):
        def __init__(self):
            super().__init__()
            self.norm = BatchNorm(1)

        def __call__(self, z, y, *, training=False):
            return self.norm(z + y, training=training)

    network = Conditional()
    settle(network, [(tf.zeros([2, 1]), tf.constant([[1.0], [3.0]]))])
    np.testing.assert_allclose(network.norm.moving_mean, [2.0])
