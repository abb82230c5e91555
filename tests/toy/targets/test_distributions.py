"""toy.targets.distributions and shapes: samples have the density that is claimed, of mass 1."""

import math
import types

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from gan_core import rng
from toy.targets import distributions, shapes
from toy.targets.distributions import (
    Cauchy,
    GaussianMixture,
    LogNormal,
    Normal,
    Uniform,
    gaussian_mixture,
    grid,
    ring,
)
from toy.targets.shapes import Checkerboard, SwissRoll, TwoMoons

pytestmark = pytest.mark.slow

SEED = rng.seed(0, "test")
LINES = [
    Normal(1.0, 0.5),
    Uniform(-2.0, 3.0),
    Cauchy(1.0, 2.0),
    LogNormal(0.5, 0.7),
    gaussian_mixture([-2.0, 0.0, 3.0], 0.4, [1.0, 2.0, 5.0]),
]
UNEVEN = gaussian_mixture([[0.0, 0.0], [1.0, 0.0], [0.5, 2.0]], 0.3, [1.0, 0.0, 3.0])
PLANES = [
    ring(sd=0.1),
    grid(side=3, sd=0.2),
    UNEVEN,
    Checkerboard(),
    Checkerboard(cells=6, half=1.5),
]
CURVES = [TwoMoons(), SwissRoll()]
ALL = LINES + PLANES + CURVES
ONE_OF_EACH = [*LINES, ring(), Checkerboard(), *CURVES]  # for what takes compiling


def name(distribution):
    return type(distribution).__name__


def reference_log_density(distribution, x):
    """Slow, float64, from the definitions."""
    with np.errstate(divide="ignore", invalid="ignore"):
        match distribution:
            case Normal(mean, sd):
                return np.log(
                    np.exp(-0.5 * ((x[:, 0] - mean) / sd) ** 2) / math.sqrt(2 * math.pi * sd**2)
                )
            case Uniform(low, high):
                return np.log(
                    np.where((low <= x[:, 0]) & (x[:, 0] <= high), 1.0 / (high - low), 0.0)
                )
            case Cauchy(location, scale):
                return np.log(scale / (math.pi * (scale**2 + (x[:, 0] - location) ** 2)))
            case LogNormal(mean, sd):
                density = np.exp(-0.5 * ((np.log(x[:, 0]) - mean) / sd) ** 2) / (
                    x[:, 0] * sd * math.sqrt(2 * math.pi)
                )
                return np.log(np.where(x[:, 0] > 0, density, 0.0))
            case Checkerboard(cells, half):
                side = 2.0 * half / cells
                i, j = np.floor((x.T + half) / side)
                inside = (i >= 0) & (i < cells) & (j >= 0) & (j < cells) & ((i + j) % 2 == 0)
                return np.log(inside / (side**2 * cells**2 / 2))
            case _:
                scale = (2 * math.pi * distribution.sd**2) ** (distribution.dim / 2)
                density = sum(
                    weight
                    * np.exp(-0.5 * ((x - mode) ** 2).sum(axis=1) / distribution.sd**2)
                    / scale
                    for weight, mode in zip(distribution.weights, distribution.modes, strict=True)
                )
                return np.log(density)


# The protocol


