"""What can be said of the ratio of two times that were measured in turn, window by window.

Window i of A and window i of B stand next to each other in time, so whatever slows the machine
slows both, and their ratio is steadier than either. Everything here uses such paired ratios.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import ArrayLike


@dataclasses.dataclass(frozen=True)
class Ratio:
    """How many times as long the other takes as the base. Above 1, it is slower."""

    of_medians: float
    """median of the other's seconds / median of the base's"""
    quartiles: tuple[float, float]
    """of the paired ratios"""
    interval: tuple[float, float]
    """where the median of the paired ratios lies with a probability of `confidence`; (0, inf) if
    there are too few pairs to say"""

    @property
    def differs(self) -> bool:
        """Whether 1 is outside the interval."""
        return not self.interval[0] <= 1.0 <= self.interval[1]


def ratio(other: ArrayLike, base: ArrayLike, confidence: float = 0.95) -> Ratio:
    """The ratio of two times that were measured in turn.

    Args:
        other: seconds of each window, [n].
        base: the same, of what it is compared with, [n].
        confidence: the confidence level of the interval.
    """
    from gan_core import checks

    other = np.asarray(other, np.float64)
    base = np.asarray(base, np.float64)
    checks.same_shape("ratios.ratio", "base", base, other.shape)
    paired = other / base
    low, high = np.percentile(paired, [25, 75])
    return Ratio(
        of_medians=float(np.median(other) / np.median(base)),
        quartiles=(float(low), float(high)),
        interval=median_interval(paired, confidence),
    )


def median_interval(values: ArrayLike, confidence: float = 0.95) -> tuple[float, float]:
    """The sign test's interval for the median of the distribution that the values were drawn from.

    Each value lies below that median with probability 1/2, so the number of values below it is
    binomial, and the median lies between the k-th smallest and the k-th largest value except with
    a probability of 2 P(Bin(n, 1/2) < k). The largest k is taken at which that probability is at
    most 1 - confidence. Nothing is assumed about how times are distributed, and a few extreme
    windows change nothing. (Conover 1999, "Practical Nonparametric Statistics", section 3.2.)

    Args:
        values: [n].
        confidence: between 0 and 1.

    Returns:
        (low, high); (0, inf) if there are too few values. For 95 % there must be at least 6.
    """
    from gan_core import checks

    checks.number("median_interval", "confidence", confidence, above=0.0, below=1.0)
    values = np.sort(np.asarray(values, np.float64))
    n = len(values)
    k = 0
    outside = 0.0
    while k < n // 2:
        outside += 2.0 * math.comb(n, k) / 2.0**n
        if outside > 1.0 - confidence:
            break
        k += 1
    if k == 0:
        return 0.0, math.inf
    return float(values[k - 1]), float(values[n - k])
