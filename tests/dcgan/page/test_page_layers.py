"""A generator as plain data: its numbers come back, and what cannot be described is refused."""

import base64

import numpy as np
import pytest
import tensorflow as tf

from dcgan.architectures.modern import Block
from dcgan.page import layers
from gan_core.nn.activations import leaky_relu
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.conv import Conv2D, Conv2DTranspose
from gan_core.nn.dense import Dense
from gan_core.nn.resampling import upsample
from gan_core.nn.sequential import Sequential
from gan_core.nn.shapes import Flatten, Reshape


def numbers(text, dtype):
    return np.frombuffer(base64.b64decode(text), dtype)


def test_functions_are_known_by_what_they_do():
    generator = Sequential(
        [
            Reshape([1, 1, 2]),
            tf.nn.relu,
            leaky_relu(0.2),
            lambda x: tf.cast(x, tf.float32),
            tf.tanh,
        ]
    )
    assert layers.describe(generator, 2) == [
        {"kind": "leaky_relu", "slope": 0.0},
        {"kind": "leaky_relu", "slope": 0.2},
        {"kind": "tanh"},
    ]


def test_batch_norm_is_a_scale_and_a_shift():
    norm = BatchNorm(2)
    norm.gamma.assign([2.0, 3.0])
    norm.beta.assign([0.5, -1.0])
    norm.moving_mean.assign([1.0, 4.0])
    norm.moving_variance.assign([0.25, 9.0])
    (found,) = layers.describe(Sequential([Reshape([1, 1, 2]), norm]), 2)
    x = np.array([[[[0.7, -2.0]]]], np.float32)
    expected = norm(tf.constant(x), training=False).numpy().ravel()
    made = numbers(found["scale"], "<f4") * x.ravel() + numbers(found["shift"], "<f4")
    np.testing.assert_allclose(made, expected, rtol=1e-6)


def test_kernels_lie_as_row_column_input_output():
    transposed = Conv2DTranspose(2, 3, 4, stride=2, seed=1)
    plain = Conv2D(3, 5, 3, seed=2)
    generator = Sequential([Reshape([1, 1, 2]), transposed, plain])
    first, second = layers.describe(generator, 2)
    kernel = numbers(first["kernel"], "<f2").reshape(4, 4, 2, 3)
    np.testing.assert_allclose(kernel, np.moveaxis(transposed.kernel, 3, 2), rtol=2**-10)
    kernel = numbers(second["kernel"], "<f2").reshape(3, 3, 3, 5)
    np.testing.assert_allclose(kernel, plain.kernel, rtol=2**-10)
    assert (first["pad"], first["height"], second["pad"], second["width"]) == (1, 2, 1, 2)


def test_a_dense_layer_is_a_convolution_of_one_pixel():
    dense = Dense(3, 8, seed=1)
    dense.bias.assign(range(8))
    first, second = layers.describe(Sequential([dense, Reshape([2, 1, 4])]), 3)
    kernel = numbers(first.pop("kernel"), "<f2").reshape(3, 8)
    np.testing.assert_allclose(kernel, dense.kernel, rtol=2**-10)
    assert numbers(first.pop("bias"), "<f4").tolist() == list(range(8))
    one_pixel = {"size": 1, "stride": 1, "pad": 0, "height": 1, "width": 1}
    assert first == {"kind": "convolution", **one_pixel, "inputs": 3, "outputs": 8}
    assert second == {"kind": "reshape", "height": 2, "width": 1, "channels": 4}


def test_a_block_has_the_layers_of_its_change_in_it():
    block = Block(4, 1.0, seed=1, options={}, name="block")
    block.widen.kernel.assign_add(tf.ones_like(block.widen.kernel))
    (found,) = layers.describe(Sequential([Reshape([1, 1, 4]), block]), 4)
    assert found["kind"] == "residual"
    kinds = [layer["kind"] for layer in found["layers"]]
    rectifier = "leaky_relu"
    assert kinds == ["convolution", rectifier, "convolution", rectifier, "convolution"]
    sizes = [layer["size"] for layer in found["layers"] if layer["kind"] == "convolution"]
    assert sizes == [1, 3, 1]
    x = np.arange(4, dtype=np.float32).reshape(1, 1, 1, 4)
    change = x
    for layer in block.inside:
        change = layer(change)
    np.testing.assert_allclose(block(x), x + change)


def test_upsampling_has_the_weights_of_its_filter():
    """A row of pixels that are 0 but for one shows them."""
    x = np.zeros([1, 1, 5, 1], np.float32)
    x[0, 0, 2] = 1.0
    (found,) = layers.describe(Sequential([Reshape([1, 1, 2]), upsample]), 2)
    row = upsample(np.repeat(x, 3, axis=1))[0, 2, :, 0]
    np.testing.assert_allclose(row[3:7], found["taps"])
    assert found["taps"] == [0.25, 0.75, 0.75, 0.25]


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (Flatten(), "one with a Flatten"),
        (tf.exp, "one with exp"),
        (tf.abs, "one with abs"),
    ],
)
def test_other_layers_are_refused_by_name(layer, words):
    generator = Sequential([layer, Reshape([1, 1, 2])])
    with pytest.raises(ValueError, match=words):
        layers.describe(generator, 2)


def test_numbers_too_large_for_half_precision_are_refused():
    layer = Conv2D(2, 3, 1, seed=0, name="huge")
    layer.kernel.assign(layer.kernel * 1e9)
    with pytest.raises(ValueError, match="the kernel of huge must be numbers of at most 65,504"):
        layers.describe(Sequential([Reshape([1, 1, 2]), layer]), 2)
