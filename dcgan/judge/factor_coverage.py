"""Which combinations of factors does a generator never make, such as blue hair with green eyes?

A generator may make every value of every factor and still drop combinations: with 8 hair colours, 6
eye colours and 5 mouths there are 240, and the rare ones are lost first. But a *perfect* sampler
also misses some if the sample is small, so the number of missing ones is compared with that.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from gan_core import checks


@dataclasses.dataclass(frozen=True)
class Coverage:
    """Counts of combinations in n samples, beside the mean counts of a perfect sampler."""

    factors: dict[str, tuple[str, ...]]
    """{factor: names of its values}: the axes of the tables, in order"""
    counts: np.ndarray
    """[values of the first, of the second, ...] int: how often each combination came out"""
    expected: np.ndarray
    """the same shape, float: n times the product of the shares that the values have in real data"""

    @property
    def n(self) -> int:
        """How many samples were counted."""
        return int(self.counts.sum())

    @property
    def missing(self) -> list[tuple[str, ...]]:
        """The combinations that never came out, as tuples of names; the most expected first."""
        found = []
        for cell in np.argsort(-self.expected, axis=None, kind="stable"):
            if self.counts.flat[cell] == 0:
                found.append(self._names(cell))
        return found

    @property
    def missed_by_perfect(self) -> float:
        """How many a perfect sampler of the same n misses on average.

        The sum over combinations of (1 - p)^n, where p is a combination's expected share.
        """
        return float(np.sum((1.0 - self.expected / self.n) ** self.n))

    @property
    def distance(self) -> float:
        """Total variation, 1/2 sum |counts - expected| / n: the share of samples in wrong cells.

        Not 0 for a perfect sampler, of order sqrt(cells / n): beside its value for real data only.
        """
        return float(0.5 * np.abs(self.counts - self.expected).sum() / self.n)

    def shares(self, factor: str) -> tuple[np.ndarray, np.ndarray]:
        """The share of each value of one factor.

        Args:
            factor: one of `factors`.

        Returns:
            [values] float in the samples, and [values] float expected.

        Raises:
            ValueError: if the factor is none of `factors`.
        """
        axis = list(self.factors).index(factor)
        others = tuple(i for i in range(self.counts.ndim) if i != axis)
        ours = self.counts.sum(axis=others) / self.n
        expected = self.expected.sum(axis=others) / self.n
        return ours, expected

    def _names(self, cell: int) -> tuple[str, ...]:
        """The names of the values of one combination, given by its position in the flat table."""
        place = np.unravel_index(cell, self.counts.shape)
        pairs = zip(self.factors.values(), place, strict=True)
        return tuple(values[i] for values, i in pairs)


def coverage(
    labels: Mapping[str, np.ndarray],
    real_labels: Mapping[str, np.ndarray],
    factors: Mapping[str, Sequence[str]],
) -> Coverage:
    """Count the combinations of these factors.

    The expected counts are the product of the shares of real data, one factor at a time. That holds
    where factors are independent, as those of drawn faces are. Independence makes small
    probabilities exact that counting combinations in m faces would not give.

    Args:
        labels: {factor: [n] int}, of the samples.
        real_labels: {factor: [m] int}, of real data, many.
        factors: {factor: names of its values}, one factor or more.

    Returns:
        The counts, and what is expected.

    Raises:
        ValueError: if a factor's labels are missing, of another length than the others', or name
            no value.
    """
    if not factors:
        checks.fail("coverage", "factors", "at least one factor", "none")
    ours = _labels_of("labels", labels, factors)
    real = _labels_of("real_labels", real_labels, factors)
    shares = []
    for factor, values in factors.items():
        seen = np.bincount(real[factor], minlength=len(values))
        shares.append(seen / len(real[factor]))
    counts = np.zeros([len(share) for share in shares], np.int64)
    np.add.at(counts, tuple(ours.values()), 1)
    probability = np.ones([])
    for share in shares:
        probability = np.multiply.outer(probability, share)
    names = {factor: tuple(values) for factor, values in factors.items()}
    return Coverage(names, counts, counts.sum() * probability)


def _labels_of(
    name: str, labels: Mapping[str, np.ndarray], factors: Mapping[str, Sequence[str]]
) -> dict[str, np.ndarray]:
    """The labels of these factors, as many for each, each the number of one of its values."""
    found = {}
    for factor, values in factors.items():
        what = f"{name}[{factor!r}]"
        wanted = f"[n] whole numbers from 0 to {len(values) - 1}"
        if factor not in labels:
            checks.fail("coverage", what, wanted, "none")
        own = checks.array("coverage", what, labels[factor], ["n"], dtype=np.int64)
        if own.min() < 0 or own.max() >= len(values):
            came = f"{len(own)} of numbers from {own.min()} to {own.max()}"
            checks.fail("coverage", what, wanted, came)
        found[factor] = own
        first = next(iter(found))
        if len(own) != len(found[first]):
            wanted = f"{len(found[first])} labels, as many as {first!r} has"
            checks.fail("coverage", what, wanted, f"{len(own)}")
    return found
