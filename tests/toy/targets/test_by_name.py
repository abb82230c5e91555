"""toy.targets.by_name: the names mean what they say, and the floor knows nothing of the samples."""

import itertools
import re

import numpy as np
import pytest

from gan_core import rng
from gan_core.metrics import sliced_wasserstein
from toy.targets import by_name, distributions

NUMBERS = re.compile(r"sliced Wasserstein ([\d.]+); two real samples ([\d.]+); ratio ([\d.]+)")


def numbers(samples, target):
    return [
        float(number) for number in NUMBERS.fullmatch(by_name.distance(samples, target)).groups()
    ]


def test_the_floor_is_that_of_real_samples_whatever_ours_are():
    target = distributions.grid()
    good = target.sample(300, rng.seed(0, "ours")).numpy()
    far = good + np.float32(5.0)
    ours, floor, ratio = numbers(good, target)
    far_ours, far_floor, far_ratio = numbers(far, target)
    assert far_floor == floor
    assert floor > 0.01  # the real samples differ from one another
    assert far_ours > 10 * ours
    assert far_ratio > 10 * ratio
    assert ratio == pytest.approx(ours / floor, abs=0.01)


def test_both_numbers_are_means_over_eleven_real_samples():
    target = distributions.ring()
    samples = target.sample(200, rng.seed(0, "ours")).numpy() + np.float32(0.5)
    real = [target.sample(200, rng.seed(k, "judge")).numpy() for k in range(11)]
    by_hand = np.mean([sliced_wasserstein(samples, one, seed=0) for one in real])
    floor = np.mean([sliced_wasserstein(a, b, seed=0) for a, b in itertools.pairwise(real)])
    ours, floor_told, _ = numbers(samples, target)
    assert ours == pytest.approx(by_hand, abs=6e-5)
    assert floor_told == pytest.approx(floor, abs=6e-5)


def test_the_unequal_targets_weigh_the_modes_of_the_equal_ones():
    ring = by_name.BY_NAME["unequal-ring"]()
    np.testing.assert_array_equal(ring.modes, distributions.ring().modes)
    np.testing.assert_allclose(ring.weights, np.arange(1, 9) / 36)
    assert ring.sd == distributions.ring().sd
    grid = by_name.BY_NAME["unequal-grid"]()
    np.testing.assert_array_equal(grid.modes, distributions.grid().modes)
    np.testing.assert_allclose(grid.weights, [(1 + k % 4) / 61 for k in range(25)])
    assert grid.sd == distributions.grid().sd
    assert len(by_name.BY_NAME["ring-of-12"]().modes) == 12
    assert len(by_name.BY_NAME["grid-4x4"]().modes) == 16


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (np.zeros([0, 2], np.float32), "distance: the number of samples must be a whole number of"),
        (np.zeros([5, 3], np.float32), r"distance: samples must be \[n, 2\], got \[5, 3\]"),
        (np.full([5, 2], np.nan, np.float32), "distance: samples must be finite, got 10 of 10"),
        ([[1.0, 2.0], [3.0]], "distance: samples must be"),
    ],
)
def test_wrong_samples_are_one_clear_line(samples, words):
    with pytest.raises(ValueError, match=words):
        by_name.distance(samples, distributions.grid())


@pytest.mark.parametrize("name", by_name.BY_NAME)
def test_the_draws_behind_a_sample_share_no_seed(name, monkeypatch):
    """With one seed for both, the noise around a curve would be a function of the place on it."""
    seeds = []
    drawing = []

    def recording(function):
        def record(shape, seed, *others):
            if not drawing:  # rng.normal draws uniform numbers with its own seed
                seeds.append(tuple(seed.numpy().tolist()))
            drawing.append(function)
            try:
                return function(shape, seed, *others)
            finally:
                drawing.pop()

        return record

    for draw in ("uniform", "normal", "integers"):
        monkeypatch.setattr(rng, draw, recording(getattr(rng, draw)))
    by_name.BY_NAME[name]().sample(5, rng.seed(0, "sample"))
    assert len(seeds) == 2
    assert len(set(seeds)) == 2
