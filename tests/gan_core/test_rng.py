"""rng: one set of numbers in eager mode, in a graph and under XLA; the right distributions;
seeds that keep
their meaning from version to version.

Every bound is that of a fixed seed, so a test passes always or never.
"""

import itertools
import math

import numpy as np
import pytest
import tensorflow as tf

from gan_core import rng

SEED = rng.seed(0, "pin")
N = 20_000
# The Kolmogorov-Smirnov distance of n draws exceeds 1.95 / sqrt(n) with a chance of 2 exp(-2
# 1.95^2) = 0.001.
KOLMOGOROV = 1.95 / math.sqrt(N)


def three_ways(draw):
    """The same draws, a list of them, in eager mode, in a graph and under XLA:
    three lists of arrays.
    """
    runs = (
        draw,
        tf.function(draw, autograph=False),
        tf.function(draw, jit_compile=True, autograph=False),
    )
    results = []
    for run in runs:
        results.append([np.asarray(value) for value in run()])
    return results


def kolmogorov_smirnov(draws, distribution_function):
    """The largest gap between the share of draws up to x and the chance of them."""
    chances = distribution_function(np.sort(np.float64(draws)))
    shares = np.arange(len(draws) + 1) / len(draws)
    return max(np.max(shares[1:] - chances), np.max(chances - shares[:-1]))


# ---- one set of numbers ----


@pytest.mark.slow
@pytest.mark.parametrize("shape", [[], [0], [7], [3, 5]], ids=str)
def test_the_same_numbers_eager_in_a_graph_and_under_xla(shape):
    eager, graph, xla = three_ways(
        lambda: [
            rng.uniform(shape, SEED),
            rng.uniform(shape, SEED, -1.0, 1.0),
            rng.integers(shape, SEED, 1000),
            rng.normal(shape, SEED),
        ]
    )
    for expected, in_graph in zip(eager, graph, strict=True):
        assert expected.shape == tuple(shape)
        np.testing.assert_array_equal(in_graph, expected)
    for expected, compiled in zip(eager[:3], xla[:3], strict=True):
        np.testing.assert_array_equal(compiled, expected)
    np.testing.assert_allclose(xla[3], eager[3], rtol=1e-6, atol=1e-6)


@pytest.mark.slow
def test_the_same_permutations_and_seeds_three_ways():
    sizes = [0, 1, 2, 9]
    eager, graph, xla = three_ways(
        lambda: (
            [rng.permutation(n, SEED) for n in sizes]
            + [tf.stack(rng.split(SEED, n + 1)) for n in sizes]
        )
    )
    for expected, in_graph, compiled in zip(eager, graph, xla, strict=True):
        np.testing.assert_array_equal(in_graph, expected)
        np.testing.assert_array_equal(compiled, expected)


@pytest.mark.slow
def test_many_normals_eager_and_under_xla():
    """To the rounding of log and cos, over the whole range of both."""
    (eager,), _, (xla,) = three_ways(lambda: [rng.normal([100_001], SEED)])
    np.testing.assert_allclose(xla, eager, rtol=1e-6, atol=1e-6)


def test_a_step_may_be_a_tensor_of_a_compiled_loop():
    """The 1000th z is the same whether or not the 999 before were drawn."""

    @tf.function(jit_compile=True, autograph=False)
    def from_3_to_5():
        return tf.map_fn(
            lambda step: rng.uniform([4], rng.seed(1, "z", step)),
            tf.range(3, 6, dtype=tf.int64),
            fn_output_signature=tf.float32,
        )

    np.testing.assert_array_equal(
        from_3_to_5(), [rng.uniform([4], rng.seed(1, "z", step)) for step in (3, 4, 5)]
    )


# ---- seeds keep their meaning ----


