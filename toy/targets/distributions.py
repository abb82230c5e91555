"""Distributions that a GAN is to learn, and of which everything is known.

A distribution is a frozen object with

    dim                       how many numbers a sample has
    sample(n, seed)           -> [n, dim] float32, in-graph; seed is [2] int64 of gan_core.rng
    log_density(x [n, dim])   -> [n] float32, exact, -inf where there is no mass

and, where it is made of normals of one width, `modes` [K, dim] float32, `sd`, and `weights` [K],
which `toy.measures.coverage` asks for. One whose density has no closed form has no `log_density`.

    on the line:   Normal, Uniform, Cauchy, LogNormal, gaussian_mixture([-2, 2], sd)
    in the plane:  ring, grid (both a gaussian_mixture); more in toy.targets.shapes
"""

import dataclasses
import math

import numpy as np
import tensorflow as tf

from gan_core import checks, rng

LOG_2_PI = math.log(2.0 * math.pi)


@dataclasses.dataclass(frozen=True)
class Normal:
    """N(mean, sd^2): log p = -((x - mean) / sd)^2 / 2 - log sd - log(2 pi) / 2."""

    mean: float = 0.0
    sd: float = 1.0
    dim = 1
    weights = (1.0,)

    def __post_init__(self):
        checks.number("Normal", "mean", self.mean)
        checks.number("Normal", "sd", self.sd, above=0.0)

    @property
    def modes(self) -> np.ndarray:
        return np.array([[self.mean]], np.float32)

    def sample(self, n: int, seed) -> tf.Tensor:
        checks.integer("Normal.sample", "n", n, 1)
        return self.mean + self.sd * rng.normal([n, 1], seed)

    def log_density(self, x) -> tf.Tensor:
        x = checks.tensor("Normal.log_density", "x", x, ["n", 1])[:, 0]
        return -0.5 * tf.square((x - self.mean) / self.sd) - math.log(self.sd) - 0.5 * LOG_2_PI


@dataclasses.dataclass(frozen=True)
class Uniform:
    """Equal density on [low, high]: log p = -log(high - low)."""

    low: float = -1.0
    high: float = 1.0
    dim = 1

    def __post_init__(self):
        checks.number("Uniform", "low", self.low)
        checks.number("Uniform", "high", self.high, above=self.low)

    def sample(self, n: int, seed) -> tf.Tensor:
        checks.integer("Uniform.sample", "n", n, 1)
        return rng.uniform([n, 1], seed, self.low, self.high)

    def log_density(self, x) -> tf.Tensor:
        x = checks.tensor("Uniform.log_density", "x", x, ["n", 1])[:, 0]
        inside = (x >= self.low) & (x <= self.high)
        return tf.where(inside, -math.log(self.high - self.low), -math.inf)


@dataclasses.dataclass(frozen=True)
class Cauchy:
    """Tails so heavy that there is no mean: log p = -log(pi scale) - log(1 + ((x - location) / scale)^2).

    Sampled as location + scale cot(pi s / 2) with s uniform on (-1, 1). The tails come from s
    near 0, where floats are fine (those of tan(pi (u - 1/2)) come from u near 1, where they are
    coarse). No sample lies further out than 1.1e7 scales.
    """

    location: float = 0.0
    scale: float = 1.0
    dim = 1

    def __post_init__(self):
        checks.number("Cauchy", "location", self.location)
        checks.number("Cauchy", "scale", self.scale, above=0.0)

    def sample(self, n: int, seed) -> tf.Tensor:
        checks.integer("Cauchy.sample", "n", n, 1)
        s = rng.uniform([n, 1], seed, -1.0, 1.0) + 2.0**-24  # half a step: s is never 0
        return self.location + self.scale / tf.tan(0.5 * math.pi * s)

    def log_density(self, x) -> tf.Tensor:
        x = checks.tensor("Cauchy.log_density", "x", x, ["n", 1])[:, 0]
        return -math.log(math.pi * self.scale) - tf.math.log1p(
            tf.square((x - self.location) / self.scale)
        )


@dataclasses.dataclass(frozen=True)
class LogNormal:
    """exp of a N(mean, sd^2): log p = log Normal(log x) - log x for x > 0. Its median is e^mean."""

    mean: float = 0.0
    sd: float = 1.0
    dim = 1

    def __post_init__(self):
        checks.number("LogNormal", "mean", self.mean)
        checks.number("LogNormal", "sd", self.sd, above=0.0)

    def sample(self, n: int, seed) -> tf.Tensor:
        checks.integer("LogNormal.sample", "n", n, 1)
        return tf.exp(Normal(self.mean, self.sd).sample(n, seed))

    def log_density(self, x) -> tf.Tensor:
        x = checks.tensor("LogNormal.log_density", "x", x, ["n", 1])
        log_x = tf.math.log(tf.where(x > 0.0, x, 1.0))
        return tf.where(
            x[:, 0] > 0.0, Normal(self.mean, self.sd).log_density(log_x) - log_x[:, 0], -math.inf
        )


