"""gan_core.metrics: distances between samples keep the laws of distances.

Each law is there for a plausible mistake: a mean over pairs with the diagonal left in, an
n where n - 1 belongs, quantiles paired wrongly for unequal sizes, directions that are not unit
vectors, a kernel without its factor 2.
"""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gan_core import metrics

pytestmark = pytest.mark.slow

NUMBERS = st.floats(-100.0, 100.0, allow_subnormal=False)
LINES = arrays(np.float64, st.integers(1, 12), elements=NUMBERS)
PLANES = arrays(np.float64, st.tuples(st.integers(2, 9), st.just(2)), elements=NUMBERS)
FACTORS = st.floats(0.01, 100.0)


def sliced(x, y):
    return metrics.sliced_wasserstein(x, y, seed=1, projections=16)


def energy(x, y):
    return metrics.energy_distance(x, y, unbiased=False)


def mmd(x, y):
    return metrics.mmd(x, y, bandwidth=2.0, unbiased=False)


DISTANCES = pytest.mark.parametrize("distance", [sliced, energy, mmd])
ESTIMATES = pytest.mark.parametrize(
    "estimate",
    [metrics.energy_distance, lambda x, y: metrics.mmd(x, y, bandwidth=1.5)],
    ids=["energy_distance", "mmd"],
)


# Laws of all distances


@DISTANCES
@settings(max_examples=30)
@given(x=PLANES, y=PLANES)
def test_a_distance_is_not_negative_symmetric_and_zero_on_itself_in_any_order(distance, x, y):
    tolerance = 1e-5  # the root of a squared distance that cancelled
    assert distance(x, y) >= -tolerance
    assert distance(x, y) == pytest.approx(distance(y, x), abs=tolerance)
    assert distance(x, x[::-1]) == pytest.approx(0.0, abs=tolerance)
    assert distance(x, np.repeat(x, 3, axis=0)) == pytest.approx(0.0, abs=tolerance)


@DISTANCES
@settings(max_examples=30)
@given(x=PLANES, y=PLANES, a=NUMBERS)
def test_moving_both_changes_nothing(distance, x, y, a):
    shift = np.array([a, -2.0 * a])
    assert distance(x + shift, y + shift) == pytest.approx(distance(x, y), abs=1e-5)


@settings(max_examples=30)
@given(x=PLANES, y=PLANES, c=FACTORS)
def test_scaling_both_scales_the_distance(x, y, c):
    """W1, sliced or not, and the energy distance have the unit of x;
    mmd has none, if the bandwidth scales too.
    """
    assert sliced(c * x, c * y) == pytest.approx(c * sliced(x, y), rel=1e-9, abs=1e-9)
    assert energy(c * x, c * y) == pytest.approx(c * energy(x, y), rel=1e-6, abs=1e-5 * (1 + c))
    assert metrics.mmd(c * x, c * y, bandwidth=c) == pytest.approx(
        metrics.mmd(x, y, bandwidth=1.0), abs=1e-9
    )


# Wasserstein-1


@given(x=LINES, y=LINES)
def test_wasserstein_1_is_the_area_between_the_distribution_functions(x, y):
    """integral |F - G|, the other way to see it, by going through all steps of both."""
    at = np.sort(np.concatenate([x, y]))
    area = sum(
        abs(np.mean(x <= low) - np.mean(y <= low)) * (high - low)
        for low, high in itertools.pairwise(at)
    )
    assert metrics.wasserstein_1(x, y) == pytest.approx(area, rel=1e-9, abs=1e-9)


@settings(max_examples=30)
@given(data=st.data(), n=st.integers(1, 5))
def test_wasserstein_1_is_the_cheapest_of_all_pairings(data, n):
    x, y = (data.draw(arrays(np.float64, n, elements=NUMBERS)) for _ in range(2))
    cheapest = min(np.abs(x - y[list(order)]).mean() for order in itertools.permutations(range(n)))
    assert metrics.wasserstein_1(x, y) == pytest.approx(cheapest, rel=1e-9, abs=1e-12)


@given(x=LINES, y=LINES, z=LINES, a=NUMBERS)
def test_wasserstein_1_keeps_the_triangle_and_a_shift_costs_its_size(x, y, z, a):
    assert (
        metrics.wasserstein_1(x, z)
        <= metrics.wasserstein_1(x, y) + metrics.wasserstein_1(y, z) + 1e-9
    )
    assert metrics.wasserstein_1(x, x + a) == pytest.approx(abs(a), rel=1e-9, abs=1e-9)
    assert metrics.wasserstein_1(x, y) == pytest.approx(metrics.wasserstein_1(y, x), rel=1e-9)


@given(x=LINES, y=LINES, times=st.integers(1, 4))
def test_wasserstein_1_sees_shares_not_counts(x, y, times):
    assert metrics.wasserstein_1(np.repeat(x, times), y) == pytest.approx(
        metrics.wasserstein_1(x, y), abs=1e-9
    )


