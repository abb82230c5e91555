r"""A convolution, its adjoint and its filter gradient: three faces of one form.

**Stride arithmetic.** A convolution with a k x k kernel and stride s slides a window over an
image x, s pixels at a time, and turns what it sees into one pixel of a smaller image y:

    y[j] = sum_a x[s j + a - p] w[a]             (one dimension, one channel; a = 0, ..., k - 1)

    padding   zeros put around x            size of y, n pixels of x      size of x, m pixels of y
    SAME      k - s, p = (k - s) // 2       n / s                         s m
              of them before
    VALID     none, p = 0                   (n - k) / s + 1               s (m - 1) + k

The divisions must come out even: were a pixel left over, the way back from y's size to x's would
not be known. A kernel smaller than its stride would leave pixels unread. Both are refused.
(Dumoulin and Visin 2016, "A guide to convolution arithmetic for deep learning", chapters 2 to 4.)

**Three faces.** A convolution is linear in x and linear in w. Its inner product with any y,

    T(x, w, y) = <conv(x, w), y> = sum of x[s j + a - p] w[a] y[j] over all j and a,

is linear in each of the three, so its gradient by one of them is bilinear in the other two:

    dT/dy = conv(x, w)               reads k pixels, writes one: the image shrinks
    dT/dx = conv_transpose(y, w)     each pixel paints k pixels: the image grows
    dT/dw = filter_gradient(x, y)    which input met which output, at each tap

Hence <conv(x, w), y> = <x, conv_transpose(y, w)>: conv is a matrix M, made of w, times x, and
conv_transpose is its *adjoint*, M^T times y. (Not an inverse, hence "deconvolution" misleads.)
Hence too the gradients of each of the three are the other two, and so for ever: whoever has the
three has derivatives of any order. R1, a gradient of a gradient, needs the second.

**Three paths**, equal but for rounding. "native" leaves everything to TensorFlow: for a GPU.
"subpixel" computes every conv_transpose, the gradient of a conv among them, as a plain convolution
whose channels are interleaved (`gan_core.nn.kernels.subpixel`), and where y is one pixel (the last layer of a
DCGAN's D, the first of its G) all three as matrix products; in bfloat16 the filter gradient of small
images too. "winograd" needs 25 products where the others need 64, for large batches of small images
with many channels (`gan_core.nn.kernels.winograd`), and takes matrix products for large batches of one pixel;
elsewhere it is native. Which is sooner done, `benchmarks.train_step` tells: on CPUs sub-pixel in
bfloat16, Winograd in float32.

Shapes: x [B, H, W, X], y [B, h, w, Y], w [k, k, X, Y] *in all three*. So the kernel of a convolution
is [k, k, in, out] and that of a transposed one [k, k, out, in]. Any floating dtype, one for both
arguments. B may be unknown while tracing. All three raise ValueError on sizes that do not fit.
"""

import tensorflow as tf

from gan_core import checks
from gan_core.nn.kernels import subpixel, winograd

PADDINGS = ("SAME", "VALID")
PATHS = ("native", "subpixel", "winograd")


def conv(x, w, stride: int = 1, padding: str = "SAME", path: str = "native") -> tf.Tensor:
    """y[j] = sum_a x[s j + a - p] w[a]: x [B, H, W, X], w [k, k, X, Y] -> y [B, h, w, Y]."""
    x, w, k = _image_and_kernel("conv", "x", x, w, 2, stride, padding, path)
    height, width = small_sizes("conv", x, k, stride, padding)
    way = _way(path, x.shape[0], height, width, w.shape, stride, padding, x.dtype)
    if way == "winograd":
        return winograd.conv(x, w)
    if way == "native":
        return tf.nn.conv2d(x, w, stride, padding)

    @tf.custom_gradient
    def paired(x, w):
        if _is_one_pixel(height, width, padding):
            y = tf.matmul(tf.reshape(x, [-1, k * k * w.shape[2]]), tf.reshape(w, [-1, w.shape[3]]))
            y = y[:, tf.newaxis, tf.newaxis, :]
        else:
            y = tf.nn.conv2d(x, w, stride, padding)

        def gradients(dy):
            dy = tf.ensure_shape(dy, y.shape)  # a static shape that some layer above may have lost
            return (
                conv_transpose(dy, w, stride, padding, path),
                filter_gradient(x, dy, k, stride, padding, path),
            )

        return y, gradients

    return paired(x, w)


def conv_transpose(y, w, stride: int = 1, padding: str = "SAME", path: str = "native") -> tf.Tensor:
    """x[i] = sum over s j + a - p = i of y[j] w[a]: y [B, h, w, Y], w [k, k, X, Y] -> x [B, H, W, X]."""
    y, w, k = _image_and_kernel("conv_transpose", "y", y, w, 3, stride, padding, path)
    height, width = large_sizes("conv_transpose", y, k, stride, padding)
    way = _way(path, *y.shape[:3], w.shape, stride, padding, y.dtype)
    if way == "winograd":
        return winograd.conv_transpose(y, w)
    if way == "native":
        batch = tf.shape(y)[0] if y.shape[0] is None else y.shape[0]
        return tf.nn.conv2d_transpose(
            y, w, tf.stack([batch, height, width, w.shape[2]]), stride, padding
        )

    @tf.custom_gradient
    def paired(y, w):
        if _is_one_pixel(y.shape[1], y.shape[2], padding):
            x = tf.matmul(
                tf.reshape(y, [-1, w.shape[3]]), tf.reshape(w, [-1, w.shape[3]]), transpose_b=True
            )
            x = tf.reshape(x, [-1, height, width, w.shape[2]])
        else:
            x = subpixel.conv_transpose(y, w, height, width, stride, pad_before(k, stride, padding))

        def gradients(dx):
            dx = tf.ensure_shape(dx, x.shape)
            return (
                conv(dx, w, stride, padding, path),
                filter_gradient(dx, y, k, stride, padding, path),
            )

        return x, gradients

    return paired(y, w)


