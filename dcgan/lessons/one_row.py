"""Convolutions of one row of pixels, stride 2, padding SAME: small enough for matrices."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gan_core.nn.kernels.convolution import pad_before

Row = Callable[[np.ndarray], np.ndarray]


def of_one_row(function: Callable, kernel: Sequence[float]) -> Row:
    """`convolution.conv` or `conv_transpose` as a function of one row, [n] -> [n / 2] or [2 n].

    The library's pictures have two directions: down the columns the k x k kernel that is made of it
    here has a single 1, where it reads or writes the row that it stands on.

    Args:
        function: of gan_core's convolutions.
        kernel: k numbers.
    """
    w = np.zeros((len(kernel), len(kernel), 1, 1), np.float32)
    w[pad_before(len(kernel), 2, "SAME"), :, 0, 0] = kernel

    def apply(row: np.ndarray) -> np.ndarray:
        image = np.zeros((1, len(row), len(row), 1), np.float32)
        image[0, 0, :, 0] = row
        return function(image, w, 2)[0, 0, :, 0].numpy()

    return apply


def as_matrix(function: Row, n: int) -> np.ndarray:
    """The matrix of a linear function of [n]: column i is what it makes of a 1 at place i."""
    return np.stack([function(unit) for unit in np.eye(n)], axis=1)