@pytest.mark.parametrize("distribution", ONE_OF_EACH, ids=name)
def test_eager_graph_and_xla_draw_the_same_numbers(distribution):
    eager = distribution.sample(257, SEED)
    assert eager.shape == [257, distribution.dim]
    assert eager.dtype == tf.float32
    assert np.isfinite(eager).all()
    for compiled in (False, True):
        other = tf.function(
            lambda seed: distribution.sample(257, seed), jit_compile=compiled, autograph=False
        )(SEED)
        np.testing.assert_allclose(other, eager, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("distribution", ALL, ids=name)
def test_the_seed_decides(distribution):
    first = distribution.sample(16, SEED)
    again = distribution.sample(16, SEED)
    np.testing.assert_array_equal(first, again)
    assert not np.isin(first, distribution.sample(16, rng.seed(1, "test"))).all()
    rows = np.unique(distribution.sample(1000, SEED), axis=0)
    assert len(rows) > 990


@pytest.mark.parametrize("distribution", ALL, ids=name)
def test_frozen_comparable_and_hashable(distribution):
    assert hash(distribution) == hash(distribution)
    with pytest.raises(AttributeError):
        distribution.sd = 2.0


# Densities


@pytest.mark.parametrize("distribution", LINES + PLANES, ids=name)
def test_log_density_agrees_with_the_definition(distribution):
    x = np.random.default_rng(0).uniform(-3.0, 3.0, [500, distribution.dim]).astype(np.float32)
    eager = distribution.log_density(x)
    assert eager.shape == [500]
    assert eager.dtype == tf.float32
    expected = reference_log_density(distribution, x.astype(np.float64))
    near = ~(
        np.isneginf(expected) & np.isfinite(eager)
    )  # float64's exp dies before the log density does
    np.testing.assert_allclose(np.asarray(eager)[near], expected[near], rtol=1e-4, atol=1e-4)
    assert isinstance(distribution, GaussianMixture) or near.all()


@pytest.mark.parametrize("distribution", [d for d in ONE_OF_EACH if d not in CURVES], ids=name)
def test_log_density_compiles(distribution):
    x = distribution.sample(64, SEED) * 1.5
    xla = tf.function(distribution.log_density, jit_compile=True, autograph=False)(x)
    np.testing.assert_allclose(xla, distribution.log_density(x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("distribution", LINES, ids=name)
def test_on_the_line_the_density_has_mass_one(distribution):
    """Trapezoids over x = sinh(t), which reaches the Cauchy's tails
    (2.2e-4 of its mass lie beyond 1e4).
    """
    t = np.linspace(-9.9, 9.9, 400_001)
    x = np.sinh(t)
    density = np.exp(distribution.log_density(x[:, None]).numpy().astype(np.float64)) * np.cosh(t)
    mass = np.sum((density[1:] + density[:-1]) / 2 * np.diff(t))
    assert mass == pytest.approx(1.0, abs=3e-4)


@pytest.mark.parametrize("distribution", PLANES, ids=name)
def test_in_the_plane_the_density_has_mass_one(distribution):
    """Midpoints of squares of side 1/80; all of it lies in [-5, 5]^2."""
    ticks = np.arange(-5 + 1 / 160, 5, 1 / 80)
    x = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    assert np.exp(distribution.log_density(x)).sum() / 80**2 == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize("distribution", LINES, ids=name)
def test_on_the_line_samples_follow_the_density(distribution):
    """Kolmogorov and Smirnov: sqrt(n) max |F_n - F| stays below 1.95 with chance 0.999, F by integration."""
    n = 20_000
    samples = np.sort(distribution.sample(n, SEED)[:, 0]).astype(np.float64)
    t = np.linspace(-9.9, 9.9, 200_001)
    density = np.exp(
        distribution.log_density(np.sinh(t)[:, None]).numpy().astype(np.float64)
    ) * np.cosh(t)
    cumulative = np.concatenate([[0.0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(t))])
    if isinstance(distribution, Cauchy):
        cumulative += math.atan(distribution.scale / 1e4) / math.pi
    expected = np.interp(np.arcsinh(samples), t, cumulative)
    gap = np.maximum(
        np.abs(expected - np.arange(n) / n), np.abs(expected - np.arange(1, n + 1) / n)
    ).max()
    assert math.sqrt(n) * gap < 1.95


@pytest.mark.parametrize("distribution", PLANES, ids=name)
def test_in_the_plane_samples_follow_the_density(distribution):
    """Chi^2 over squares of side 1/4 that expect 8 samples or more: within 4 sd of its mean."""
    n = 20_000
    fine = 10
    samples = distribution.sample(n, SEED).numpy()
    ticks = np.arange(-5 + 1 / (8 * fine), 5, 1 / (4 * fine))
    x = np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2)
    density = (
        np.exp(distribution.log_density(x)).reshape(40, fine, 40, fine).sum(axis=(1, 3))
        / (4 * fine) ** 2
    )
    counts, _, _ = np.histogram2d(*samples.T, bins=np.linspace(-5, 5, 41))
    expected = n * density.astype(np.float64)
    seen = expected >= 8
    chi2 = np.sum((counts[seen] - expected[seen]) ** 2 / expected[seen])
    degrees = seen.sum()
    assert chi2 < degrees + 4 * math.sqrt(2 * degrees)
    assert counts[expected < 1e-9].sum() <= 2  # a sample on an edge may be rounded over it


@pytest.mark.parametrize("distribution", [Uniform(), LogNormal(), Checkerboard()], ids=name)
def test_outside_there_is_no_mass(distribution):
    assert np.isneginf(distribution.log_density(np.full([1, distribution.dim], -9.0))).all()


def test_the_gradient_of_a_log_density_exists_where_there_is_no_mass():
    """Of a log normal left of 0 it is 0 and not NaN (the logarithm is not taken there)."""
    x = tf.constant([[-1.0], [0.0], [1.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(LogNormal().log_density(x)[2:])
    np.testing.assert_allclose(tape.gradient(total, x), [[0.0], [0.0], [-1.0]], atol=1e-6)


def test_far_away_a_mixture_keeps_its_log_density():
    """logsumexp: the density itself underflows 15 sd away."""
    x = tf.constant([[3.0, 0.0]])
    expected = -0.5 * (2.0 / 0.01) ** 2 - math.log(8 * 2 * math.pi * 0.01**2)
    np.testing.assert_allclose(ring().log_density(x), [expected], rtol=1e-5)


def test_a_cauchy_sample_is_finite_and_symmetric_at_every_uniform_number(monkeypatch):
    """rng.uniform on [-1, 1) gives multiples of 2^-23, 0 among them,
    where the cotangent has a pole.

    Half a step aside, the numbers lie in pairs around 0, and nothing is further out than 1.1e7
    scales.
    """
    drawn = np.array([[-1.0], [-0.5], [-(2.0**-23)], [0.0], [0.5], [1.0 - 2.0**-23]], np.float32)
    monkeypatch.setattr(rng, "uniform", lambda shape, seed, low, high: tf.constant(drawn))
    x = Cauchy(0.0, 2.0).sample(len(drawn), SEED).numpy()[:, 0]
    assert np.isfinite(x).all()
    assert np.abs(x).max() < 2.0 * 1.1e7
    assert x[2] == pytest.approx(-x[3], rel=1e-6)
    assert x[3] > 0.9 * 2.0 * 1.0e7
    assert x[0] == pytest.approx(-x[5], abs=1e-6)


def test_a_log_normal_is_the_exponential_of_its_normal():
    """With mean and sd in their places: the logarithms' moments are the parameters."""
    logs = np.log(LogNormal(0.5, 0.7).sample(20_000, SEED).numpy())
    assert logs.mean() == pytest.approx(0.5, abs=0.03)
    assert logs.std() == pytest.approx(0.7, abs=0.03)
    np.testing.assert_allclose(logs, Normal(0.5, 0.7).sample(20_000, SEED), atol=1e-5)


# Mixtures, ring and grid


@pytest.mark.parametrize("count", [1, 2, 7, 8, 12])
def test_a_ring_has_as_many_distinct_modes_as_it_says(count):
    modes = ring(modes=count, radius=2.0).modes
    assert modes.shape == (count, 2)
    assert modes.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(modes, axis=1), 2.0, rtol=1e-6)
    neighbours = np.linalg.norm(modes - np.roll(modes, 1, axis=0), axis=1)
    np.testing.assert_allclose(neighbours, 4.0 * math.sin(math.pi / count), atol=1e-5)
    distances = np.linalg.norm(modes[:, None] - modes, axis=2) + 9.0 * np.eye(count)
    assert distances.min() > 1e-2


def test_the_published_ring_and_grid():
    assert (len(ring().modes), ring().sd) == (8, 0.01)
    assert (len(grid().modes), grid().sd) == (25, 0.05)
    assert {tuple(mode) for mode in grid().modes} == {
        (x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)
    }
    np.testing.assert_array_equal(np.unique(grid(side=4).modes), [-3, -1, 1, 3])


@settings(max_examples=25)
@given(
    weights=st.lists(st.floats(0.0, 10.0), min_size=4, max_size=4).filter(lambda w: sum(w) > 0.1)
)
def test_modes_are_drawn_in_proportion_to_their_weights(weights):
    """Centers 100 sd apart, so that each sample tells its mode;
    a mode of weight 0 is never drawn.
    """
    target = gaussian_mixture([0.0, 100.0, 200.0, 300.0], 1.0, weights)
    assert sum(target.weights) == pytest.approx(1.0)
    counts = np.bincount(np.rint(target.sample(4000, SEED)[:, 0] / 100.0).astype(int), minlength=4)
    shares = np.array(weights) / sum(weights)
    assert (
        np.abs(counts / 4000 - shares) <= 5 * np.sqrt(shares * (1 - shares) / 4000) + 1e-6
    ).all()


def test_each_mode_of_a_mixture_has_the_sd_both_ways():
    target = gaussian_mixture([[0.0, 0.0, 0.0], [50.0, 0.0, 0.0]], 0.5)
    samples = target.sample(20_000, SEED).numpy()
    for mode in target.modes:
        own = samples[np.abs(samples[:, 0] - mode[0]) < 25]
        np.testing.assert_allclose(own.mean(axis=0), mode, atol=0.02)
        np.testing.assert_allclose(np.cov(own.T), 0.25 * np.eye(3), atol=0.01)


def test_which_mode_says_nothing_about_where_in_it():
    """The two draws of a mixture have seeds of their own."""
    target = gaussian_mixture([0.0, 100.0, 200.0, 300.0], 1.0)
    x = target.sample(20_000, SEED).numpy()[:, 0]
    mode = np.rint(x / 100.0)
    inside = x - 100.0 * mode
    for moment in (inside, inside**2, np.abs(inside)):
        assert abs(np.corrcoef(mode, moment)[0, 1]) < 4 / math.sqrt(len(x))


def test_the_two_draws_of_a_sample_have_two_seeds(monkeypatch):
    """Bits that both draws share need show in no moment: look at the seeds themselves."""
    seeds = []

    def remember(draw):
        def remembered(shape, seed, *limits):
            seeds.append(tuple(np.asarray(seed)))
            return draw(shape, seed, *limits)

        return remembered

    spy = types.SimpleNamespace(
        split=rng.split, uniform=remember(rng.uniform), normal=remember(rng.normal)
    )
    monkeypatch.setattr(distributions, "rng", spy)
    monkeypatch.setattr(shapes, "rng", spy)
    for target in (ring(), TwoMoons(), SwissRoll(), Checkerboard()):
        seeds.clear()
        target.sample(3, SEED)
        assert len(set(seeds)) == 2, target


def test_a_normal_is_a_mixture_of_one():
    one = Normal(2.0, 0.5)
    same = gaussian_mixture([2.0], 0.5)
    np.testing.assert_array_equal(one.modes, same.modes)
    assert (one.sd, one.weights, one.dim) == (same.sd, same.weights, same.dim)
    x = np.linspace(0, 4, 9)[:, None]
    np.testing.assert_allclose(one.log_density(x), same.log_density(x), rtol=1e-5, atol=1e-6)


# Shapes


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: gaussian_mixture([], 0.1),
            r"gaussian_mixture: centers must be \[K, dim\] of numbers with K at least 1",
        ),
        (
            lambda: gaussian_mixture(np.zeros([2, 2, 2]), 0.1),
            r"centers must be \[K, dim\].*got \[2, 2, 2\]",
        ),
        (
            lambda: gaussian_mixture([[0.0, 1.0], [2.0]], 0.1),
            "centers must be .* got a list that is no array of numbers",
        ),
        (
            lambda: gaussian_mixture([[0.0, math.inf]], 0.1),
            "gaussian_mixture: centers must be finite",
        ),
        (
            lambda: gaussian_mixture([0.0], 0.0),
            "gaussian_mixture: sd must be a finite number above 0, got 0",
        ),
        (
            lambda: gaussian_mixture([0.0, 1.0], 0.1, [1.0]),
            r"weights must be \[2\] of numbers, got \[1\]",
        ),
        (
            lambda: gaussian_mixture([0.0, 1.0], 0.1, [2.0, -1.0]),
            "weights must be at least 0 with a sum above 0, got",
        ),
        (
            lambda: gaussian_mixture([0.0, 1.0], 0.1, [0.0, 0.0]),
            "weights must be at least 0 with a sum above 0, got",
        ),
        (lambda: gaussian_mixture([0.0, 1.0], 0.1, [1.0, math.nan]), "weights must be finite"),
        (lambda: ring(modes=0), "ring: modes must be a whole number of at least 1, got 0"),
        (lambda: ring(sd=-1.0), "sd must be a finite number above 0, got -1.0"),
        (lambda: ring(radius=0.0), "ring: radius must be"),
        (lambda: grid(side=2.5), "grid: side must be a whole number"),
        (lambda: grid(spacing=0.0), "grid: spacing must be"),
        (lambda: Normal(0.0, 0.0), "Normal: sd must be a finite number above 0"),
        (lambda: Normal(math.nan, 1.0), "Normal: mean must be a finite number"),
        (lambda: Uniform(1.0, 1.0), "Uniform: high must be a finite number above 1, got 1.0"),
        (lambda: Cauchy(scale=0.0), "Cauchy: scale must be"),
        (lambda: LogNormal(sd=0.0), "LogNormal: sd must be"),
        (lambda: TwoMoons(noise=-0.1), "TwoMoons: noise must be"),
        (lambda: SwissRoll(noise=-0.1), "SwissRoll: noise must be"),
        (lambda: Checkerboard(cells=3), "Checkerboard: cells must be even, got 3"),
        (lambda: Checkerboard(half=0.0), "Checkerboard: half must be"),
        (
            lambda: ring().log_density(np.zeros([3, 1])),
            r"log_density: x must be \[n, 2\], got \[3, 1\]",
        ),
        (
            lambda: Normal().log_density(np.zeros([3])),
            r"Normal.log_density: x must be \[n, 1\], got \[3\]",
        ),
    ],
)
def test_errors_say_what_was_wanted_and_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("distribution", ALL, ids=name)
def test_no_samples_are_refused(distribution):
    with pytest.raises(
        ValueError,
        match=f"{name(distribution)}.sample: n must be a whole number of at least 1, got 0",
    ):
        distribution.sample(0, SEED)
