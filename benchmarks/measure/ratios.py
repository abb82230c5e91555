"""What can be said of the ratio of two times that were measured in turn, window by window.

Window i of A and window i of B stand next to each other in time, so whatever slows the machine
slows both, and their ratio is steadier than either. All here takes such paired ratios.
"""

import dataclasses
import math

import numpy as np

from gan_core import checks


@dataclasses.dataclass(frozen=True)
class Ratio:
    """How many times as long the other takes as the base: above 1, it is slower.

    of_medians: median of the other's seconds / median of the base's.
    quartiles: of the paired ratios.
    interval: where the median of paired ratios lies with a probability of `confidence`; (0, inf)
    if there are too few pairs to say.
    """

    of_medians: float
    quartiles: tuple[float, float]
    interval: tuple[float, float]

    @property
    def differs(self) -> bool:
        return not self.interval[0] <= 1.0 <= self.interval[1]


def ratio(other, base, confidence: float = 0.95) -> Ratio:
    """other, base: seconds of each window [n], taken in turn."""
    other, base = np.asarray(other, np.float64), np.asarray(base, np.float64)
    checks.same_shape("ratios.ratio", "base", base, other.shape)
    paired = other / base
    low, high = np.percentile(paired, [25, 75])
    return Ratio(
        float(np.median(other) / np.median(base)),
        (float(low), float(high)),
        median_interval(paired, confidence),
    )


def median_interval(values, confidence: float = 0.95) -> tuple[float, float]:
    """The sign test's interval for the median of the distribution that values [n] were drawn from.

    Each value lies below that median with probability 1/2, so the number of those that do is
    binomial, and the median lies between the k-th smallest and the k-th largest value but for a
    probability of 2 P(Bin(n, 1/2) < k). The largest k is taken at which that is at most
    1 - confidence: no assumption on how times are distributed, and a few wild windows move nothing.
    (Conover 1999, "Practical Nonparametric Statistics", section 3.2.)  For 95 %, n must be at
    least 6; with fewer, (0, inf).
    """
    checks.number("median_interval", "confidence", confidence, above=0.0, below=1.0)
    values = np.sort(np.asarray(values, np.float64))
    n = len(values)
    k, outside = 0, 0.0
    while k < n // 2:
        outside += 2.0 * math.comb(n, k) / 2.0**n
        if outside > 1.0 - confidence:
            break
        k += 1
    return (float(values[k - 1]), float(values[n - k])) if k else (0.0, math.inf)
