"""The sub-pixel way: against the plain loops, its docstring's example,
and where nothing is painted.

(Gradients, of any order, are those of every path: test_convolution.)
"""

import numpy as np
import pytest
import reference_conv as reference
import tensorflow as tf
from conv_cases import (
    FEW,
    ONE_PIXEL,
    TWO_CHANNELS,
    close,
    derivatives,
    each_name,
    each_path,
    every_case,
    operations,
    pairs,
    three,
)

from gan_core.nn.kernels import convolution, subpixel, winograd
from gan_core.nn.kernels.convolution import conv_transpose


@every_case
def test_values_are_those_of_the_plain_loops(case):
    k, s, padding, _ = case
    x, w, y = (tf.constant(a) for a in three(case))
    before = convolution.pad_before(k, s, padding)
    close(
        subpixel.conv_transpose(y, w, *x.shape[1:3], s, before),
        reference.conv_transpose(y, w, s, padding),
        1e-12,
    )
    close(
        subpixel.filter_gradient(x, y, k, s, before),
        reference.filter_gradient(x, y, k, s, padding),
        1e-12,
    )


@pytest.mark.parametrize("case", TWO_CHANNELS, ids=str)
def test_a_convolution_of_four_pixels_at_a_time_is_that_of_the_plain_loops(case):
    x, w, _ = three(case)
    close(subpixel.conv(tf.constant(x), tf.constant(w)), reference.conv(x, w, 1, "SAME"), 1e-12)


@pytest.mark.parametrize("path", ["subpixel", "winograd"])
def test_few_channels_are_made_four_pixels_at_a_time(path):
    def interleaves(path, k=3, sides=(4, 6), channels=3, stride=1, padding="SAME"):
        x = tf.TensorSpec([2, *sides, 5])
        function = tf.function(
            lambda x: convolution.conv(x, tf.ones([k, k, 5, channels]), stride, padding, path),
            autograph=False,
        )
        graph = function.get_concrete_function(x).graph
        return "DepthToSpace" in {operation.type for operation in graph.get_operations()}

    assert interleaves(path)
    assert not interleaves("native")
    assert not interleaves(path, k=1)
    assert not interleaves(path, sides=(4, 5))
    assert not interleaves(path, sides=(5, 4))
    assert not interleaves(path, channels=subpixel.FEW_CHANNELS + 1)
    assert not interleaves(path, stride=2)
    assert not interleaves(path, padding="VALID")


@each_name
def test_the_subpixel_path_never_scatters(name):
    """Conv2DBackpropInput is TensorFlow's transposed convolution, the slow operation."""
    assert "Conv2DBackpropInput" in operations(FEW[0], "native", name)
    assert "Conv2DBackpropInput" not in operations(FEW[0], "subpixel", name)


@each_name
@pytest.mark.parametrize(
    ("path", "batch", "product"),
    [
        ("subpixel", 2, True),
        ("winograd", winograd.MIN_BATCH_AND_CHANNELS, True),
        ("winograd", winograd.MIN_BATCH_AND_CHANNELS - 1, False),
    ],
)
def test_one_pixel_is_a_matrix_product(path, batch, product, name):
    used = operations(ONE_PIXEL[0], path, name, batch)
    assert ("MatMul" in used) == product
    assert product != any(operation.startswith("Conv2D") for operation in used)


@pytest.mark.parametrize("case", ONE_PIXEL, ids=str)
def test_many_images_of_one_pixel_are_the_same_on_every_path(case):
    """Where Winograd's path changes over to matrix products: values, first and second gradients."""
    x, w, y = three(case, batch=winograd.MIN_BATCH_AND_CHANNELS)
    images = {"conv": (x, w), "conv_transpose": (y, w), "filter_gradient": (x, y)}
    for name, (u, v) in images.items():
        native, other = (
            derivatives(pairs(case, path)[name], u, v) for path in ("native", "winograd")
        )
        for want, have in zip(native, other, strict=True):
            close(have, want, 1e-12)


@each_path
def test_the_example_of_the_docstring(path):
    """One row of it: the vertical kernel (0, 1, 0, 0) copies a row of y into the upper of x's
    two.
    """
    a = 2.0
    b = 3.0
    c = 5.0
    d = 7.0
    y0 = 11.0
    y1 = 13.0
    w = np.outer([0.0, 1.0, 0.0, 0.0], [a, b, c, d]).reshape(4, 4, 1, 1)
    x = conv_transpose(np.reshape([y0, y1], (1, 1, 2, 1)), w, 2, "SAME", path)
    assert x[0, 0, :, 0].numpy().tolist() == [b * y0, c * y0 + a * y1, b * y1 + d * y0, c * y1]
    assert x[0, 1, :, 0].numpy().tolist() == [0.0, 0.0, 0.0, 0.0]
