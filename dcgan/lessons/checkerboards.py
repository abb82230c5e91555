"""How evenly transposed convolutions of stride 2 fill a picture: measured on untrained networks.

Odena et al. 2016, "Deconvolution and checkerboard artifacts": where the stride does not divide the
kernel, patches overlap unevenly, and one stage multiplies the pattern of the one before.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from gan_core import rng
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.conv import Conv2DTranspose
from gan_core.nn.sequential import Sequential


def untrained_pictures(kernel_size: int, seed: int, colours: int = 16) -> np.ndarray:
    """8 x 8 noise through three stages, with batch norm and ReLU between them.

    Returns:
        float32 [8, 64, 64, colours].
    """
    layers = []
    for i in range(3):
        if i > 0:
            layers += [BatchNorm(colours), tf.nn.relu]
        own_seed = 10 * seed + i
        options = {"seed": own_seed, "stride": 2, "use_bias": False}
        layers.append(Conv2DTranspose(colours, colours, kernel_size, **options))
    noise = rng.normal([8, 8, 8, colours], rng.seed(seed, "noise"))
    return Sequential(layers)(noise, training=True).numpy()


def mean_squares(kernel_size: int, seed: int, draws: int) -> np.ndarray:
    """The mean square of each pixel over the pictures and colours of `draws` generators.

    Returns:
        float32 [48, 48], mean 1, without a rim of 8 pixels, which fewer patches reach.
    """
    squares = []
    for draw in range(draws):
        pictures = untrained_pictures(kernel_size, seed + draw)
        squares.append(np.mean(np.square(pictures), axis=(0, 3)))
    middle = np.mean(squares, axis=0)[8:56, 8:56]
    return middle / middle.mean()


def by_parity(pixels: np.ndarray) -> np.ndarray:
    """[n, n] -> [2, 2]: the means over even and odd rows, and even and odd columns."""
    means = np.zeros([2, 2])
    for i in (0, 1):
        for j in (0, 1):
            means[i, j] = np.mean(pixels[i::2, j::2])
    return means
