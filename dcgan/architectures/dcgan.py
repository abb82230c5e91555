"""The DCGAN for drawn faces: the shapes of Radford et al., with a few changes.

At 64 pixels and width 32 (B pictures):

    generator                              discriminator
    z     [B, 100]                         x     [B, 64, 64, 3]
    up    [B, 4, 4, 256]     BN, ReLU      down  [B, 32, 32, 32]    leaky ReLU
    up    [B, 8, 8, 128]     BN, ReLU      down  [B, 16, 16, 64]    leaky ReLU
    up    [B, 16, 16, 64]    BN, ReLU      down  [B, 8, 8, 128]     leaky ReLU
    up    [B, 32, 32, 32]    BN, ReLU      down  [B, 4, 4, 256]     leaky ReLU
    up    [B, 64, 64, 16]    BN, ReLU      down  [B, 1]             logits
    mix   [B, 64, 64, 3]     tanh

- The discriminator has no batch norm, but biases. So R1 penalises the slope of D at each sample
  separately; batch norm would mix the samples of a batch.
- The discriminator's kernels are initialised after He et al. 2015, so that signals keep their size
  without batch norm.
- The generator's last transposed convolution has 16 channels in place of three colours, and a 3 x 3
  convolution makes the colours. A transposed convolution of stride 2 computes even and odd pixels
  with different weights; the 3 x 3 layer smooths the pattern that this may leave.
- Optionally, fixed filters (`gan_core.nn.filters`) follow the transposed convolutions of stride 2,
  so that no checkerboard is left while they learn. Behind the last two stands `blur`; what the
  layers after it make can be sharp again. Behind the others stands `without_checkerboard`: `blur`
  behind all of them made learning slow.
- Optionally, a style computed from z scales and shifts the channels between each batch norm and its
  ReLU (`gan_core.nn.style`). So the feature maps alone need not carry what distant pixels share,
  such as the colour of hair.
- Optionally, minibatch standard deviation shows the discriminator how much the samples of a batch
  differ (Karras et al. 2018).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from dcgan.architectures.plan import Plan, as_float32, last_layers
from gan_core.nn import filters
from gan_core.nn.activations import leaky_relu
from gan_core.nn.conv import Conv2D, Conv2DTranspose
from gan_core.nn.initializers import he_normal, normal
from gan_core.nn.sequential import Sequential
from gan_core.nn.shapes import Reshape

BEFORE_COLOURS = 16  # channels of the last transposed convolution

Layers = list[Callable]


def generator(plan: Plan) -> Sequential:
    """G: noise [B, latent_dim] float32 to pictures [B, size, size, C] float32 in (-1, 1)."""
    options: dict[str, Any] = {"initializer": normal(0.02), **plan.convolving()}
    channels = [plan.width * 2**stage for stage in reversed(range(plan.stages))]
    first = Conv2DTranspose(
        plan.latent_dim,
        channels[0],
        plan.start,
        padding="VALID",
        use_bias=False,
        seed=plan.layer_seed(0),
        name="up_0",
        **options,
    )
    layers: Layers = [Reshape([1, 1, plan.latent_dim]), first]
    for i, (wide, narrow) in enumerate(itertools.pairwise([*channels, BEFORE_COLOURS]), start=1):
        layers += [
            plan.batch_norm(wide, i, f"batch_norm_{i - 1}"),
            *plan.modulation(wide, i, f"modulation_{i - 1}"),
            tf.nn.relu,
            Conv2DTranspose(
                wide,
                narrow,
                4,
                stride=2,
                use_bias=False,
                seed=plan.layer_seed(i),
                name=f"up_{i}",
                **options,
            ),
            *_filters(plan, is_large=i >= plan.stages - 1),
        ]
    layers += [
        plan.batch_norm(BEFORE_COLOURS, 50, f"batch_norm_{plan.stages}"),
        *plan.modulation(BEFORE_COLOURS, 50, f"modulation_{plan.stages}"),
        tf.nn.relu,
        Conv2D(BEFORE_COLOURS, plan.channels, 3, seed=plan.layer_seed(51), name="mix", **options),
    ]
    return plan.generator([*layers, as_float32, tf.tanh])


def _filters(plan: Plan, is_large: bool) -> Layers:
    """What follows a transposed convolution of stride 2."""
    if not plan.filtered:
        return []
    return [filters.blur if is_large else filters.without_checkerboard]


def features(plan: Plan) -> tuple[Layers, int]:
    """D up to its last layer: x [B, size, size, C] -> [B, start, start, k]; and k."""
    channels = [plan.channels, *(plan.width * 2**stage for stage in range(plan.stages))]
    layers: Layers = []
    for i, (narrow, wide) in enumerate(itertools.pairwise(channels)):
        seed = plan.layer_seed(100 + i)
        layers += [
            Conv2D(narrow, wide, 4, stride=2, seed=seed, name=f"down_{i}", **_options(plan)),
            leaky_relu(0.2),
        ]
    variety = plan.variety()
    return [*layers, *variety], channels[-1] + len(variety)


def discriminator(plan: Plan) -> Sequential:
    """D: pictures [B, size, size, C] float32 to logits [B, 1] float32, above 0 for "real"."""
    layers, channels = features(plan)
    last = last_layers(plan, channels, f"down_{plan.stages}", **_options(plan))
    return Sequential([*layers, *last], name="discriminator")


def _options(plan: Plan) -> dict[str, Any]:
    return {"initializer": he_normal, **plan.convolving()}