def test_pinned_seeds():
    """These numbers stand in saved runs: whoever changes them changes every run there is."""
    assert SEED.dtype == tf.int64
    assert SEED.numpy().tolist() == [1420908832549306049, 0]
    assert rng.seed(-5, "z", 7).numpy().tolist() == [4745088304417934953, 7]
    assert rng.seed(2**63 - 1, "").numpy().tolist() == [7579750303531281708, 0]
    assert [seed.numpy().tolist() for seed in rng.split(SEED, 3)] == [
        [-1805806779382966137, 1522356296319383730],
        [-3545236366471364733, 5131354508477287893],
        [4893668784228355325, 3960082747244121844],
    ]


def test_pinned_draws():
    assert (rng.uniform([5], SEED).numpy() * 2**24).tolist() == [
        4055768,
        15134844,
        5747256,
        1384574,
        14921087,
    ]
    assert rng.integers([8], SEED, 100).numpy().tolist() == [43, 41, 14, 96, 3, 30, 85, 73]
    assert rng.permutation(8, SEED).numpy().tolist() == [6, 3, 0, 7, 2, 5, 4, 1]
    np.testing.assert_allclose(
        rng.normal([5], SEED),
        [1.4636408, 0.34859702, 0.52008957, 0.83517593, -0.2907308],
        rtol=1e-6,
    )


def test_run_purpose_and_step_each_change_the_seed():
    runs = (0, 1, -1, 10)
    purposes = ("z", "real", "0/z", "1")
    steps = (0, 1, -1, 2**40)
    seeds = [rng.seed(*each) for each in itertools.product(runs, purposes, steps)]
    assert len({tuple(seed.numpy()) for seed in seeds}) == 64


@pytest.mark.parametrize(
    "other",
    [rng.seed(0, "pin", 1), rng.seed(1, "pin"), rng.seed(0, "pins"), *rng.split(SEED, 2)],
    ids=["step", "run", "purpose", "first of split", "second of split"],
)
@pytest.mark.parametrize("draw", [rng.uniform, rng.normal])
def test_streams_are_independent(draw, other):
    """Other numbers, and uncorrelated: N pairs have a correlation of standard deviation 1/sqrt(N).
    A stream shifted
    by a few places would still be another's copy, so neighbours are looked at too."""
    ours = draw([N], SEED).numpy()
    others = draw([N], other).numpy()
    assert np.mean(ours == others) < 1e-3
    for shift in (-2, -1, 0, 1, 2):
        assert abs(np.corrcoef(ours, np.roll(others, shift))[0, 1]) < 4 / math.sqrt(N)


@pytest.mark.parametrize("draw", [rng.uniform, rng.normal])
def test_one_stream_is_not_correlated_with_itself(draw):
    """Nor are the two halves of Box and Muller's pairs, of which one has the cosine and one the
    sine.
    """
    draws = draw([N], SEED).numpy()
    for shift in (1, 2, 3, N // 2):
        assert abs(np.corrcoef(draws, np.roll(draws, shift))[0, 1]) < 4 / math.sqrt(N)
        assert abs(np.corrcoef(draws**2, np.roll(draws**2, shift))[0, 1]) < 4 / math.sqrt(N)


# ---- distributions ----


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0), (2.0, 5.0)])
def test_uniform_distribution(low, high):
    draws = rng.uniform([N], SEED, low, high).numpy()
    assert draws.dtype == np.float32
    assert low <= draws.min() < draws.max() < high
    assert kolmogorov_smirnov(draws, lambda x: (x - low) / (high - low)) < KOLMOGOROV
    assert draws.mean() == pytest.approx((low + high) / 2, abs=4 * (high - low) / math.sqrt(12 * N))
    assert draws.var() == pytest.approx((high - low) ** 2 / 12, rel=0.03)


def test_normal_distribution():
    """Moments 0, 1, 0, 3 within four standard errors: sqrt(1, 2, 6 and 24, over N)."""
    draws = rng.normal([N], SEED).numpy()
    assert draws.dtype == np.float32
    distribution_function = np.vectorize(lambda x: math.erfc(-x / math.sqrt(2)) / 2)
    assert kolmogorov_smirnov(draws, distribution_function) < KOLMOGOROV
    centred = np.float64(draws) - draws.mean()
    for moment, expected, variance in (
        (draws.mean(), 0, 1),
        (np.mean(centred**2), 1, 2),
        (np.mean(centred**3), 0, 6),
        (np.mean(centred**4), 3, 24),
    ):
        assert abs(moment - expected) < 4 * math.sqrt(variance / N) * 1.5
    assert np.abs(draws).max() > 3.5


