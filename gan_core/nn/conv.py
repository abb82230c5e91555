"""Convolution layers: kernel, bias, and a call. The mathematics is in `gan_core.nn.kernels.convolution`."""

import tensorflow as tf

from gan_core import checks, rng
from gan_core.nn.initializers import glorot_normal
from gan_core.nn.kernels import convolution

COMPUTE_DTYPES = ("float32", "bfloat16")


class _Convolution(tf.Module):
    """What both layers share: the arguments, the variables, the casts."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        *,
        seed: int,
        stride: int = 1,
        padding: str = "SAME",
        use_bias: bool = True,
        initializer=glorot_normal,
        path: str = "auto",
        compute_dtype=tf.float32,
        name=None,
    ):
        super().__init__(name=name)
        owner = type(self).__name__
        checks.integer(owner, "in_channels", in_channels, 1)
        checks.integer(owner, "out_channels", out_channels, 1)
        checks.one_of(owner, "path", path, ("auto", *convolution.PATHS))
        self.compute_dtype = _dtype(owner, compute_dtype)
        self.path = convolution.choose_path(path, self.compute_dtype)
        convolution.check_arguments(owner, kernel_size, stride, padding, self.path)
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding

        kernel = checks.tensor(
            owner,
            "what initializer gives",
            initializer(self._kernel_shape(), rng.seed(seed, f"{owner} kernel")),
            self._kernel_shape(),
        )
        self.kernel = tf.Variable(kernel, name=f"{self.name}/kernel")
        self.bias = (
            tf.Variable(tf.zeros([out_channels]), name=f"{self.name}/bias") if use_bias else None
        )

    def __call__(self, x, *, training: bool = False) -> tf.Tensor:
        owner = type(self).__name__
        x = tf.convert_to_tensor(x)
        if not x.dtype.is_floating:
            checks.fail(owner, "x", "of a floating dtype", x.dtype.name)
        checks.same_shape(owner, "x", x, ("batch", "height", "width", self.in_channels))
        self._check_sizes(owner, x)
        y = self._convolve(tf.cast(x, self.compute_dtype), tf.cast(self.kernel, self.compute_dtype))
        return y if self.bias is None else y + tf.cast(self.bias, self.compute_dtype)


class Conv2D(_Convolution):
    """Each output pixel is a weighted sum of a k x k window of the input; windows lie stride pixels apart.

    x [B, H, W, in] -> y [B, h, w, out], in compute_dtype;  h = H / stride (padding "SAME") or
    (H - k) / stride + 1 ("VALID"), which must come out even.
    y[j] = b + sum_a x[stride j + a - p] W[a];  kernel W [k, k, in, out], bias b [out], both float32.
    W from `initializer` (default: Glorot and Bengio 2010, eq. 12) by `seed`; b = 0.

    use_bias=False leaves b out. Do so before batch norm, which subtracts the mean and b with it.
    path: "native", "subpixel", "winograd" or "auto" (see `convolution.choose_path`): the same numbers but for
    rounding, which under winograd depends on the batch's size too; sooner or later.
    compute_dtype: float32, or bfloat16 for mixed precision: x, W and b are cast to it at each call.
    ValueError on sizes that are not positive or do not fit, an unknown padding, path or compute_dtype, and on a
    kernel of another shape or dtype out of `initializer`.
    """

    def _kernel_shape(self) -> list:
        return [self.kernel_size, self.kernel_size, self.in_channels, self.out_channels]

    def _check_sizes(self, owner, x):
        convolution.small_sizes(owner, x, self.kernel_size, self.stride, self.padding)

    def _convolve(self, x, kernel):
        return convolution.conv(x, kernel, self.stride, self.padding, self.path)


class Conv2DTranspose(_Convolution):
    """Each input pixel paints a weighted k x k patch; patches lie stride pixels apart and add up.

    x [B, h, w, in] -> y [B, H, W, out], in compute_dtype;  H = stride h (padding "SAME") or
    stride (h - 1) + k ("VALID").
    y[i] = b + sum of x[j] W[a] over stride j + a - p = i;  kernel W [k, k, out, in], bias b [out].
    The adjoint of the Conv2D of equal kernel; k a multiple of the stride paints every pixel equally
    often (Odena et al. 2016, "Deconvolution and checkerboard artifacts").

    Arguments and errors are those of `Conv2D`. W from `initializer` by `seed`; b = 0.
    """

    def _kernel_shape(self) -> list:
        return [self.kernel_size, self.kernel_size, self.out_channels, self.in_channels]

    def _check_sizes(self, owner, x):
        convolution.large_sizes(owner, x, self.kernel_size, self.stride, self.padding, name="x")

    def _convolve(self, x, kernel):
        return convolution.conv_transpose(x, kernel, self.stride, self.padding, self.path)


def _dtype(owner: str, compute_dtype) -> tf.DType:
    try:
        name = tf.as_dtype(compute_dtype).name
    except TypeError:
        name = compute_dtype
    return tf.as_dtype(checks.one_of(owner, "compute_dtype", name, COMPUTE_DTYPES))