def test_wasserstein_1_of_two_normals():
    """Of one sd: the difference of the means. Of one mean: |s - t| E|N(0, 1)| = |s - t| sqrt(2 / pi)."""
    draw = np.random.default_rng(0).normal
    n = 100_000
    m = 80_001
    assert metrics.wasserstein_1(draw(0, 1, n), draw(3, 1, m)) == pytest.approx(3.0, abs=0.02)
    wider = 1.5 * math.sqrt(2 / math.pi)
    assert metrics.wasserstein_1(draw(0, 1, n), draw(0, 2.5, m)) == pytest.approx(wider, abs=0.02)


# Sliced Wasserstein


@settings(max_examples=20)
@given(x=PLANES, y=PLANES, z=PLANES)
def test_a_sample_that_was_sorted_before_is_as_far_from_all_others(x, y, z):
    from_x = metrics.SlicedWasserstein(x, seed=1, projections=16)
    assert from_x(y) == sliced(x, y)
    assert from_x(z) == sliced(x, z)
    assert from_x(y) == sliced(x, y)  # nothing of z is left


def test_what_is_no_sample_of_this_dimension_is_told():
    from_x = metrics.SlicedWasserstein(np.zeros([3, 2]), seed=1)
    with pytest.raises(ValueError, match=r"SlicedWasserstein: y must be \[m, 2\]"):
        from_x(np.zeros([3, 1]))
    with pytest.raises(ValueError, match="SlicedWasserstein: x must"):
        metrics.SlicedWasserstein(np.zeros([0, 2]), seed=1)
    with pytest.raises(ValueError, match="SlicedWasserstein: projections must"):
        metrics.SlicedWasserstein(np.zeros([3, 2]), seed=1, projections=0)


@given(x=LINES, y=LINES)
def test_on_a_line_sliced_wasserstein_is_wasserstein_1(x, y):
    assert sliced(x[:, None], y[:, None]) == pytest.approx(
        metrics.wasserstein_1(x, y), rel=1e-9, abs=1e-9
    )


@pytest.mark.parametrize(("dim", "factor"), [(2, 2 / math.pi), (3, 1 / 2), (4, 4 / (3 * math.pi))])
def test_a_shift_counts_as_its_mean_projection(dim, factor):
    """E|u.a| = |a| Gamma(d/2) / (sqrt(pi) Gamma((d+1)/2)): directions that were not unit vectors would fail."""
    shift = np.full(dim, 5.0 / math.sqrt(dim))
    x = np.random.default_rng(0).normal(size=[10, dim])
    assert metrics.sliced_wasserstein(x, x + shift, seed=0, projections=20_000) == pytest.approx(
        5 * factor, rel=0.02
    )


def test_the_seed_decides_the_directions():
    x, y = np.random.default_rng(0).normal(size=[2, 20, 3])
    values = [metrics.sliced_wasserstein(x, y, seed=seed, projections=4) for seed in (7, 7, 8)]
    assert values[0] == values[1] != values[2]


@settings(max_examples=30)
@given(x=PLANES, y=PLANES)
def test_no_projection_is_further_than_the_samples(x, y):
    """SW <= W1 <= the mean distance of any pairing of shares, such as all with all."""
    assert sliced(x, y) <= np.mean(np.linalg.norm(x[:, None] - y, axis=2)) + 1e-9


# Energy distance and MMD


def slow(f, x, y, unbiased):
    """The definition, pair by pair."""

    def mean(a, b, skip):
        values = [
            f(math.dist(a[i], b[j]))
            for i in range(len(a))
            for j in range(len(b))
            if not (skip and i == j)
        ]
        return sum(values) / len(values)

    return mean(x, x, unbiased) + mean(y, y, unbiased) - 2.0 * mean(x, y, False)


@pytest.mark.parametrize("block", [1, 7, 1000])
@settings(max_examples=15)
@given(x=PLANES, y=PLANES, unbiased=st.booleans())
def test_they_agree_with_a_double_loop_for_any_block_size(block, x, y, unbiased):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "PAIRS_AT_A_TIME", block)
        fast = (
            metrics.energy_distance(x, y, unbiased=unbiased),
            metrics.mmd(x, y, bandwidth=3.0, unbiased=unbiased),
        )
    assert fast[0] == pytest.approx(-slow(lambda r: r, x, y, unbiased), abs=1e-5)
    assert fast[1] == pytest.approx(
        slow(lambda r: math.exp(-(r**2) / 18.0), x, y, unbiased), abs=1e-9
    )