def test_normal_is_finite_at_the_ends_of_the_uniform(monkeypatch):
    """ln 0 would be infinite, and the largest u rounds to 1: both ends must give numbers,
    within 5.9 of 0.
    """
    for end in (0.0, 1 - 2.0**-24):
        monkeypatch.setattr(
            rng, "uniform", lambda shape, seed, end=end: tf.fill(shape, np.float32(end))
        )
        for (draws,) in three_ways(lambda: [rng.normal([4], SEED)]):
            assert np.isfinite(draws).all()
            assert np.abs(draws).max() < 5.9


@pytest.mark.parametrize("high", [1, 2, 7, 1000])
def test_integers_are_equally_likely(high):
    """Chi squared of high - 1 degrees, mean high - 1 and standard deviation sqrt(2 (high - 1))."""
    draws = rng.integers([N], SEED, high).numpy()
    assert draws.dtype == np.int32
    assert draws.min() >= 0
    assert draws.max() < high
    expected = N / high
    chi_squared = np.sum((np.bincount(draws, minlength=high) - expected) ** 2 / expected)
    assert chi_squared <= high - 1 + 4 * math.sqrt(2 * (high - 1))


@pytest.mark.parametrize("n", [0, 1, 2, 9, 1000])
def test_permutation_has_each_number_once(n):
    order = rng.permutation(n, SEED).numpy()
    assert order.dtype == np.int32
    np.testing.assert_array_equal(np.sort(order), np.arange(n))


def test_permutations_are_equally_likely():
    """The 6 orders of 3 things, 600 times: chi squared of 5 degrees exceeds 20.5 with a chance of
    0.001.
    """
    draw = tf.function(lambda step: rng.permutation(3, rng.seed(0, "order", step)), autograph=False)
    orders = [tuple(draw(tf.constant(step, tf.int64)).numpy()) for step in range(600)]
    counts = np.array([orders.count(order) for order in set(orders)])
    assert len(counts) == 6
    assert np.sum((counts - 100) ** 2 / 100) < 20.5


def test_split_gives_seeds_that_differ():
    seeds = rng.split(SEED, 100)
    assert all(seed.dtype == tf.int64 and seed.shape == [2] for seed in seeds)
    assert len({tuple(seed.numpy()) for seed in [SEED, *seeds]}) == 101


# ---- errors ----


@pytest.mark.parametrize("run_seed", [1.0, True, "1", None, 2**63])
def test_a_run_seed_is_a_whole_number_of_64_bits(run_seed):
    with pytest.raises(ValueError) as error:  # noqa: PT011  the whole message is compared
        rng.seed(run_seed, "z")
    assert str(error.value) == (
        f"rng.seed: run_seed must be a whole number from -9.22337e+18 to 9.22337e+18, got {run_seed!r}."
    )


def test_numpy_integers_are_run_seeds_too():
    np.testing.assert_array_equal(rng.seed(np.int64(3), "z"), rng.seed(3, "z"))


# ---- what rounding does ----


@pytest.mark.slow
def test_uniform_on_any_interval_is_the_same_under_xla_to_rounding():
    """Under XLA low + (high - low) u is one fused multiply-add."""
    (eager,), _, (xla,) = three_ways(lambda: [rng.uniform([1001], SEED, 0.1, 3.3)])
    np.testing.assert_allclose(xla, eager, rtol=3e-7)


