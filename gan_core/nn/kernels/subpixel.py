"""A transposed convolution computed as a plain convolution whose channels are interleaved.

It computes the same sums in another order. A convolution is y = M x, with a matrix M made of the
kernel w; the transposed convolution is x = M^T y. Take k = 4 taps, stride s = 2, padding SAME,
w = (a, b, c, d), y = (y0, y1):

        [ b c d 0 ]                                          b y0 + d  0
    M = [ 0 a b c ]      conv_transpose(y, w) = M^T y  =     c y0 + a y1
                                                             b y1 + d y0
                                                             c y1 + a  0

Computed directly, each y is multiplied by four weights and added to four pixels, to which other y
are added as well. But look at the rows of the result: even pixels are a two-tap convolution of y
with (d, b), odd pixels one with (c, a). A plain stride-1 convolution of the padded y to s output
channels computes all of them, and interleaving its channels (`depth_to_space`) puts them in place:

    0 y0 y1 0  ->  (a y0, b y0), (a y1 + c y0, b y1 + d y0), (c y1, d y1)  ->  crop one at each end

With C channels in two dimensions: pad, convolve m x m with stride 1 to s s C channels, where
m = ceil(k / s), depth_to_space, crop. (Shi et al. 2016, "Is the deconvolution layer the same as a
convolutional layer?") Each pixel is written only once, and plain convolutions are what every
library computes fastest.

The gradient with respect to w is computed in the same way: `space_to_depth`, the inverse of
`depth_to_space`, turns it into matrix products.

**Few channels.** A processor multiplies 16 float32 numbers at once, and libraries give each of them
one channel of y. A convolution to three colours leaves 13 of them unused. So `conv` computes two
pixels of each side at a time, with stride 2, as 12 channels that are then interleaved:

    y[q]      = a x[q - 1] + b x[q]     + c x[q + 1]                       kernel (a, b, c, 0)
    y[q + 1]  =              a x[q]     + b x[q + 1] + c x[q + 2]          kernel (0, a, b, c)

The zeros cost less than the unused numbers did: 9 x 4 products of 16 numbers become 16.

This file holds only the sums; `gan_core.nn.kernels.convolution` checks sizes, decides when this
path is used and pairs the gradients. Shapes and names are as there: x [B, H, W, X] is the larger
image, y [B, h, w, Y] the smaller one, w [k, k, X, Y]; `before` is p, the number of zeros before the
larger image. Any floating dtype.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

FEW_CHANNELS = 4  # four pixels of so many channels fill 16 numbers


def makes_few(height: int, width: int, w_shape: Any, stride: int, padding: str) -> bool:
    """Whether `conv` can be used and is faster.

    The conditions are stride 1, padding SAME, y of even height and width and of at most 4 channels,
    and a kernel of at least 3 x 3. Measured with 3 x 3 x 16 x 3 and 64 x 64 pixels on a CPU
    (AVX-512, two cores), it takes 0.6 times as long in float32 and 0.8 times in bfloat16.

    Args:
        height: the height of y.
        width: the width of y.
        w_shape: [k, k, X, Y].
        stride: s.
        padding: "SAME" or "VALID".

    Returns:
        Whether the conditions hold.
    """
    if stride != 1 or padding != "SAME" or height % 2 or width % 2:
        return False
    return w_shape[0] >= 3 and w_shape[3] <= FEW_CHANNELS


def conv(x: tf.Tensor, w: tf.Tensor) -> tf.Tensor:
    """Convolution of stride 1 with padding SAME, four pixels at a time.

    y[2 q + r] = sum_a x[2 q + r + a - p] w[a] = sum_b x[2 q + b - p] v[b, r], v[b, r] = w[b - r],
    r = 0, 1: a convolution of stride 2 with a kernel of k + 1 taps. SAME pads it by the same p.

    Args:
        x: [B, H, W, X], H and W even.
        w: [k, k, X, Y].

    Returns:
        y [B, H, W, Y].
    """
    k = w.shape[0]
    pixels = []
    for r in range(2):
        for s in range(2):
            pixels.append(tf.pad(w, [[r, 1 - r], [s, 1 - s], [0, 0], [0, 0]]))
    v = tf.reshape(tf.stack(pixels, axis=3), [k + 1, k + 1, w.shape[2], 4 * w.shape[3]])
    return tf.nn.depth_to_space(tf.nn.conv2d(x, v, 2, "SAME"), 2)


def conv_transpose(
    y: tf.Tensor, w: tf.Tensor, height: int, width: int, stride: int, before: int
) -> tf.Tensor:
    """Transposed convolution: pad, convolve, depth_to_space, crop.

    Uncropped, x[s q + r] = sum_t y[q - t] w[s t + r], with t = 0, ..., m - 1 and r = 0, ..., s - 1.
    For each q one m-tap convolution makes the s pixels r: its tap u reads y[q - (m - 1) + u], hence
    t = m - 1 - u, the kernel's blocks of s in reverse order. The crop removes `before` pixels at
    the front; blocks q that it would remove completely are not computed.

    Args:
        y: [B, h, w, Y].
        w: [k, k, X, Y].
        height: the height of x.
        width: the width of x.
        stride: s.
        before: p.

    Returns:
        x [B, height, width, X].
    """
    k = w.shape[0]
    m = -(-k // stride)
    first = before // stride

    # The kernel [k, k, X, Y] as [m, m, Y, s s X]: split each side into (t, r), reverse t.
    more = m * stride - k
    w = tf.pad(w, [[0, more], [0, more], [0, 0], [0, 0]])
    w = tf.reshape(w, [m, stride, m, stride, w.shape[2], w.shape[3]])
    w = tf.transpose(tf.reverse(w, [0, 2]), [0, 2, 5, 1, 3, 4])
    w = tf.reshape(w, [m, m, w.shape[2], stride * stride * w.shape[5]])

    pads = [[0, 0], [0, 0], [0, 0], [0, 0]]
    for axis, size in ((1, height), (2, width)):
        last = (before + size - 1) // stride
        pads[axis] = [m - 1 - first, last - (y.shape[axis] - 1)]
    x = tf.nn.conv2d(tf.pad(y, pads), w, 1, "VALID")
    if stride > 1:  # with stride 1 there is nothing to interleave (and the op refuses)
        x = tf.nn.depth_to_space(x, stride)
    crop = before - first * stride
    return x[:, crop : crop + height, crop : crop + width, :]


def filter_gradient(x: tf.Tensor, y: tf.Tensor, k: int, stride: int, before: int) -> tf.Tensor:
    """Correlate: pad, space_to_depth, m x m matrix products.

    With z[q] the s pixels x[s q + r - p], r = 0, ..., s - 1, side by side as channels, the kernel's
    block t is w[s t + r] = sum_j x[s (j + t) + r - p] y[j] = sum_j z[j + t] y[j], summed over the
    batch too.

    Args:
        x: [B, H, W, X].
        y: [B, h, w, Y].
        k: the size of the kernel.
        stride: s.
        before: p.

    Returns:
        w [k, k, X, Y].
    """
    m = -(-k // stride)
    height = y.shape[1]
    width = y.shape[2]
    x_channels = x.shape[3]
    y_channels = y.shape[3]

    pads = [[0, 0], [0, 0], [0, 0], [0, 0]]
    for axis in (1, 2):
        blocks_read = y.shape[axis] + m - 1
        pads[axis] = [before, stride * blocks_read - x.shape[axis] - before]
    z = tf.pad(x, pads)
    if stride > 1:
        z = tf.nn.space_to_depth(z, stride)

    flat_y = tf.reshape(y, [-1, y_channels])
    blocks = []
    for t in range(m):
        for u in range(m):
            window = tf.reshape(z[:, t : t + height, u : u + width], [-1, z.shape[3]])
            blocks.append(tf.matmul(window, flat_y, transpose_a=True))
    w = tf.reshape(tf.stack(blocks), [m, m, stride, stride, x_channels, y_channels])
    w = tf.transpose(w, [0, 2, 1, 3, 4, 5])
    w = tf.reshape(w, [m * stride, m * stride, x_channels, y_channels])
    return w[:k, :k]
