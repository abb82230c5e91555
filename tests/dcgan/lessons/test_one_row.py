"""One row as matrices: what the library makes of a picture is the matrix times the row."""

import numpy as np
import pytest

from dcgan.lessons import one_row
from gan_core.nn.kernels import convolution


@pytest.mark.parametrize(
    "kernel", [(1.0, 2.0), (1.0, 2.0, 3.0), (1.0, 2.0, 3.0, 4.0), (1.0, 2.0, 3.0, 4.0, 5.0)]
)
def test_the_matrix_is_the_sum_written_out(kernel):
    """y[j] = sum over a of x[2 j + a - p] w[a]: a loop, in both directions."""
    n = 8
    k = len(kernel)
    p = (len(kernel) - 2) // 2
    by_hand = np.zeros([n // 2, n])
    for j in range(n // 2):
        for a in range(k):
            if 0 <= 2 * j + a - p < n:
                by_hand[j, 2 * j + a - p] = kernel[a]
    forward = one_row.as_matrix(lambda x: one_row.apply(convolution.conv, kernel, x), n)
    back = one_row.as_matrix(lambda y: one_row.apply(convolution.conv_transpose, kernel, y), n // 2)
    np.testing.assert_array_equal(forward, by_hand)
    np.testing.assert_array_equal(back, by_hand.T)
    row = np.arange(n) ** 2.0
    np.testing.assert_allclose(one_row.apply(convolution.conv, kernel, row), by_hand @ row)
