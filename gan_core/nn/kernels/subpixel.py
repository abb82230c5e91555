"""A transposed convolution as a plain one, whose channels are interleaved: the same numbers in another order.

A convolution is y = M x, with a matrix M made of the kernel w; the transposed convolution is x = M^T y. Take
k = 4 taps, stride s = 2, padding SAME, w = (a, b, c, d), y = (y0, y1):

        [ b c d 0 ]                                          b y0 + d  0
    M = [ 0 a b c ]      conv_transpose(y, w) = M^T y  =     c y0 + a y1
                                                             b y1 + d y0
                                                             c y1 + a  0

Painted, each y is multiplied by four weights and added to four pixels that others paint as well.
But read the result by rows: even pixels are a two-tap convolution of y with (d, b), odd pixels
one with (c, a). A plain stride-1 convolution of the padded y to s output channels makes all of
them, and interleaving its channels (`depth_to_space`) puts them in place:

    0 y0 y1 0  ->  (a y0, b y0), (a y1 + c y0, b y1 + d y0), (c y1, d y1)  ->  crop one at each end

With C channels in two dimensions: pad, convolve m x m with stride 1 to s s C channels, where
m = ceil(k / s), depth_to_space, crop. (Shi et al. 2016, "Is the deconvolution layer the same as a
convolutional layer?") No pixel is added to twice, and a plain convolution is what every library does best.

Likewise the gradient by w: `space_to_depth`, the way back of `depth_to_space`, makes matrix products of it.

Here are the sums alone; `gan_core.nn.kernels.convolution` checks sizes, says when this way is taken and pairs the gradients.
Shapes and names are as there: x [B, H, W, X] is the larger image, y [B, h, w, Y] the smaller one, w [k, k, X, Y];
`before` is p, the zeros before the larger image. Any floating dtype.
"""

import tensorflow as tf


def conv_transpose(y, w, height: int, width: int, stride: int, before: int) -> tf.Tensor:
    """y [B, h, w, Y], w [k, k, X, Y] -> x [B, height, width, X]: pad, convolve, depth_to_space, crop.

    Uncropped, x[s q + r] = sum_t y[q - t] w[s t + r], with t = 0, ..., m - 1 and r = 0, ..., s - 1.
    For each q one m-tap convolution makes the s pixels r: its tap u reads y[q - (m - 1) + u], hence
    t = m - 1 - u, the kernel's blocks of s in reverse order. The crop takes `before` pixels off the
    front; blocks q that it would take off whole are not computed at all.
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


def filter_gradient(x, y, k: int, stride: int, before: int) -> tf.Tensor:
    """x [B, H, W, X], y [B, h, w, Y] -> w [k, k, X, Y]: pad, space_to_depth, m x m matrix products.

    With z[q] the s pixels x[s q + r - p], r = 0, ..., s - 1, side by side as channels, the kernel's block t is
    w[s t + r] = sum_j x[s (j + t) + r - p] y[j] = sum_j z[j + t] y[j], summed over the batch too.
    """
    m = -(-k // stride)
    height, width = y.shape[1], y.shape[2]
    pads = [
        [before, stride * (small + m - 1) - big - before]
        for big, small in ((x.shape[1], height), (x.shape[2], width))
    ]
    z = tf.pad(x, [[0, 0], *pads, [0, 0]])
    z = tf.nn.space_to_depth(z, stride) if stride > 1 else z
    flat_y = tf.reshape(y, [-1, y.shape[3]])
    blocks = tf.stack(
        [
            tf.matmul(
                tf.reshape(z[:, t : t + height, u : u + width], [-1, z.shape[3]]),
                flat_y,
                transpose_a=True,
            )
            for t in range(m)
            for u in range(m)
        ]
    )
    w = tf.reshape(blocks, [m, m, stride, stride, x.shape[3], y.shape[3]])
    w = tf.reshape(
        tf.transpose(w, [0, 2, 1, 3, 4, 5]), [m * stride, m * stride, x.shape[3], y.shape[3]]
    )
    return w[:k, :k]