@given(a=NUMBERS, b=NUMBERS, unbiased=st.booleans())
def test_point_masses(a, b, unbiased):
    """Energy: 2 |a - b|. MMD: 2 - 2 k(a, b)."""
    x = np.full([4, 1], a)
    y = np.full([3, 1], b)
    assert metrics.energy_distance(x, y, unbiased=unbiased) == pytest.approx(
        2 * abs(a - b), rel=1e-6, abs=1e-5
    )
    expected = 2.0 - 2.0 * math.exp(-((a - b) ** 2) / 50.0)
    assert metrics.mmd(x, y, bandwidth=5.0, unbiased=unbiased) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=30)
@given(x=LINES, y=LINES)
def test_energy_distance_on_a_line_is_twice_the_squared_area(x, y):
    """2 integral (F - G)^2 (Szekely and Rizzo 2013)."""
    at = np.sort(np.concatenate([x, y]))
    area = sum(
        (np.mean(x <= low) - np.mean(y <= low)) ** 2 * (high - low)
        for low, high in itertools.pairwise(at)
    )
    assert energy(x[:, None], y[:, None]) == pytest.approx(2 * area, abs=1e-5)


@ESTIMATES
def test_the_mean_over_all_ways_to_share_out_one_sample_is_just_below_zero(estimate):
    """Unbiased, exactly. Deal N points into n and m in all ways: the mean of f over pairs within
    either part, and of f across, are all the mean over the N (N - 1) pairs. They cancel: the
    mean of the estimate is 0, so some are negative. With the diagonal left in it is not 0.
    """
    points = np.random.default_rng(3).normal(size=[7, 2])
    values = []
    for chosen in itertools.combinations(range(7), 3):
        rest = [i for i in range(7) if i not in chosen]
        values.append(estimate(points[list(chosen)], points[rest]))
    assert np.mean(values) == pytest.approx(0.0, abs=1e-12)
    assert min(values) < 0.0 < max(values)


@ESTIMATES
def test_the_mean_over_all_subsets_is_the_distance_of_the_whole(estimate):
    """A U-statistic of subsamples has the mean of the U-statistic of all:
    no bias that depends on n.
    """
    draw = np.random.default_rng(4).normal
    x = draw(0, 1, [6, 2])
    y = draw(1, 2, [5, 2])
    values = [
        estimate(x[list(i)], y[list(j)])
        for i in itertools.combinations(range(6), 2)
        for j in itertools.combinations(range(5), 3)
    ]
    assert np.mean(values) == pytest.approx(estimate(x, y), abs=1e-12)


def test_the_biased_ones_are_too_large_on_equal_distributions():
    draw = np.random.default_rng(5).normal
    pairs = [(draw(size=[10, 2]), draw(size=[10, 2])) for _ in range(50)]
    for distance in (energy, mmd):
        assert min(distance(x, y) for x, y in pairs) > 0.0
    for estimate in (metrics.energy_distance, lambda x, y: metrics.mmd(x, y, bandwidth=2.0)):
        values = [estimate(x, y) for x, y in pairs]
        assert abs(np.mean(values)) < 4 * np.std(values) / math.sqrt(len(values))


def test_two_normals_have_the_known_distances():
    """For N(0, 1) and N(d, 1): E|x - y| = sqrt(4/pi) e^(-d^2/4) + d erf(d/2); with a Gaussian kernel
    of bandwidth h, E k(x, y) = h / sqrt(h^2 + 2) exp(-d^2 / (2 (h^2 + 2)))
    (all in one dimension)."""
    draw = np.random.default_rng(6).normal
    x = draw(0, 1, [4000, 1])
    y = draw(2, 1, [3000, 1])
    d = 2.0
    h = 0.7
    across = math.sqrt(4 / math.pi) * math.exp(-(d**2) / 4) + d * math.erf(d / 2)
    assert metrics.energy_distance(x, y) == pytest.approx(
        2 * across - 2 * math.sqrt(4 / math.pi), rel=0.05
    )
    same, other = (h / math.sqrt(h**2 + 2) * math.exp(-(s**2) / (2 * (h**2 + 2))) for s in (0.0, d))
    assert metrics.mmd(x, y, bandwidth=h) == pytest.approx(2 * same - 2 * other, rel=0.05)


def test_far_from_the_origin_no_digits_are_lost():
    draw = np.random.default_rng(7).normal
    x = draw(0, 1, [50, 3])
    y = draw(1, 1, [40, 3])
    for estimate in (metrics.energy_distance, lambda x, y: metrics.mmd(x, y, bandwidth=1.0)):
        assert estimate(x + 1e7, y + 1e7) == pytest.approx(estimate(x, y), abs=1e-6)


@settings(max_examples=20)
@given(x=PLANES)
def test_median_distance(x):
    pairs = [math.dist(x[i], x[j]) for i, j in itertools.combinations(range(len(x)), 2)]
    median = pytest.approx(np.median(pairs), abs=1e-5)
    assert metrics.median_distance(x) == median
    assert metrics.median_distance(np.concatenate([x, x + 1e6]), rows=len(x)) == median


