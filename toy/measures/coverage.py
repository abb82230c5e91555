"""Which modes did the generator find, how well, and in what proportion?

For a target of K round normals of one sd (`gaussian_mixture`, `ring` and `grid` of
toy.targets.distributions). Every sample belongs to its nearest mode and is *good* if it lies
within 3 sd of it. Then

    modes          how many modes have a good sample
    high_quality   the share of all samples that is good
    reverse_kl     KL(shares of the good samples || true weights)
    sd_ratio       the spread of a mode's good samples over the true one

The first two and the threshold are those of Srivastava et al. 2017 (VEEGAN, section 4.1) and Lin
et al. 2018 (PacGAN, section 4.1), whose published code also uses only good samples for the
proportions. No single figure is enough: modes that have collapsed to points are perfect in all but
sd_ratio. So compare all of them with the row of a perfect sampler, which has 98.89 % high quality
in the plane. A higher value is not better: it means that the spread is too small.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import ArrayLike

from gan_core import checks, rng
from toy.targets.distributions import Distribution, WithModes

WITHIN = 3.0  # in sd


@dataclasses.dataclass(frozen=True)
class Coverage:
    """One row of the table.

    reverse_kl is infinite if no sample is good; sd_* are NaN if no mode has enough good samples.
    """

    modes: float
    """modes with at least one good sample, 0 to K (a whole number, except in averages of rows)"""
    high_quality: float
    """good samples / all samples, 0 to 1"""
    reverse_kl: float
    """KL(shares of the good samples || weights), in nats"""
    reverse_kl_all: float
    """the same with every sample counted at its nearest mode, in nats"""
    sd_ratio: float
    """spread of a mode's good samples / true spread, the mean over modes; 1 is right"""
    sd_least: float
    """the same, the smallest over modes and directions"""
    sd_most: float
    """the same, the largest over modes and directions"""

    def __str__(self) -> str:
        return (
            f"{self.modes:g} modes, {self.high_quality:.2%} high quality, "
            f"reverse KL {self.reverse_kl:.3f}, "
            f"sd ratio {self.sd_ratio:.2f} (from {self.sd_least:.2f} to {self.sd_most:.2f})"
        )


def coverage(
    samples: ArrayLike, modes: ArrayLike, sd: float, weights: ArrayLike | None = None
) -> Coverage:
    """Count what `samples` cover of a mixture of round normals.

    reverse_kl = sum_k q_k log(q_k / w_k), where q_k is the share of mode k among the good
    samples and 0 log 0 = 0. A lost mode raises it only a little, by log(1 / (1 - w_k)), but it
    shows in the count of modes. In `reverse_kl_all` samples between the modes count too, and can
    make up for a mode without a good sample.

    sd_ratio: for each mode the root of the mean variance of its good samples' coordinates,
    divided by sd and by the factor by which the cut at 3 sd reduces the sd of a true normal,
    sqrt(E[r^2 | r < 3] / d), which is 0.9744 in the plane. So for a perfect sampler it is 1. The
    variance is around the samples' *own mean*. (Around the true centre, a mode that is a single
    point beside the centre would seem to have a spread.) Outliers do not count here, but in
    high_quality. A spread that is too wide is understated: in the plane 1.3 is measured as 1.19,
    and no sd_ratio is much above 2. A mode has a spread if it has at least d + 1 good samples; the
    mean is over those modes. A mean may hide a thin mode behind a broad one, or a mode that is
    broad in one direction and thin in another. sd_least and sd_most are the extremes over all
    modes and, by the eigenvalues of each mode's covariance, over all directions.

    Args:
        samples: [n, d], n at least 1, in the data's units.
        modes: [K, d], the centers of the normals, K at least 1.
        sd: standard deviation of each normal in each coordinate, above 0, in the data's units.
        weights: [K], the true shares of the modes, in any unit. None: all alike.

    Returns:
        One row of the table.

    Raises:
        ValueError: for arrays that are empty, ragged, of other shapes or not finite; for an sd
            that is not above 0; for weights that are negative or all 0.
    """
    samples, modes, weights = _checked(samples, modes, sd, weights)
    count, dim = modes.shape
    squared = ((samples[:, np.newaxis, :] - modes) ** 2).sum(axis=2)
    nearest = squared.argmin(axis=1)
    good = squared.min(axis=1) <= (WITHIN * sd) ** 2
    good_counts = np.bincount(nearest[good], minlength=count)
    all_counts = np.bincount(nearest, minlength=count)

    true_sd = sd * math.sqrt(1.0 - 1.0 / _series(dim))
    mean_spreads = []
    spreads_by_direction = []
    for mode in np.flatnonzero(good_counts > dim):
        own = samples[good & (nearest == mode)]
        covariance = np.atleast_2d(np.cov(own, rowvar=False))
        mean_spreads.append(math.sqrt(np.trace(covariance) / dim) / true_sd)
        variances = np.maximum(np.linalg.eigvalsh(covariance), 0.0)  # rounding may go below 0
        spreads_by_direction.extend(np.sqrt(variances) / true_sd)

    return Coverage(
        modes=float(np.count_nonzero(good_counts)),
        high_quality=float(good.mean()),
        reverse_kl=_kl(good_counts, weights),
        reverse_kl_all=_kl(all_counts, weights),
        sd_ratio=float(np.mean(mean_spreads)) if mean_spreads else math.nan,
        sd_least=float(min(spreads_by_direction, default=math.nan)),
        sd_most=float(max(spreads_by_direction, default=math.nan)),
    )


