"""Solutions of chapter 8: convolutions and batch norm."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from dcgan import ch08_convolutions as chapter
from dcgan.lessons import layer_table, norm_trials, one_row
from gan_core import rng
from gan_core.nn.activations import leaky_relu
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.conv import Conv2D
from gan_core.nn.kernels import convolution
from gan_core.nn.sequential import Sequential
from gan_core.nn.shapes import Flatten


def exercise_1():
    """The kernel sees (0, 1, 2, 0) and (2, 0, 1, 0), so the convolution is (0 + 0 + 4 + 0,
    2 + 0 + 2 + 0) = (4, 4).
    Of (1, 3), the first pixel adds (0, 2, 1, 0) (the kernel without its first number, which falls
    on the padding), the second adds 3 times the kernel from pixel 1 on, (0, 3, 0, 6). The sum is
    (0, 5, 1, 6). Both sides of equation (8.4): 4 + 12 = 16, and 0 + 10 + 0 + 6 = 16.

    Returns:
        The convolution, the transposed convolution, and both inner products, by the library.
    """
    x = np.array([1.0, 2.0, 0.0, 1.0])
    y = np.array([1.0, 3.0])
    kernel = (1.0, 0.0, 2.0, 1.0)
    forward = one_row.apply(convolution.conv, kernel, x)
    back = one_row.apply(convolution.conv_transpose, kernel, y)
    return forward, back, float(forward @ y), float(x @ back)


def exercise_2() -> dict[int, float]:
    """A layer of kernel 5 has one zero before and two behind. So its windows lie half a pixel to
    the right of the pixels that they replace, and four layers add 0.5 (1 + 2 + 4 + 8) = 7.5 pixels.
    If k - s is even, as with kernel 4, the padding is the same on both sides, and nothing moves.

    Returns:
        {kernel size: middle of the field less middle of the pixels}.
    """
    found = {}
    for k in (4, 5):
        layers = [Conv2D(1, 1, k, seed=0, stride=2) for _ in range(4)]
        last = layer_table.measure(Sequential(layers), tf.zeros([1, 64, 64, 1]))[-1]
        first_seen, last_seen = last.sees(1)
        middle_of_field = (first_seen + last_seen) / 2
        middle_of_pixels = 1.5 * last.distance - 0.5
        found[k] = middle_of_field - middle_of_pixels
    return found


def exercise_3() -> tuple[float, float, float]:
    """Doubling is a transposed convolution with a 2 x 2 block of ones. So doubling and convolving
    is a transposed convolution whose kernel is that block convolved with the 3 x 3 one. Its four
    classes of weights (a pixel meets one class) have equal sums: a constant y stays constant. A
    free 4 x 4 kernel has four different sums, and makes a checkerboard of a constant. The two ways
    agree within 1e-6. What the composed kernel makes of a constant has an unevenness of 1e-7. What
    a random 4 x 4 kernel makes of it has 1.75: an sd larger than the mean.

    Returns:
        The largest difference between the two ways; the unevenness (sd over mean) of an enlarged
        constant by this kernel, and by a free one.
    """
    y = rng.normal([1, 6, 6, 1], rng.seed(0, "y"))
    w = rng.normal([3, 3, 1, 1], rng.seed(0, "w"))
    free = rng.normal([4, 4, 1, 1], rng.seed(0, "free"))
    doubled = convolution.conv(tf.repeat(tf.repeat(y, 2, axis=1), 2, axis=2), w)
    # A convolution reads w turned round, compared with a transposed one.
    turned = tf.reverse(tf.reshape(w, [1, 3, 3, 1]), [1, 2])
    block = convolution.conv_transpose(turned, tf.ones([2, 2, 1, 1]), 1, "VALID")
    block = tf.reshape(block, [4, 4, 1, 1])
    difference = np.abs(convolution.conv_transpose(y, block, 2) - doubled).max()
    return float(difference), unevenness(block), unevenness(free)


def unevenness(kernel: tf.Tensor) -> float:
    """The sd over the mean of an enlarged constant, away from the edges."""
    constant = tf.ones([1, 6, 6, 1])
    inside = convolution.conv_transpose(constant, kernel, 2)[0, 2:-2, 2:-2, 0].numpy()
    return float(inside.std() / np.abs(inside.mean()))


def exercise_4() -> tuple[list, list]:
    """Nothing is left: x - mean is 0, so each number becomes beta, and D says the same about every
    collapsed batch. Differences between the pixels of a picture do survive. So do, at inference,
    differences between batches, because the moving averages are the same for all.

    Returns:
        The outputs for two batches of eight equal numbers, in training and in inference.
    """
    layer = BatchNorm(1)
    batches = [tf.fill([8, 1], 3.0), tf.fill([8, 1], -5.0)]
    in_training = [layer(x, training=True).numpy() for x in batches]
    at_inference = [layer(x).numpy() for x in batches]
    return in_training, at_inference


def exercise_5(error: float = 0.2, seed: int = 0) -> tuple[float, float]:
    """With the error e, e^2 = (1 - m) / (1 + m). Multiplied out, e^2 + e^2 m = 1 - m, so
    m = (1 - e^2) / (1 + e^2), which is 0.923 for e = 1/5. With it the measured error is 0.194,
    0.196 and 0.206 (seeds 0, 1 and 2).

    Args:
        error: the error of the moving mean, divided by that of one batch.
        seed: the seed of the batches.

    Returns:
        m, and the error that is measured with it.
    """
    momentum = (1.0 - error**2) / (1.0 + error**2)
    return momentum, norm_trials.moving_error(momentum, seed)


class InstanceNorm(tf.Module):
    """Normalises each channel of each picture over its own pixels."""

    def __init__(self, channels: int, epsilon: float = 1e-5):
        super().__init__()
        self.gamma = tf.Variable(tf.ones([channels]))
        self.beta = tf.Variable(tf.zeros([channels]))
        self.epsilon = epsilon

    def __call__(self, x: tf.Tensor, *, training: bool = False) -> tf.Tensor:
        """The same in training and at inference: there are no moving averages."""
        mean, variance = tf.nn.moments(x, axes=[1, 2], keepdims=True)
        return self.gamma * (x - mean) * tf.math.rsqrt(variance + self.epsilon) + self.beta


def exercise_6(seed: int = 0) -> dict[str, float]:
    """Mean and variance are those of one picture, so its logit cannot depend on another. The price:
    the contrast of a picture's channels is hidden from the layers behind. Measured in a random D
    with 8 pictures, the share on other pictures is 0.3 to 0.4 % with batch norm (seeds 0, 1 and 2),
    and exactly 0 with instance norm.

    Args:
        seed: the seed of the kernels and pictures.

    Returns:
        {norm: share of a logit's squared gradient on other pictures}.
    """
    x = rng.normal([8, 32, 32, 3], rng.seed(seed, "pictures"))
    found = {}
    for name, norm in (("batch norm", BatchNorm), ("instance norm", InstanceNorm)):
        layers = [
            Conv2D(3, 8, 4, seed=1, stride=2),
            leaky_relu(0.2),
            Conv2D(8, 16, 4, seed=2, stride=2),
            norm(16),
            leaky_relu(0.2),
            Conv2D(16, 1, 8, seed=3, padding="VALID"),
            Flatten(),
        ]
        found[name] = chapter.share_on_others(Sequential(layers), x)
    return found
