"""Which modes did the generator find, how well, and in what proportion?

For a target of K round normals of one sd (`toy.targets.distributions.gaussian_mixture`, `ring`, `grid`). Every
sample belongs to its nearest mode and is *good* if it lies within 3 sd of it. Then

    modes          how many modes have a good sample
    high_quality   the share of all samples that is good
    reverse_kl     KL(shares of the good samples || true weights)
    sd_ratio       the spread of a mode's good samples over the true one

The first two and the threshold are those of Srivastava et al. 2017 (VEEGAN, section 4.1) and Lin
et al. 2018 (PacGAN, section 4.1), whose published code counts good samples alone for the
proportions as well. No single one suffices: modes collapsed to points have every other
figure perfect; so look at all, beside the row that a perfect sampler gets, which has 98.89 %
high quality in the plane. More than that is no merit: it means too small a spread.
"""

import dataclasses
import math

import numpy as np

from gan_core import checks, rng

WITHIN = 3.0  # in sd


@dataclasses.dataclass(frozen=True)
class Coverage:
    """One row of the table. Where nothing could be measured a value is one that passes no test.

    reverse_kl is infinite when no sample is good; sd_* are NaN when no mode has enough.
    """

    modes: float  # modes with at least one good sample, of K (a whole number but in averages)
    high_quality: float  # good samples / all samples, 0 to 1
    reverse_kl: float  # KL(shares of good samples || weights), nats
    reverse_kl_all: float  # the same, every sample counted at its nearest mode
    sd_ratio: float  # mean over modes; 1 is right
    sd_least: float  # the smallest over modes and directions
    sd_most: float  # the largest over modes and directions

    def __str__(self) -> str:
        return (
            f"{self.modes:g} modes, {self.high_quality:.2%} high quality, reverse KL {self.reverse_kl:.3f}, "
            f"sd ratio {self.sd_ratio:.2f} (from {self.sd_least:.2f} to {self.sd_most:.2f})"
        )


def coverage(samples, modes, sd: float, weights=None) -> Coverage:
    """samples [n, d], modes [K, d], sd > 0, weights [K] (None: all alike) -> Coverage.

    reverse_kl = sum_k q_k log(q_k / w_k), where q_k is the share of mode k among the good
    samples and 0 log 0 = 0. A lost mode costs little, log(1 / (1 - w_k)); the count of modes
    tells of that. In `reverse_kl_all` samples between the modes count too, and can stand in
    for a mode that was never hit.

    sd_ratio: for each mode the root of the mean variance of its good samples' coordinates,
    *around their own mean* (around the true center a mode that is one point beside it would
    have a spread), divided by sd and by what the cut at 3 sd leaves of a true normal,
    sqrt(E[r^2 | r < 3] / d): 0.9744 in the plane. So a perfect sampler gets 1, outliers
    count for nothing here (high_quality has them), and too wide a spread is understated: one of
    1.3 shows as 1.19, and no ratio goes much beyond 2. A mode has a spread if it has at least
    d + 1 good samples; the mean is over the modes that do. A mean may hide a thin mode behind a
    broad one, or a streak, broad one way and thin the other: sd_least and sd_most are the
    extremes over all modes and, by the eigenvalues of each mode's covariance, all directions.
    """
    samples, modes, weights = _checked(samples, modes, sd, weights)
    count, dim = modes.shape
    squared = ((samples[:, np.newaxis, :] - modes) ** 2).sum(axis=2)
    nearest = squared.argmin(axis=1)
    good = squared.min(axis=1) <= (WITHIN * sd) ** 2
    good_counts = np.bincount(nearest[good], minlength=count)

    true_sd = sd * math.sqrt(within(dim + 2) / within(dim))
    spread, extremes = [], []
    for mode in np.flatnonzero(good_counts > dim):
        covariance = np.atleast_2d(np.cov(samples[good & (nearest == mode)], rowvar=False))
        spread.append(math.sqrt(np.trace(covariance) / dim) / true_sd)
        extremes.extend(np.sqrt(np.maximum(np.linalg.eigvalsh(covariance), 0.0)) / true_sd)

    return Coverage(
        modes=float(np.count_nonzero(good_counts)),
        high_quality=float(good.mean()),
        reverse_kl=_kl(good_counts, weights),
        reverse_kl_all=_kl(np.bincount(nearest, minlength=count), weights),
        sd_ratio=float(np.mean(spread)) if spread else math.nan,
        sd_least=float(min(extremes, default=math.nan)),
        sd_most=float(max(extremes, default=math.nan)),
    )


