r"""Winograd's algorithm: the same convolution with 25 products instead of 64 (after Toom and Cook).

It is for kernels of twice the stride (4 and 2 in a DCGAN) and padding SAME.
`gan_core.nn.kernels.convolution` defines conv, conv_transpose and filter_gradient; this file
computes each of them with fewer multiplications.

**Two taps.** Take every s-th pixel of x, from r on: z_r[q] = x[s q + r - p]. Of a kernel with 2 s
taps, each of these s *phases* meets two, g_r = (w[r], w[s + r]):

    y[j] = sum_r z_r[j] g_r[0] + z_r[j + 1] g_r[1]

Leave r aside (it will be one more channel). Four outputs, y[0] to y[3], depend on z[0] to z[4] and
take 8 products.

**Five are enough.** The three functions are gradients of one form T, here sorted by z:

    T(z, g, y) = sum over j and t of y[j] z[j + t] g[t] = sum over n of z[n] c[n],
    c[n] = sum over j + t = n of y[j] g[t]

c holds the coefficients of a product of polynomials: c(u) = y(u) g(u), with
y(u) = y[0] + y[1] u + y[2] u^2 + y[3] u^3 and g(u) = g[0] + g[1] u. Its degree is 4, so five values
determine it. So evaluate y and g at five points u, multiply *the values*, five products, and
compute the coefficients from them:

    c = inverse(C) (A y * G g)          A [5, 4], G [5, 2], C [5, 5]:  row i is (1, u_i, u_i^2, ...)

where * multiplies entry by entry. (At the point infinity a polynomial's value is its leading
coefficient.)
Substitute this into T, with B = transpose(inverse(C)):

    T = <z, c> = <B z, A y * G g> = sum over five entries of (B z) (G g) (A y)

It is the same form, now a sum of five terms instead of eight. Its gradients are again the three
functions:

    y    conv                transpose(A) (B z * G g)
    z    conv_transpose      transpose(B) (G g * A y)
    g    filter_gradient     transpose(G) (B z * A y)

**In two dimensions** each matrix acts on rows and on columns: 16 pixels of y, 4 taps, 25 products
for 64. With channels each of the 25 entries is a matrix product, [tiles, s s X] times [s s X, Y];
A, B and G act on pixels, and cost little where there are many channels. Images of more than
4 x 4 pixels y are cut into tiles of 4 x 4.

**What it costs.** Values are added and subtracted in another order, so the rounding differs, and
depends on the points. 0, -1, 1/2, 2 and infinity were the best of a dozen sets in float32: the
error is 1.8 times that of the direct sum; with the usual 0, 1, -1, 2 and infinity it is 2.9 times.
With bfloat16's eight bits that is too much. The products with B, G and A also read and write
memory. They pay off only if the matrix products are large: many channels, few pixels, many images.

Source: Winograd 1980, "Arithmetic Complexity of Computations"; Lavin and Gray 2016, "Fast
algorithms for convolutional neural networks" (which has F(2 x 2, 3 x 3); this is F(4 x 4, 2 x 2));
Toom 1963 and Cook 1966 for the points.

Shapes as in `gan_core.nn.kernels.convolution`: x [N, s h, s w, X], y [N, h, w, Y],
w [2 s, 2 s, X, Y]; h and w are multiples of 4. All three consist of linear maps and matrix
products, so TensorFlow can differentiate them any number of times.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

POINTS = (0.0, -1.0, 0.5, 2.0)  # and infinity
TILE = 4  # outputs of a tile along each axis
VALUES = len(POINTS) + 1
MIN_BATCH_AND_CHANNELS = 64  # from so many images, and channels, on it is faster


def fits(
    batch: int | None,
    height: int,
    width: int,
    w_shape: Any,
    stride: int,
    padding: str,
    dtype: tf.DType,
) -> bool:
    """Whether this form can be used and is faster.

    The conditions are k = 2 s, padding SAME, y of 4 or 8 pixels along each axis, at least 64 images
    and 64 channels, float32. Measured on a CPU (AVX-512, two cores) it is then 1.05 to 2.8 times as
    fast, and faster with more channels. It was slower with 32 channels, and not faster at 16 x 16
    pixels or in a whole round with 32 images.

    Args:
        batch: how many images, or None if that is not known while tracing.
        height: the height of y.
        width: the width of y.
        w_shape: [k, k, X, Y].
        stride: s.
        padding: "SAME" or "VALID".
        dtype: the dtype of the images.

    Returns:
        Whether the conditions hold.
    """
    k, _, *channels = w_shape
    if k != 2 * stride or padding != "SAME" or dtype not in (tf.float32, tf.float64):
        return False
    if not {height, width} <= {TILE, 2 * TILE}:
        return False
    if batch is None or batch < MIN_BATCH_AND_CHANNELS:
        return False
    return min(channels) >= MIN_BATCH_AND_CHANNELS


def conv(x: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
    """Convolve: transpose(A) (B z * G g).

    Args:
        x: [N, s h, s w, X].
        w: [2 s, 2 s, X, Y].

    Returns:
        y [N, h, w, Y].
    """
    stride = w.shape[0] // 2
    products = tf.matmul(_spread(x, stride), _of_kernel(w))
    return _outputs(products, x.shape[1] // stride, x.shape[2] // stride)


def conv_transpose(y: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
    """Transposed convolution: transpose(B) (G g * A y).

    Args:
        y: [N, h, w, Y].
        w: [2 s, 2 s, X, Y].

    Returns:
        x [N, s h, s w, X].
    """
    products = tf.matmul(_of_outputs(y), _of_kernel(w), transpose_b=True)
    return _collect(products, y.shape[1], y.shape[2], w.shape[0] // 2)


def filter_gradient(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Correlate: transpose(G) (B z * A y).

    Args:
        x: [N, s h, s w, X].
        y: [N, h, w, Y].

    Returns:
        w [2 s, 2 s, X, Y].
    """
    stride = x.shape[1] // y.shape[1]
    products = tf.matmul(_spread(x, stride), _of_outputs(y), transpose_a=True)
    matrix = tf.constant(_kernel_matrix(stride), x.dtype)
    w = tf.matmul(matrix, tf.reshape(products, [matrix.shape[0], -1]), transpose_a=True)
    return tf.reshape(w, [2 * stride, 2 * stride, x.shape[3], y.shape[3]])


