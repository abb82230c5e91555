"""The three faces of a convolution as plain loops, in float64 NumPy:
the oracle of test_convolution.

Written from the sums in `gan_core.nn.kernels.convolution`, tap by tap and pixel by pixel, and slow
on purpose. `taps` lists which pixel of x meets which pixel of y at which tap: the whole geometry.
"""

import numpy as np


def taps(big, kernel_size, stride, padding):
    """All (i, a, j) of one axis with i = s j + a - p, i inside the image:
    x[i] meets w[a] and y[j].
    """
    total = kernel_size - stride if padding == "SAME" else 0
    before = total // 2
    small = (big + total - kernel_size) // stride + 1
    met = [(stride * j + a - before, a, j) for j in range(small) for a in range(kernel_size)]
    return [(i, a, j) for i, a, j in met if 0 <= i < big], small


def conv(x, w, stride, padding):
    """y[j] = sum_a x[s j + a - p] w[a]."""
    x = np.asarray(x, np.float64)
    w = np.asarray(w, np.float64)
    rows, height = taps(x.shape[1], w.shape[0], stride, padding)
    columns, width = taps(x.shape[2], w.shape[1], stride, padding)
    y = np.zeros((x.shape[0], height, width, w.shape[3]))
    for i, a, j in rows:
        for k, b, m in columns:
            y[:, j, m] += x[:, i, k] @ w[a, b]
    return y


def conv_transpose(y, w, stride, padding):
    """x[i] = sum over s j + a - p = i of y[j] w[a]."""
    y = np.asarray(y, np.float64)
    w = np.asarray(w, np.float64)
    height, width = (
        stride * n if padding == "SAME" else stride * (n - 1) + w.shape[0] for n in y.shape[1:3]
    )
    x = np.zeros((y.shape[0], height, width, w.shape[2]))
    for i, a, j in taps(height, w.shape[0], stride, padding)[0]:
        for k, b, m in taps(width, w.shape[1], stride, padding)[0]:
            x[:, i, k] += y[:, j, m] @ w[a, b].T
    return x


def filter_gradient(x, y, kernel_size, stride, padding):
    """w[a] = sum over the batch and j of x[s j + a - p] y[j]."""
    x = np.asarray(x, np.float64)
    y = np.asarray(y, np.float64)
    w = np.zeros((kernel_size, kernel_size, x.shape[3], y.shape[3]))
    for i, a, j in taps(x.shape[1], kernel_size, stride, padding)[0]:
        for k, b, m in taps(x.shape[2], kernel_size, stride, padding)[0]:
            w[a, b] += x[:, i, k].T @ y[:, j, m]
    return w
