"""Residual networks without normalisation: the line from StyleGAN2 to R3GAN, for two CPU cores.

After R3GAN (Huang et al. 2024, "The GAN is dead; long live the GAN! A modern GAN baseline"), cut
down. At 64 pixels and width 16 (B pictures):

    generator                              discriminator
    z      [B, 100]                        x      [B, 64, 64, 3]
    start  [B, 4, 4, 128]    block         mix    [B, 64, 64, 16]    block
    grow   [B, 8, 8, 128]    block         halve  [B, 32, 32, 32]    block
    grow   [B, 16, 16, 64]   block         halve  [B, 16, 16, 64]    block
    grow   [B, 32, 32, 32]   block         halve  [B, 8, 8, 128]     block
    grow   [B, 64, 64, 16]   block         halve  [B, 4, 4, 128]     block
    mix    [B, 64, 64, 3]    tanh          head   [B, 1]             logits

- A **block** is x + f(x), where f is a bottleneck: 1 x 1 to half of the channels, 3 x 3, 1 x 1
  back, with leaky ReLU between. With twice the channels a 3 x 3 layer needs four times the work.
- **No normalisation.** Kernels are initialised so that signals keep their size (He et al. 2015),
  divided by a root of the number of blocks, and the last kernel of each f starts at 0 (Zhang et al.
  2019, "Fixup initialization"). So at the start every block is the identity.
- **Resampling** is that of `gan_core.nn.resampling`, with a low-pass filter. A 1 x 1 layer changes
  the number of channels at the smaller size.
- The recipe has the relativistic loss, R1 and R2, and Adam without momentum (dcgan.config.RECIPES).

By the distance of pixels it is far behind the DCGANs after half a minute on small drawn faces
(chapter 12). Its G with the D of the network dcgan has the lowest Fréchet distance on real faces
(`dcgan.architectures.residual`).

R3GAN's 3 x 3 layers are grouped and its bottlenecks inverted; TensorFlow computes neither fast on a
CPU.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from dcgan.architectures.plan import Plan, as_float32, last_layers
from gan_core.nn.activations import leaky_relu
from gan_core.nn.conv import Conv2D
from gan_core.nn.dense import Dense
from gan_core.nn.initializers import fan_in_normal, zeros
from gan_core.nn.resampling import downsample, upsample
from gan_core.nn.sequential import Sequential
from gan_core.nn.shapes import Reshape

MOST = 8  # the largest number of channels, as a multiple of the width
LEAK = 0.2
GAIN = (2.0 / (1.0 + LEAK**2)) ** 0.5  # keeps the mean square through a leaky ReLU
BEFORE_TANH = 0.5  # sd of the first pictures before tanh, which is nearly linear there

Layers = list[Callable]


class Block(tf.Module):
    """x + f(x), f = 1 x 1, leaky ReLU, 3 x 3, leaky ReLU, 1 x 1, which starts as 0.

    Args:
        channels: the channels of x and of the output; f has half of them inside.
        scale: the factor of the first kernels of f, below 1 if there are many blocks.
        seed: the seed of the kernels.
        options: keyword arguments for every convolution.
        name: the module's name.
    """

    def __init__(
        self, channels: int, scale: float, seed: int, options: dict[str, Any], name: str
    ) -> None:
        super().__init__(name=name)
        inside = max(1, channels // 2)
        first = fan_in_normal(scale)
        second = fan_in_normal(GAIN * scale)
        self.narrow = Conv2D(
            channels, inside, 1, seed=seed, initializer=first, name=f"{name}_narrow", **options
        )
        self.mix = Conv2D(
            inside, inside, 3, seed=seed + 1, initializer=second, name=f"{name}_mix", **options
        )
        self.widen = Conv2D(
            inside,
            channels,
            1,
            seed=seed + 2,
            initializer=zeros,
            use_bias=False,
            name=f"{name}_widen",
            **options,
        )

    @property
    def inside(self) -> Layers:
        """The layers of f, in their order."""
        return [self.narrow, leaky_relu(LEAK), self.mix, leaky_relu(LEAK), self.widen]

    def __call__(self, x: tf.Tensor, *, training: bool = False) -> tf.Tensor:
        """[B, H, W, channels] -> the same, in the convolutions' dtype."""
        change = x
        for layer in self.inside:
            change = layer(change)
        return tf.cast(x, change.dtype) + change


