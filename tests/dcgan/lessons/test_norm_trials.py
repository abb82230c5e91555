"""Trials of batch norm: the numbers that theory gives."""

import numpy as np
import pytest
import tensorflow as tf

from dcgan.lessons import norm_trials
from gan_core import rng
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.sequential import Sequential


@pytest.mark.parametrize("n", [2, 4, 50])
def test_the_batch_is_divided_by_its_biased_variance_and_the_average_fed_the_unbiased(n):
    behind, ratio = norm_trials.variances(seed=1, n=n)
    assert behind == pytest.approx(1.0, abs=1e-5)
    assert ratio == pytest.approx(n / (n - 1), rel=1e-5)


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_the_error_of_a_moving_mean(momentum):
    assert norm_trials.moving_error(momentum, 0, batches=12) == pytest.approx(
        np.sqrt((1 - momentum) / (1 + momentum)), rel=0.12
    )


def test_fed_in_turn_the_mean_moves_towards_the_batch_it_saw():
    path = norm_trials.in_turn(0.5, 0, batches=6)
    np.testing.assert_allclose(path[0], 0.5, atol=0.05)  # from 0, half way to 1
    np.testing.assert_array_equal(np.sign(np.diff(path)), [-1, 1, -1, 1, -1])


def test_a_signal_is_measured_behind_each_batch_norm_and_at_the_end():
    network = Sequential(
        [BatchNorm(3), lambda x: 2.0 * x, BatchNorm(3, epsilon=12.0), lambda x: 5.0 * x]
    )
    sds, last = norm_trials.signal(network, tf.constant(rng.normal([500, 3], rng.seed(0, "x"))))
    assert (*sds, last) == pytest.approx(
        (1.0, 0.5, 2.5), rel=1e-3
    )  # 2 / sqrt(4 + 12), then times 5
