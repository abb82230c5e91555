"""The count of a round's arithmetic is that of plain loops, and of the round that is really
compiled.
"""

import collections
import itertools

import pytest
import tensorflow as tf

from benchmarks.limits import arithmetic
from benchmarks.limits.arithmetic import GRADIENT_W, GRADIENT_X, VALUE, Work
from dcgan import training
from dcgan.config import Config
from gan_core.nn.activations import leaky_relu
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.conv import Conv2D, Conv2DTranspose
from gan_core.nn.dense import Dense
from gan_core.nn.sequential import Sequential
from gan_core.nn.shapes import Flatten, Reshape

pytestmark = pytest.mark.slow

PRODUCTS = ("Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter")


def products(network, sample_shape):
    return [
        layer.products
        for layer in arithmetic.layers(Sequential(network), sample_shape, "")
        if layer.products
    ]


def count_by_loops(places, taps, inputs, outputs):
    """One multiply-add for each place, tap of the kernel, input channel and output channel."""
    count = 0
    for _ in itertools.product(
        range(places), range(places), range(taps), range(taps), range(inputs), range(outputs)
    ):
        count += 1
    return count


def test_products_are_those_of_plain_loops():
    assert products([Dense(3, 5, seed=0)], [3]) == [3 * 5]
    assert products([Conv2D(3, 2, 4, seed=0, stride=2)], [6, 6, 3]) == [
        count_by_loops(3, 4, 3, 2)
    ]  # 6 / 2 places
    assert products([Conv2D(3, 2, 4, seed=0, padding="VALID")], [6, 6, 3]) == [
        count_by_loops(3, 4, 3, 2)
    ]  # 6 - 4 + 1
    assert products([Conv2DTranspose(3, 2, 4, seed=0, stride=2)], [6, 6, 3]) == [
        count_by_loops(6, 4, 3, 2)
    ]
    assert products([Conv2DTranspose(5, 2, 4, seed=0, padding="VALID")], [1, 1, 5]) == [
        count_by_loops(1, 4, 5, 2)
    ]


def test_a_round_of_two_dense_layers_by_hand():
    """G: 2 -> 3, leaky;  D: batch norm of 3, 3 -> 1. 5 samples. A number is 4 bytes."""
    generator = arithmetic.layers(
        Sequential([Dense(2, 3, seed=0, name="paint"), leaky_relu(0.2)]), [2], "G"
    )
    discriminator = arithmetic.layers(
        Sequential([BatchNorm(3, name="norm"), Dense(3, 1, seed=0, name="look")]), [3], "D"
    )
    per_paint = 5 * (2 + 3) + 2 * 3  # numbers: both operands and the result
    per_look = 5 * (3 + 1) + 3 * 1
    assert arithmetic.a_round(generator, discriminator, 5) == [
        Work("G 0 paint", VALUE, 1, 2 * 5 * 6, 4 * per_paint),
        Work("G 0 paint", GRADIENT_W, 1, 2 * 5 * 6, 4 * per_paint),
        Work("G 1 leaky_relu", VALUE, 1, 0, 4 * 5 * (3 + 3)),
        Work("G 1 leaky_relu", GRADIENT_X, 1, 0, 4 * 5 * (3 + 3 + 3)),
        Work("G Adam", "step", 1, 0, 4 * 7 * (6 + 3)),
        Work("D 0 norm", VALUE, 3, 0, 4 * 5 * 9),
        Work("D 0 norm", GRADIENT_X, 1, 0, 4 * 5 * 15),
        Work("D 1 look", VALUE, 3, 2 * 5 * 3, 4 * per_look),
        Work("D 1 look", GRADIENT_W, 2, 2 * 5 * 3, 4 * per_look),
        Work(
            "D 1 look", GRADIENT_X, 1, 2 * 5 * 3, 4 * per_look
        ),  # in G's step alone: D's has nothing to learn before it
        Work("D Adam", "step", 1, 0, 4 * 7 * (3 + 3 + 3 + 1)),
    ]


