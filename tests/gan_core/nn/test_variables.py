"""Every variable has one name, the path by which its author would call it."""

import numpy as np
import pytest
import tensorflow as tf
from games import deep

from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.dense import Dense
from gan_core.nn.sequential import Sequential
from gan_core.nn.variables import named_variables
from gan_core.optim.optimizers import Adam


def test_the_names_are_paths_of_attributes_in_the_order_of_creation():
    network = Sequential([Dense(2, 3, seed=0), tf.nn.relu, BatchNorm(3)])
    assert list(named_variables(network)) == [
        "layers/0/kernel",
        "layers/0/bias",
        "layers/2/gamma",
        "layers/2/beta",
        "layers/2/moving_mean",
        "layers/2/moving_variance",
    ]
    assert named_variables(network)["layers/0/kernel"] is network.layers[0].kernel


def test_lists_tuples_and_dictionaries_are_looked_into():
    module = tf.Module()
    module.scales = [tf.Variable(1.0), (tf.Variable(2.0), tf.Variable(3.0))]
    module.blocks = {"up": Dense(2, 2, seed=0, use_bias=False), "8": tf.Variable(4.0)}
    named = named_variables(module)
    assert list(named) == ["scales/0", "scales/1/0", "scales/1/1", "blocks/up/kernel", "blocks/8"]
    assert [float(named[name]) for name in ("scales/0", "scales/1/1", "blocks/8")] == [
        1.0,
        3.0,
        4.0,
    ]


def test_a_variable_reached_twice_stands_under_the_first_path():
    module = tf.Module()
    module.first = tf.Variable(1.0)
    module.again = [module.first]
    module.itself = module
    assert list(named_variables(module)) == ["first"]


def test_two_builds_of_one_program_have_the_same_names():
    one = deep().state()
    other = deep().state()
    assert list(one) == list(other)
    assert [v.shape for v in one.values()] == [v.shape for v in other.values()]


def test_an_optimizer_names_the_variables_it_moves_and_its_own():
    layer = Dense(2, 3, seed=0)
    assert list(named_variables(Adam().bind(layer.trainable_variables))) == [
        "bound/0",
        "bound/1",
        "updates",
        "m/0",
        "m/1",
        "v/0",
        "v/1",
    ]


def test_a_variable_that_no_checkpoint_would_find_is_refused():
    class Hidden(tf.Module):
        def __init__(self):
            super().__init__()
            self.seen = tf.Variable(1.0)
            self._w = tf.Variable(np.zeros([2, 3]), name="w")

    with pytest.raises(
        ValueError,
        match=(
            r"^named_variables: every variable of Hidden must be an attribute without "
            r"leading underscore.*, got w:0 \[2, 3\]"
        ),
    ):
        named_variables(Hidden())


def test_two_variables_under_one_path_are_refused():
    module = tf.Module()
    module.table = {"a": {"b": tf.Variable(1.0, name="one")}, "a/b": tf.Variable(2.0, name="other")}
    with pytest.raises(ValueError, match="got one:0"):
        named_variables(module)
