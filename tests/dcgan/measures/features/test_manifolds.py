"""Precision, recall, density, coverage and realism, against loops over all pairs and closed
forms.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcgan.measures.features import manifolds

DRAW = np.random.default_rng


def distance(a, b):
    return np.sqrt(np.sum((a - b) ** 2))


def slow_reach(points, k):
    """The distance of each point to its k-th nearest other one."""
    reaches = []
    for i, point in enumerate(points):
        others = sorted(distance(point, other) for j, other in enumerate(points) if j != i)
        reaches.append(others[k - 1])
    return reaches


def slow_compare(fake, real, k, k_of_coverage):
    in_real = slow_within(fake, real, slow_reach(real, k))
    in_fake = slow_within(real, fake, slow_reach(fake, k))
    in_wide = slow_within(fake, real, slow_reach(real, k_of_coverage))
    precision = in_real.any(axis=1)
    recall = in_fake.any(axis=1)
    density = in_wide.sum(axis=1) / k_of_coverage
    coverage = in_wide.any(axis=0)
    return [np.mean(precision), np.mean(recall), np.mean(density), np.mean(coverage)]


def slow_within(points, centres, reaches):
    """[points, centres] of bool: whether a point is within a centre's reach."""
    found = np.zeros([len(points), len(centres)], bool)
    for i, point in enumerate(points):
        for j, centre in enumerate(centres):
            found[i, j] = distance(point, centre) <= reaches[j]
    return found


def slow_realism(point, real, k):
    """The largest ratio of reach to distance, among the real points whose reach is no outlier."""
    reaches = np.array(slow_reach(real, k))
    ratios = []
    for centre, reach in zip(real, reaches, strict=True):
        if reach <= np.median(reaches):
            ratios.append(reach / distance(point, centre))
    return max(ratios)


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), n=st.integers(4, 12), m=st.integers(4, 12), data=st.data())
def test_they_agree_with_loops_for_any_block_size(seed, n, m, data):
    k = data.draw(st.integers(1, min(n, m) - 1))
    k_of_coverage = data.draw(st.integers(1, n - 1))
    fake = DRAW([seed, 0]).normal(0.5, 1, [m, 3])
    real = DRAW([seed, 1]).normal(0, 1, [n, 3])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifolds, "ROWS_AT_A_TIME", data.draw(st.integers(1, 13)))
        found = manifolds.compare(fake, real, k, k_of_coverage)
        realism = manifolds.realism(fake, real, k)
    wanted = slow_compare(fake, real, k, k_of_coverage)
    values = [found.precision, found.recall, found.density, found.coverage]
    assert values == pytest.approx(wanted, abs=1e-12)
    slow = [slow_realism(point, real, k) for point in fake]
    np.testing.assert_allclose(realism, slow, rtol=1e-6)


def test_a_few_good_faces_over_and_over_have_precision_and_no_variety():
    real = DRAW(0).normal(0, 1, [300, 4])
    repeated = np.tile(DRAW(1).normal(0, 0.3, [5, 4]), [60, 1])
    found = manifolds.compare(repeated, real)
    assert found.precision == 1.0
    assert found.recall < 0.05
    assert found.coverage < 0.2
    other = manifolds.compare(DRAW(2).normal(0, 1, [300, 4]), real)
    assert min(other.recall, other.coverage) > 0.7


def test_spread_out_faces_have_recall_and_no_precision():
    real = DRAW(0).normal(0, 1, [200, 4])
    found = manifolds.compare(DRAW(1).normal(0, 10, [200, 4]), real)
    assert found.precision < 0.1
    assert found.recall > 0.9


def test_coverage_of_the_same_distribution_is_as_the_paper_says():
    """1 - product of (n - l) / (2n - l) for l = 1..k, whatever the distribution;
    and density is 1.
    """
    n = 40
    k = 5
    pairs = [DRAW([5, i]).normal(0, 1, [2, n, 3]) for i in range(200)]
    found = [manifolds.compare(fake, real, k_of_coverage=k) for fake, real in pairs]
    wanted = 1.0 - np.prod([(n - i) / (2 * n - i) for i in range(1, k + 1)])
    coverage = np.array([each.coverage for each in found])
    assert coverage.mean() == pytest.approx(wanted, abs=4 * coverage.std() / np.sqrt(len(found)))
    density = np.array([each.density for each in found])
    assert density.mean() == pytest.approx(1.0, abs=4 * density.std() / np.sqrt(len(found)))


def test_equal_sets_and_equal_points():
    real = DRAW(0).normal(0, 1, [30, 2])
    found = manifolds.compare(real, real)
    assert (found.precision, found.recall, found.coverage) == (1.0, 1.0, 1.0)
    assert np.isinf(manifolds.realism(real[:1], real[:1].repeat(9, axis=0)))
    same = manifolds.compare(np.zeros([8, 2]), np.zeros([8, 2]))
    assert (same.precision, same.recall, same.coverage) == (1.0, 1.0, 1.0)


def test_wrong_arguments_are_told():
    with pytest.raises(ValueError, match=r"manifolds.compare: k must be"):
        manifolds.compare(np.zeros([3, 2]), np.zeros([9, 2]), k=3)
    with pytest.raises(ValueError, match=r"manifolds.compare: real must be"):
        manifolds.compare(np.zeros([9, 2]), np.zeros([9, 3]))
