"""toy.targets.shapes: the curves are where their formulas put them,
and the checkerboard's squares too.
"""

import math

import numpy as np
import pytest

from gan_core import rng
from toy.targets.shapes import Checkerboard, SwissRoll, TwoMoons

SEED = rng.seed(0, "test")


def test_two_moons_without_noise_lie_on_their_half_circles():
    x, y = TwoMoons(noise=0.0).sample(4000, SEED).numpy().T
    upper = np.abs(np.hypot(x, y) - 1) < 1e-5
    lower = np.abs(np.hypot(x - 1, y - 0.5) - 1) < 1e-5
    assert (upper | lower).all()
    assert (y[upper & ~lower] >= -1e-5).all()
    assert (y[lower & ~upper] <= 0.5 + 1e-5).all()
    assert abs(upper.mean() - 0.5) < 0.03
    angles = np.arctan2(y[upper & ~lower], x[upper & ~lower])
    assert abs(np.median(angles) - math.pi / 2) < 0.1
    assert angles.min() < 0.02
    assert angles.max() > 3.12


def test_a_swiss_roll_without_noise_is_a_spiral():
    x, y = SwissRoll(noise=0.0).sample(4000, SEED).numpy().T
    t = 7.5 * np.hypot(x, y)
    np.testing.assert_allclose(
        np.stack([x, y]), t / 7.5 * np.stack([np.cos(t), np.sin(t)]), atol=1e-4
    )
    assert t.min() > 1.5 * math.pi - 1e-4
    assert t.max() < 4.5 * math.pi + 1e-4
    assert abs(t.mean() - 3 * math.pi) < 0.15
    assert abs(t.std() - 3 * math.pi / math.sqrt(12)) < 0.1


@pytest.mark.parametrize("shape", [TwoMoons, SwissRoll])
def test_noise_is_the_sd_around_the_curve(shape):
    """Curve and noise have seeds of their own: the same curve, and the difference is N(0,
    noise^2 I).
    """
    difference = (
        shape(noise=0.2).sample(20_000, SEED) - shape(noise=0.0).sample(20_000, SEED)
    ).numpy()
    np.testing.assert_allclose(np.cov(difference.T), 0.04 * np.eye(2), atol=0.002)


def test_a_distribution_without_a_closed_density_has_none():
    assert not any(hasattr(shape, "log_density") for shape in (TwoMoons(), SwissRoll()))


def test_a_checkerboard_has_no_mass_on_the_other_squares():
    x, y = Checkerboard().sample(10_000, SEED).numpy().T
    assert ((np.floor(x / 2) + np.floor(y / 2)) % 2 == 0).mean() > 0.9999
    assert min(x.min(), y.min()) >= -4
    assert max(x.max(), y.max()) <= 4


# Errors
