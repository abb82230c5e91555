"""Distributions for a GAN to learn, which are known completely.

A distribution is a frozen object with

    dim                       how many numbers a sample has
    sample(n, seed)           -> [n, dim] float32, in eager or graph mode or under XLA;
                              seed is [2] int64 of gan_core.rng; ValueError for n below 1
    log_density(x [n, dim])   -> [n] float32, exact, in nats; -inf where there is no mass;
                              ValueError for any other shape

and, if it is made of normals with the same sd, `modes` [K, dim] float32, `sd`, and `weights` [K],
which `toy.measures.coverage` uses. A distribution whose density has no closed form has no
`log_density`.

    on the line:   Normal, Uniform, Cauchy, LogNormal, gaussian_mixture([-2, 2], sd)
    in the plane:  ring, grid (both a gaussian_mixture); more in toy.targets.shapes
"""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from gan_core import checks, rng

LOG_2_PI = math.log(2.0 * math.pi)


class Distribution(Protocol):
    """What every target has: a size and samples."""

    dim: int

    def sample(self, n: int, seed: tf.Tensor) -> tf.Tensor:
        """n samples [n, dim] float32; the same seed [2] int64 gives the same samples."""


class WithDensity(Distribution, Protocol):
    """A target whose density is known in closed form."""

    def log_density(self, x: tf.Tensor) -> tf.Tensor:
        """log p(x) for x [n, dim] -> [n] float32, in nats; -inf where there is no mass."""


class WithModes(Distribution, Protocol):
    """A target made of round normals of one sd."""

    modes: np.ndarray  # [K, dim] float32
    sd: float
    weights: tuple[float, ...]  # K numbers of sum 1


@dataclasses.dataclass(frozen=True)
class Normal:
    """N(mean, sd^2): log p = -((x - mean) / sd)^2 / 2 - log sd - log(2 pi) / 2."""

    mean: float = 0.0
    sd: float = 1.0
    dim: ClassVar[int] = 1
    weights: ClassVar[tuple[float, ...]] = (1.0,)

    def __post_init__(self) -> None:
        checks.number("Normal", "mean", self.mean)
        checks.number("Normal", "sd", self.sd, above=0.0)

    @property
    def modes(self) -> np.ndarray:
        """Its one mode, [1, 1] float32."""
        return np.array([[self.mean]], np.float32)

    def sample(self, n: int, seed: tf.Tensor) -> tf.Tensor:
        """n samples [n, 1] float32 from seed [2] int64."""
        checks.integer("Normal.sample", "n", n, 1)
        return self.mean + self.sd * rng.normal([n, 1], seed)

    def log_density(self, x: tf.Tensor) -> tf.Tensor:
        """log p(x) for x [n, 1] -> [n] float32, in nats."""
        x = checks.tensor("Normal.log_density", "x", x, ["n", 1])[:, 0]
        squared = tf.square((x - self.mean) / self.sd)
        return -0.5 * squared - math.log(self.sd) - 0.5 * LOG_2_PI


@dataclasses.dataclass(frozen=True)
class Uniform:
    """Equal density on [low, high]: log p = -log(high - low)."""

    low: float = -1.0
    high: float = 1.0
    dim: ClassVar[int] = 1

    def __post_init__(self) -> None:
        checks.number("Uniform", "low", self.low)
        checks.number("Uniform", "high", self.high, above=self.low)

    def sample(self, n: int, seed: tf.Tensor) -> tf.Tensor:
        """n samples [n, 1] float32 from seed [2] int64."""
        checks.integer("Uniform.sample", "n", n, 1)
        return rng.uniform([n, 1], seed, self.low, self.high)

    def log_density(self, x: tf.Tensor) -> tf.Tensor:
        """log p(x) for x [n, 1] -> [n] float32, in nats."""
        x = checks.tensor("Uniform.log_density", "x", x, ["n", 1])[:, 0]
        inside = (x >= self.low) & (x <= self.high)
        return tf.where(inside, -math.log(self.high - self.low), -math.inf)