def of(samples, distribution) -> Coverage | None:
    """The coverage of a distribution that has modes; None for one that has not."""
    if not hasattr(distribution, "modes"):
        return None
    return coverage(samples, distribution.modes, distribution.sd, distribution.weights)


def perfect_sampler(distribution, n: int, *, draws: int = 10, seed: int = 0) -> Coverage:
    """The row of the distribution itself: the mean of `draws` rows of n of its own samples each.

    What no generator can beat but by luck or by concentrating too much.
    """
    checks.integer("perfect_sampler", "draws", draws, 1)
    target = (distribution.modes, distribution.sd, distribution.weights)
    rows = [
        dataclasses.astuple(
            coverage(distribution.sample(n, rng.seed(seed, "perfect_sampler", draw)), *target)
        )
        for draw in range(draws)
    ]
    return Coverage(*(float(value) for value in np.mean(rows, axis=0)))


def perfect_by_formula(distribution, n: int) -> Coverage:
    """The same by formula, for modes at least 6 sd apart (no ball of 3 sd meets another).

    With p = P(chi^2_d < 9), in the plane 1 - exp(-9/2) = 0.98889:
    modes = sum_k 1 - (1 - p w_k)^n;  high_quality = p;  reverse_kl = (K - 1) / (2 n p), the
    leading term of what counting n p samples costs (for all n samples: without p; K is the
    number of modes with weight);  sd_ratio = 1. The extremes have no such formula: NaN.
    """
    checks.integer("perfect_by_formula", "n", n, 1)
    weights = np.asarray(distribution.weights)
    good, positive = within(distribution.dim), int(np.count_nonzero(weights))
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
    """P(|x| < 3) for x ~ N(0, I) in `dim` dimensions: P(chi^2_dim < 9).

    F_1(t) = erf(sqrt(t / 2)), F_2(t) = 1 - e^(-t/2), F_(k+2)(t) = F_k(t) - (t/2)^(k/2) e^(-t/2) / Gamma(k/2 + 1).
    Also E[|x|^2; |x| < 3] = dim P(chi^2_(dim+2) < 9).
    """
    half = WITHIN**2 / 2.0
    k = 2 - dim % 2
    chance = math.erf(math.sqrt(half)) if k == 1 else 1.0 - math.exp(-half)
    while k < dim:
        chance -= half ** (k / 2) * math.exp(-half) / math.gamma(k / 2 + 1)
        k += 2
    return chance


def _kl(counts, weights) -> float:
    """sum q log(q / w) of the shares q; infinite where nothing was counted, or where w = 0 < q."""
    if not counts.any():
        return math.inf
    seen = counts > 0
    shares = counts[seen] / counts.sum()
    with np.errstate(divide="ignore"):
        return float(np.sum(shares * np.log(shares / weights[seen])))


def _checked(samples, modes, sd, weights):
    """Everything as float64, or a ValueError."""
    checks.number("coverage", "sd", sd, above=0.0)
    samples, modes = np.asarray(samples, np.float64), np.asarray(modes, np.float64)
    if modes.ndim != 2 or modes.size == 0:
        checks.fail("coverage", "modes", "[K, d] with K at least 1", checks.show_shape(modes.shape))
    if samples.ndim != 2 or samples.shape[1] != modes.shape[1] or samples.size == 0:
        checks.fail(
            "coverage",
            "samples",
            checks.show_shape(["n", modes.shape[1]]) + " with n at least 1",
            checks.show_shape(samples.shape),
        )
    for name, array in (("samples", samples), ("modes", modes)):
        if not np.isfinite(array).all():
            checks.fail(
                "coverage",
                name,
                "finite",
                f"{int((~np.isfinite(array)).sum())} of {array.size} values NaN or infinite",
            )
    weights = np.ones(len(modes)) if weights is None else np.asarray(weights, np.float64)
    if (
        weights.shape != (len(modes),)
        or not np.isfinite(weights).all()
        or (weights < 0.0).any()
        or not weights.any()
    ):
        checks.fail(
            "coverage",
            "weights",
            f"[{len(modes)}] of numbers at least 0, not all 0",
            str(weights.tolist()),
        )
    return samples, modes, weights / weights.sum()
