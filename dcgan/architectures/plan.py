"""The options of a pair of networks, and the parts that all pairs share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from gan_core import checks
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.conv import Conv2D
from gan_core.nn.initializers import normal
from gan_core.nn.minibatch_std import MinibatchStd
from gan_core.nn.sequential import Sequential
from gan_core.nn.shapes import Flatten
from gan_core.nn.style import Modulation, Styled, style_mapping

STYLE_SIZE = 64  # how many numbers a style has
STYLE = 600  # the layer seed of the network that computes it; 601 and so on: of the modulations

STAGES = {32: 3, 64: 4, 96: 4, 128: 5}
"""Pixels of a picture, of dcgan.config.SIZES -> how often its start is doubled."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """The options of all networks.

    Attributes:
        size: height and width of a picture in pixels, one of `STAGES`.
        width: channels at full picture size; they double with every halving of the picture.
        latent_dim: how many numbers z has.
        seed: the seed of the weights; G and D of the same seed start with different weights.
        momentum: the momentum of batch norm's moving mean and variance.
        epsilon: the number that batch norm adds to the variance.
        synchronised: whether batch norm uses the statistics of all devices together.
        convolution: native, subpixel, winograd or auto (`gan_core.nn.conv`).
        compute_dtype: of the convolutions, float32 or bfloat16; batch norm and tanh use float32.
        minibatch_std: whether D has a layer that shows it how much the samples of a batch differ
            (`gan_core.nn.minibatch_std`).
        channels: how many numbers a pixel has: 3 for colours, 1 for grey.
        filtered: whether fixed filters follow the transposed convolutions of G
            (`gan_core.nn.filters`); only the network dcgan knows them.
        styled: whether a style, computed from z, scales and shifts the channels behind each batch
            norm of G (`gan_core.nn.style`); only the network dcgan knows it.

    Raises:
        ValueError: if size, width, latent_dim, seed or channels is out of range.
    """

    size: int = 64
    width: int = 64
    latent_dim: int = 100
    _: dataclasses.KW_ONLY
    seed: int
    momentum: float = 0.9
    epsilon: float = 1e-5
    synchronised: bool = False
    convolution: str = "auto"
    compute_dtype: str = "float32"
    minibatch_std: bool = False
    channels: int = 3
    filtered: bool = False
    styled: bool = False

    def __post_init__(self) -> None:
        checks.one_of("networks", "size", self.size, STAGES)
        checks.integer("networks", "width", self.width, 1)
        checks.integer("networks", "latent_dim", self.latent_dim, 1)
        checks.integer("networks", "seed", self.seed, -(2**50), 2**50)
        checks.boolean("networks", "minibatch_std", self.minibatch_std)
        checks.one_of("networks", "channels", self.channels, (1, 3))
        checks.boolean("networks", "filtered", self.filtered)
        checks.boolean("networks", "styled", self.styled)

    @property
    def stages(self) -> int:
        """How many times the smallest picture is doubled."""
        return STAGES[self.size]

    @property
    def start(self) -> int:
        """Height and width of the smallest picture: 4, or 6 for a picture of 96 pixels."""
        return self.size // 2**self.stages

    def layer_seed(self, layer: int) -> int:
        """The seed of a layer of this pair."""
        return layer_seed(self.seed, layer)

    def convolving(self) -> dict[str, Any]:
        """The keyword arguments of every convolution."""
        return {"path": self.convolution, "compute_dtype": self.compute_dtype}

    def batch_norm(self, channels: int, layer: int, name: str) -> BatchNorm:
        """Batch norm whose gamma starts as N(1, 0.02^2)."""
        return BatchNorm(
            channels,
            momentum=self.momentum,
            epsilon=self.epsilon,
            gamma_initializer=normal(0.02, mean=1.0),
            synchronised=self.synchronised,
            seed=self.layer_seed(layer),
            name=name,
        )

    def modulation(self, channels: int, layer: int, name: str) -> list[Modulation]:
        """What lets a style change the channels behind a batch norm, if the plan is styled."""
        if not self.styled:
            return []
        seed = self.layer_seed(STYLE + layer)
        return [Modulation(channels, STYLE_SIZE, seed=seed, name=name)]

    def generator(self, layers: list[Callable]) -> Sequential:
        """The network of these layers, which are given a style if the plan is styled."""
        if not self.styled:
            return Sequential(layers, name="generator")
        mapping = style_mapping(self.latent_dim, STYLE_SIZE, seed=self.layer_seed(STYLE))
        return Styled(mapping, layers, name="generator")

    def variety(self) -> list[MinibatchStd]:
        """The layer before D's last layer that measures how much samples differ, if wanted."""
        return [MinibatchStd()] if self.minibatch_std else []


def layer_seed(seed: int, layer: int) -> int:
    """A number of its own for every layer: two layers of one shape must not start equal.

    Args:
        seed: of the whole network.
        layer: the layer's number, below 1000.
    """
    return 1000 * seed + layer


def last_layers(plan: Plan, channels: int, name: str, **options: Any) -> list[Callable]:
    """The end of a discriminator: features [B, start, start, channels] -> logits [B, 1] float32.

    Args:
        plan: the pair's options.
        channels: of the features.
        name: of the convolution, whose kernel is as large as the features.
        options: what else it is told.
    """
    whole = Conv2D(
        channels,
        1,
        plan.start,
        padding="VALID",
        seed=plan.layer_seed(199),
        name=name,
        **options,
    )
    return [whole, Flatten(), as_float32]


def as_float32(x: tf.Tensor) -> tf.Tensor:
    """x in float32."""
    return tf.cast(x, tf.float32)