@dataclasses.dataclass(frozen=True)
class Cauchy:
    """Tails so heavy that there is no mean.

    log p = -log(pi scale) - log(1 + ((x - location) / scale)^2).

    Sampled as location + scale cot(pi s / 2) with s uniform on (-1, 1). The tails come from s
    near 0, where floats are fine (those of tan(pi (u - 1/2)) come from u near 1, where they are
    coarse). No sample lies further out than 1.1e7 scales.
    """

    location: float = 0.0
    scale: float = 1.0
    dim: ClassVar[int] = 1

    def __post_init__(self) -> None:
        checks.number("Cauchy", "location", self.location)
        checks.number("Cauchy", "scale", self.scale, above=0.0)

    def sample(self, n: int, seed: tf.Tensor) -> tf.Tensor:
        """n samples [n, 1] float32 from seed [2] int64."""
        checks.integer("Cauchy.sample", "n", n, 1)
        s = rng.uniform([n, 1], seed, -1.0, 1.0) + 2.0**-24  # half a step: s is never 0
        return self.location + self.scale / tf.tan(0.5 * math.pi * s)

    def log_density(self, x: tf.Tensor) -> tf.Tensor:
        """log p(x) for x [n, 1] -> [n] float32, in nats."""
        x = checks.tensor("Cauchy.log_density", "x", x, ["n", 1])[:, 0]
        squared = tf.square((x - self.location) / self.scale)
        return -math.log(math.pi * self.scale) - tf.math.log1p(squared)


@dataclasses.dataclass(frozen=True)
class LogNormal:
    """exp of a N(mean, sd^2): log p = log Normal(log x) - log x for x > 0. Its median is e^mean."""

    mean: float = 0.0
    sd: float = 1.0
    dim: ClassVar[int] = 1

    def __post_init__(self) -> None:
        checks.number("LogNormal", "mean", self.mean)
        checks.number("LogNormal", "sd", self.sd, above=0.0)

    def sample(self, n: int, seed: tf.Tensor) -> tf.Tensor:
        """n samples [n, 1] float32 from seed [2] int64."""
        checks.integer("LogNormal.sample", "n", n, 1)
        return tf.exp(Normal(self.mean, self.sd).sample(n, seed))

    def log_density(self, x: tf.Tensor) -> tf.Tensor:
        """log p(x) for x [n, 1] -> [n] float32, in nats."""
        x = checks.tensor("LogNormal.log_density", "x", x, ["n", 1])
        positive = x > 0.0
        log_x = tf.math.log(tf.where(positive, x, 1.0))  # no logarithm where it has no gradient
        log_density = Normal(self.mean, self.sd).log_density(log_x) - log_x[:, 0]
        return tf.where(positive[:, 0], log_density, -math.inf)


@dataclasses.dataclass(frozen=True)
class GaussianMixture:
    """K round normals of one sd: log p = log sum_k w_k N(x; c_k, sd^2 I).

    Made by `gaussian_mixture`, `ring` and `grid`, which check what goes in.
    """

    centers: tuple[tuple[float, ...], ...]  # K tuples of dim floats
    sd: float
    weights: tuple[float, ...]  # K floats >= 0 of sum 1

    @property
    def dim(self) -> int:
        """How many numbers a sample has."""
        return len(self.centers[0])

    @property
    def modes(self) -> np.ndarray:
        """The centers, [K, dim] float32."""
        return np.array(self.centers, np.float32)

    def sample(self, n: int, seed: tf.Tensor) -> tf.Tensor:
        """n samples [n, dim] float32 from seed [2] int64.

        A uniform u decides the mode: k for u in [w_1 + ... + w_(k-1), w_1 + ... + w_k). A normal
        with a seed of its own decides the place around it.
        """
        checks.integer("GaussianMixture.sample", "n", n, 1)
        which_seed, where_seed = rng.split(seed, 2)
        borders = np.cumsum(self.weights)[:-1].astype(np.float32)
        u = rng.uniform([n, 1], which_seed)
        mode = tf.reduce_sum(tf.cast(u >= borders, tf.int32), axis=1)
        return tf.gather(self.modes, mode) + self.sd * rng.normal([n, self.dim], where_seed)

    def log_density(self, x: tf.Tensor) -> tf.Tensor:
        """log p(x) for x [n, dim] -> [n] float32, in nats."""
        x = checks.tensor("GaussianMixture.log_density", "x", x, ["n", self.dim])
        squared = tf.reduce_sum(tf.square((x[:, tf.newaxis, :] - self.modes) / self.sd), axis=2)
        with np.errstate(divide="ignore"):
            log_weights = np.log(self.weights).astype(np.float32)  # -inf for a weight of 0
        one_normal = -self.dim * (math.log(self.sd) + 0.5 * LOG_2_PI)
        return tf.reduce_logsumexp(log_weights - 0.5 * squared, axis=1) + one_normal


