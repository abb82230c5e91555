"""Two fixed filters against the grid that a transposed convolution leaves in what it makes.

A transposed convolution of stride 2 computes even and odd pixels with different weights (Odena et
al. 2016, "Deconvolution and checkerboard artifacts"). As long as these have not learnt to agree,
every second pixel, row or column stands out: waves with a period of two pixels, the shortest that
an image can hold. A filter behind the layer removes them (Karras et al. 2020, "Analyzing and
improving the image quality of StyleGAN", appendix B).

In one dimension, with x = 0 beyond the border,

    low[i]  = x[i] / 2 + (x[i - 1] + x[i + 1]) / 4
    high[i] = x[i] / 2 - (x[i - 1] + x[i + 1]) / 4

A wave of frequency w (radians a pixel) keeps cos^2(w / 2) of its height in `low`, and
sin^2(w / 2) in `high`. In two dimensions, with u along the height and v along the width:

    blur                    low along both axes                cos^2(u / 2) cos^2(v / 2)
    without_checkerboard    x minus high along both axes       1 - sin^2(u / 2) sin^2(v / 2)

`blur` removes every wave with a period of two pixels, and weakens all fine detail.
`without_checkerboard` removes the checkerboard alone (u = v = pi); rows and columns stay as they
are. Each filter is its own adjoint.

On a CPU `low` and `high` are *depthwise* convolutions, which filter every channel by itself. On a
GPU and under XLA they are products with banded matrices, as in `gan_core.nn.resampling`. For 64
images of 64 x 64 x 16 the convolutions take 0.4 times as long as the products, and in bfloat16 0.3
times; but compiled by XLA for a CPU they take 12 times as long. Both ways add the same three terms
in the same order, and on the CPU where this was measured they agreed in every bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from gan_core.devices import compiling
from gan_core.nn.resampling import as_rows, check_images

# Axes of [B, H, W, C].
HEIGHT = 1
WIDTH = 2


def blur(x: tf.Tensor) -> tf.Tensor:
    """Filter images by (1, 2, 1) / 4 along height and width.

    Args:
        x: [B, H, W, C] of a floating dtype.

    Returns:
        [B, H, W, C] of the same dtype.

    Raises:
        ValueError: if x is not such a tensor.

    Example:
        >>> blur(tf.reshape([0.0, 0.0, 8.0, 0.0, 0.0], [1, 1, 5, 1]))[0, 0, :, 0].numpy()
        array([0., 1., 2., 1., 0.], dtype=float32)
    """
    return _along_both_axes(check_images("filters.blur", x), 0.25)


def without_checkerboard(x: tf.Tensor) -> tf.Tensor:
    """Subtract from images what (-1, 2, -1) / 4 along height and width leaves of them.

    Args:
        x: [B, H, W, C] of a floating dtype.

    Returns:
        [B, H, W, C] of the same dtype.

    Raises:
        ValueError: if x is not such a tensor.

    Example:
        >>> board = tf.constant([[1.0, -1.0] * 4, [-1.0, 1.0] * 4] * 4)
        >>> without_checkerboard(board[tf.newaxis, :, :, tf.newaxis])[0, 3, 2:6, 0].numpy()
        array([0., 0., 0., 0.], dtype=float32)
    """
    x = check_images("filters.without_checkerboard", x)
    return x - _along_both_axes(x, -0.25)


def _along_both_axes(x: tf.Tensor, beside: float) -> tf.Tensor:
    """Half of each pixel, and `beside` times each of its neighbours, along height and width."""
    if compiling.is_for_xla() or tf.config.list_physical_devices("GPU"):
        return _by_products(x, beside)
    return _by_convolutions(x, beside, (HEIGHT, WIDTH))


def _by_products(x: tf.Tensor, beside: float) -> tf.Tensor:
    batch, height, width, channels = x.shape
    filtered = tf.matmul(_banded(height, beside, x.dtype), as_rows(x))
    filtered = tf.reshape(filtered, [-1 if batch is None else batch, height, width, channels])
    return tf.matmul(_banded(width, beside, x.dtype), filtered)


def _banded(size: int, beside: float, dtype: tf.DType) -> tf.Tensor:
    """[size, size]: row i has the filter's numbers around column i."""
    neighbours = np.eye(size, k=1) + np.eye(size, k=-1)
    return tf.constant(np.eye(size) / 2.0 + beside * neighbours, dtype)


def _by_convolutions(x: tf.Tensor, beside: float, axes: tuple[int, int]) -> tf.Tensor:
    """Filter along one axis, then along the other.

    The gradient is written out, because TensorFlow's own takes twice as long. It is the adjoint,
    the same two convolutions in the reverse order.
    """

    @tf.custom_gradient
    def paired(x: tf.Tensor) -> Any:
        y = x
        for axis in axes:
            y = tf.nn.depthwise_conv2d(y, _kernel(x, beside, axis), [1, 1, 1, 1], "SAME")

        def gradient(dy: tf.Tensor) -> tf.Tensor:
            dy = tf.ensure_shape(dy, y.shape)  # a static shape that some layer above may have lost
            return _by_convolutions(dy, beside, axes[::-1])

        return y, gradient

    return paired(x)


def _kernel(x: tf.Tensor, beside: float, axis: int) -> tf.Tensor:
    """[3, 1, C, 1] along the height, [1, 3, C, 1] along the width: the same for each channel."""
    shape = [1, 1, 1, 1]
    shape[axis - 1] = 3  # a kernel has no batch axis before its height
    taps = np.reshape([beside, 0.5, beside], shape)
    return tf.constant(np.repeat(taps, x.shape[3], axis=2), x.dtype)
