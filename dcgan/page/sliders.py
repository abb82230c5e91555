"""The sliders of a page: directions in z, with what was measured about each.

For a generator of drawn faces they are directions of known factors, found and measured with the
factor classifier (chapter 10). For any other they are principal directions of the activations of
the generator's first layer (Härkönen et al. 2020, "GANSpace"), which have no names.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator

import numpy as np

from dcgan.latent import effects
from gan_core import checks
from gan_core.nn.conv import Conv2DTranspose
from gan_core.nn.dense import Dense
from gan_core.nn.sequential import Sequential

AMOUNT = 3.0  # how far a direction is followed where it is measured; the prior's sd is 1


@dataclasses.dataclass(frozen=True)
class Slider:
    """One direction."""

    group: str
    """sliders of a group stand together, such as "hair colour" """
    name: str
    """what becomes more likely, such as "blue" """
    direction: np.ndarray
    """[d] of length 1"""
    alone: np.ndarray | None = None
    """the direction without what it has in common with other groups, [d] of length 1; None: nothing
    is left of it, or there are no groups"""
    measured: str = ""
    """what was measured when z was moved along `direction`, in words"""
    measured_alone: str = ""
    """the same along `alone`"""


def of_factors(
    generate: Callable[[np.ndarray], np.ndarray],
    read: Callable[[np.ndarray], dict[str, np.ndarray]],
    factors: dict[str, tuple[str, ...]],
    z: np.ndarray,
    new_z: np.ndarray,
) -> list[Slider]:
    """A slider for each value of each factor that enough faces have.

    Args:
        generate: z [n, d] -> images.
        read: images -> {factor: whole numbers [n]}.
        factors: the names of each factor's values.
        z: [N, d], by which directions are found.
        new_z: [M, d], by which they are measured.
    """
    straight = effects.factor_directions(z, read(generate(z)))
    alone = effects.less_the_others(straight)
    before = read(generate(new_z))
    measure = functools.partial(_measure, generate, read, new_z, before)
    sliders = []
    for factor, values in straight.items():
        for value, direction in values.items():
            own = alone.get(factor, {}).get(value)
            sliders.append(
                Slider(
                    group=factor.replace("_", " "),
                    name=factors[factor][value],
                    direction=direction,
                    alone=own,
                    measured=measure(direction, factor, value),
                    measured_alone="" if own is None else measure(own, factor, value),
                )
            )
    return sliders


def _measure(
    generate: Callable[[np.ndarray], np.ndarray],
    read: Callable[[np.ndarray], dict[str, np.ndarray]],
    z: np.ndarray,
    before: dict[str, np.ndarray],
    direction: np.ndarray,
    factor: str,
    value: int,
) -> str:
    found = effects.effect(generate, read, z, direction, factor, value, AMOUNT, before=before)
    if not found.faces:
        return "every face has it already"
    changed = np.mean(list(found.leaks.values()))
    most = max(found.leaks, key=lambda name: found.leaks[name])
    return (
        f"at {AMOUNT:g}, {found.reached:.0%} of faces reach it; another factor changes in "
        f"{changed:.0%} of them (most: {most.replace('_', ' ')}, {found.leaks[most]:.0%})"
    )


def of_activations(generator: Sequential, latent_dim: int, count: int = 10) -> list[Slider]:
    """The principal directions of the first layer's activations.

    That layer is linear, a = W z. For z ~ N(0, I) the covariance of a is W W^T, and the z that
    moves a along its k-th principal axis is the k-th right singular vector of W, with the share
    s_k^2 / sum of all s^2 of the variance (closed-form factorisation, Shen and Zhou 2021). Numbers
    that stand behind z, as a label's do, are fixed: they move a, and do not change its covariance.

    Args:
        generator: whose first layer with a kernel is a Conv2DTranspose or Dense.
        latent_dim: how many numbers z has.
        count: how many directions.
    """
    first = next((layer for layer in _layers(generator) if hasattr(layer, "kernel")), None)
    if not isinstance(first, Conv2DTranspose | Dense):
        came = type(first).__name__
        checks.fail("page", "the generator's first layer", "a Conv2DTranspose or Dense", came)
    kernel = first.kernel.numpy()
    if isinstance(first, Dense):  # [input, output]
        matrix = kernel.T
    else:  # [row, column, output, input]
        matrix = kernel.reshape(-1, kernel.shape[-1])
    matrix = matrix[:, :latent_dim].astype(np.float64)
    _, sizes, directions = np.linalg.svd(matrix, full_matrices=False)
    shares = sizes**2 / np.sum(sizes**2)
    return [
        Slider(
            group="principal directions",
            name=f"direction {k + 1}",
            direction=directions[k].astype(np.float32),
            measured=f"{shares[k]:.1%} of the first layer's variance",
        )
        for k in range(min(count, len(directions)))
    ]


def _layers(network: Sequential) -> Iterator[Callable]:
    """All layers in their order, those of a network among them in its place."""
    for layer in network.layers:
        if isinstance(layer, Sequential):
            yield from _layers(layer)
        else:
            yield layer
