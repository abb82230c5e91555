"""Convert pictures between uint8, 0 to 255, for storage and float32, -1 to 1, for the networks."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from gan_core import checks, rng


def to_float(images: np.ndarray | tf.Tensor) -> tf.Tensor:
    """(x - 127.5) / 127.5, so that black is -1 and white 1.

    The difference is exact and the product is rounded once, so every compiler gives the same.

    Args:
        images: uint8 [...].

    Returns:
        float32 [...] in [-1, 1].
    """
    return (tf.cast(images, tf.float32) - 127.5) * (1.0 / 127.5)


def to_uint8(x: np.ndarray | tf.Tensor) -> tf.Tensor:
    """127.5 (x + 1), rounded; values outside [-1, 1] are clipped.

    All pictures have the same scale. Stretching each from its own smallest to its largest value
    would change colours from picture to picture. to_uint8(to_float(images)) equals images.

    Args:
        x: float [...].

    Returns:
        uint8 [...].

    Raises:
        ValueError: if a value is NaN; in a compiled function, which cannot check, NaN becomes 0.
    """
    x = tf.cast(x, tf.float32)
    if tf.executing_eagerly():
        bad = int(tf.math.count_nonzero(tf.math.is_nan(x)))
        if bad:
            checks.fail("to_uint8", "x", "numbers", f"{bad:,} values that are NaN")
    scaled = tf.clip_by_value(127.5 * (x + 1.0), 0.0, 255.0)
    return tf.cast(tf.round(scaled), tf.uint8)


def block_means(images: np.ndarray, size: int, dtype: type[np.floating] = np.float64) -> np.ndarray:
    """Shrink images: each new pixel is the mean of a square block.

    Args:
        images: uint8 [N, S, S, C], S a multiple of size.
        size: pixels of a side afterwards.
        dtype: the dtype of the sums and the means.

    Returns:
        [N, size, size, C] of this dtype, from 0 to 255.
    """
    n, side, _, channels = images.shape
    block = side // size
    blocks = images.reshape(n, size, block, size, block, channels)
    return blocks.mean(axis=(2, 4), dtype=dtype)


def mirrored_at_random(x: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Mirror each image left to right with probability 1/2.

    Args:
        x: [B, H, W, C].
        seed: [2] int64, made by `gan_core.rng.seed`.
    """
    # A cast in place of a comparison, because TensorFlow compares int32 on the host.
    is_mirrored = tf.cast(rng.integers([x.shape[0], 1, 1, 1], seed, 2), tf.bool)
    return tf.where(is_mirrored, tf.reverse(x, axis=[2]), x)
