"""Combinations of factors: counted right, expected right, and what a perfect sampler misses is no
fault.
"""

import collections

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcgan.judge.factor_coverage import coverage

FACTORS = {"hair": ("black", "red", "blue"), "eyes": ("brown", "green"), "mouth": ("smile", "open")}
SHARES = {"hair": [0.5, 0.3, 0.2], "eyes": [0.7, 0.3], "mouth": [0.5, 0.5]}


def sample(seed, n):
    draw = np.random.default_rng(seed)
    return {factor: draw.choice(len(p), n, p=p) for factor, p in SHARES.items()}


REAL = sample(0, 20_000)


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 60))
def test_counts_and_missing_are_those_of_a_counter(seed, n):
    labels = sample(seed, n)
    found = coverage(labels, REAL, FACTORS)
    each = collections.Counter(zip(*(labels[factor].tolist() for factor in FACTORS), strict=True))
    assert found.n == n
    assert {place: found.counts[place] for place in np.ndindex(3, 2, 2)} == {
        place: each[place] for place in np.ndindex(3, 2, 2)
    }
    hair, eyes, mouth = FACTORS.values()
    empty = [place for place in np.ndindex(3, 2, 2) if not each[place]]
    named = {(hair[i], eyes[j], mouth[k]) for i, j, k in empty}
    assert set(found.missing) == named
    assert len(found.missing) == len(named)


def test_expected_is_n_times_the_product_of_the_real_shares_and_the_likeliest_is_missed_first():
    found = coverage({"hair": [1], "eyes": [1], "mouth": [0]}, REAL, FACTORS)
    products = np.einsum("i,j,k->ijk", *SHARES.values())
    np.testing.assert_allclose(found.expected, products, atol=0.01)
    assert found.expected.sum() == pytest.approx(1.0)
    assert {names[:2] for names in found.missing[:2]} == {("black", "brown")}
    assert len(found.missing) == 11


def test_a_dropped_combination_is_named_though_every_value_comes():
    labels = sample(1, 3000)
    drop = (labels["hair"] == 1) & (labels["eyes"] == 1)
    found = coverage({factor: values[~drop] for factor, values in labels.items()}, REAL, FACTORS)
    assert sorted(found.missing) == [("red", "green", "open"), ("red", "green", "smile")]
    assert found.missed_by_perfect < 0.001
    assert found.distance == pytest.approx(
        0.09, abs=0.02
    )  # 0.3 · 0.3 of the samples went elsewhere
    assert coverage(labels, REAL, FACTORS).distance < 0.03


@pytest.mark.parametrize("n", [5, 20, 60])
def test_a_perfect_sampler_misses_what_is_said(n):
    runs = [coverage(sample(seed, n), REAL, FACTORS) for seed in range(200)]
    missed = [len(run.missing) for run in runs]
    assert np.mean(missed) == pytest.approx(
        runs[0].missed_by_perfect, abs=4 * np.std(missed) / 14 + 0.02
    )


def test_shares_of_one_factor():
    labels = sample(2, 500)
    found = coverage(labels, REAL, FACTORS)
    for factor, p in SHARES.items():
        ours, expected = found.shares(factor)
        np.testing.assert_allclose(ours, np.bincount(labels[factor], minlength=len(p)) / 500)
        np.testing.assert_allclose(expected, p, atol=0.01)


def test_a_factor_may_stand_anywhere_and_others_are_passed_over():
    labels = {**sample(3, 50), "age": np.zeros(50, int)}
    one = coverage(labels, REAL, FACTORS)
    turned = coverage(labels, REAL, {name: FACTORS[name] for name in ("mouth", "hair", "eyes")})
    np.testing.assert_array_equal(turned.counts, one.counts.transpose(2, 0, 1))
    np.testing.assert_allclose(turned.expected, one.expected.transpose(2, 0, 1))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            {"hair": [0], "eyes": [0]},
            r"coverage: labels\['mouth'\] must be \[n\] whole numbers from 0 to 1, got none",
        ),
        (
            {"hair": [3], "eyes": [0], "mouth": [0]},
            r"labels\['hair'\] must be \[n\] whole numbers from 0 to 2, got 1 of",
        ),
        ({"hair": [], "eyes": [], "mouth": []}, r"labels\['hair'\] must be"),
    ],
)
def test_labels_that_are_none_of_the_values_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        coverage(labels, REAL, FACTORS)


def test_labels_of_unequal_length_are_refused_and_not_stretched():
    one = {**sample(0, 10), "eyes": np.zeros(1, np.int64)}
    with pytest.raises(ValueError, match=r"labels\['eyes'\] must be 10 labels, as many as 'hair'"):
        coverage(one, REAL, FACTORS)
    real = {**REAL, "mouth": REAL["mouth"][:7]}
    with pytest.raises(ValueError, match=r"real_labels\['mouth'\] must be 20000 labels"):
        coverage(sample(0, 10), real, FACTORS)


def test_no_factor_is_refused():
    with pytest.raises(ValueError, match="factors must be at least one factor, got none"):
        coverage({}, {}, {})
