"""Convolutions of one row of pixels, stride 2, padding SAME: small enough for matrices."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gan_core.nn.kernels.convolution import pad_before


def apply(function: Callable, kernel: Sequence[float], row: Sequence[float]) -> np.ndarray:
    """`convolution.conv` or `conv_transpose` of one row of pixels, with stride 2.

    The library's pictures have two directions. So the row becomes the first row of a picture of
    zeros, and the kernel the one row that matters of a k x k kernel of zeros.

    Args:
        function: one of gan_core's convolutions.
        kernel: k numbers.
        row: n pixels.

    Returns:
        float32, n / 2 pixels of `conv` or 2 n pixels of `conv_transpose`.
    """
    w = np.zeros((len(kernel), len(kernel), 1, 1), np.float32)
    w[pad_before(len(kernel), 2, "SAME"), :, 0, 0] = kernel
    picture = np.zeros((1, len(row), len(row), 1), np.float32)
    picture[0, 0, :, 0] = row
    return function(picture, w, 2)[0, 0, :, 0].numpy()


def as_matrix(function: Callable[[np.ndarray], np.ndarray], n: int) -> np.ndarray:
    """The matrix of a linear function of [n]: column i is what it makes of a 1 at place i."""
    return np.stack([function(unit) for unit in np.eye(n)], axis=1)