def gaussian_mixture(
    centers: ArrayLike, sd: float, weights: ArrayLike | None = None
) -> GaussianMixture:
    """A mixture of normals of one sd.

    Args:
        centers: [K, dim], or [K] for a mixture on the line.
        sd: standard deviation of each normal in each coordinate, above 0.
        weights: [K], how much of the mass each mode has, in any unit: they are divided by their
            sum. None: all alike.

    Returns:
        The mixture, a frozen object that can be compared and hashed.

    Raises:
        ValueError: for no centers, values that are not finite, an sd that is not above 0, and
            weights that are too few or many, negative, or all 0.
    """
    owner = "gaussian_mixture"
    sd = checks.number(owner, "sd", sd, above=0.0)
    places = checks.array(owner, "centers", centers, [...], at_least=0)
    if places.ndim == 1:
        places = places[:, np.newaxis]
    places = checks.array(owner, "centers", places, ["K", "dim"])
    if weights is None:
        weights = np.ones(len(places))
    shares = checks.array(owner, "weights", weights, [len(places)])
    if (shares < 0.0).any() or shares.sum() <= 0.0:
        checks.fail(owner, "weights", "at least 0 with a sum above 0", str(shares.tolist()))
    shares = shares / shares.sum()
    return GaussianMixture(
        centers=tuple(tuple(place) for place in places.tolist()),
        sd=sd,
        weights=tuple(shares.tolist()),
    )


def ring(modes: int = 8, radius: float = 1.0, sd: float = 0.01) -> GaussianMixture:
    """Normals evenly around a circle, the first at [radius, 0] (Lin et al. 2018, section 4.1).

    The angle 2 pi is that of 0: `linspace(0, 2 pi, 8)` would give 7 places, one of them twice.

    Args:
        modes: how many, at least 1.
        radius: the radius of the circle around the origin, above 0.
        sd: standard deviation of each normal in each coordinate, above 0.

    Returns:
        A mixture in the plane.

    Raises:
        ValueError: for a value out of its range.
    """
    checks.integer("ring", "modes", modes, 1)
    checks.number("ring", "radius", radius, above=0.0)
    angle = 2.0 * math.pi * np.arange(modes) / modes
    places = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return gaussian_mixture(places, sd)


def grid(side: int = 5, spacing: float = 2.0, sd: float = 0.05) -> GaussianMixture:
    """side x side normals around the origin (Lin et al. 2018, section 4.1).

    By default they stand at -4, -2, 0, 2, 4 each way.

    Args:
        side: normals in a row and in a column, at least 1.
        spacing: between neighbours, above 0.
        sd: standard deviation of each normal in each coordinate, above 0.

    Returns:
        A mixture in the plane, its modes in the order of x, then y.

    Raises:
        ValueError: for a value out of its range.
    """
    checks.integer("grid", "side", side, 1)
    checks.number("grid", "spacing", spacing, above=0.0)
    ticks = spacing * (np.arange(side) - (side - 1) / 2.0)
    across, up = np.meshgrid(ticks, ticks, indexing="ij")
    places = np.stack([across.ravel(), up.ravel()], axis=1)
    return gaussian_mixture(places, sd)
