"""Which combinations of factors never come out? Blue hair, yes; green eyes, yes; both at once?

A generator may have every value of every factor and still drop combinations: with 8 hair colours, 6 eye
colours and 5 mouths there are 240 cells, and it is the rare ones that are lost first. But a *perfect*
sampler misses some too when the sample is small, so count what is missing against that.
"""

import dataclasses

import numpy as np

from gan_core import checks


@dataclasses.dataclass(frozen=True)
class Coverage:
    """Counts of combinations in n samples, beside those that a perfect sampler has on average."""

    factors: dict
    """{factor: names of its values}: the axes of the tables, in order"""
    counts: np.ndarray
    """[values of the first, of the second, ...] int: how often each combination came out"""
    expected: np.ndarray
    """the same shape, float: n times the product of the shares that the values have in real data"""

    @property
    def n(self) -> int:
        return int(self.counts.sum())

    @property
    def missing(self) -> list:
        """The combinations that never came out, as tuples of names; the most expected first."""
        order = np.argsort(-self.expected, axis=None, kind="stable")
        places = (np.unravel_index(i, self.counts.shape) for i in order if self.counts.flat[i] == 0)
        return [
            tuple(values[i] for values, i in zip(self.factors.values(), place, strict=True))
            for place in places
        ]

    @property
    def missed_by_perfect(self) -> float:
        """How many a perfect sampler of the same n misses on average: the sum over combinations of (1 - p)^n."""
        return float(np.sum((1.0 - self.expected / self.n) ** self.n))

    @property
    def distance(self) -> float:
        """Total variation, 1/2 sum |counts - expected| / n: how many samples must change cells, as a share.

        Not 0 for a perfect sampler, of order sqrt(cells / n): beside its value for real data only.
        """
        return float(0.5 * np.abs(self.counts - self.expected).sum() / self.n)

    def shares(self, factor: str) -> tuple[np.ndarray, np.ndarray]:
        """The share of each value of one factor: in the samples, and expected."""
        axis = list(self.factors).index(factor)
        others = tuple(i for i in range(self.counts.ndim) if i != axis)
        return self.counts.sum(axis=others) / self.n, self.expected.sum(axis=others) / self.n


def coverage(labels: dict, real_labels: dict, factors: dict) -> Coverage:
    """Count the combinations of these factors (two or more) in labels {factor: [n] int}.

    real_labels {factor: [m] int}: of real data, many; the expected counts are the product of *their* shares, one
    factor at a time, which holds where factors are independent, as those of drawn faces are. Independence
    makes small probabilities exact that counting combinations in m faces would not give.
    factors: {factor: names of its values}.
    """
    shares = []
    for factor, values in factors.items():
        for name, own in (("labels", labels), ("real_labels", real_labels)):
            if (
                factor not in own
                or not len(own[factor])
                or not set(np.unique(own[factor])) <= set(range(len(values)))
            ):
                checks.fail(
                    "coverage",
                    f"{name}[{factor!r}]",
                    f"[n] whole numbers from 0 to {len(values) - 1}",
                    "none"
                    if factor not in own
                    else f"{len(own[factor])} of {np.unique(own[factor])[:9]}",
                )
        shares.append(
            np.bincount(real_labels[factor], minlength=len(values)) / len(real_labels[factor])
        )
    counts = np.zeros([len(share) for share in shares], np.int64)
    np.add.at(counts, tuple(np.asarray(labels[factor]) for factor in factors), 1)
    probability = np.ones([])
    for share in shares:
        probability = np.multiply.outer(probability, share)
    return Coverage(
        {factor: tuple(values) for factor, values in factors.items()},
        counts,
        counts.sum() * probability,
    )
