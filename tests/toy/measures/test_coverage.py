"""toy.measures.coverage: by hand on few samples, by formula on many, and it flatters nobody."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gan_core import rng
from toy.measures.coverage import (
    Coverage,
    coverage,
    of,
    perfect_by_formula,
    perfect_sampler,
    within,
)
from toy.targets.distributions import Normal, Uniform, gaussian_mixture, grid, ring

pytestmark = pytest.mark.slow

SQUARE = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
CUT = math.sqrt(
    1.0 - 4.5 * math.exp(-4.5) / (1.0 - math.exp(-4.5))
)  # what 3 sd leave of the sd in the plane


def normals(modes, counts, sd, seed=0):
    draw = np.random.default_rng(seed)
    return np.concatenate(
        [
            draw.normal(mode, sd, [count, len(mode)])
            for mode, count in zip(modes, counts, strict=True)
        ]
    )


# By hand


def test_a_case_small_enough_for_paper():
    """sd 1. Mode 0 has (0,1), (0,-1), (2,0); mode 1 has (10,2.9), (13,0) on the border,
    and (10,-3.1)
    outside; mode 2 has only (3,7), outside; mode 3 nothing."""
    samples = [[0, 1], [0, -1], [2, 0], [10, 2.9], [13, 0], [10, -3.1], [3, 7]]
    row = coverage(samples, SQUARE, 1.0)
    assert row.modes == 2
    assert row.high_quality == pytest.approx(5 / 7)
    assert row.reverse_kl == pytest.approx(
        3 / 5 * math.log(3 / 5 * 4) + 2 / 5 * math.log(2 / 5 * 4)
    )
    shares = np.array([3, 3, 1]) / 7
    assert row.reverse_kl_all == pytest.approx(np.sum(shares * np.log(shares * 4)))
    # Mode 0 alone has the 3 good samples that a spread needs: x of variance 4/3, y of variance 1,
    # uncorrelated.
    assert row.sd_ratio == pytest.approx(math.sqrt((4 / 3 + 1) / 2) / CUT)
    assert (row.sd_least, row.sd_most) == (
        pytest.approx(1 / CUT),
        pytest.approx(math.sqrt(4 / 3) / CUT),
    )


def test_weights_are_what_the_proportions_are_compared_with():
    samples = np.repeat(SQUARE, [4, 3, 2, 1], axis=0)
    assert coverage(samples, SQUARE, 1.0, [4, 3, 2, 1]).reverse_kl == pytest.approx(0.0, abs=1e-12)
    assert coverage(samples, SQUARE, 1.0, [0.8, 0.6, 0.4, 0.2]).reverse_kl == pytest.approx(
        0.0, abs=1e-12
    )
    reversed_weights = coverage(samples, SQUARE, 1.0, [1, 2, 3, 4]).reverse_kl
    assert reversed_weights == pytest.approx(
        (0.4 - 0.1) * math.log(4) + (0.3 - 0.2) * math.log(3 / 2)
    )
    assert coverage(samples, SQUARE, 1.0, [1, 1, 1, 0]).reverse_kl == math.inf


# Nobody is flattered


def test_one_mode_alone():
    row = coverage(normals(SQUARE[:1], [500], 1.0), SQUARE, 1.0)
    assert (row.modes, row.reverse_kl) == (1, pytest.approx(math.log(4)))


def test_where_nothing_is_good_no_figure_passes():
    row = coverage(np.full([50, 2], 5.0), SQUARE, 0.1)
    assert (row.modes, row.high_quality, row.reverse_kl) == (0, 0.0, math.inf)
    assert not any(0.0 <= value <= 2.0 for value in (row.sd_ratio, row.sd_least, row.sd_most))


def test_modes_collapsed_to_points_have_no_spread_even_beside_the_center():
    samples = np.repeat(SQUARE + np.array([0.7, -0.7]), 50, axis=0)
    row = coverage(samples, SQUARE, 1.0)
    assert (row.modes, row.high_quality, row.sd_ratio) == (4, 1.0, pytest.approx(0.0, abs=1e-12))


def test_a_streak_is_seen_though_its_mean_spread_is_right():
    samples = normals(SQUARE, [2000] * 4, 1.0) - np.repeat(SQUARE, 2000, axis=0)
    samples = samples * [1.35, 0.1] + np.repeat(SQUARE, 2000, axis=0)
    row = coverage(samples, SQUARE, 1.0)
    assert 0.8 < row.sd_ratio < 1.2
    assert row.sd_least < 0.15
    assert row.sd_most > 1.2


def test_a_thin_mode_is_not_hidden_by_a_broad_one():
    """The mean over modes may look right; the extremes tell."""
    sds = [0.6, 0.6, 0.9, 1.5]
    parts = [normals([mode], [2000], sd) for mode, sd in zip(SQUARE, sds, strict=True)]
    row = coverage(np.concatenate(parts), SQUARE, 1.0)
    assert row.sd_ratio == pytest.approx(
        np.mean([coverage(part, SQUARE, 1.0).sd_ratio for part in parts])
    )
    assert 0.8 < row.sd_ratio < 1.2
    assert row.sd_least < 0.65
    assert row.sd_most > 1.25


def test_samples_between_modes_spoil_the_quality_and_not_the_spread():
    good = normals(SQUARE, [500] * 4, 1.0)
    between = np.random.default_rng(1).uniform(4.0, 6.0, [500, 2])
    clean = coverage(good, SQUARE, 1.0)
    mixed = coverage(np.concatenate([good, between]), SQUARE, 1.0)
    assert mixed.high_quality == pytest.approx(0.8 * clean.high_quality)
    assert (mixed.sd_ratio, mixed.reverse_kl) == (clean.sd_ratio, clean.reverse_kl)


def test_a_lost_mode_cannot_be_made_up_by_samples_near_it():
    """60 samples just outside the fourth mode: counted there by reverse_kl_all,
    and not by reverse_kl.
    """
    samples = np.concatenate([np.repeat(SQUARE[:3], 60, axis=0), np.full([60, 2], 7.0)])
    row = coverage(samples, SQUARE, 1.0)
    assert row.modes == 3
    assert row.reverse_kl == pytest.approx(math.log(4 / 3))
    assert row.reverse_kl_all == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("scale", "low", "high"), [(0.5, 0.48, 0.54), (1.0, 0.97, 1.03), (1.3, 1.15, 1.3)]
)
def test_the_ratio_follows_the_spread(scale, low, high):
    assert low < coverage(normals(SQUARE, [3000] * 4, scale), SQUARE, 1.0).sd_ratio < high


# Laws


SAMPLES = arrays(
    np.float64,
    st.tuples(st.integers(1, 30), st.just(2)),
    elements=st.floats(-3, 13, allow_subnormal=False),
)
WEIGHTS = st.lists(st.floats(0.1, 1.0), min_size=4, max_size=4)


def as_row(row):
    return pytest.approx(
        [
            row.modes,
            row.high_quality,
            row.reverse_kl,
            row.reverse_kl_all,
            row.sd_ratio,
            row.sd_least,
            row.sd_most,
        ],
        rel=1e-6,
        abs=1e-7,
        nan_ok=True,
    )


def values(row):
    return [
        row.modes,
        row.high_quality,
        row.reverse_kl,
        row.reverse_kl_all,
        row.sd_ratio,
        row.sd_least,
        row.sd_most,
    ]


@settings(max_examples=50)
@given(samples=SAMPLES, weights=WEIGHTS, order=st.permutations(range(4)))
def test_order_and_unit_do_not_matter(samples, weights, order):
    row = as_row(coverage(samples, SQUARE, 1.5, weights))
    order = list(order)
    assert values(coverage(samples[::-1], SQUARE[order], 1.5, np.array(weights)[order])) == row
    assert values(coverage(8.0 * samples, 8.0 * SQUARE, 12.0, weights)) == row


@settings(max_examples=50)
@given(samples=SAMPLES, weights=WEIGHTS)
def test_ranges(samples, weights):
    row = coverage(samples, SQUARE, 1.5, weights)
    assert 0 <= row.modes <= 4
    assert 0.0 <= row.high_quality <= 1.0
    assert (row.modes == 0) == (row.high_quality == 0.0) == (row.reverse_kl == math.inf)
    assert row.reverse_kl >= -1e-12
    assert row.reverse_kl_all >= -1e-12
    if not math.isnan(row.sd_ratio):
        assert row.sd_least <= row.sd_ratio + 1e-9
        assert row.sd_ratio <= row.sd_most + 1e-9


# The perfect sampler


@pytest.mark.parametrize(
    ("dim", "expected"),
    [
        (1, 0.9973002),
        (2, 1 - math.exp(-4.5)),
        (3, 0.9707091),
        (4, 1 - 5.5 * math.exp(-4.5)),
        (5, 0.8909358),
        (100, 1.8334339e-34),
    ],
)
def test_within_three_sd(dim, expected):
    assert within(dim) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("dim", [1, 2, 3, 64, 300])
def test_in_any_dimension_the_spread_is_compared_with_that_of_the_hits_of_a_normal(dim):
    """Samples at -1 and 1 on each axis have the variance 2 / (2 dim - 1) in each coordinate."""
    axes = np.eye(dim)
    row = coverage(np.concatenate([axes, -axes]), np.zeros([1, dim]), 1.0)
    r = np.linspace(0.0, 3.0, 300_001)[1:]
    density = np.exp((dim - 1) * np.log(r / 3.0) - r**2 / 2.0)  # of |x|, up to a factor
    variance = np.sum(density * r**2) / np.sum(density) / dim
    assert row.sd_ratio == pytest.approx(math.sqrt(2.0 / (2.0 * dim - 1.0) / variance), rel=1e-3)


@pytest.mark.parametrize("dim", [1, 2, 3, 6])
def test_in_any_dimension_a_perfect_sampler_has_ratio_one(dim):
    row = perfect_sampler(
        gaussian_mixture(100.0 * np.eye(3, dim), 0.5)
        if dim > 2
        else gaussian_mixture(100.0 * np.arange(3)[:, None] * np.ones(dim), 0.5),
        3000,
        draws=3,
    )
    assert row.sd_ratio == pytest.approx(1.0, abs=0.02)
    assert row.high_quality == pytest.approx(within(dim), abs=0.01)


@pytest.mark.parametrize(
    "target",
    [ring(), grid(), ring(modes=12), gaussian_mixture(SQUARE, 0.5, [1, 2, 3, 0]), Normal(3.0, 2.0)],
)
def test_the_formula_is_what_sampling_gives(target):
    n = 2500
    draws = 20
    formula = perfect_by_formula(target, n)
    sampled = perfect_sampler(target, n, draws=draws)
    error = math.sqrt(within(target.dim) * (1 - within(target.dim)) / (n * draws))
    assert sampled.modes == pytest.approx(formula.modes, abs=1e-6)
    assert sampled.high_quality == pytest.approx(formula.high_quality, abs=4 * error)
    modes = np.count_nonzero(target.weights)
    # 2 n KL is chi^2 with K - 1 degrees, of variance 2 (K - 1).
    error = 4 * math.sqrt(2 * (modes - 1) / draws) / (2 * n)
    assert sampled.reverse_kl == pytest.approx(formula.reverse_kl, abs=error + 1e-4)
    assert sampled.reverse_kl_all == pytest.approx(formula.reverse_kl_all, abs=error + 1e-4)
    assert sampled.sd_ratio == pytest.approx(1.0, abs=0.02)
    assert sampled.sd_least < 1.01
    assert sampled.sd_most > 0.99


def test_a_mode_without_weight_is_no_mode_of_the_formula():
    with_it = gaussian_mixture(SQUARE, 0.5, [1, 2, 3, 0])
    without = gaussian_mixture(SQUARE[:3], 0.5, [1, 2, 3])
    assert as_row(perfect_by_formula(with_it, 500)) == values(perfect_by_formula(without, 500))


def test_with_few_samples_even_a_perfect_sampler_misses_modes():
    formula = perfect_by_formula(grid(), 40)
    sampled = perfect_sampler(grid(), 40, draws=100)
    assert 19 < formula.modes < 21  # of 25
    assert sampled.modes == pytest.approx(formula.modes, abs=0.7)


def test_the_ceiling_of_the_published_table():
    assert perfect_by_formula(ring(), 2500).high_quality == pytest.approx(0.9889, abs=1e-4)


def test_the_seed_decides_and_draws_differ():
    assert perfect_sampler(ring(), 100, draws=2, seed=1) == perfect_sampler(
        ring(), 100, draws=2, seed=1
    )
    one = perfect_sampler(ring(), 100, draws=1, seed=1)
    two = perfect_sampler(ring(), 100, draws=2, seed=1)
    assert one != two
    assert one != perfect_sampler(ring(), 100, draws=1, seed=2)


def test_a_distribution_is_measured_by_its_own_modes_sd_and_weights():
    uneven = gaussian_mixture(SQUARE, 0.5, [1, 2, 3, 4])
    samples = uneven.sample(2000, rng.seed(0, "uneven")).numpy()
    row = of(samples, uneven)
    assert row == coverage(samples, SQUARE, 0.5, [1, 2, 3, 4])
    assert row.reverse_kl < 0.01  # by equal weights it would be 0.1
    assert of(samples[:, :1], Uniform()) is None


def test_a_row_is_plain_numbers():
    for row in (
        coverage(SQUARE, SQUARE, 1.0),
        perfect_by_formula(ring(), 10),
        perfect_sampler(ring(), 100, draws=1),
    ):
        assert isinstance(row, Coverage)
        assert {type(value) for value in values(row)} == {float}


# Errors


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: coverage(SQUARE, np.zeros([0, 2]), 1.0),
            r"coverage: modes must be \[K, d\] .* got \[0, 2\]",
        ),
        (
            lambda: coverage(SQUARE, [1.0, 2.0], 1.0),
            r"coverage: modes must be \[K, d\] of numbers, got \[2\]",
        ),
        (
            lambda: coverage(np.zeros([5, 3]), SQUARE, 1.0),
            r"coverage: samples must be \[n, 2\] .* got \[5, 3\]",
        ),
        (
            lambda: coverage(np.zeros([0, 2]), SQUARE, 1.0),
            r"samples must be \[n, 2\] of numbers with n at least 1, got \[0, 2\]",
        ),
        (
            lambda: coverage([[math.nan, 0.0]], SQUARE, 1.0),
            "samples must be finite, got 1 of 2 values NaN or infinite",
        ),
        (
            lambda: coverage(SQUARE, SQUARE, 0.0),
            "coverage: sd must be a finite number above 0, got 0.0",
        ),
        (
            lambda: coverage(SQUARE, SQUARE, 1.0, [1.0, 1.0]),
            r"weights must be \[4\] of numbers, got \[2\]",
        ),
        (
            lambda: coverage(SQUARE, SQUARE, 1.0, [1.0, -1.0, 1.0, 1.0]),
            r"weights must be \[4\] of numbers at least 0",
        ),
        (lambda: coverage(SQUARE, SQUARE, 1.0, [0.0] * 4), "not all 0"),
        (lambda: coverage([], SQUARE, 1.0), r"coverage: samples must be \[n, 2\] .* got \[0\]"),
        (
            lambda: coverage([[0.0, 1.0], [2.0]], SQUARE, 1.0),
            r"samples must be \[n, 2\] of numbers, got a list that is no array",
        ),
        (
            lambda: coverage([["a", "b"]], SQUARE, 1.0),
            "samples must be .* that is no array of numbers",
        ),
        (lambda: coverage(SQUARE + 1j, SQUARE, 1.0), "samples must be .* got complex numbers"),
        (lambda: coverage(None, SQUARE, 1.0), "samples must be .* got a NoneType"),
        (lambda: coverage(SQUARE, [], 1.0), r"coverage: modes must be \[K, d\] .* got \[0\]"),
        (
            lambda: coverage(SQUARE, [[0.0, 1.0], [2.0]], 1.0),
            r"modes must be \[K, d\] of numbers, got a list that is no array",
        ),
        (lambda: coverage(SQUARE, SQUARE, 1.0, []), r"weights must be \[4\] .* got \[0\]"),
        (
            lambda: coverage(SQUARE, SQUARE, 1.0, [1.0, [1.0, 2.0], 1.0, 1.0]),
            r"weights must be \[4\] .* got a list that is no array",
        ),
        (
            lambda: coverage(SQUARE, SQUARE, 1.0, [1.0, math.inf, 1.0, 1.0]),
            r"weights must be finite, got 1 of 4 values",
        ),
        (lambda: perfect_sampler(Uniform(), 5), "perfect_sampler: distribution must be one with"),
        (lambda: perfect_by_formula(Uniform(), 5), "perfect_by_formula: distribution must be one"),
        (lambda: within(0), "within: dim must be a whole number of at least 1, got 0"),
        (lambda: perfect_sampler(ring(), 0), "n must be a whole number of at least 1"),
        (
            lambda: perfect_sampler(ring(), 10, draws=0),
            "draws must be a whole number of at least 1",
        ),
        (lambda: perfect_by_formula(ring(), 0), "n must be a whole number of at least 1"),
    ],
)
def test_errors_say_what_was_wanted_and_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()
