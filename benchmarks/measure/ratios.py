"""The ratio of two times that were measured in turns, window by window, and its interval.

Window i of A and window i of B follow each other in time. If something slows the machine, it slows
both, so their ratio varies less than either time. This module uses only such paired ratios.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import ArrayLike

from gan_core import checks


@dataclasses.dataclass(frozen=True)
class Ratio:
    """Time of the other divided by time of the base. Above 1 the other is slower."""

    of_medians: float
    """median of the other's seconds / median of the base's"""
    quartiles: tuple[float, float]
    """of the paired ratios"""
    interval: tuple[float, float]
    """confidence interval of the median of the paired ratios; (0, inf) if there are too few
    pairs"""

    @property
    def differs(self) -> bool:
        """Whether 1 is outside the interval."""
        return not self.interval[0] <= 1.0 <= self.interval[1]


def ratio(other: ArrayLike, base: ArrayLike, confidence: float = 0.95) -> Ratio:
    """The ratio of two times that were measured in turns.

    Args:
        other: seconds of each window, [n].
        base: the same for the one that it is compared with, [n].
        confidence: the confidence level of the interval.
    """
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
    """A confidence interval of the median of the values' distribution, by the sign test.

    Each value lies below the median with probability 1/2, so the number of values below it is
    binomial. Therefore the median lies outside the range from the k-th smallest to the k-th largest
    value with probability 2 P(Bin(n, 1/2) < k). The function takes the largest k for which this
    probability is at most 1 - confidence. It assumes nothing about the distribution of the times,
    and a few extreme windows do not change the interval. (Conover 1999, "Practical Nonparametric
    Statistics", section 3.2.)

    Args:
        values: [n].
        confidence: between 0 and 1.

    Returns:
        (low, high); (0, inf) if there are too few values. For 95 % there must be at least 6.
    """
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