def filter_gradient(
    x, y, kernel_size: int, stride: int = 1, padding: str = "SAME", path: str = "native"
) -> tf.Tensor:
    """w[a] = sum over the batch and j of x[s j + a - p] y[j]: x [B, H, W, X], y [B, h, w, Y] -> w [k, k, X, Y]."""
    x, y = tf.convert_to_tensor(x), tf.convert_to_tensor(y)
    check_arguments("filter_gradient", kernel_size, stride, padding, path)
    checks.same_shape("filter_gradient", "x", x, ("batch", "height", "width", "channels"))
    height, width = small_sizes("filter_gradient", x, kernel_size, stride, padding)
    batch = "batch" if x.shape[0] is None else x.shape[0]
    checks.same_shape("filter_gradient", "y", y, (batch, height, width, "channels"))
    w_shape = [kernel_size, kernel_size, x.shape[3], y.shape[3]]

    def product(x, y):
        return tf.raw_ops.Conv2DBackpropFilter(
            input=x,
            filter_sizes=w_shape,
            out_backprop=y,
            strides=[1, stride, stride, 1],
            padding=padding,
        )

    way = _way(path, x.shape[0], height, width, w_shape, stride, padding, x.dtype)
    if way == "winograd":
        return winograd.filter_gradient(x, y)
    if way == "native":
        return product(x, y)

    @tf.custom_gradient
    def paired(x, y):
        if _is_one_pixel(height, width, padding):
            flat_x, flat_y = (
                tf.reshape(x, [-1, kernel_size**2 * w_shape[2]]),
                tf.reshape(y, [-1, w_shape[3]]),
            )
            w = tf.reshape(tf.matmul(flat_x, flat_y, transpose_a=True), w_shape)
        elif (
            x.dtype == tf.bfloat16 and height * width <= 64
        ):  # measured: 2 to 4 times as fast there, slower elsewhere
            w = subpixel.filter_gradient(
                x, y, kernel_size, stride, pad_before(kernel_size, stride, padding)
            )
        else:
            w = product(x, y)

        def gradients(dw):
            dw = tf.ensure_shape(dw, w_shape)
            return (
                conv_transpose(y, dw, stride, padding, path),
                conv(x, dw, stride, padding, path),
            )

        return w, gradients

    return paired(x, y)


def _way(path, batch, height, width, w_shape, stride, padding, dtype) -> str:
    """Which of the three computes this one call: "winograd" leaves it to the other two where it is not worth it."""
    if path != "winograd":
        return path
    if winograd.fits(batch, height, width, w_shape, stride, padding, dtype):
        return "winograd"
    many = batch is not None and batch >= winograd.LEAST
    return (
        "subpixel" if many and _is_one_pixel(height, width, padding) else "native"
    )  # one pixel: a matrix product


def _is_one_pixel(height, width, padding) -> bool:
    """Whether y is one pixel that sees all of x: then each of the three is a matrix product."""
    return padding == "VALID" and height == 1 and width == 1


def choose_path(path: str = "auto", dtype=tf.float32) -> str:
    """ "auto" -> "native" if TensorFlow sees a GPU, else by dtype "subpixel" (bfloat16) or "winograd"."""
    if path == "auto" and tf.config.list_physical_devices("GPU"):
        return "native"
    if path == "auto":
        return "subpixel" if dtype == tf.bfloat16 else "winograd"
    return path


def pad_before(kernel_size: int, stride: int, padding: str) -> int:
    """p: how many zeros stand before the image (the smaller half of k - s for SAME, none for VALID)."""
    return (kernel_size - stride) // 2 if padding == "SAME" else 0


def small_sizes(owner: str, x, kernel_size: int, stride: int, padding: str) -> list:
    """Height and width of conv(x, w)."""
    sizes = []
    for name, n in _sizes(owner, "x", x):
        if padding == "SAME":
            if n % stride:
                checks.fail(owner, name, f"a multiple of the stride {stride} (padding SAME)", n)
            sizes.append(n // stride)
        else:
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
            sizes.append((n - kernel_size) // stride + 1)
    return sizes


def large_sizes(
    owner: str, y, kernel_size: int, stride: int, padding: str, name: str = "y"
) -> list:
    """Height and width of conv_transpose(y, w)."""
    return [
        stride * n if padding == "SAME" else stride * (n - 1) + kernel_size
        for _, n in _sizes(owner, name, y)
    ]


def check_arguments(owner: str, kernel_size, stride, padding, path) -> None:
    """What can be refused before an image has come."""
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


def _image_and_kernel(owner, name, image, w, channel_axis, stride, padding, path):
    """Both as tensors whose shapes fit, and the kernel's size."""
    image, w = tf.convert_to_tensor(image), tf.convert_to_tensor(w)
    checks.same_shape(owner, "w", w, ("kernel_size", "kernel_size", "X", "Y"))
    if w.shape[0] != w.shape[1]:
        checks.fail(owner, "w", "square", checks.show_shape(w.shape))
    check_arguments(owner, w.shape[0], stride, padding, path)
    checks.same_shape(owner, name, image, ("batch", "height", "width", w.shape[channel_axis]))
    return image, w, w.shape[0]


def _sizes(owner, name, image) -> list:
    """[(what it is called, its size)] of height and width, which must be known and not 0."""
    sizes = [(f"{name}'s height", image.shape[1]), (f"{name}'s width", image.shape[2])]
    for side, n in sizes:
        if n is None or n < 1:
            checks.fail(owner, side, "known and at least 1", "any" if n is None else n)
    return sizes
