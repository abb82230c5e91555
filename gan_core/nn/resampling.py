"""Halve and double the size of images with a fixed low-pass filter.

Keeping every second pixel turns detail that is too fine for the smaller image into patterns that
were not there (aliasing). Repeating pixels, or putting zeros between them, leaves the pixel grid
visible. A low-pass filter before downsampling and after upsampling prevents both (Zhang 2019,
"Making convolutional networks shift-invariant again"; Karras et al. 2020, "Analyzing and improving
the image quality of StyleGAN", appendix B).

In one dimension, with f = taps / sum of taps, k taps and p = k / 2 - 1:

    downsample   y[j] = sum over a of f[a] x[2 j + a - p]
    upsample     x[i] = 2 sum over j of f[i + p - 2 j] y[j]

and in two dimensions the same along both axes. With the taps (1, 3, 3, 1) upsampling is bilinear
interpolation: a new pixel is 3/4 of the nearer pixel and 1/4 of the other. Pixels beyond the border
count as 0. Up to a factor the two are adjoint: <downsample(x), y> = <x, upsample(y)> / 4.

Each is a product with a band matrix that holds the filter, along one axis and then along the other.
For the sizes of a GAN this was the fastest of three ways on a CPU in bfloat16, and close to the
fastest in float32. Its gradients, of any order, are such products too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from gan_core import checks

BILINEAR = (1.0, 3.0, 3.0, 1.0)


def downsample(x: tf.Tensor, taps: Sequence[float] = BILINEAR) -> tf.Tensor:
    """Halve the height and width of images: filter, then keep every second pixel.

    Args:
        x: [B, H, W, C] of a floating dtype, H and W even.
        taps: the filter, of even length, with a sum above 0; it is divided by its sum.

    Returns:
        [B, H / 2, W / 2, C] of the same dtype.

    Raises:
        ValueError: if x or taps has another shape or dtype, or the sum of taps is not above 0.

    Example:
        >>> downsample(tf.ones([1, 4, 4, 1]))[0, :, :, 0].numpy()
        array([[0.765625, 0.765625],
               [0.765625, 0.765625]], dtype=float32)
    """
    owner = "resampling.downsample"
    x = check_images(owner, x)
    batch, height, width, channels = x.shape
    for name, size in (("height", height), ("width", width)):
        if size % 2:
            checks.fail(owner, f"the {name} of x", "even", str(size))
    along_height = _matrix(owner, taps, height // 2, x.dtype)
    along_width = _matrix(owner, taps, width // 2, x.dtype)
    lower = tf.matmul(along_height, as_rows(x))
    lower = tf.reshape(lower, [-1 if batch is None else batch, height // 2, width, channels])
    return tf.matmul(along_width, lower)


def upsample(x: tf.Tensor, taps: Sequence[float] = BILINEAR) -> tf.Tensor:
    """Double the height and width of images: put zeros between the pixels, then filter.

    The filter is multiplied by 4, because three of four pixels are 0.

    Args:
        x: [B, H, W, C] of a floating dtype.
        taps: as for `downsample`.

    Returns:
        [B, 2 H, 2 W, C] of the same dtype.

    Raises:
        ValueError: if x or taps has another shape or dtype, or the sum of taps is not above 0.

    Example:
        >>> upsample(tf.reshape([0.0, 4.0], [1, 1, 2, 1]), taps=(1, 1))[0, 0, :, 0].numpy()
        array([0., 0., 4., 4.], dtype=float32)
    """
    owner = "resampling.upsample"
    x = check_images(owner, x)
    batch, height, width, channels = x.shape
    along_height = 2.0 * _matrix(owner, taps, height, x.dtype)
    along_width = 2.0 * _matrix(owner, taps, width, x.dtype)
    higher = tf.matmul(along_height, as_rows(x), transpose_a=True)
    higher = tf.reshape(higher, [-1 if batch is None else batch, 2 * height, width, channels])
    return tf.matmul(along_width, higher, transpose_a=True)


def as_rows(x: tf.Tensor) -> tf.Tensor:
    """Join width and channels: [B, H, W, C] -> [B, H, W C]."""
    batch, height, width, channels = x.shape
    return tf.reshape(x, [-1 if batch is None else batch, height, width * channels])


def _matrix(owner: str, taps: Sequence[float], small: int, dtype: tf.DType) -> tf.Tensor:
    """[small, 2 small]: row j has the filter's numbers around column 2 j."""
    filter_ = _filter(owner, taps)
    before = len(filter_) // 2 - 1
    matrix = np.zeros([small, 2 * small])
    for j in range(small):
        for a, value in enumerate(filter_):
            column = 2 * j + a - before
            if 0 <= column < 2 * small:
                matrix[j, column] = value
    return tf.constant(matrix, dtype)


def _filter(owner: str, taps: Sequence[float]) -> np.ndarray:
    wanted = "an even number of finite numbers whose sum is above 0"
    try:
        values = np.asarray(taps, np.float64)
    except (TypeError, ValueError):
        values = np.zeros([0])
    is_filter = values.ndim == 1 and len(values) > 0 and len(values) % 2 == 0
    if not is_filter or not np.isfinite(values).all() or values.sum() <= 0.0:
        checks.fail(owner, "taps", wanted, repr(taps))
    return values / values.sum()


def check_images(owner: str, x: tf.Tensor) -> tf.Tensor:
    """x as a tensor [B, H, W, C] of a floating dtype and of known H, W and C.

    Raises:
        ValueError: if it is none.
    """
    x = tf.convert_to_tensor(x)
    if x.shape.rank != 4 or None in x.shape.as_list()[1:]:
        wanted = "images [batch, height, width, channels] of known sizes"
        checks.fail(owner, "x", wanted, checks.show_shape(x.shape))
    if not x.dtype.is_floating:
        checks.fail(owner, "x", "of a floating dtype", x.dtype.name)
    return x
