"""The targets on the line, by their names in `python -m toy play`."""

from __future__ import annotations

from collections.abc import Callable

from toy.targets import distributions
from toy.targets.distributions import Distribution, GaussianMixture, LogNormal, Normal, Uniform


def normal() -> Normal:
    """N(10, 1), the target of chapter 3."""
    return Normal(10.0, 1.0)


def two_normals() -> GaussianMixture:
    """Two modes of equal weight, with nothing between them."""
    return distributions.gaussian_mixture([-2.0, 2.0], sd=0.4)


def unequal_normals() -> GaussianMixture:
    """Three modes with weights 1 : 2 : 3."""
    return distributions.gaussian_mixture([-3.0, 0.0, 3.0], sd=0.4, weights=[1.0, 2.0, 3.0])


def uniform() -> Uniform:
    """Equal density from -1 to 1."""
    return Uniform(-1.0, 1.0)


def log_normal() -> LogNormal:
    """exp of a N(0, 0.5^2): one long tail."""
    return LogNormal(0.0, 0.5)


BY_NAME: dict[str, Callable[[], Distribution]] = {
    "normal": normal,
    "two-normals": two_normals,
    "unequal-normals": unequal_normals,
    "uniform": uniform,
    "log-normal": log_normal,
}
