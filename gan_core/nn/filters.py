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
are. Each filter is its own adjoint, and computed by products with banded matrices, as in
`gan_core.nn.resampling`.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from gan_core.nn.resampling import as_rows, check_images


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
    batch, height, width, channels = x.shape
    filtered = tf.matmul(_banded(height, beside, x.dtype), as_rows(x))
    filtered = tf.reshape(filtered, [-1 if batch is None else batch, height, width, channels])
    return tf.matmul(_banded(width, beside, x.dtype), filtered)


def _banded(size: int, beside: float, dtype: tf.DType) -> tf.Tensor:
    """[size, size]: row i has the filter's numbers around column i."""
    neighbours = np.eye(size, k=1) + np.eye(size, k=-1)
    return tf.constant(np.eye(size) / 2.0 + beside * neighbours, dtype)