def test_what_only_changes_a_shape_costs_nothing():
    layers = [
        Reshape([1, 6]),
        Sequential([Flatten()]),
        lambda x: tf.cast(x, tf.float32),
        Dense(6, 1, seed=0),
    ]
    network = Sequential(layers)
    assert [layer.kind for layer in arithmetic.layers(network, [2, 3], "D")] == ["product"]


def test_an_image_of_the_dcgan_is_2_27_gigaflop_and_2_29_with_what_nobody_needs():
    work = arithmetic.dcgan_round(128)
    generator = sum(
        each.operations for each in work if each.layer.startswith("G") and each.what == VALUE
    )
    discriminator = sum(
        each.operations for each in work if each.layer.startswith("D") and each.what == VALUE
    )
    assert (generator, discriminator) == (2 * 128 * 104_628_224, 2 * 128 * 103_817_216)
    assert arithmetic.operations(work) / 128 == 2_274_623_488
    first_layers = 2 * 3_145_728 + 819_200  # D's by the pictures, twice, and G's by z
    assert arithmetic.operations(work) / 128 + 2 * first_layers == 2 * (
        3 * 104_628_224 + 8 * 103_817_216
    )
    assert round((3 * generator + 8 * discriminator) / 128 / 1e9, 2) == 2.29


def work_by_key(precision):
    """The work of a round by layer, kind and times, without what is float32 in any case."""
    work = arithmetic.dcgan_round(4, precision, 32, 2, 10)
    return {
        (each.layer, each.what, each.times): each for each in work if "float32" not in each.layer
    }


def test_bfloat16_halves_the_bytes_of_convolutions_and_not_of_adam():
    full = work_by_key("float32")
    half = work_by_key("bfloat16")
    assert full.keys() == half.keys()
    float32 = {
        "G 1 paint_0": 10,
        "D 0 look_0": 32 * 32 * 3,
    }  # what comes in, z and pictures, is rounded in the layer
    for key, work in full.items():
        layer = key[0]
        whole = work.bytes if "Adam" in layer or "tanh" in layer else 4 * 4 * float32.get(layer, 0)
        assert half[key].bytes == whole + (work.bytes - whole) // 2, key
        assert half[key].operations == work.operations


def ops_that_run(graph):
    """Those on which an output or an effect of the graph depends;
    what is asked for by nobody is not run.
    """
    waiting = [t.op for t in graph.outputs] + list(graph.control_outputs)
    found = {}
    while waiting:
        op = waiting.pop()
        if op.name not in found:
            found[op.name] = op
            waiting += [t.op for t in op.inputs] + list(op.control_inputs)
    return found.values()


@pytest.mark.parametrize("update", ["alternating", "simultaneous"])
def test_the_compiled_round_makes_these_products_and_no_others(update):
    """The graph of the trainer's round has one op for each; its shapes say how large it is."""
    batch = 3
    sizes = {"size": 32, "width": 2, "latent_dim": 5}
    trainer = training.build(
        Config(
            batch_size=batch,
            network="radford",
            average=0,
            augment=(),
            gamma=0.0,
            mode="graph",
            convolution="native",
            update=update,
            **sizes,
        )
    )
    real = tf.TensorSpec([1, batch, 32, 32, 3])
    graph = tf.function(trainer._round, autograph=False).get_concrete_function(real, None).graph
    seen = collections.Counter()
    for op in ops_that_run(graph):
        if op.type in PRODUCTS:
            kernel = op.outputs[0] if op.type == "Conv2DBackpropFilter" else op.inputs[1]
            small = op.outputs[0] if op.type == "Conv2D" else op.inputs[2]  # the smaller image
            assert small.shape[0] == batch
            seen[2 * kernel.shape.num_elements() * small.shape[:3].num_elements()] += 1
    counted = collections.Counter()
    for each in arithmetic.dcgan_round(batch, **sizes):
        if each.operations:
            counted[each.operations] += each.times
    assert seen == counted
