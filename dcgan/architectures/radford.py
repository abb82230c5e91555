"""The two networks of Radford et al. 2015, figure 1.

At 64 pixels and width 64 (B pictures):

    generator                          discriminator
    z      [B, 100]                    x     [B, 64, 64, 3]
    up     [B, 4, 4, 512]    BN, ReLU  down  [B, 32, 32, 64]       leaky ReLU
    up     [B, 8, 8, 256]    BN, ReLU  down  [B, 16, 16, 128]  BN, leaky ReLU
    up     [B, 16, 16, 128]  BN, ReLU  down  [B, 8, 8, 256]    BN, leaky ReLU
    up     [B, 32, 32, 64]   BN, ReLU  down  [B, 4, 4, 512]    BN, leaky ReLU
    up     [B, 64, 64, 3]    tanh      down  [B, 1]            logits

"up" is a transposed convolution, "down" a convolution. All kernels are 4 x 4 with stride 2, except
G's first and D's last, which turn 1 x 1 into 4 x 4 (6 x 6 for pictures of 96 pixels) and back.
Since the kernel's size is a multiple of the stride, every pixel lies in equally many patches.
Kernels start as N(0, 0.02^2), batch norm's gamma as N(1, 0.02^2). There are no biases: batch norm
would subtract them, and the layers without batch norm have none either.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from dcgan.architectures.plan import Plan, as_float32, last_layers
from gan_core.nn.activations import leaky_relu
from gan_core.nn.conv import Conv2D, Conv2DTranspose
from gan_core.nn.initializers import normal
from gan_core.nn.sequential import Sequential
from gan_core.nn.shapes import Reshape

Layers = list[Callable]


def generator(plan: Plan) -> Sequential:
    """G: noise [B, latent_dim] float32 to pictures [B, size, size, C] float32 in (-1, 1)."""
    options = _options(plan)
    channels = [plan.width * 2**stage for stage in reversed(range(plan.stages))]
    first = Conv2DTranspose(
        plan.latent_dim,
        channels[0],
        plan.start,
        padding="VALID",
        seed=plan.layer_seed(0),
        name="paint_0",
        **options,
    )
    layers: Layers = [Reshape([1, 1, plan.latent_dim]), first]
    for i, (wide, narrow) in enumerate(itertools.pairwise([*channels, plan.channels]), start=1):
        layers += [
            plan.batch_norm(wide, i, f"batch_norm_{i - 1}"),
            tf.nn.relu,
            Conv2DTranspose(
                wide, narrow, 4, stride=2, seed=plan.layer_seed(i), name=f"paint_{i}", **options
            ),
        ]
    return Sequential([*layers, as_float32, tf.tanh], name="generator")


def features(plan: Plan) -> tuple[Layers, int]:
    """D up to its last layer: x [B, size, size, C] -> [B, start, start, k]; and k."""
    channels = [plan.width * 2**stage for stage in range(plan.stages)]
    options = _options(plan)
    first = Conv2D(
        plan.channels, plan.width, 4, stride=2, seed=plan.layer_seed(100), name="look_0", **options
    )
    layers: Layers = [first, leaky_relu(0.2)]
    for i, (narrow, wide) in enumerate(itertools.pairwise(channels), start=1):
        seed = plan.layer_seed(100 + i)
        layers += [
            Conv2D(narrow, wide, 4, stride=2, seed=seed, name=f"look_{i}", **options),
            plan.batch_norm(wide, 100 + i, f"batch_norm_{i}"),
            leaky_relu(0.2),
        ]
    variety = plan.variety()
    return [*layers, *variety], channels[-1] + len(variety)


def discriminator(plan: Plan) -> Sequential:
    """D: pictures [B, size, size, C] float32 to logits [B, 1] float32, above 0 for "real"."""
    layers, channels = features(plan)
    last = last_layers(plan, channels, f"look_{plan.stages}", **_options(plan))
    return Sequential([*layers, *last], name="discriminator")


def _options(plan: Plan) -> dict[str, Any]:
    return {"initializer": normal(0.02), "use_bias": False, **plan.convolving()}
