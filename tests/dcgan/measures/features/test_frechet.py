"""Fréchet distance and KID: closed forms, slow NumPy, and the laws of distances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcgan.measures.features.frechet import Frechet, frechet, kid

DRAW = np.random.default_rng


def features(seed, n, d):
    draw = DRAW(seed)
    return draw.normal(0, 1, [n, d]) @ draw.normal(0, 1, [d, d]) + draw.normal(0, 2, d)


def slow_frechet(x, y):
    """By the eigenvalues of A B, which are those of A^(1/2) B A^(1/2)."""
    a = np.cov(x, rowvar=False)
    b = np.cov(y, rowvar=False)
    a = np.atleast_2d(a)
    b = np.atleast_2d(b)
    eigenvalues = np.linalg.eigvals(a @ b).real
    cross = np.sqrt(np.clip(eigenvalues, 0, None)).sum()
    return np.sum((x.mean(0) - y.mean(0)) ** 2) + np.trace(a) + np.trace(b) - 2 * cross


def slow_kid(x, y):
    def kernel(a, b):
        return (sum(p * q for p, q in zip(a, b, strict=True)) / len(a) + 1.0) ** 3

    n = len(x)
    m = len(y)
    within_x = [kernel(x[i], x[j]) for i in range(n) for j in range(n) if i != j]
    within_y = [kernel(y[i], y[j]) for i in range(m) for j in range(m) if i != j]
    across = [kernel(a, b) for a in x for b in y]
    return np.mean(within_x) + np.mean(within_y) - 2 * np.mean(across)


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), n=st.integers(8, 30), m=st.integers(8, 30), d=st.integers(1, 5))
def test_frechet_agrees_with_eigenvalues_of_the_product(seed, n, m, d):
    x = features([seed, 0], n, d)
    y = features([seed, 1], m, d)
    assert frechet(x, y) == pytest.approx(slow_frechet(x, y), rel=1e-6, abs=1e-6)


def test_frechet_of_one_feature_is_that_of_means_and_deviations():
    """(m - m')² + (s - s')² in one dimension."""
    x = DRAW(0).normal(3, 2, [50, 1])
    y = DRAW(1).normal(-1, 5, [70, 1])
    wanted = (x.mean() - y.mean()) ** 2 + (x.std(ddof=1) - y.std(ddof=1)) ** 2
    assert frechet(x, y) == pytest.approx(wanted, rel=1e-10)


@pytest.mark.parametrize(("n", "m", "d"), [(60, 50, 40), (30, 30, 40), (60, 20, 40)])
def test_frechet_is_that_of_singular_values(n, m, d):
    """|R S^T|_* with both triangular factors, which squares nothing."""
    x = features([7, n], n, d)
    y = features([8, m], m, d)
    r = np.linalg.qr(x - x.mean(axis=0), mode="r") / np.sqrt(n - 1)
    s = np.linalg.qr(y - y.mean(axis=0), mode="r") / np.sqrt(m - 1)
    cross = np.linalg.svd(r @ s.T, compute_uv=False).sum()
    means = np.sum((x.mean(axis=0) - y.mean(axis=0)) ** 2)
    wanted = means + np.sum(r**2) + np.sum(s**2) - 2.0 * cross
    assert frechet(x, y) == pytest.approx(wanted, rel=1e-9)


def test_one_set_is_prepared_for_any_number_of_others():
    x = features(4, 30, 6)
    from_x = Frechet(x)
    for seed, m in ((5, 20), (6, 3), (5, 20)):
        y = features(seed, m, 6)
        assert from_x.distance(y) == frechet(x, y)
    with pytest.raises(ValueError, match=r"Frechet: y must be \[m, 6\]"):
        from_x.distance(x[:, :5])


def test_frechet_of_a_shift_and_of_a_stretch():
    x = features(2, 40, 6)
    shift = np.arange(6.0)
    assert frechet(x, x + shift) == pytest.approx(np.sum(shift**2), rel=1e-9)
    variance = np.trace(np.cov(x, rowvar=False))
    centred = x - x.mean(axis=0)
    assert frechet(centred, 3.0 * centred) == pytest.approx(4.0 * variance, rel=1e-9)


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 6), m=st.integers(2, 6))
def test_frechet_works_with_fewer_samples_than_features_and_either_way_round(seed, n, m):
    x = features([seed, 0], n, 12)
    y = features([seed, 1], m, 12)
    scale = np.trace(np.cov(x, rowvar=False))
    assert frechet(x, y) == pytest.approx(frechet(y, x), rel=1e-8)
    assert frechet(x, x[::-1]) == pytest.approx(0.0, abs=1e-9 * scale)
    assert frechet(x, y) > 0.0


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), n=st.integers(2, 7), m=st.integers(2, 7), d=st.integers(1, 4))
def test_kid_agrees_with_a_double_loop(seed, n, m, d):
    x = features([seed, 0], n, d)
    y = features([seed, 1], m, d)
    assert kid(x, y) == pytest.approx(slow_kid(x, y), rel=1e-9, abs=1e-9)


def test_kid_has_no_bias_and_frechet_has():
    """Sets of 12 from one distribution: KID is 0 on average, the Fréchet distance is not,
    less for 100.
    """
    pairs = [DRAW([3, i]).normal(0, 1, [2, 12, 4]) for i in range(300)]
    values = np.array([kid(x, y) for x, y in pairs])
    assert abs(values.mean()) < 4 * values.std() / np.sqrt(len(values))
    small = np.mean([frechet(x, y) for x, y in pairs])
    large = np.mean([frechet(*DRAW([4, i]).normal(0, 1, [2, 100, 4])) for i in range(100)])
    assert small > 4 * large > 0.0


def test_wrong_features_are_told():
    for function in (frechet, kid):
        with pytest.raises(ValueError, match=f"{function.__name__}: y must be"):
            function(np.zeros([5, 3]), np.zeros([5, 4]))
        with pytest.raises(ValueError, match=f"{function.__name__}: x must be"):
            function(np.full([5, 3], np.nan), np.zeros([5, 3]))