# ---------------------------------------------------------------- the matrices, float64


def _powers(n: int) -> np.ndarray:
    """[5, n]: the matrix from a polynomial's n coefficients to its values at the five points."""
    values = np.zeros([VALUES, n])
    for i, u in enumerate(POINTS):
        values[i] = [u**power for power in range(n)]
    values[-1, -1] = 1.0  # at infinity, the leading coefficient
    return values


def _input_matrix(stride: int, tiles: int) -> np.ndarray:
    """B of every tile and phase of one side, [tiles 5 s, s h].

    Row (tile, value, r) is of x's pixels s q + r - p. The zeros beside the image are pixels for
    which there is no column.
    """
    b = np.linalg.inv(_powers(VALUES)).T
    pixels = stride * TILE * tiles
    matrix = np.zeros([tiles, VALUES, stride, pixels])
    for tile in range(tiles):
        for r in range(stride):
            for n in range(VALUES):
                pixel = stride * (TILE * tile + n) + r - stride // 2
                if 0 <= pixel < pixels:
                    matrix[tile, :, r, pixel] = b[:, n]
    return matrix.reshape(-1, pixels)


def _kernel_matrix(stride: int) -> np.ndarray:
    """G of every phase, both ways, [5 5 s s, (2 s)^2].

    Row (value, value', r, r') is of the taps (a, a').
    """
    matrix = np.zeros([VALUES, stride, 2 * stride])
    for r in range(stride):
        matrix[:, r, r::stride] = _powers(2)
    return np.einsum("irs,jqt->ijrqst", matrix, matrix).reshape(-1, 4 * stride**2)


