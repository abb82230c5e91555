"""Colour at half the resolution of brightness, as JPEG and video keep it.

The eye sees fine detail in brightness, and hardly any in colour. So a JPEG usually keeps one pair
of colour numbers for 2 x 2 pixels (4:2:0; ITU-T T.871, JFIF), which are interpolated when it is
decoded. JPEGs that a GAN learns from at their own size have no finer colour; larger ones, reduced,
may have some. A generator whose every pixel has its own colour has to learn to leave fine colour
out, and faint coloured noise remains. `coarse_colour` removes the finest part of it.

With y = .299 r + .587 g + .114 b, the brightness of a pixel (ITU-R BT.601), and its colour
c = (r - y, g - y, b - y), the result is y + interpolate(mean(c)). In one dimension, m[j] is the
mean of c[2 j] and c[2 j + 1], and

    c'[2 j]     = 3/4 m[j] + 1/4 m[j - 1]
    c'[2 j + 1] = 3/4 m[j] + 1/4 m[j + 1]

Beyond the border, m[j] is the nearest m inside. In two dimensions the same is done along both axes.
This is the interpolation of libjpeg. The brightness of every pixel stays as it was: the three
weights sum to 1, so the brightness of c is 0, and so is that of every mean and interpolation of c.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from gan_core import checks
from gan_core.nn.resampling import as_rows, check_images

BRIGHTNESS = (0.299, 0.587, 0.114)


def coarse_colour(x: tf.Tensor) -> tf.Tensor:
    """Keep the brightness of every pixel, and colour at half the resolution.

    Args:
        x: [B, H, W, 3] of a floating dtype, red, green and blue, H and W even.

    Returns:
        [B, H, W, 3] of the same dtype.

    Raises:
        ValueError: if x is not such a tensor.

    Example:
        >>> red_beside_grey = tf.constant([[[[1.0, 0.0, 0.0], [0.299, 0.299, 0.299]]] * 2])
        >>> coarse_colour(red_beside_grey)[0, 0].numpy().round(2)
        array([[0.65, 0.15, 0.15],
               [0.65, 0.15, 0.15]], dtype=float32)
    """
    owner = "coarse_colour"
    x = check_images(owner, x)
    batch, height, width, channels = x.shape
    if channels != len(BRIGHTNESS):
        checks.fail(owner, "x", "of 3 channels: red, green and blue", f"{channels}")
    for name, size in (("height", height), ("width", width)):
        if size % 2:
            checks.fail(owner, f"the {name} of x", "even", str(size))
    y = tf.reduce_sum(x * tf.constant(BRIGHTNESS, x.dtype), axis=3, keepdims=True)
    colour = tf.matmul(_coarse(height, x.dtype), as_rows(x - y))
    colour = tf.reshape(colour, [-1 if batch is None else batch, height, width, channels])
    return y + tf.matmul(_coarse(width, x.dtype), colour)


def _coarse(size: int, dtype: tf.DType) -> tf.Tensor:
    """[size, size]: the means of pairs, interpolated."""
    pairs = size // 2
    means = np.repeat(np.eye(pairs), 2, axis=1) / 2.0
    nearest = np.repeat(np.arange(pairs), 2)
    next_nearest = np.clip(nearest + np.tile([-1, 1], pairs), 0, pairs - 1)
    interpolated = 0.75 * np.eye(pairs)[nearest] + 0.25 * np.eye(pairs)[next_nearest]
    return tf.constant(interpolated @ means, dtype)
