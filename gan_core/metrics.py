"""How far two sets of samples are from each other: distances for judging, not for training.

    function             asks                                      cost
    wasserstein_1        how far must mass move, on a line?        n log n
    sliced_wasserstein   the same, averaged over P directions      P n (d + log n)
    SlicedWasserstein    the same, from one sample to many         half of that for each
    energy_distance      are distances within and across equal?    n^2 d
    mmd                  do mean embeddings agree?                 n^2 d

`x` is one set of samples, `y` the other; their sizes n and m may differ. They may be anything that
NumPy can read (arrays, lists, eager tensors) with real numbers of at most 1e100 in size. The
arithmetic is NumPy float64 and the result a Python float. A table of all pairs is never kept in
memory (except by `median_distance`, for `rows` samples): memory is O((n + m) (d + P)) and one block
of pairs.

The distance between two finite samples of the *same* distribution is not 0, so a distance alone
says little. Compare it with the distance between two real samples of the same sizes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gan_core import checks, rng

PAIRS_AT_A_TIME = 1_000_000
DIRECTIONS_AT_A_TIME = 16  # all at once would need five times the memory of x and y
LARGEST = 1e100  # the square of a difference of two such numbers is far from overflowing


def wasserstein_1(x: Any, y: Any) -> float:
    """Compute the least mean distance by which x must be moved to become y, on a line.

    W1 = integral over t from 0 to 1 of |F^-1(t) - G^-1(t)|, where F^-1 and G^-1 are the quantile
    functions of the two samples (Villani 2003, section 2.2). For n = m that is
    mean |sorted x - sorted y|. For two samples of the same distribution it is above 0, of order
    1/sqrt(n).

    Args:
        x: [n] real numbers.
        y: [m] real numbers.

    Returns:
        The distance, in the unit of x.

    Raises:
        ValueError: if x or y is empty, of another shape, or holds other numbers.

    Example:
        >>> wasserstein_1([0.0, 1.0], [2.0, 3.0])
        2.0
    """
    x = _array("wasserstein_1", "x", x, ["n"])
    y = _array("wasserstein_1", "y", y, ["m"])
    return float(_wasserstein_1_of_sorted(np.sort(x)[np.newaxis], np.sort(y)[np.newaxis])[0])


def sliced_wasserstein(x: Any, y: Any, *, seed: int, projections: int = 128) -> float:
    """Project the samples onto random directions, and compute the mean of W1 (not W2) over them.

    SW = mean over u of W1(x u, y u), with `projections` directions u uniform on the unit
    sphere (Rabin et al. 2011; with W1, Karras et al. 2018, section 5). The same seed gives the same
    directions in every call with this d. For d = 1 it is W1 itself. If y is x shifted by a, SW is
    E|u.a|, which is less than |a|: 2/pi |a| in the plane, about sqrt(2 / (pi d)) |a| in many
    dimensions. So values for different d cannot be compared.

    Args:
        x: [n, d] real numbers.
        y: [m, d] real numbers.
        seed: the seed of the directions, a Python int.
        projections: how many directions.

    Returns:
        The distance, in the unit of x.

    Raises:
        ValueError: if x or y is empty, of another shape, or holds other numbers.

    Example:
        >>> sliced_wasserstein([[0.0], [1.0]], [[2.0], [3.0]], seed=0)
        2.0
    """
    owner = "sliced_wasserstein"
    x, y = _two_samples(owner, x, y)
    distances = [
        _wasserstein_1_of_sorted(_sorted_along(some, x), _sorted_along(some, y))
        for some in _directions(owner, x.shape[1], seed, projections)
    ]
    return float(np.concatenate(distances).mean())


class SlicedWasserstein:
    """`sliced_wasserstein` of one sample x and any number of others, without x's share of the work.

    x is projected and sorted once. What is kept are n numbers for each of the projections.

    Args:
        x: [n, d] real numbers.
        seed: of the directions, a Python int.
        projections: how many directions.

    Raises:
        ValueError: if x is empty, of another shape, or holds other numbers.

    Example:
        >>> distance_from_x = SlicedWasserstein([[0.0], [1.0]], seed=0)
        >>> distance_from_x([[2.0], [3.0]])
        2.0
    """

    def __init__(self, x: Any, *, seed: int, projections: int = 128) -> None:
        x = _array("SlicedWasserstein", "x", x, ["n", "d"])
        self._dimension = x.shape[1]
        self._directions = _directions("SlicedWasserstein", x.shape[1], seed, projections)
        self._sorted = [_sorted_along(some, x) for some in self._directions]

    def __call__(self, y: Any) -> float:
        """Compute the distance of x and y.

        Args:
            y: [m, d] real numbers.

        Returns:
            What `sliced_wasserstein` gives, in the unit of x.

        Raises:
            ValueError: if y is empty, of another shape, or holds other numbers.
        """
        y = _array("SlicedWasserstein", "y", y, ["m", self._dimension])
        distances = [
            _wasserstein_1_of_sorted(x_sorted, _sorted_along(some, y))
            for some, x_sorted in zip(self._directions, self._sorted, strict=True)
        ]
        return float(np.concatenate(distances).mean())


def energy_distance(x: Any, y: Any, *, unbiased: bool = True) -> float:
    """Compute 2 E|x - y| - E|x - x'| - E|y - y'| (Szekely and Rizzo 2013).

    0 if and only if the two distributions are equal; needs finite means.

    Args:
        x: [n, d] real numbers.
        y: [m, d] real numbers.
        unbiased: leave a sample's distance to itself out of the second and third mean (a
            U-statistic). The expected value of the estimate is then exact for any n: for equal
            distributions it is 0, and more than half of the estimates are *negative*. If False, the
            result is the distance between the two empirical distributions, which is never negative,
            0 for x = y, and too large on average.

    Returns:
        The distance, in the unit of x (no square root is taken).

    Raises:
        ValueError: if x or y has too few rows, another shape, or other numbers.

    Example:
        >>> energy_distance([[0.0], [0.0]], [[3.0], [3.0]])
        6.0
    """
    x, y = _two_samples("energy_distance", x, y, _fewest(unbiased))
    return -_within_less_across(np.sqrt, x, y, unbiased)


def mmd(x: Any, y: Any, *, bandwidth: float, unbiased: bool = True) -> float:
    """Compute the *squared* maximum mean discrepancy with a Gaussian kernel.

    E k(x,x') + E k(y,y') - 2 E k(x,y),  k(a, b) = exp(-|a - b|^2 / (2 bandwidth^2)), from 0 to 2
    (Gretton et al. 2012, lemma 6; `unbiased` is their eq. 3, otherwise eq. 5, with the same meaning
    as in `energy_distance`: an unbiased estimate may be negative, so no root is taken).

    Args:
        x: [n, d] real numbers.
        y: [m, d] real numbers.
        bandwidth: in the unit of x; differences on scales that are much smaller or larger are
            not detected. Choose it once, from real samples (`median_distance`). If it were
            computed from each generator's samples, results could not be compared, and the estimate
            would no longer be unbiased.
        unbiased: as in `energy_distance`.

    Returns:
        The squared discrepancy, without a unit.

    Raises:
        ValueError: if x or y has too few rows, another shape, or other numbers, or bandwidth is not
            above 0.

    Example:
        >>> round(mmd([[0.0], [0.0]], [[1.0], [1.0]], bandwidth=1.0), 4)  # 2 - 2 exp(-1/2)
        0.7869
    """
    checks.number("mmd", "bandwidth", bandwidth, above=0.0)
    x, y = _two_samples("mmd", x, y, _fewest(unbiased))

    def kernel(squared: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):  # the square of the bandwidth itself may be 0 or infinite
            return np.exp(-0.5 * (squared / bandwidth / bandwidth))

    return _within_less_across(kernel, x, y, unbiased)


def median_distance(x: Any, *, rows: int = 1000) -> float:
    """Compute the median of |x_i - x_j| over pairs i < j of the first `rows` rows of x.

    It is a common choice for the bandwidth of a Gaussian kernel (Gretton et al. 2012, in their
    experiments).

    Args:
        x: [n, d] real numbers, n at least 2.
        rows: how many rows are used, at least 2.

    Returns:
        The median, in the unit of x.

    Raises:
        ValueError: if x has too few rows, another shape, or other numbers.

    Example:
        >>> median_distance([[0.0], [3.0]])
        3.0
    """
    checks.integer("median_distance", "rows", rows, 2)
    x = _array("median_distance", "x", x, ["n", "d"], at_least=2)[:rows]
    centred = x - np.median(x, axis=0)  # one far row would move the mean away from all others
    squared = _squared_distances(centred, centred)
    return float(np.median(np.sqrt(squared[np.triu_indices(len(x), k=1)])))


def _directions(owner: str, d: int, seed: int, projections: int) -> list[np.ndarray]:
    """Uniform on the unit sphere, one a row, DIRECTIONS_AT_A_TIME in an array [p, d]."""
    checks.integer(owner, "projections", projections, 1)
    checks.seed(owner, seed)
    drawn = rng.normal([d, projections], rng.seed(seed, "sliced_wasserstein"))
    directions = drawn.numpy().astype(np.float64)
    directions /= np.linalg.norm(directions, axis=0)
    parts = -(-projections // DIRECTIONS_AT_A_TIME)
    return np.array_split(np.ascontiguousarray(directions.T), parts)


def _sorted_along(directions: np.ndarray, x: np.ndarray) -> np.ndarray:
    """directions [p, d], x [n, d] -> [p, n]: x seen along each direction, ascending."""
    seen = directions @ x.T
    seen.sort(axis=1)
    return seen


def _wasserstein_1_of_sorted(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x [p, n], y [p, m], each row ascending -> [p]: W1 of each row.

    The quantile function of n samples is constant between the levels i/n, that of m samples between
    j/m. Both are constant between neighbours in the union of the levels, which are counted here in
    units of 1/(n m), so that they are integers.
    """
    n = x.shape[1]
    m = y.shape[1]
    if n == m:
        return np.abs(x - y).mean(axis=1)
    levels = np.union1d(np.arange(n + 1) * m, np.arange(m + 1) * n)
    start = levels[:-1]
    width = np.diff(levels) / (n * m)
    return np.abs(x[:, start // m] - y[:, start // n]) @ width


def _within_less_across(
    f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, y: np.ndarray, unbiased: bool
) -> float:
    """E f(x,x') + E f(y,y') - 2 E f(x,y) for a function f of the squared distance.

    Shifting x and y by the same vector changes no distance. Shifting their common mean to 0 loses
    the fewest digits.
    """
    center = (x.sum(axis=0) + y.sum(axis=0)) / (len(x) + len(y))
    x = x - center
    y = y - center
    within = _mean_over_pairs(f, x, x, unbiased) + _mean_over_pairs(f, y, y, unbiased)
    return float(within - 2.0 * _mean_over_pairs(f, x, y, False))


def _mean_over_pairs(
    f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, y: np.ndarray, skip_diagonal: bool
) -> float:
    """The mean of f(|x_i - y_j|^2), computed in blocks of rows; skip_diagonal leaves out i = j."""
    total = 0.0
    block = max(1, PAIRS_AT_A_TIME // len(y))
    for first in range(0, len(x), block):
        values = f(_squared_distances(x[first : first + block], y))
        if skip_diagonal:
            own = np.arange(len(values))
            values[own, first + own] = 0.0
        total += values.sum()
    pairs_a_row = len(y)
    if skip_diagonal:
        pairs_a_row -= 1
    return total / (len(x) * pairs_a_row)


def _squared_distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """[n, d], [m, d] -> [n, m]: |x|^2 + |y|^2 - 2 x.y, which rounding can make negative."""
    squared = (x * x).sum(axis=1)[:, np.newaxis] + (y * y).sum(axis=1) - 2.0 * (x @ y.T)
    return np.maximum(squared, 0.0)


def _fewest(unbiased: bool) -> int:
    """How many rows an estimate needs: without the diagonal, a pair takes two."""
    if unbiased:
        return 2
    return 1


def _two_samples(owner: str, x: Any, y: Any, at_least: int = 1) -> tuple[np.ndarray, np.ndarray]:
    x = _array(owner, "x", x, ["n", "d"], at_least)
    y = _array(owner, "y", y, ["m", "d"], at_least)
    if x.shape[1] != y.shape[1]:
        checks.fail(owner, "y", checks.show_shape(["m", x.shape[1]]), checks.show_shape(y.shape))
    return x, y


def _array(owner: str, name: str, value: Any, shape: list[str], at_least: int = 1) -> np.ndarray:
    return checks.array(owner, name, value, shape, at_least=at_least, largest=LARGEST)
