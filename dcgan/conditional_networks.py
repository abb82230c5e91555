"""Conditional networks: any of the pairs of `dcgan.networks`, changed in three places.

- The label's embedding is appended to the generator's z (Mirza and Osindero 2014).
- If the generator has batch norm, its scale and shift depend on the label (de Vries et al. 2017).
  The modern generator has none, and gets the label only as part of its input.
- The discriminator's logit gets the inner product of its last features with the label's embedding
  (projection, Miyato and Koyama 2018).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from dcgan import networks
from dcgan.architectures.plan import Plan
from gan_core import checks
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.conditional import ConditionalBatchNorm, ProjectionHead, WithEmbedding
from gan_core.nn.initializers import Initializer, normal
from gan_core.nn.sequential import Sequential
from gan_core.nn.style import Styled

LABEL_SIZE = 32  # how many numbers the label adds to z
LABEL_SHARE = 1 / 16  # the sum of their variances at the start, divided by that of z's numbers
LAYER = 500  # the first layer seed of the layers for labels


def make(
    counts: Sequence[int],
    network: str = "dcgan",
    *,
    label_share: float = LABEL_SHARE,
    g_width: int | None = None,
    **options: Any,
) -> tuple[Sequential, Sequential]:
    """Make both networks.

    Args:
        counts: how many values each factor of the labels has.
        network: one of `dcgan.networks.BY_NAME`.
        label_share: the sum of the variances of the label's numbers at the start, divided by that
            of z's numbers; above 0.
        g_width: as for `dcgan.networks.make`.
        options: the options of `Plan`.

    Returns:
        G, called as generator(z, labels, training=...), and D, called as discriminator(x, labels,
        training=...); labels are [B, f] whole numbers.

    Raises:
        ValueError: if there is no such network, or an option is out of range.
        TypeError: if there is no such option, or none for the seed.
    """
    plan = Plan(**options)
    wider = {**options, "latent_dim": plan.latent_dim + LABEL_SIZE}
    plain, discriminator = networks.make(network, g_width=g_width, **wider)
    return _generator(plain, plan, counts, label_share), _discriminator(
        discriminator, plan, counts, network
    )


def generator(
    counts: Sequence[int],
    network: str = "dcgan",
    *,
    label_share: float = LABEL_SHARE,
    **options: Any,
) -> Sequential:
    """Make G alone.

    Args:
        counts: how many values each factor of the labels has.
        network: one of `dcgan.networks.BY_NAME`.
        label_share: as for `make`.
        options: the options of `Plan`; the width is G's.

    Raises:
        ValueError, TypeError: as for `make`.
    """
    plan = Plan(**options)
    wider = {**options, "latent_dim": plan.latent_dim + LABEL_SIZE}
    return _generator(networks.generator(network=network, **wider), plan, counts, label_share)


def of_config(config: Any, counts: Sequence[int], **changes: Any) -> tuple[Sequential, Sequential]:
    """Make both networks of a run.

    Args:
        config: a dcgan.config.Config.
        counts: how many values each factor of the labels has.
        changes: options that replace those of the config.
    """
    return make(counts, **{**networks.options_of(config), **changes})


def _generator(
    plain: Sequential, plan: Plan, counts: Sequence[int], label_share: float
) -> Sequential:
    """G, with the label appended to z and with conditional batch norm."""
    checks.number("conditional_networks", "label_share", label_share, above=0.0)
    joined = WithEmbedding(
        counts,
        LABEL_SIZE,
        seed=plan.layer_seed(LAYER),
        initializer=_small(label_share, plan.latent_dim, len(counts)),
        name="labels",
    )
    layers: list[Callable] = [
        _conditional(layer, counts) if isinstance(layer, BatchNorm) else layer
        for layer in plain.layers
    ]
    if isinstance(plain, Styled):  # the style is computed from z and the label together
        layers = [Styled(plain.mapping, layers, name="styled")]
    return Sequential([joined, *layers], name="generator")


def _small(share: float, latent_dim: int, factors: int) -> Initializer:
    """An initializer for label vectors that are small beside z.

    Batch norm scales each channel to a variance of 1 over the batch. Without labels all of that
    variance comes from z, so G cannot ignore z. With labels it may come from the labels instead: if
    they start as large as z, samples of one label soon look alike (chapter 13).
    """
    variance = share * latent_dim / (LABEL_SIZE * factors)
    return normal(math.sqrt(variance))


def _conditional(layer: BatchNorm, counts: Sequence[int]) -> ConditionalBatchNorm:
    """A conditional batch norm with the settings and the initial gamma of a plain one."""
    first = tf.convert_to_tensor(layer.gamma)
    return ConditionalBatchNorm(
        layer.channels,
        counts,
        momentum=layer.momentum,
        epsilon=layer.epsilon,
        gamma_initializer=lambda shape, seed: first,
        synchronised=layer.synchronised,
        name=layer.name,
    )


def _discriminator(
    plain: Sequential, plan: Plan, counts: Sequence[int], network: str
) -> Sequential:
    """D, whose last layers become psi of the projection head; the layers before compute phi."""
    features, channels = networks.BY_NAME[network].features(plan)
    first = len(features)
    while not isinstance(plain.layers[first], tf.Module):
        first += 1
    head = ProjectionHead(
        channels,
        counts,
        psi=Sequential(plain.layers[first:]),
        seed=plan.layer_seed(LAYER + 1),
        initializer=normal(1.0 / (plan.start**2 * channels**0.5)),
        name="projection",
    )
    return Sequential([*plain.layers[:first], head], name="discriminator")
