"""The targets in the plane, by their names on the command line, and a distance to each."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from gan_core import checks, rng
from gan_core.metrics import sliced_wasserstein
from toy.targets import distributions, shapes
from toy.targets.distributions import Distribution, GaussianMixture

REAL_SAMPLES = 11  # as many as `distance` compares with; neighbours make ten pairs for the floor


def ring_of_12() -> GaussianMixture:
    """The ring with twelve modes instead of eight."""
    return distributions.ring(modes=12)


def grid_4x4() -> GaussianMixture:
    """The grid with four modes in a row instead of five: none stands at the origin."""
    return distributions.grid(side=4)


def unequal_ring() -> GaussianMixture:
    """The ring with weights 1 : 2 : ... : 8."""
    even = distributions.ring()
    return distributions.gaussian_mixture(even.modes, even.sd, weights=np.arange(1, 9))


def unequal_grid() -> GaussianMixture:
    """The grid with weights 1 : 2 : 3 : 4 : 1 : 2 : ..."""
    even = distributions.grid()
    weights = 1 + np.arange(25) % 4
    return distributions.gaussian_mixture(even.modes, even.sd, weights=weights)


BY_NAME: dict[str, Callable[[], Distribution]] = {
    "ring": distributions.ring,
    "grid": distributions.grid,
    "ring-of-12": ring_of_12,
    "grid-4x4": grid_4x4,
    "unequal-ring": unequal_ring,
    "unequal-grid": unequal_grid,
    "two-moons": shapes.TwoMoons,
    "swiss-roll": shapes.SwissRoll,
    "checkerboard": shapes.Checkerboard,
}


def distance(samples: np.ndarray, distribution: Distribution) -> str:
    """How far samples are from real ones, in words, beside the floor:
    the distance of two real sets.

    ours  = the mean sliced Wasserstein distance of `samples` from each of 11 sets of real samples;
    floor = the mean over the 10 pairs of neighbours among these sets. A perfect G has ratio 1.

    Args:
        samples: [n, 2] float32, in the data's units.
        distribution: what they are compared with; each real set has n samples too.

    Returns:
        Both distances and their ratio, in one line.

    Raises:
        ValueError: for samples that are not [n, 2] or not finite.
    """
    samples = checks.tensor("distance", "samples", samples, ["n", distribution.dim], finite=True)
    samples = samples.numpy()
    checks.integer("distance", "the number of samples", len(samples), 1)
    real = [
        distribution.sample(len(samples), rng.seed(index, "judge")) for index in range(REAL_SAMPLES)
    ]
    ours = np.mean([sliced_wasserstein(samples, one, seed=0) for one in real])
    floor = np.mean([sliced_wasserstein(a, b, seed=0) for a, b in itertools.pairwise(real)])
    return f"sliced Wasserstein {ours:.4f}; two real samples {floor:.4f}; ratio {ours / floor:.2f}"
