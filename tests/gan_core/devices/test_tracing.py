"""Random numbers of NumPy or Python in what is compiled are found by tracing it twice."""

# ruff: noqa: NPY002  NumPy's old generator is what is to be found

import random
import time

import numpy as np
import pytest
import tensorflow as tf

from gan_core import data, rng
from gan_core.devices import tracing
from gan_core.devices.tracing import no_host_randomness
from gan_core.latent import Normal, NormalAndBits
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.dense import Dense
from gan_core.nn.dropout import Dropout
from gan_core.nn.sequential import Sequential

INDEX = tf.TensorSpec([], tf.int64)
SEED = tf.TensorSpec([2], tf.int64)
POINTS = tf.TensorSpec([4, 2], tf.float32)
FACES = np.arange(2000, dtype=np.float32).reshape(1000, 2)
FIXED = tf.constant(FACES[:4])
OWN = np.random.default_rng(0)
OWN_PYTHON = random.Random(0)


def in_a_loop(index):
    """The draw stands in the body of a loop, a graph of its own."""
    return tf.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x + OWN.normal()), [0, 0.0])[1]


def in_a_branch(index):
    return tf.cond(index > 0, lambda: tf.fill([2], OWN.random()), lambda: tf.zeros([2]))


def in_a_function(index):
    return tf.function(lambda x: x + OWN.normal())(tf.cast(index, tf.float64))


def as_an_eager_tensor(index):
    with tf.init_scope():
        drawn = tf.constant(OWN.normal(size=[300]))
    return drawn + tf.cast(index, tf.float64)


RANDOM = {
    "an array of np.random": lambda index: FACES[np.random.choice(1000, 4)],
    "a tensor of np.random": lambda index: tf.constant(np.random.normal(size=[4, 2])),
    "a number of np.random": lambda index: (
        tf.cast(index, tf.float32) + np.float32(np.random.normal())
    ),
    "random.random": lambda index: tf.fill([4], random.random()),
    "an if of random.random": lambda index: (
        tf.zeros([4]) if random.random() < 0.5 else tf.ones([4])
    ),
    "a Generator of its own": lambda index: FACES[OWN.integers(0, 1000, 4)],
    "rows of a Generator of its own": lambda index: tf.gather(FACES, OWN.permutation(1000)[:4]),
    "a random.Random of its own": lambda index: tf.fill([4], OWN_PYTHON.random()),
    # (its fractions of a second: in float32 a machine that has been up for hours has a coarse clock)
    "a clock": lambda index: tf.fill([4], time.perf_counter() % 1.0),
    "a loop": in_a_loop,
    "a branch": in_a_branch,
    "a function": in_a_function,
    "an eager tensor": as_an_eager_tensor,
    "a nested result": lambda index: (tf.zeros([4]), {"labels": OWN.normal(size=[4])}),
}


@pytest.mark.parametrize("name", RANDOM)
def test_random_numbers_of_the_host_are_refused(name):
    with pytest.raises(ValueError, match=r"^GANTrainer\.rounds: sampler must be .*HostBatches"):
        no_host_randomness("GANTrainer.rounds", "sampler", RANDOM[name], INDEX)


NETWORK = Sequential([Dense(2, 3, seed=0), BatchNorm(3), Dropout(0.5)])

FINE = {
    "shuffled": (data.shuffled(FACES, 4), INDEX),
    "shuffled bytes": (data.shuffled(FACES.astype(np.uint8), 4), INDEX),
    "shuffled rows": (data.shuffled(FACES, 4, rows=np.arange(500)), INDEX),
    "stream": (data.stream(lambda n, seed: rng.uniform([n, 2], seed), 4), INDEX),
    "latent": (Normal(2), 4, SEED),
    "latent with bits": (NormalAndBits(2, 3), 4, SEED),
    "a fixed batch": (lambda index: FIXED, INDEX),
    "a fixed array": (lambda index: FACES[:4], INDEX),
    "a table in the graph": (lambda index: tf.gather(FACES, index), INDEX),
    "a table with NaN": (lambda index: tf.constant([np.nan, 1.0]), INDEX),
    "NaN itself": (lambda index: np.array([np.nan, 1.0]), INDEX),
    "a loop": (
        lambda index: tf.while_loop(lambda i: i < index, lambda i: i + 1, [tf.zeros([], tf.int64)]),
        INDEX,
    ),
    "a network": (lambda x, seed: NETWORK(x, training=True, seed=seed), POINTS, SEED),
    "nothing": (lambda index: None, INDEX),
    "labels": (lambda index: (tf.gather(FACES, index), {"y": tf.zeros([3])}), INDEX),
}


@pytest.mark.parametrize("name", FINE)
def test_what_is_the_same_each_time_passes(name):
    function, *arguments = FINE[name]
    no_host_randomness("GANTrainer", name, function, *arguments)


def test_what_is_prepared_at_the_first_call_is_no_fault():
    """Even if it is prepared by drawing: what follows is the same each time."""
    prepared = []

    def sampler(index):
        if not prepared:
            prepared.append(np.random.permutation(1000))
        return tf.gather(FACES, prepared[0][:4])

    no_host_randomness("GANTrainer", "sampler", sampler, INDEX)


@pytest.mark.slow
def test_it_is_found_while_another_function_is_traced_too():
    @tf.function
    def outer(index):
        no_host_randomness("GANTrainer", "sampler", RANDOM["a clock"], INDEX)
        return index

    with pytest.raises(ValueError, match="GANTrainer: sampler must be"):
        outer(tf.constant(0, tf.int64))


def test_data_that_a_function_holds_are_not_compared_number_by_number(monkeypatch):
    """They are one object in both traces; from a GPU they would have to be copied."""
    sampler = data.shuffled(FACES, 4)
    first, _ = tracing._trace(sampler, (INDEX,))
    second, _ = tracing._trace(sampler, (INDEX,))
    held = first[-1]
    held_again = second[-1]
    assert held
    monkeypatch.setattr(np, "array_equal", lambda *_, **__: pytest.fail("were compared"))
    assert tracing._are_equal(held, held_again)


def test_nothing_is_computed_and_no_variable_moves():
    layer = BatchNorm(2)
    no_host_randomness("GANTrainer", "generator", lambda x: layer(x, training=True), POINTS)
    np.testing.assert_array_equal(layer.moving_mean, np.zeros(2))


def test_an_error_of_the_function_is_its_own():
    def slip(index):
        raise KeyError("a slip")

    with pytest.raises(KeyError, match="a slip"):
        no_host_randomness("GANTrainer", "sampler", slip, INDEX)


def test_another_way_out_can_be_said():
    with pytest.raises(ValueError, match=r"Draw the noise with gan_core\.rng\.$"):
        no_host_randomness(
            "GANTrainer",
            "augment",
            RANDOM["a clock"],
            INDEX,
            way_out="Draw the noise with gan_core.rng.",
        )