def _output_matrix() -> np.ndarray:
    """A both ways, [25, 16]: row (value, value') of the pixels (j, j') of a tile of y."""
    return np.kron(_powers(TILE), _powers(TILE))


# ---------------------------------------------------------------- applied to images and kernels


def _spread(x: tf.Tensor, stride: int) -> tf.Tensor:
    """B z: x [N, s h, s w, X] -> [25, tiles, s s X]."""
    height, width, channels = x.shape[1:]
    tiles_down = height // (stride * TILE)
    tiles_across = width // (stride * TILE)
    down = tf.constant(_input_matrix(stride, tiles_down), x.dtype)
    across = tf.constant(_input_matrix(stride, tiles_across), x.dtype)
    z = tf.matmul(across, tf.reshape(x, [-1, width, channels]))
    z = tf.matmul(down, tf.reshape(z, [-1, height, across.shape[0] * channels]))
    split = [-1, tiles_down, VALUES, stride, tiles_across, VALUES, stride, channels]
    z = tf.transpose(tf.reshape(z, split), [2, 5, 0, 1, 4, 3, 6, 7])
    return tf.reshape(z, [VALUES**2, -1, stride**2 * channels])


def _collect(z: tf.Tensor, height: int, width: int, stride: int) -> tf.Tensor:
    """The adjoint of _spread: [25, tiles, s s X] -> x [N, s h, s w, X]; height, width are y's."""
    tiles_down = height // TILE
    tiles_across = width // TILE
    channels = z.shape[2] // stride**2
    down = tf.constant(_input_matrix(stride, tiles_down), z.dtype)
    across = tf.constant(_input_matrix(stride, tiles_across), z.dtype)
    z = tf.reshape(z, [VALUES, VALUES, -1, tiles_down, tiles_across, stride, stride, channels])
    z = tf.transpose(z, [2, 3, 0, 5, 4, 1, 6, 7])
    z = tf.reshape(z, [-1, down.shape[0], across.shape[0] * channels])
    z = tf.matmul(down, z, transpose_a=True)
    z = tf.matmul(across, tf.reshape(z, [-1, across.shape[0], channels]), transpose_a=True)
    return tf.reshape(z, [-1, stride * height, stride * width, channels])


def _of_kernel(w: tf.Tensor) -> tf.Tensor:
    """G g: w [2 s, 2 s, X, Y] -> [25, s s X, Y]."""
    stride = w.shape[0] // 2
    matrix = tf.constant(_kernel_matrix(stride), w.dtype)
    g = tf.matmul(matrix, tf.reshape(w, [w.shape[0] ** 2, -1]))
    return tf.reshape(g, [VALUES**2, stride**2 * w.shape[2], w.shape[3]])


def _of_outputs(y: tf.Tensor) -> tf.Tensor:
    """A y: y [N, h, w, Y] -> [25, tiles, Y]."""
    height, width, channels = y.shape[1:]
    matrix = tf.constant(_output_matrix(), y.dtype)
    y = tf.reshape(y, [-1, height // TILE, TILE, width // TILE, TILE, channels])
    y = tf.reshape(tf.transpose(y, [2, 4, 0, 1, 3, 5]), [TILE**2, -1])
    return tf.reshape(tf.matmul(matrix, y), [VALUES**2, -1, channels])


def _outputs(products: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """The adjoint of _of_outputs: [25, tiles, Y] -> y [N, h, w, Y]."""
    channels = products.shape[2]
    matrix = tf.constant(_output_matrix(), products.dtype)
    y = tf.matmul(matrix, tf.reshape(products, [VALUES**2, -1]), transpose_a=True)
    y = tf.reshape(y, [TILE, TILE, -1, height // TILE, width // TILE, channels])
    return tf.reshape(tf.transpose(y, [2, 3, 0, 4, 1, 5]), [-1, height, width, channels])
