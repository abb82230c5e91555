"""The targets in the plane, by the name that the command line gives them, and a distance to any of them."""

import itertools

from gan_core import rng
from gan_core.metrics import sliced_wasserstein
from toy.targets import distributions, shapes

BY_NAME = {
    "ring": distributions.ring,
    "grid": distributions.grid,
    "ring-of-12": lambda: distributions.ring(12),
    "grid-4x4": lambda: distributions.grid(4),
    "unequal-ring": lambda: distributions.gaussian_mixture(
        distributions.ring().modes, 0.01, list(range(1, 9))
    ),
    "unequal-grid": lambda: distributions.gaussian_mixture(
        distributions.grid().modes, 0.05, [1 + k % 4 for k in range(25)]
    ),
    "two-moons": shapes.TwoMoons,
    "swiss-roll": shapes.SwissRoll,
    "checkerboard": shapes.Checkerboard,
}


def distance(samples, distribution) -> str:
    """Sliced Wasserstein distance of samples [n, 2] to real ones, told beside its floor: that of two real samples."""
    real = [distribution.sample(len(samples), rng.seed(k, "judge")) for k in range(11)]
    floor = sum(sliced_wasserstein(a, b, seed=0) for a, b in itertools.pairwise(real)) / 10
    ours = sum(sliced_wasserstein(samples, one, seed=0) for one in real) / 11
    return f"sliced Wasserstein {ours:.4f}; two real samples {floor:.4f}; ratio {ours / floor:.2f}"