@dataclasses.dataclass(frozen=True)
class GaussianMixture:
    """K round normals of one sd: log p = log sum_k w_k N(x; c_k, sd^2 I).

    Made by `gaussian_mixture`, `ring` and `grid`, which check what goes in.
    """

    centers: tuple  # K tuples of dim floats
    sd: float
    weights: tuple  # K floats >= 0 of sum 1

    @property
    def dim(self) -> int:
        return len(self.centers[0])

    @property
    def modes(self) -> np.ndarray:
        return np.array(self.centers, np.float32)

    def sample(self, n: int, seed) -> tf.Tensor:
        """Mode k for u in [w_1 + ... + w_(k-1), w_1 + ... + w_k), then its normal."""
        checks.integer("GaussianMixture.sample", "n", n, 1)
        which_seed, where_seed = rng.split(seed, 2)
        borders = np.cumsum(self.weights)[:-1].astype(np.float32)
        u = rng.uniform([n, 1], which_seed)
        mode = tf.reduce_sum(tf.cast(u >= borders, tf.int32), axis=1)
        return tf.gather(self.modes, mode) + self.sd * rng.normal([n, self.dim], where_seed)

    def log_density(self, x) -> tf.Tensor:
        x = checks.tensor("GaussianMixture.log_density", "x", x, ["n", self.dim])
        squared = tf.reduce_sum(tf.square((x[:, tf.newaxis, :] - self.modes) / self.sd), axis=2)
        with np.errstate(divide="ignore"):
            log_weights = np.log(self.weights).astype(np.float32)  # -inf for a weight of 0
        one_normal = -self.dim * (math.log(self.sd) + 0.5 * LOG_2_PI)
        return tf.reduce_logsumexp(log_weights - 0.5 * squared, axis=1) + one_normal


def gaussian_mixture(centers, sd: float, weights=None) -> GaussianMixture:
    """A mixture of normals of one sd around centers [K, dim] (or [K]: on the line).

    weights [K]: how much of the mass each mode has, in any unit (they are divided by their
    sum); None: all alike. ValueError for no centers, values that are not finite, sd <= 0, and
    weights that are too few or many, negative, or all 0.
    """
    owner = "gaussian_mixture"
    checks.number(owner, "sd", sd, above=0.0)
    centers = _numbers(owner, "centers", centers)
    if centers.ndim == 1:
        centers = centers[:, np.newaxis]
    if centers.ndim != 2 or centers.size == 0:
        checks.fail(
            owner, "centers", "[K, dim] with K and dim at least 1", checks.show_shape(centers.shape)
        )
    weights = np.ones(len(centers)) if weights is None else _numbers(owner, "weights", weights)
    if weights.shape != (len(centers),):
        checks.fail(
            owner,
            "weights",
            f"[{len(centers)}], one for each center",
            checks.show_shape(weights.shape),
        )
    if (weights < 0.0).any() or weights.sum() <= 0.0:
        checks.fail(owner, "weights", "at least 0 with a sum above 0", str(weights.tolist()))
    return GaussianMixture(
        tuple(map(tuple, centers.tolist())), float(sd), tuple((weights / weights.sum()).tolist())
    )


def ring(modes: int = 8, radius: float = 1.0, sd: float = 0.01) -> GaussianMixture:
    """Normals evenly around a circle, the first at [radius, 0] (Lin et al. 2018, section 4.1).

    The angle 2 pi is that of 0: `linspace(0, 2 pi, 8)` would give 7 places, one of them twice.
    """
    checks.integer("ring", "modes", modes, 1)
    checks.number("ring", "radius", radius, above=0.0)
    angle = 2.0 * math.pi * np.arange(modes) / modes
    return gaussian_mixture(radius * np.stack([np.cos(angle), np.sin(angle)], axis=1), sd)


def grid(side: int = 5, spacing: float = 2.0, sd: float = 0.05) -> GaussianMixture:
    """side x side normals around the origin, -4, -2, 0, 2, 4 each way (Lin et al. 2018, section 4.1)."""
    checks.integer("grid", "side", side, 1)
    checks.number("grid", "spacing", spacing, above=0.0)
    ticks = spacing * (np.arange(side) - (side - 1) / 2.0)
    return gaussian_mixture(
        np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2), sd
    )


def _numbers(owner, name, value) -> np.ndarray:
    """`value` as a finite float64 array."""
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        checks.fail(owner, name, "an array of numbers", repr(value))
    if not np.isfinite(array).all():
        checks.fail(owner, name, "finite", str(array.tolist()))
    return array
