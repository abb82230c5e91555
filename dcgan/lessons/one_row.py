"""Convolutions of one row of pixels, stride 2, padding SAME: small enough to be written out as matrices."""

import numpy as np

from gan_core.nn.kernels.convolution import pad_before


def of_one_row(function, kernel):
    """`convolution.conv` or `conv_transpose` as a function of one row, [n] -> [n / 2] or [2 n].

    kernel: k numbers. The library's pictures have two directions: down the columns the k x k kernel
    that is made of it here has a single 1, where it reads or paints the row that it stands on.
    """
    w = np.zeros((len(kernel), len(kernel), 1, 1), np.float32)
    w[pad_before(len(kernel), 2, "SAME"), :, 0, 0] = kernel

    def apply(row):
        image = np.zeros((1, len(row), len(row), 1), np.float32)
        image[0, 0, :, 0] = row
        return function(image, w, 2)[0, 0, :, 0].numpy()

    return apply


def as_matrix(function, n: int) -> np.ndarray:
    """The matrix of a linear function of [n]: column i is what it makes of a 1 at place i."""
    return np.stack([function(unit) for unit in np.eye(n)], axis=1)