def of(samples: ArrayLike, distribution: Distribution) -> Coverage | None:
    """The coverage of a distribution that has modes; None for one that has not.

    Args:
        samples: [n, d], n at least 1, in the data's units.
        distribution: the target; its `modes`, `sd` and `weights` are asked for if it has them.

    Returns:
        One row of the table, or None.

    Raises:
        ValueError: for samples that `coverage` refuses.
    """
    if not hasattr(distribution, "modes"):
        return None
    return coverage(samples, distribution.modes, distribution.sd, distribution.weights)


def perfect_sampler(distribution: WithModes, n: int, *, draws: int = 10, seed: int = 0) -> Coverage:
    """The row of the distribution itself: the mean over `draws` rows of its own samples.

    No generator can be better, except by chance or by a spread that is too small.

    Args:
        distribution: a target with modes.
        n: samples in each row, at least 1.
        draws: rows that are averaged, at least 1.
        seed: the seed of all samples; the seed of each row is derived from it.

    Returns:
        The mean of each column. A column that one of the rows could not measure is NaN.

    Raises:
        ValueError: for a distribution without modes, and for n or draws below 1.
    """
    owner = "perfect_sampler"
    _check_modes(owner, distribution)
    checks.integer(owner, "n", n, 1)
    checks.integer(owner, "draws", draws, 1)
    rows = []
    for draw in range(draws):
        samples = distribution.sample(n, rng.seed(seed, owner, draw))
        row = coverage(samples, distribution.modes, distribution.sd, distribution.weights)
        rows.append(dataclasses.astuple(row))
    means = np.mean(rows, axis=0)
    return Coverage(*(float(mean) for mean in means))


def perfect_by_formula(distribution: WithModes, n: int) -> Coverage:
    """The row of the distribution itself by formula, for modes at least 6 sd apart.

    So far apart, no ball of 3 sd meets another. With p = P(chi^2_d < 9), which in the plane is
    1 - exp(-9/2) = 0.98889, and K the number of modes with weight:

        modes          = sum_k 1 - (1 - p w_k)^n
        high_quality   = p
        reverse_kl     = (K - 1) / (2 n p), the leading term of what counting n p samples costs
        reverse_kl_all = (K - 1) / (2 n)
        sd_ratio       = 1; the extremes have no such formula and are NaN

    Args:
        distribution: a target with modes.
        n: samples in a row, at least 1.

    Returns:
        The expected row.

    Raises:
        ValueError: for a distribution without modes, and for n below 1.
    """
    owner = "perfect_by_formula"
    _check_modes(owner, distribution)
    checks.integer(owner, "n", n, 1)
    weights = np.asarray(distribution.weights)
    positive = int(np.count_nonzero(weights))
    good = within(distribution.dim)
    return Coverage(
        modes=float(np.sum(1.0 - (1.0 - good * weights) ** n)),
        high_quality=good,
        reverse_kl=(positive - 1) / (2.0 * n * good),
        reverse_kl_all=(positive - 1) / (2.0 * n),
        sd_ratio=1.0,
        sd_least=math.nan,
        sd_most=math.nan,
    )


def within(dim: int) -> float:
    """P(|x| < 3) for x ~ N(0, I) in `dim` dimensions: F_dim(9), the distribution of chi^2_dim at 9.

    F_dim(9) = u^k e^(-u) / Gamma(k + 1) S, with u = 9/2, k = dim/2 and
    S = 1 + u / (k + 1) + u^2 / ((k + 1) (k + 2)) + ...
    No term is negative, so a very small probability keeps its digits. Also
    E[|x|^2; |x| < 3] = dim F_(dim+2)(9) = dim F_dim(9) (1 - 1 / S).

    Args:
        dim: at least 1.

    Returns:
        A probability.

    Raises:
        ValueError: for dim below 1.
    """
    checks.integer("within", "dim", dim, 1)
    u = WITHIN**2 / 2.0
    k = dim / 2.0
    return math.exp(k * math.log(u) - u - math.lgamma(k + 1.0)) * _series(dim)


def _series(dim: int) -> float:
    """S of `within`, until a further term changes nothing."""
    k = dim / 2.0
    term = 1.0
    total = 0.0
    while total + term > total:
        total += term
        k += 1.0
        term *= WITHIN**2 / 2.0 / k
    return total


def _kl(counts: np.ndarray, weights: np.ndarray) -> float:
    """sum q log(q / w) of the shares q; infinite where nothing was counted, or where w = 0 < q."""
    if not counts.any():
        return math.inf
    seen = counts > 0
    shares = counts[seen] / counts.sum()
    with np.errstate(divide="ignore"):
        return float(np.sum(shares * np.log(shares / weights[seen])))


def _check_modes(owner: str, distribution: object) -> None:
    """A ValueError for a distribution that is not made of modes."""
    if not all(hasattr(distribution, name) for name in ("modes", "sd", "weights")):
        wanted = "one with modes, sd and weights, such as gaussian_mixture, ring or grid"
        checks.fail(owner, "distribution", wanted, f"{distribution!r:.100}")


def _checked(
    samples: ArrayLike, modes: ArrayLike, sd: float, weights: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """samples, modes and weights (of sum 1) as float64, or a ValueError."""
    owner = "coverage"
    checks.number(owner, "sd", sd, above=0.0)
    modes = checks.array(owner, "modes", modes, ["K", "d"])
    samples = checks.array(owner, "samples", samples, ["n", modes.shape[1]])
    if weights is None:
        weights = np.ones(len(modes))
    shares = checks.array(owner, "weights", weights, [len(modes)])
    if (shares < 0.0).any() or not shares.any():
        wanted = f"[{len(modes)}] of numbers at least 0, not all 0"
        checks.fail(owner, "weights", wanted, f"{shares.tolist()!s:.100}")
    return samples, modes, shares / shares.sum()