def test_uniform_far_from_0_may_round_to_high_but_not_on_0_to_1(monkeypatch):
    ones = np.uint32(2**32 - 1)
    monkeypatch.setattr(rng, "_bits", lambda shape, seed, dtype: tf.fill(shape, ones))
    assert float(rng.uniform([1], SEED, 1.0, 2.0)[0]) == 2.0
    assert float(rng.uniform([1], SEED)[0]) < 1.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: rng.seed(0, "z", 1.7), "rng.seed: step must be a whole number"),
        (lambda: rng.normal([3], 5), "rng: seed must be \\[2\\] int64, as rng.seed"),
        (
            lambda: rng.integers([3], SEED, 0),
            "rng.integers: high must be a whole number from 1 to .*, got 0",
        ),
        (lambda: rng.integers([3], SEED, 2**31), "rng.integers: high must be .*, got 2147483648"),
        (lambda: rng.integers([3], SEED, 2.5), "rng.integers: high must be .*, got 2.5"),
        (lambda: rng.integers([-3], SEED, 5), "rng: each size in shape must be .*, got -3"),
        (lambda: rng.seed(0, "z", tf.constant(1.7)), "rng.seed: step must be .*, got .* float32"),
        (lambda: rng.seed(0, "z", tf.constant([1])), "rng.seed: step must be .*, got .1. of int32"),
        (lambda: rng.normal([3], tf.zeros([2])), "rng: seed must be"),
        (lambda: rng.normal([2, -3], SEED), "rng: each size in shape must be .*, got -3"),
        (lambda: rng.uniform([-1], SEED), "rng: each size in shape must be .*, got -1"),
        (lambda: rng.uniform([2.5], SEED), "rng: each size in shape must be .*, got 2.5"),
        (lambda: rng.normal(16, SEED), r"rng: shape must be a list of sizes, such as .*, got 16"),
        (
            lambda: rng.uniform([3], SEED, 2.0, 1.0),
            "rng.uniform: high must be .* at least 2, got 1",
        ),
        (lambda: rng.permutation(-1, SEED), "rng.permutation: n must be .*, got -1"),
        (lambda: rng.permutation(2.5, SEED), "rng.permutation: n must be .*, got 2.5"),
        (lambda: rng.split(SEED, -1), "rng.split: n must be .*, got -1"),
        (lambda: rng.seeds(0.5), "rng.seeds: run_seed must be .*, got 0.5"),
    ],
)
def test_slips_with_seeds_are_told(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ---- seeds for things that are made one after another ----


def first_seeds(n, *arguments):
    return list(itertools.islice(rng.seeds(*arguments), n))


def test_seeds_are_ints_of_64_bits_that_differ_and_come_again_the_same():
    numbers = first_seeds(1000, 3)
    assert {type(number) for number in numbers} == {int}
    assert all(-(2**63) <= number < 2**63 for number in numbers)
    assert len(set(numbers)) == 1000
    assert numbers == first_seeds(1000, 3)


def test_run_seed_and_purpose_each_have_seeds_of_their_own():
    lists = [first_seeds(100, 0), first_seeds(100, 1), first_seeds(100, 0, "blocks")]
    assert len(set(itertools.chain(*lists))) == 300


def test_seeds_go_on_past_the_largest_number_of_64_bits(monkeypatch):
    monkeypatch.setattr(rng, "_hash", lambda run_seed, purpose: 2**63 - 2)
    assert first_seeds(4, 0) == [2**63 - 2, 2**63 - 1, -(2**63), -(2**63) + 1]


# ---- many whole numbers ----


@pytest.mark.slow
@pytest.mark.parametrize("high", [2**29 + 1, 3 * 2**29, 2**31 - 1])
def test_large_integers_are_the_same_three_ways_and_in_range(high):
    (eager,), (graph,), (xla,) = three_ways(lambda: [rng.integers([1000], SEED, high)])
    np.testing.assert_array_equal(graph, eager)
    np.testing.assert_array_equal(xla, eager)
    assert eager.dtype == np.int32
    assert 0 <= eager.min() < eager.max() < high


def test_large_integers_favour_none():
    """Of 32 bits by 3 * 2^29, a third of the numbers (the lowest 2^30 of 3 * 2^29) would be drawn
    half as
    often again as the others: their share would be 3 / 4 instead of 2 / 3."""
    draws = rng.integers([N], SEED, 3 * 2**29).numpy()
    share = np.mean(draws < 2**30)
    assert share == pytest.approx(2 / 3, abs=4 * math.sqrt(2 / 9 / N))
