"""Convolution layers: kernel, bias, and a call.

The mathematics is in `gan_core.nn.kernels.convolution`.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from gan_core import checks, rng
from gan_core.nn.dense import checked_compute_dtype
from gan_core.nn.initializers import Initializer, glorot_normal
from gan_core.nn.kernels import convolution


class _Convolution(tf.Module):
    """The arguments, variables and casts that both layers share."""

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
        initializer: Initializer = glorot_normal,
        path: str = "auto",
        compute_dtype: Any = tf.float32,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        owner = type(self).__name__
        self.in_channels = checks.integer(owner, "in_channels", in_channels, 1)
        self.out_channels = checks.integer(owner, "out_channels", out_channels, 1)
        checks.one_of(owner, "path", path, ("auto", *convolution.PATHS))
        self.compute_dtype = checked_compute_dtype(owner, compute_dtype)
        self.path = convolution.choose_path(path, self.compute_dtype)
        convolution.check_arguments(owner, kernel_size, stride, padding, self.path)
        self.kernel_size = kernel_size
        self.stride = stride
        self.padding = padding

        seed = checks.seed(owner, seed)
        kernel = checks.tensor(
            owner,
            "what initializer gives",
            initializer(self._kernel_shape(), rng.seed(seed, f"{owner} kernel")),
            self._kernel_shape(),
        )
        self.kernel = tf.Variable(kernel, name=f"{self.name}/kernel")
        self.bias = None
        if checks.boolean(owner, "use_bias", use_bias):
            self.bias = tf.Variable(tf.zeros([out_channels]), name=f"{self.name}/bias")

    def __call__(self, x: tf.Tensor, *, training: bool = False) -> tf.Tensor:
        """Convolve a batch of images.

        Args:
            x: [B, height, width, in_channels] of a floating dtype; B at least 1.
            training: makes no difference.

        Returns:
            [B, height, width, out_channels] in compute_dtype.
        """
        owner = type(self).__name__
        x = tf.convert_to_tensor(x)
        if not x.dtype.is_floating:
            checks.fail(owner, "x", "of a floating dtype", x.dtype.name)
        checks.same_shape(owner, "x", x, ("batch", "height", "width", self.in_channels))
        convolution.check_batch(owner, "x", x)
        self._check_sizes(owner, x)
        y = self._convolve(tf.cast(x, self.compute_dtype), tf.cast(self.kernel, self.compute_dtype))
        if self.bias is not None:
            y = y + tf.cast(self.bias, self.compute_dtype)
        return y

    def _kernel_shape(self) -> list[int]:
        raise NotImplementedError

    def _check_sizes(self, owner: str, x: tf.Tensor) -> None:
        raise NotImplementedError

    def _convolve(self, x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        raise NotImplementedError


class Conv2D(_Convolution):
    """Each output pixel is a weighted sum of a k x k window of the input.

    Windows lie stride pixels apart. x [B, H, W, in] -> y [B, h, w, out], in compute_dtype;
    h = H / stride (padding "SAME") or (H - k) / stride + 1 ("VALID"), which must be a whole number.
    y[j] = b + sum_a x[stride j + a - p] W[a];  kernel W [k, k, in, out], bias b [out], both
    float32. (Glorot and Bengio 2010, eq. 12, for the default initializer; b starts at 0.)

    Args:
        in_channels: the channels of x.
        out_channels: the channels of y.
        kernel_size: k, in pixels.
        seed: an int for the initializer; two layers of the same shape and seed would start equal.
        stride: how many pixels apart the windows lie, at most k.
        padding: "SAME" or "VALID".
        use_bias: whether the layer has b. Leave it out before batch norm, which subtracts the mean
            and b with it.
        initializer: draws W.
        path: "native", "subpixel", "winograd" or "auto" (see `convolution.choose_path`). The paths
            differ in speed and, by rounding, in the last digits; under winograd the rounding
            depends on the batch size too.
        compute_dtype: float32, or bfloat16 for mixed precision: x, W and b are cast to it at each
            call.
        name: the module's name.

    Raises:
        ValueError: if a size is not positive or does not fit, the batch is empty, the padding, path
            or compute_dtype is unknown, or initializer returns another shape or dtype.

    Example:
        >>> Conv2D(3, 8, 4, stride=2, seed=0)(tf.zeros([1, 16, 16, 3])).shape
        TensorShape([1, 8, 8, 8])
    """

    def _kernel_shape(self) -> list[int]:
        return [self.kernel_size, self.kernel_size, self.in_channels, self.out_channels]

    def _check_sizes(self, owner: str, x: tf.Tensor) -> None:
        convolution.small_sizes(owner, x, self.kernel_size, self.stride, self.padding)

    def _convolve(self, x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        return convolution.conv(x, kernel, self.stride, self.padding, self.path)


class Conv2DTranspose(_Convolution):
    """Each input pixel adds a weighted k x k patch to the output: the adjoint of `Conv2D`.

    Patches lie stride pixels apart. x [B, h, w, in] -> y [B, H, W, out], in compute_dtype;
    H = stride h (padding "SAME") or stride (h - 1) + k ("VALID").
    y[i] = b + the sum of x[j] W[a] over all j and a with stride j + a - p = i;
    kernel W [k, k, out, in], bias b [out].
    If k is a multiple of the stride, every pixel lies in equally many patches; otherwise the output
    tends to a checkerboard (Odena et al. 2016, "Deconvolution and checkerboard artifacts").

    Args:
        in_channels: the channels of x.
        out_channels: the channels of y.
        kernel_size: k, in pixels.
        seed: an int for the initializer; two layers of the same shape and seed would start equal.
        stride: how many pixels apart the patches lie, at most k.
        padding: "SAME" or "VALID".
        use_bias: whether the layer has b.
        initializer: draws W.
        path: as for `Conv2D`.
        compute_dtype: as for `Conv2D`.
        name: the module's name.

    Raises:
        ValueError: as `Conv2D` does.

    Example:
        >>> Conv2DTranspose(8, 3, 4, stride=2, seed=0)(tf.zeros([1, 8, 8, 8])).shape
        TensorShape([1, 16, 16, 3])
    """

    def _kernel_shape(self) -> list[int]:
        return [self.kernel_size, self.kernel_size, self.out_channels, self.in_channels]

    def _check_sizes(self, owner: str, x: tf.Tensor) -> None:
        convolution.large_sizes(owner, x, self.kernel_size, self.stride, self.padding, name="x")

    def _convolve(self, x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
        return convolution.conv_transpose(x, kernel, self.stride, self.padding, self.path)
