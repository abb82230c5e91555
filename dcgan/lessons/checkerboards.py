"""How evenly transposed convolutions of stride 2 paint: by counting, and in the pictures of untrained generators.

Odena et al. 2016, "Deconvolution and checkerboard artifacts": where the stride does not divide the
kernel, patches overlap unevenly, and one stage multiplies the pattern of the one before.
"""

import numpy as np
import tensorflow as tf

from gan_core import rng
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.conv import Conv2DTranspose
from gan_core.nn.kernels.convolution import conv_transpose
from gan_core.nn.sequential import Sequential


def times_painted(kernel_size: int) -> np.ndarray:
    """float32 [8, 8] from the middle of a larger picture: how many pixels before paint each pixel."""
    w = tf.ones([kernel_size, kernel_size, 1, 1])
    return conv_transpose(tf.ones([1, 12, 12, 1]), w, 2)[0, 8:16, 8:16, 0].numpy()


def untrained_pictures(kernel_size: int, seed: int, colours: int = 16) -> np.ndarray:
    """float32 [8, 64, 64, colours]: 8 x 8 noise through three stages, batch norm and ReLU between them."""
    layers = []
    for i in range(3):
        layers += [BatchNorm(colours), tf.nn.relu] if i else []
        layers.append(
            Conv2DTranspose(
                colours, colours, kernel_size, seed=10 * seed + i, stride=2, use_bias=False
            )
        )
    return Sequential(layers)(
        rng.normal([8, 8, 8, colours], rng.seed(seed, "noise")), training=True
    ).numpy()


def mean_squares(kernel_size: int, seed: int, draws: int) -> np.ndarray:
    """float32 [48, 48], mean 1: the mean square of each pixel over the pictures and colours of `draws` generators.

    Without a rim of 8 pixels, which fewer patches reach.
    """
    squares = [
        np.mean(np.square(untrained_pictures(kernel_size, seed + draw)), axis=(0, 3))
        for draw in range(draws)
    ]
    middle = np.mean(squares, axis=0)[8:56, 8:56]
    return middle / middle.mean()


def by_parity(pixels) -> np.ndarray:
    """[n, n] -> [2, 2]: the means over even and odd rows, and even and odd columns."""
    return np.array([[np.mean(pixels[i::2, j::2]) for j in (0, 1)] for i in (0, 1)])
