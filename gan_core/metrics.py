"""How far two sets of samples are from each other: distances for judging, not for training.

    function               asks                                     formula                             cost
    wasserstein_1          how far must mass move, on a line?       integral of |F^-1 - G^-1|           n log n
    sliced_wasserstein     the same, seen from many directions      mean of W1 over projections         P n (d + log n)
    energy_distance        do distances within equal those across?  2 E|x-y| - E|x-x'| - E|y-y'|        n^2 d
    mmd                    do mean embeddings agree?                E k(x,x') + E k(y,y') - 2 E k(x,y)  n^2 d

`x` is one set of samples, `y` the other; they need not be equally many. Anything NumPy can
read will do (arrays, lists, eager tensors); the arithmetic is NumPy float64 and the result a
Python float. No table of all pairs is ever held (but by `median_distance`, of `rows` samples):
memory is O((n + m) (d + P)) and one block.

Two finite samples of *one* distribution are not 0 apart, so a distance says little alone:
compare it with that of two real samples of the same sizes.
"""

import numpy as np

from gan_core import checks, rng

PAIRS_AT_A_TIME = 1_000_000


def wasserstein_1(x, y) -> float:
    """The least mean distance by which x must be moved to become y: x [n], y [m], on a line.

    W1 = integral over t from 0 to 1 of |F^-1(t) - G^-1(t)|, the quantile functions of the two
    samples (Villani 2003, section 2.2). For n = m that is mean |sorted x - sorted y|. In the
    unit of x. For two samples of one distribution it is above 0, of order 1/sqrt(n).
    """
    x = _array("wasserstein_1", "x", x, ["n"])
    y = _array("wasserstein_1", "y", y, ["m"])
    return float(_wasserstein_1_of_columns(x[:, np.newaxis], y[:, np.newaxis])[0])