def generator(
    plan: Plan, colour_kernel: int = 1, after_tanh: Sequence[Callable] = ()
) -> Sequential:
    """G: noise [B, latent_dim] float32 to pictures [B, size, size, C] float32 in (-1, 1).

    Args:
        plan: the options of the networks.
        colour_kernel: height and width of the kernel of the last layer, which makes the colours.
        after_tanh: layers behind tanh, such as `gan_core.nn.colour.coarse_colour`.
    """
    channels = _channels(plan)[::-1]
    scale = _scale(plan)
    pixels = plan.start**2
    start = Dense(
        plan.latent_dim,
        pixels * channels[0],
        initializer=fan_in_normal(1.0),
        compute_dtype=plan.compute_dtype,
        seed=plan.layer_seed(0),
        name="start",
    )
    layers: Layers = [start, Reshape([plan.start, plan.start, channels[0]])]
    layers += _block(plan, channels[0], scale, 0)
    for i, (wide, narrow) in enumerate(itertools.pairwise(channels), start=1):
        layers += [*_transition(plan, wide, narrow, i), upsample, *_block(plan, narrow, scale, i)]
    last = Conv2D(
        channels[-1],
        plan.channels,
        colour_kernel,
        seed=plan.layer_seed(99),
        initializer=fan_in_normal(BEFORE_TANH),
        name="mix",
        **plan.convolving(),
    )
    return Sequential([*layers, last, as_float32, tf.tanh, *after_tanh], name="generator")


def features(plan: Plan) -> tuple[Layers, int]:
    """D up to its last layer: x [B, size, size, C] -> [B, start, start, k]; and k."""
    channels = _channels(plan)
    scale = _scale(plan)
    first = Conv2D(
        plan.channels,
        channels[0],
        1,
        seed=plan.layer_seed(100),
        initializer=fan_in_normal(1.0),
        name="mix",
        **plan.convolving(),
    )
    layers: Layers = [first, *_block(plan, channels[0], scale, 100)]
    for i, (narrow, wide) in enumerate(itertools.pairwise(channels), start=101):
        layers += [downsample, *_transition(plan, narrow, wide, i), *_block(plan, wide, scale, i)]
    variety = plan.variety()
    return [*layers, *variety], channels[-1] + len(variety)


def discriminator(plan: Plan) -> Sequential:
    """D: pictures [B, size, size, C] float32 to logits [B, 1] float32, above 0 for "real"."""
    layers, channels = features(plan)
    options = {"initializer": fan_in_normal(1.0), **plan.convolving()}
    head = last_layers(plan, channels, "head", **options)
    return Sequential([*layers, leaky_relu(LEAK), *head], name="discriminator")


def _channels(plan: Plan) -> list[int]:
    """From the largest picture to the smallest: width, 2 width, 4 width, 8 width, 8 width."""
    return [plan.width * min(MOST, 2**stage) for stage in range(plan.stages + 1)]


def _scale(plan: Plan) -> float:
    """Fixup's L^(-1 / (2 m - 2)), with L blocks of m = 3 layers."""
    return (plan.stages + 1) ** (-1.0 / 4.0)


def _first_seed(plan: Plan, stage: int) -> int:
    """The seed of a stage's first layer. The stages of D are numbered from 100 on."""
    is_of_g = stage < 100
    return plan.layer_seed(10 * stage if is_of_g else 200 + 10 * (stage - 100))


def _block(plan: Plan, channels: int, scale: float, stage: int) -> Layers:
    seed = _first_seed(plan, stage) + 1
    return [Block(channels, scale, seed, plan.convolving(), f"block_{stage % 100}")]


def _transition(plan: Plan, before: int, after: int, stage: int) -> Layers:
    """A 1 x 1 layer, where the number of channels changes."""
    if before == after:
        return []
    return [
        Conv2D(
            before,
            after,
            1,
            use_bias=False,
            seed=_first_seed(plan, stage),
            initializer=fan_in_normal(1.0),
            name=f"channels_{stage % 100}",
            **plan.convolving(),
        )
    ]
