r"""A convolution, its adjoint and its filter gradient: three gradients of one form.

**Stride arithmetic.** A convolution with a k x k kernel and stride s slides a window over an
image x, s pixels at a time, and turns what it sees into one pixel of a smaller image y:

    y[j] = sum_a x[s j + a - p] w[a]             (one dimension, one channel; a = 0, ..., k - 1)

    padding   zeros around x                size of y, n pixels of x      size of x, m pixels of y
    SAME      k - s, p = (k - s) // 2       n / s                         s m
              of them before
    VALID     none, p = 0                   (n - k) / s + 1               s (m - 1) + k

The results of the divisions must be whole numbers: with a remainder, the size of x could not be
computed from the size of y. A kernel smaller than its stride would leave pixels unused. Both cases
are refused.
(Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning", chapters 2 to 4.)

**Three functions.** A convolution is linear in x and linear in w. Its inner product with any y,

    T(x, w, y) = <conv(x, w), y> = sum of x[s j + a - p] w[a] y[j] over all j and a,

is linear in each of the three, so its gradient with respect to one of them is bilinear in the
other two:

    dT/dy = conv(x, w)               reads k pixels, writes one: the image shrinks
    dT/dx = conv_transpose(y, w)     each pixel adds to k pixels: the image grows
    dT/dw = filter_gradient(x, y)    at each tap, the correlation of x and y

Hence <conv(x, w), y> = <x, conv_transpose(y, w)>: conv is a matrix M, made of w, times x, and
conv_transpose is its *adjoint*, M^T times y. (It is not an inverse, so "deconvolution" misleads.)
So the gradients of each of the three functions are the other two, and derivatives of any order need
only these three functions. R1, which contains a gradient, needs the second order.

**Three paths** compute the same numbers up to rounding.

- "native" leaves everything to TensorFlow. It is for GPUs.
- "subpixel" computes every conv_transpose, also as the gradient of a conv, as a plain convolution
  whose channels are interleaved (`gan_core.nn.kernels.subpixel`). If y is one pixel (the last layer
  of a DCGAN's D, the first of its G), all three functions are matrix products. In bfloat16 the
  filter gradient of small images is a matrix product too. A conv of stride 1 to few channels, such
  as the last layer of a G, computes four pixels at a time.
- "winograd" needs 25 products where the others need 64, for large batches of small images with many
  channels (`gan_core.nn.kernels.winograd`). For large batches of one pixel it uses matrix products,
  and a conv of stride 1 to few channels is that of "subpixel". In all other cases it is native.

`benchmarks.train_step` measures which is faster: on CPUs sub-pixel in bfloat16, Winograd in
float32.

Shapes: x [B, H, W, X], y [B, h, w, Y], w [k, k, X, Y] *in all three*. So the kernel of a
convolution is [k, k, in, out] and that of a transposed one [k, k, out, in]. Any floating dtype, the
same for both arguments. B may be unknown while tracing, and must not be 0.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from gan_core import checks
from gan_core.nn.kernels import subpixel, winograd

PADDINGS = ("SAME", "VALID")
PATHS = ("native", "subpixel", "winograd")


def conv(
    x: tf.Tensor, w: tf.Tensor, stride: int = 1, padding: str = "SAME", path: str = "native"
) -> tf.Tensor:
    """Convolve: y[j] = sum_a x[s j + a - p] w[a].

    Args:
        x: [B, H, W, X].
        w: [k, k, X, Y].
        stride: s.
        padding: "SAME" or "VALID".
        path: "native", "subpixel" or "winograd".

    Returns:
        y [B, h, w, Y].

    Raises:
        ValueError: if sizes do not fit, or the padding or path is unknown.

    Example:
        >>> conv(tf.ones([1, 4, 4, 1]), tf.ones([2, 2, 1, 1]), stride=2)[0, :, :, 0].numpy()
        array([[4., 4.],
               [4., 4.]], dtype=float32)
    """
    x, w = _image_and_kernel("conv", "x", x, w, 2, stride, padding, path)
    k = w.shape[0]
    height, width = small_sizes("conv", x, k, stride, padding)
    way = _way(path, x.shape[0], height, width, w.shape, stride, padding, x.dtype)
    if way == "winograd":
        return winograd.conv(x, w)
    makes_few = path != "native" and subpixel.makes_few(height, width, w.shape, stride, padding)
    if way == "native" and not makes_few:
        return tf.nn.conv2d(x, w, stride, padding)

    @tf.custom_gradient
    def paired(x: tf.Tensor, w: tf.Tensor) -> Any:
        if _is_one_pixel(height, width, padding):
            y = tf.matmul(tf.reshape(x, [-1, k * k * w.shape[2]]), tf.reshape(w, [-1, w.shape[3]]))
            y = y[:, tf.newaxis, tf.newaxis, :]
        elif makes_few:
            y = subpixel.conv(x, w)
        else:
            y = tf.nn.conv2d(x, w, stride, padding)

        def gradients(dy: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            dy = tf.ensure_shape(dy, y.shape)  # a static shape that some layer above may have lost
            dx = conv_transpose(dy, w, stride, padding, path)
            dw = filter_gradient(x, dy, k, stride, padding, path)
            return dx, dw

        return y, gradients

    return paired(x, w)


def conv_transpose(
    y: tf.Tensor, w: tf.Tensor, stride: int = 1, padding: str = "SAME", path: str = "native"
) -> tf.Tensor:
    """Transposed convolution: x[i] = the sum of y[j] w[a] over all j and a with s j + a - p = i.

    Args:
        y: [B, h, w, Y].
        w: [k, k, X, Y].
        stride: s.
        padding: "SAME" or "VALID".
        path: "native", "subpixel" or "winograd".

    Returns:
        x [B, H, W, X].

    Raises:
        ValueError: if sizes do not fit, or the padding or path is unknown.

    Example:
        >>> conv_transpose(tf.ones([1, 1, 1, 1]), tf.ones([2, 2, 1, 1]), stride=2).shape
        TensorShape([1, 2, 2, 1])
    """
    y, w = _image_and_kernel("conv_transpose", "y", y, w, 3, stride, padding, path)
    k = w.shape[0]
    height, width = large_sizes("conv_transpose", y, k, stride, padding)
    batch, small_height, small_width = y.shape[:3]
    way = _way(path, batch, small_height, small_width, w.shape, stride, padding, y.dtype)
    if way == "winograd":
        return winograd.conv_transpose(y, w)
    if way == "native":
        known_or_not = tf.shape(y)[0] if batch is None else batch
        shape = tf.stack([known_or_not, height, width, w.shape[2]])
        return tf.nn.conv2d_transpose(y, w, shape, stride, padding)

    @tf.custom_gradient
    def paired(y: tf.Tensor, w: tf.Tensor) -> Any:
        if _is_one_pixel(small_height, small_width, padding):
            flat_y = tf.reshape(y, [-1, w.shape[3]])
            flat_w = tf.reshape(w, [-1, w.shape[3]])
            x = tf.matmul(flat_y, flat_w, transpose_b=True)
            x = tf.reshape(x, [-1, height, width, w.shape[2]])
        else:
            before = pad_before(k, stride, padding)
            x = subpixel.conv_transpose(y, w, height, width, stride, before)

        def gradients(dx: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            dx = tf.ensure_shape(dx, x.shape)
            dy = conv(dx, w, stride, padding, path)
            dw = filter_gradient(dx, y, k, stride, padding, path)
            return dy, dw

        return x, gradients

    return paired(y, w)


def filter_gradient(
    x: tf.Tensor,
    y: tf.Tensor,
    kernel_size: int,
    stride: int = 1,
    padding: str = "SAME",
    path: str = "native",
) -> tf.Tensor:
    """Correlate: w[a] = sum over the batch and j of x[s j + a - p] y[j].

    Args:
        x: [B, H, W, X].
        y: [B, h, w, Y].
        kernel_size: k.
        stride: s.
        padding: "SAME" or "VALID".
        path: "native", "subpixel" or "winograd".

    Returns:
        w [k, k, X, Y].

    Raises:
        ValueError: if sizes do not fit, or the padding or path is unknown.
    """
    x = tf.convert_to_tensor(x)
    y = tf.convert_to_tensor(y)
    check_arguments("filter_gradient", kernel_size, stride, padding, path)
    checks.same_shape("filter_gradient", "x", x, ("batch", "height", "width", "channels"))
    check_batch("filter_gradient", "x", x)
    height, width = small_sizes("filter_gradient", x, kernel_size, stride, padding)
    batch = "batch" if x.shape[0] is None else x.shape[0]
    checks.same_shape("filter_gradient", "y", y, (batch, height, width, "channels"))
    w_shape = [kernel_size, kernel_size, x.shape[3], y.shape[3]]

    way = _way(path, x.shape[0], height, width, w_shape, stride, padding, x.dtype)
    if way == "winograd":
        return winograd.filter_gradient(x, y)
    if way == "native":
        return _native_filter_gradient(x, y, w_shape, stride, padding)

    @tf.custom_gradient
    def paired(x: tf.Tensor, y: tf.Tensor) -> Any:
        if _is_one_pixel(height, width, padding):
            flat_x = tf.reshape(x, [-1, kernel_size**2 * w_shape[2]])
            flat_y = tf.reshape(y, [-1, w_shape[3]])
            w = tf.reshape(tf.matmul(flat_x, flat_y, transpose_a=True), w_shape)
        elif x.dtype == tf.bfloat16 and height * width <= 64:
            # Measured: 2 to 4 times as fast for these, slower for others.
            before = pad_before(kernel_size, stride, padding)
            w = subpixel.filter_gradient(x, y, kernel_size, stride, before)
        else:
            w = _native_filter_gradient(x, y, w_shape, stride, padding)

        def gradients(dw: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            dw = tf.ensure_shape(dw, w_shape)
            dx = conv_transpose(y, dw, stride, padding, path)
            dy = conv(x, dw, stride, padding, path)
            return dx, dy

        return w, gradients

    return paired(x, y)


def _native_filter_gradient(
    x: tf.Tensor, y: tf.Tensor, w_shape: list[int], stride: int, padding: str
) -> tf.Tensor:
    return tf.raw_ops.Conv2DBackpropFilter(
        input=x,
        filter_sizes=w_shape,
        out_backprop=y,
        strides=[1, stride, stride, 1],
        padding=padding,
    )


def _way(
    path: str,
    batch: int | None,
    height: int,
    width: int,
    w_shape: Any,
    stride: int,
    padding: str,
    dtype: tf.DType,
) -> str:
    """The path that computes this call; "winograd" uses the others where they are faster."""
    if path != "winograd":
        return path
    if winograd.fits(batch, height, width, w_shape, stride, padding, dtype):
        return "winograd"
    many = batch is not None and batch >= winograd.MIN_BATCH_AND_CHANNELS
    if many and _is_one_pixel(height, width, padding):
        return "subpixel"  # a matrix product
    return "native"


def _is_one_pixel(height: int, width: int, padding: str) -> bool:
    """Whether y is one pixel that depends on all of x: then all three are matrix products."""
    return padding == "VALID" and height == 1 and width == 1


def choose_path(path: str = "auto", dtype: tf.DType = tf.float32) -> str:
    """Choose the fastest path on this machine.

    Args:
        path: "auto", or a path, which is returned as it is.
        dtype: the dtype to compute in.

    Returns:
        For "auto": "native" if TensorFlow sees a GPU, else "subpixel" in bfloat16 and "winograd" in
        other dtypes.
    """
    if path != "auto":
        return path
    if tf.config.list_physical_devices("GPU"):
        return "native"
    if dtype == tf.bfloat16:
        return "subpixel"
    return "winograd"


def pad_before(kernel_size: int, stride: int, padding: str) -> int:
    """Compute p, the number of zeros before the image.

    Args:
        kernel_size: k.
        stride: s.
        padding: "SAME" or "VALID".

    Returns:
        The smaller half of k - s for SAME, 0 for VALID.
    """
    if padding == "SAME":
        return (kernel_size - stride) // 2
    return 0


def small_sizes(owner: str, x: tf.Tensor, kernel_size: int, stride: int, padding: str) -> list[int]:
    """Compute height and width of conv(x, w).

    Args:
        owner: whose argument x is.
        x: [B, H, W, X].
        kernel_size: k.
        stride: s.
        padding: "SAME" or "VALID".

    Returns:
        [h, w].

    Raises:
        ValueError: if a size is not known, or the division has a remainder.
    """
    shrink = _shrink_same if padding == "SAME" else _shrink_valid
    return [shrink(owner, name, n, kernel_size, stride) for name, n in _sizes(owner, "x", x)]


def _shrink_same(owner: str, name: str, n: int, kernel_size: int, stride: int) -> int:
    if n % stride:
        checks.fail(owner, name, f"a multiple of the stride {stride} (padding SAME)", n)
    return n // stride


def _shrink_valid(owner: str, name: str, n: int, kernel_size: int, stride: int) -> int:
    if n < kernel_size:
        checks.fail(owner, name, f"at least the kernel's {kernel_size} (padding VALID)", n)
    if (n - kernel_size) % stride:
        checks.fail(
            owner,
            name,
            f"{kernel_size} plus a multiple of the stride {stride} (padding VALID)",
            n,
            "The pixels left over would go unread.",
        )
    return (n - kernel_size) // stride + 1


def large_sizes(
    owner: str, y: tf.Tensor, kernel_size: int, stride: int, padding: str, name: str = "y"
) -> list[int]:
    """Compute height and width of conv_transpose(y, w).

    Args:
        owner: whose argument y is.
        y: [B, h, w, Y].
        kernel_size: k.
        stride: s.
        padding: "SAME" or "VALID".
        name: the name of y in messages.

    Returns:
        [H, W].

    Raises:
        ValueError: if a size is not known.
    """
    small = [n for _, n in _sizes(owner, name, y)]
    if padding == "SAME":
        return [stride * n for n in small]
    return [stride * (n - 1) + kernel_size for n in small]


def check_arguments(owner: str, kernel_size: Any, stride: Any, padding: Any, path: Any) -> None:
    """Check the arguments that can be checked before there is an image.

    Args:
        owner: whose arguments they are.
        kernel_size: a whole number of at least the stride.
        stride: a whole number of at least 1.
        padding: "SAME" or "VALID".
        path: one of PATHS.

    Raises:
        ValueError: if one is not of this kind.
    """
    checks.integer(owner, "kernel_size", kernel_size, 1)
    checks.integer(owner, "stride", stride, 1)
    checks.one_of(owner, "padding", padding, PADDINGS)
    checks.one_of(owner, "path", path, PATHS)
    if kernel_size < stride:
        checks.fail(
            owner,
            "kernel_size",
            f"at least the stride {stride}",
            kernel_size,
            "A smaller kernel leaves pixels unread.",
        )


def check_batch(owner: str, name: str, image: tf.Tensor) -> None:
    """Refuse an empty batch, on which TensorFlow's convolutions and ours disagree.

    Args:
        owner: whose argument it is.
        name: the argument.
        image: [B, height, width, channels].

    Raises:
        ValueError: if B is known and 0.
    """
    if image.shape[0] == 0:
        checks.fail(owner, name, "a batch of at least one image", checks.show_shape(image.shape))


def _image_and_kernel(
    owner: str,
    name: str,
    image: Any,
    w: Any,
    channel_axis: int,
    stride: int,
    padding: str,
    path: str,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Both as tensors whose shapes fit."""
    image = tf.convert_to_tensor(image)
    w = tf.convert_to_tensor(w)
    checks.same_shape(owner, "w", w, ("kernel_size", "kernel_size", "X", "Y"))
    if w.shape[0] != w.shape[1]:
        checks.fail(owner, "w", "square", checks.show_shape(w.shape))
    check_arguments(owner, w.shape[0], stride, padding, path)
    checks.same_shape(owner, name, image, ("batch", "height", "width", w.shape[channel_axis]))
    check_batch(owner, name, image)
    return image, w


def _sizes(owner: str, name: str, image: tf.Tensor) -> list[tuple[str, int]]:
    """[(its name, its size)] of height and width, which must be known and not 0."""
    sizes = [(f"{name}'s height", image.shape[1]), (f"{name}'s width", image.shape[2])]
    for side, n in sizes:
        if n is None or n < 1:
            checks.fail(owner, side, "known and at least 1", "any" if n is None else n)
    return sizes