def sliced_wasserstein(x, y, *, seed: int, projections: int = 128) -> float:
    """W1 (not W2) of the samples seen along random directions, averaged: x [n, d], y [m, d].

    SW = mean over u of W1(x u, y u), with `projections` directions u uniform on the unit
    sphere (Rabin et al. 2011; with W1, Karras et al. 2018, section 5). One seed gives the same
    directions in every call with this d. In the unit of x; for d = 1 it is W1 itself. A shift
    by a counts as E|u.a|, less than |a|: 2/pi |a| in the plane, about sqrt(2 / (pi d)) |a|
    in many dimensions, so values for different d do not compare.
    """
    owner = "sliced_wasserstein"
    x, y = _two_samples(owner, x, y)
    checks.integer(owner, "projections", projections, 1)
    directions = (
        rng.normal([x.shape[1], projections], rng.seed(seed, owner)).numpy().astype(np.float64)
    )
    directions /= np.linalg.norm(directions, axis=0)
    some = np.array_split(
        directions, -(-projections // 16), axis=1
    )  # all at once would need five times x and y
    return float(
        np.concatenate([_wasserstein_1_of_columns(x @ part, y @ part) for part in some]).mean()
    )


def energy_distance(x, y, *, unbiased: bool = True) -> float:
    """2 E|x - y| - E|x - x'| - E|y - y'|: x [n, d], y [m, d] (Szekely and Rizzo 2013).

    0 if and only if the two distributions are equal; in the unit of x (no square root is
    taken); needs finite means. `unbiased` leaves a sample's distance to itself out of the
    second and third mean (a U-statistic): the expected value is then exact for any n, so for
    equal distributions it is 0 and more than half of the estimates are *negative*. Otherwise it is the
    distance of the two empirical distributions: never negative, 0 for x = y, too large on average.
    """
    x, y = _two_samples("energy_distance", x, y, at_least=2 if unbiased else 1)
    return -_within_less_across(np.sqrt, x, y, unbiased)


def mmd(x, y, *, bandwidth: float, unbiased: bool = True) -> float:
    """The *squared* maximum mean discrepancy with a Gaussian kernel: x [n, d], y [m, d].

    E k(x,x') + E k(y,y') - 2 E k(x,y),  k(a, b) = exp(-|a - b|^2 / (2 bandwidth^2)), from 0 to
    2 (Gretton et al. 2012, lemma 6; `unbiased` is their eq. 3, otherwise eq. 5, with the
    same meaning as in `energy_distance`: an unbiased estimate may be negative, so no root).

    bandwidth: in the unit of x; differences much finer or much coarser than it go unseen.
    Choose it once, from real samples (`median_distance`): taken anew from each generator's
    samples, it would be another ruler for each, and the estimate no longer unbiased.
    """
    checks.number("mmd", "bandwidth", bandwidth, above=0.0)
    x, y = _two_samples("mmd", x, y, at_least=2 if unbiased else 1)
    return _within_less_across(
        lambda squared: np.exp(-squared / (2.0 * bandwidth**2)), x, y, unbiased
    )


def median_distance(x, *, rows: int = 1000) -> float:
    """The median of |x_i - x_j| over pairs i < j of the first `rows` rows of x [n, d].

    A usual bandwidth of a Gaussian kernel (Gretton et al. 2012, in their experiments).
    """
    checks.integer("median_distance", "rows", rows, 2)
    x = _array("median_distance", "x", x, ["n", "d"], at_least=2)[:rows]
    squared = _squared_distances(x - x.mean(axis=0), x - x.mean(axis=0))
    return float(np.median(np.sqrt(squared[np.triu_indices(len(x), k=1)])))


def _wasserstein_1_of_columns(x, y):
    """x [n, P], y [m, P] -> [P]: W1 of each column.

    The quantile function of n samples is constant between the levels i/n, that of m between
    j/m: over the union of the levels both are. Counted in units of 1/(n m) levels are integers.
    """
    n, m = len(x), len(y)
    levels = np.union1d(np.arange(n + 1) * m, np.arange(m + 1) * n)
    start, width = levels[:-1], np.diff(levels) / (n * m)
    return width @ np.abs(np.sort(x, axis=0)[start // m] - np.sort(y, axis=0)[start // n])


def _within_less_across(f, x, y, unbiased) -> float:
    """E f(x,x') + E f(y,y') - 2 E f(x,y) for a function f of the squared distance.

    Common translations change no distance; the one that puts the mean at 0 costs the fewest digits.
    """
    center = (x.sum(axis=0) + y.sum(axis=0)) / (len(x) + len(y))
    x, y = x - center, y - center
    within = _mean_over_pairs(f, x, x, unbiased) + _mean_over_pairs(f, y, y, unbiased)
    return float(within - 2.0 * _mean_over_pairs(f, x, y, False))


def _mean_over_pairs(f, x, y, skip_diagonal) -> float:
    """The mean of f(|x_i - y_j|^2), a block of rows at a time; skip_diagonal: over i != j."""
    total = 0.0
    block = max(1, PAIRS_AT_A_TIME // len(y))
    for first in range(0, len(x), block):
        values = f(_squared_distances(x[first : first + block], y))
        if skip_diagonal:
            own = np.arange(len(values))
            values[own, first + own] = 0.0
        total += values.sum()
    return total / (len(x) * (len(y) - skip_diagonal))


def _squared_distances(x, y):
    """[n, d], [m, d] -> [n, m]: |x|^2 + |y|^2 - 2 x.y, which rounding can make negative."""
    squared = (x * x).sum(axis=1)[:, np.newaxis] + (y * y).sum(axis=1) - 2.0 * (x @ y.T)
    return np.maximum(squared, 0.0)


def _two_samples(owner, x, y, at_least=1):
    x = _array(owner, "x", x, ["n", "d"], at_least)
    y = _array(owner, "y", y, ["m", "d"], at_least)
    if x.shape[1] != y.shape[1]:
        checks.fail(owner, "y", checks.show_shape(["m", x.shape[1]]), checks.show_shape(y.shape))
    return x, y


def _array(owner, name, value, shape, at_least=1):
    """`value` as a finite float64 array of this rank with at least so many rows."""
    wanted = f"{checks.show_shape(shape)} of numbers"
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        checks.fail(owner, name, wanted, f"a {type(value).__name__} that is no array of numbers")
    if array.ndim != len(shape):
        way_out = "Flatten images to [n, height * width * channels]." if array.ndim > 2 else ""
        checks.fail(owner, name, wanted, checks.show_shape(array.shape), way_out)
    if len(array) < at_least or array.size == 0:
        checks.fail(
            owner,
            name,
            f"{wanted} with {shape[0]} at least {at_least}",
            checks.show_shape(array.shape),
        )
    if not np.isfinite(array).all():
        bad = int((~np.isfinite(array)).sum())
        checks.fail(owner, name, "finite", f"{bad} of {array.size} values NaN or infinite")
    return array