def test_one_far_row_does_not_cost_the_median_distance_its_digits():
    x = np.random.default_rng(8).normal(0, 1, [51, 2])
    far = np.concatenate([x, [[1e13, 1e13]]])
    pairs = [math.dist(a, b) for a, b in itertools.combinations(far, 2)]
    assert metrics.median_distance(far) == pytest.approx(np.median(pairs), rel=1e-6)


def test_the_largest_numbers_that_are_taken_do_not_overflow():
    """With warnings as errors, an overflow would raise."""
    x = np.full([5, 2], 1e100)
    y = np.full([4, 2], -1e100)
    distance = 2e100 * math.sqrt(2)
    assert metrics.wasserstein_1(x[:, 0], y[:, 0]) == pytest.approx(2e100)
    assert metrics.energy_distance(x, y) == pytest.approx(2 * distance)
    assert metrics.mmd(x, y, bandwidth=1.0) == pytest.approx(2.0)
    assert metrics.median_distance(np.concatenate([x[:1], y[:1]])) == pytest.approx(distance)


@pytest.mark.parametrize("bandwidth", [1e-200, 1e200])
def test_the_square_of_the_bandwidth_need_be_no_number(bandwidth):
    """With a tiny one equal points alone have a kernel of 1; with a huge one all have."""
    x = [[0.0], [1.0]]
    y = [[0.0], [5.0]]
    expected = {1e-200: 0.5 + 0.5 - 2 * 0.25, 1e200: 0.0}[bandwidth]
    assert metrics.mmd(x, y, bandwidth=bandwidth, unbiased=False) == pytest.approx(expected)


# Errors


def sw(x, y, **options):
    return metrics.sliced_wasserstein(x, y, **{"seed": 0, **options})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: metrics.wasserstein_1([[1.0]], [1.0]),
            r"wasserstein_1: x must be \[n\] of numbers, got \[1, 1\]",
        ),
        (
            lambda: metrics.wasserstein_1([1.0], []),
            r"y must be \[m\] of numbers with m at least 1, got \[0\]",
        ),
        (
            lambda: metrics.wasserstein_1([1.0], [math.nan, 0.0]),
            "wasserstein_1: y must be finite, got 1 of 2 values NaN",
        ),
        (
            lambda: metrics.wasserstein_1("ab", [1.0]),
            "wasserstein_1: x must be .* got a str that is no array of numbers",
        ),
        (
            lambda: sw(np.ones([3, 2]), np.ones([3, 4])),
            r"sliced_wasserstein: y must be \[m, 2\], got \[3, 4\]",
        ),
        (
            lambda: sw(np.ones([3, 8, 8, 3]), np.ones([3, 8, 8, 3])),
            r"got \[3, 8, 8, 3\]. Flatten images to",
        ),
        (
            lambda: sw(np.ones([3, 2]), np.ones([3, 2]), projections=0),
            "projections must be a whole number of at least 1",
        ),
        (
            lambda: sw(np.ones([3, 2]), np.ones([3, 2]), seed=0.5),
            "^sliced_wasserstein: seed must be",
        ),
        (
            lambda: metrics.energy_distance(np.ones([1, 2]), np.ones([3, 2])),
            r"energy_distance: x must be .* n at least 2",
        ),
        (
            lambda: metrics.mmd(np.ones([3, 2]), np.ones([1, 2]), bandwidth=1.0),
            r"mmd: y must be .* m at least 2",
        ),
        (
            lambda: metrics.wasserstein_1([1e200], [1.0]),
            r"wasserstein_1: x must be of numbers of at most 1e\+100 in size, got 1e\+200",
        ),
        (
            lambda: metrics.energy_distance([[1.0], [2.0]], [[-1e200], [0.0]]),
            r"energy_distance: y must be of numbers of at most 1e\+100 in size, got 1e\+200",
        ),
        (
            lambda: metrics.wasserstein_1([1.0], [1j]),
            r"wasserstein_1: y must be \[m\] of numbers, got complex numbers",
        ),
        (
            lambda: metrics.median_distance(np.ones([3, 2], np.complex128)),
            r"median_distance: x must be \[n, d\] of numbers, got complex numbers",
        ),
        (
            lambda: metrics.mmd([[1.0], [2.0, 3.0]], np.ones([3, 2]), bandwidth=1.0),
            "mmd: x must be .* got a list that is no array of numbers",
        ),
        (
            lambda: metrics.mmd(np.ones([3, 2]), np.ones([3, 2]), bandwidth=0.0),
            "bandwidth must be a finite number above 0",
        ),
        (
            lambda: metrics.median_distance(np.ones([1, 2])),
            "median_distance: x must be .* n at least 2",
        ),
    ],
)
def test_errors_say_what_was_wanted_and_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()
