"""Pairs of networks for faces, by name. All are made of the same layers, for the same trainer.

    radford   DCGAN as Radford et al. 2015 published it: batch norm in both networks
    dcgan     the same shapes, without batch norm in D, and with a 3 x 3 layer at the end of G
    modern    residual networks without normalisation, after R3GAN (Huang et al. 2024)
    residual  the G of modern, the D of dcgan

    generator, discriminator = make("dcgan", size=64, width=32, seed=0)
    generator, discriminator = of_config(config)

`generator` and `discriminator` make one of the two; by default that of Radford et al., which
chapter 8 explains layer by layer.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from dcgan.architectures import dcgan, modern, radford, residual
from dcgan.architectures.plan import STAGES, Plan, as_float32
from gan_core import checks
from gan_core.nn.sequential import Sequential
from gan_core.nn.shapes import Flatten

__all__ = [
    "BY_NAME",
    "STAGES",
    "Plan",
    "discriminator",
    "features",
    "generator",
    "make",
    "of_config",
    "options_of",
]

OF_DCGAN = ("filtered", "styled")  # the options that no other network has

BY_NAME = {"radford": radford, "dcgan": dcgan, "modern": modern, "residual": residual}


def make(
    network: str = "dcgan", *, g_width: int | None = None, **options: Any
) -> tuple[Sequential, Sequential]:
    """Make both networks.

    Args:
        network: one of `BY_NAME`.
        g_width: the width of G; None: that of D, which is among the options.
        options: the options of `Plan`: size, width, latent_dim, seed and so on.

    Returns:
        G, called as generator(z, training=...): noise [B, latent_dim] float32 to pictures
        [B, size, size, C] float32 in (-1, 1), of residual a little outside in places. D, called as
        discriminator(x, training=...): pictures to logits [B, 1] float32, above 0 for "real".

    Raises:
        ValueError: if there is no such network, or an option is out of range.
        TypeError: if there is no such option, or none for the seed.
    """
    module = _named(network)
    plan = _plan(network, options)
    plan_of_g = plan if g_width is None else _with_width(plan, g_width)
    return module.generator(plan_of_g), module.discriminator(plan)


def of_config(config: Any, **changes: Any) -> tuple[Sequential, Sequential]:
    """Make both networks of a run.

    Args:
        config: a dcgan.config.Config.
        changes: options that replace those of the config, such as compute_dtype.
    """
    return make(**{**options_of(config), **changes})


def options_of(config: Any) -> dict[str, Any]:
    """The arguments of `make` for a dcgan.config.Config."""
    return {
        "network": config.network,
        "size": config.size,
        "width": config.width,
        "g_width": config.width_of_g,
        "latent_dim": config.latent_dim,
        "seed": config.seed,
        "momentum": config.momentum,
        "epsilon": config.epsilon,
        "synchronised": config.synchronised,
        "convolution": config.convolution,
        "compute_dtype": "bfloat16" if config.precision == "bfloat16" else "float32",
        "minibatch_std": config.minibatch_std,
        "filtered": config.filtered,
        "styled": config.styled,
        "channels": config.form.channels,
    }


def generator(
    size: int = 64, width: int = 64, latent_dim: int = 100, *, network: str = "radford", **options
) -> Sequential:
    """Make G alone.

    Args:
        size: height and width of a picture in pixels.
        width: channels at full picture size.
        latent_dim: how many numbers z has.
        network: one of `BY_NAME`.
        options: further options of `Plan`.
    """
    sizes = {"size": size, "width": width, "latent_dim": latent_dim}
    return _named(network).generator(_plan(network, {**sizes, **options}))


def discriminator(
    size: int = 64, width: int = 64, *, network: str = "radford", **options: Any
) -> Sequential:
    """Make D alone; the arguments are those of `generator`."""
    sizes = {"size": size, "width": width}
    return _named(network).discriminator(_plan(network, {**sizes, **options}))


def features(network: str = "dcgan", **options: Any) -> tuple[Sequential, int]:
    """Make D without its last layer, to which you can add another, such as one that uses labels.

    Args:
        network: one of `BY_NAME`.
        options: the options of `Plan`.

    Returns:
        A network x [B, size, size, C] -> [B, n] float32, and n.
    """
    plan = _plan(network, options)
    layers, channels = _named(network).features(plan)
    whole = Sequential([*layers, Flatten(), as_float32], name="features")
    return whole, channels * plan.start**2


def _plan(network: str, options: dict[str, Any]) -> Plan:
    plan = Plan(**options)
    for option in OF_DCGAN:
        if getattr(plan, option) and network != "dcgan":
            checks.fail("networks", option, "left out with any network but dcgan", network)
    return plan


def _with_width(plan: Plan, g_width: int) -> Plan:
    return dataclasses.replace(plan, width=checks.integer("networks", "g_width", g_width, 1))


def _named(network: str) -> Any:
    return BY_NAME[checks.one_of("networks", "network", network, BY_NAME)]
