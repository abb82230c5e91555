"""The value of a game for its best discriminator, against searches that are slow and plain."""

import numpy as np
import pytest

from dcgan.lessons import landscapes

REAL = (-1.0, 1.0)
FREE = {"width": 0.01, "cost": 1e-7}


def s(t):
    return np.logaddexp(0.0, t)


def by_search(kind, places):
    """The largest value over a grid of D's values at the places of two real and two fakes.

    Args:
        kind: of the game.
        places: for real 1, real 2, fake 1, fake 2 the number of its place: 0, 1 or 2.
    """
    grid = np.linspace(-10.0, 10.0, 61)
    d = np.stack(np.meshgrid(grid, grid, grid, indexing="ij")).reshape(3, -1)
    x1, x2, y1, y2 = d[list(places)]
    if kind == "separate":
        terms = [s(-x1), s(-x2), s(y1), s(y2)]
    elif kind == "fixed pairs":
        terms = [s(y1 - x1), s(y2 - x2)]
    else:
        terms = [s(y1 - x1), s(y1 - x2), s(y2 - x1), s(y2 - x2)]
    return -np.mean(terms, axis=0).min()


@pytest.mark.parametrize("kind", landscapes.KINDS)
@pytest.mark.parametrize(
    ("fake", "places"),
    [
        ((-1.0, -1.0), (0, 1, 0, 0)),
        ((-1.0, 0.0), (0, 1, 0, 2)),
        ((-1.0, 1.0), (0, 1, 0, 1)),
        ((1.0, -1.0), (0, 1, 1, 0)),
        ((0.0, 0.0), (0, 1, 2, 2)),
    ],
)
def test_a_free_d_reaches_what_a_search_over_its_values_finds(kind, fake, places):
    found = landscapes.value(kind, REAL, fake, **FREE)
    assert found == pytest.approx(by_search(kind, places), abs=0.006)


@pytest.mark.parametrize("kind", landscapes.KINDS)
def test_a_smooth_d_is_as_good_as_slow_gradient_ascent(kind):
    """On the values of D at the four places, whose squared norm is d^T K^-1 d."""
    fake = (-0.9, 0.3)
    places = np.array([*REAL, *fake])
    similarity = np.exp(-((places[:, None] - places) ** 2) / (2 * 0.3**2))
    inverse = np.linalg.inv(similarity)

    def loss(d):
        x1, x2, y1, y2 = d
        if kind == "separate":
            terms = [s(-x1), s(-x2), s(y1), s(y2)]
        elif kind == "fixed pairs":
            terms = [s(y1 - x1), s(y2 - x2)]
        else:
            terms = [s(y1 - x1), s(y1 - x2), s(y2 - x1), s(y2 - x2)]
        return np.mean(terms) + 0.05 * d @ inverse @ d

    d = np.zeros(4)
    for _ in range(700):
        slopes = [(loss(d + h) - loss(d - h)) / 2e-5 for h in 1e-5 * np.eye(4)]
        d = d - 0.3 * similarity @ np.array(slopes)
    found = landscapes.value(kind, REAL, fake, width=0.3, cost=0.1)
    assert found == pytest.approx(-loss(d), abs=1e-5)


@pytest.mark.parametrize("kind", landscapes.KINDS)
def test_values_lie_between_nothing_told_apart_and_everything(kind):
    for fake in ((-1.0, -1.0), (0.2, -0.5), (-1.0, 1.0), (0.0, 3.0)):
        found = landscapes.value(kind, REAL, fake, width=0.3, cost=0.01)
        assert -np.log(2.0) - 1e-12 <= found <= 0.0
        dearer = landscapes.value(kind, REAL, fake, width=0.3, cost=0.1)
        assert dearer <= found + 1e-12


def test_only_fixed_pairs_have_no_hill():
    places = np.linspace(-1.0, 1.0, 41)
    hills = {}
    for kind in landscapes.KINDS:
        values = [
            landscapes.value(kind, REAL, (-1.0, place), width=0.3, cost=0.01) for place in places
        ]
        hills[kind] = max(values) - values[0]
    assert hills["fixed pairs"] < 1e-6
    assert hills["separate"] > 0.05
    assert hills["all pairs"] > 0.05


def test_wrong_arguments_are_told():
    with pytest.raises(ValueError, match=r"landscapes.value: kind must be one of separate"):
        landscapes.value("pairs", REAL, REAL, **FREE)
    with pytest.raises(ValueError, match=r"landscapes.value: cost must be"):
        landscapes.value("separate", REAL, REAL, width=1.0, cost=0.0)
