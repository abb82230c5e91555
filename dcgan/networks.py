"""The two networks of Radford et al. 2015, figure 1, for pictures of 32, 64 or 128 pixels.

At 64 pixels and width 64 (B pictures):

    generator                          discriminator
    z      [B, 100]                    x     [B, 64, 64, 3]
    paint  [B, 4, 4, 512]    BN, ReLU  look  [B, 32, 32, 64]       leaky ReLU
    paint  [B, 8, 8, 256]    BN, ReLU  look  [B, 16, 16, 128]  BN, leaky ReLU
    paint  [B, 16, 16, 128]  BN, ReLU  look  [B, 8, 8, 256]    BN, leaky ReLU
    paint  [B, 32, 32, 64]   BN, ReLU  look  [B, 4, 4, 512]    BN, leaky ReLU
    paint  [B, 64, 64, 3]    tanh      look  [B, 1]            logits

All kernels are 4 x 4 with stride 2, but for G's first and D's last, which turn 1 x 1 into 4 x 4
and back. A kernel that is a multiple of its stride paints every pixel equally often. There are no
biases, as in the lab: batch norm would subtract them, and the two layers without it do without.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable

import tensorflow as tf

from gan_core import checks
from gan_core.nn.activations import leaky_relu
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.conv import Conv2D, Conv2DTranspose
from gan_core.nn.initializers import normal
from gan_core.nn.sequential import Sequential
from gan_core.nn.shapes import Flatten, Reshape

STAGES = {32: 3, 64: 4, 128: 5}  # how often a 4 x 4 picture is doubled, of dcgan.config.SIZES


def generator(
    size: int = 64,
    width: int = 64,
    latent_dim: int = 100,
    *,
    seed: int,
    momentum: float = 0.9,
    epsilon: float = 1e-5,
    synchronised: bool = False,
    convolution: str = "auto",
    compute_dtype: str = "float32",
) -> Sequential:
    """G: noise [B, latent_dim] float32 to pictures [B, size, size, 3] float32 in (-1, 1).

    Kernels start as N(0, 0.02^2), batch norm's gamma as N(1, 0.02^2).

    Args:
        size: pixels of a side, 32, 64 or 128.
        width: channels before the last layer; they double with every halving of the picture.
        latent_dim: numbers of the noise.
        seed: of the weights.
        momentum: of batch norm's moving mean and variance.
        epsilon: that batch norm adds to the variance.
        synchronised: whether batch norm takes its statistics from all devices together.
        convolution: native, subpixel, winograd or auto (`gan_core.nn.conv`).
        compute_dtype: of the convolutions; batch norm and tanh are in float32.

    Returns:
        The network, called as generator(z, training=...).

    Raises:
        ValueError: if an argument is none of these, or a width or latent_dim is less than 1.
    """
    stages = _stages("generator", size, width)
    checks.integer("generator", "latent_dim", latent_dim, 1)
    paint = functools.partial(
        Conv2DTranspose,
        kernel_size=4,
        initializer=normal(0.02),
        use_bias=False,
        path=convolution,
        compute_dtype=compute_dtype,
    )
    channels = [width * 2**stage for stage in reversed(range(stages))]  # 512, 256, 128, 64
    first = paint(latent_dim, channels[0], seed=_seed(seed, 0), padding="VALID", name="paint_0")
    layers: list[Callable] = [Reshape([1, 1, latent_dim]), first]
    for i, (wide, narrow) in enumerate(itertools.pairwise([*channels, 3]), start=1):
        own_seed = _seed(seed, i)
        layers += [
            _batch_norm(wide, momentum, epsilon, synchronised, own_seed, i - 1),
            tf.nn.relu,
            paint(wide, narrow, seed=own_seed, stride=2, name=f"paint_{i}"),
        ]
    return Sequential([*layers, _float32, tf.tanh], name="generator")


def discriminator(
    size: int = 64,
    width: int = 64,
    *,
    seed: int,
    momentum: float = 0.9,
    epsilon: float = 1e-5,
    synchronised: bool = False,
    convolution: str = "auto",
    compute_dtype: str = "float32",
) -> Sequential:
    """D: pictures [B, size, size, 3] float32 to logits [B, 1] float32, above 0 for "real".

    Args:
        size: pixels of a side, 32, 64 or 128.
        width: channels after the first layer; they double with every halving of the picture.
        seed: of the weights; `generator` makes others of the same seed.
        momentum: as in `generator`.
        epsilon: as in `generator`.
        synchronised: as in `generator`.
        convolution: as in `generator`.
        compute_dtype: as in `generator`.

    Returns:
        The network, called as discriminator(x, training=...).

    Raises:
        ValueError: if an argument is none of these, or the width is less than 1.
    """
    stages = _stages("discriminator", size, width)
    look = functools.partial(
        Conv2D,
        kernel_size=4,
        initializer=normal(0.02),
        use_bias=False,
        path=convolution,
        compute_dtype=compute_dtype,
    )
    channels = [width * 2**stage for stage in range(stages)]  # 64, 128, 256, 512
    first = look(3, width, seed=_seed(seed, 100), stride=2, name="look_0")
    layers: list[Callable] = [first, leaky_relu(0.2)]
    for i, (narrow, wide) in enumerate(itertools.pairwise(channels), start=1):
        own_seed = _seed(seed, 100 + i)
        layers += [
            look(narrow, wide, seed=own_seed, stride=2, name=f"look_{i}"),
            _batch_norm(wide, momentum, epsilon, synchronised, own_seed, i),
            leaky_relu(0.2),
        ]
    last = look(channels[-1], 1, seed=_seed(seed, 199), padding="VALID", name=f"look_{stages}")
    return Sequential([*layers, last, Flatten(), _float32], name="discriminator")


def _stages(owner: str, size: int, width: int) -> int:
    """How often a picture of this size is halved down to 4 x 4, after both were checked."""
    checks.integer(owner, "width", width, 1)
    return STAGES[checks.one_of(owner, "size", size, STAGES)]


def _batch_norm(
    channels: int, momentum: float, epsilon: float, synchronised: bool, seed: int, i: int
) -> BatchNorm:
    return BatchNorm(
        channels,
        momentum=momentum,
        epsilon=epsilon,
        gamma_initializer=normal(0.02, mean=1.0),
        synchronised=synchronised,
        seed=seed,
        name=f"batch_norm_{i}",
    )


def _seed(seed: int, layer: int) -> int:
    """A number of its own for every layer: two layers of one shape must not start equal."""
    return 1000 * checks.integer("networks", "seed", seed, -(2**50), 2**50) + layer


def _float32(x: tf.Tensor) -> tf.Tensor:
    return tf.cast(x, tf.float32)
