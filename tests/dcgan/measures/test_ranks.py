"""Spearman's correlation, against its definition and by its laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcgan.measures import ranks

numbers = st.lists(st.integers(-5, 5), min_size=3, max_size=12)


def slow_ranks(x):
    """The mean of all places that a number could take in ascending order."""
    places = []
    for value in x:
        below = sum(other < value for other in x)
        equal = sum(other == value for other in x)
        places.append(below + (equal - 1) / 2)
    return np.array(places)


@given(numbers)
def test_equal_numbers_share_the_mean_of_their_places(x):
    np.testing.assert_array_equal(ranks.ranks(np.array(x, float)), slow_ranks(x))


@given(numbers, st.randoms(use_true_random=False))
def test_it_is_the_correlation_of_ranks(x, random):
    y = random.sample(x, len(x))
    found = ranks.spearman(x, y)
    if len(set(x)) == 1:
        assert np.isnan(found)
        return
    assert found == pytest.approx(np.corrcoef(slow_ranks(x), slow_ranks(y))[0, 1], abs=1e-12)


def test_the_order_alone_counts():
    x = [1.0, 2.0, 4.0, 3.0]
    assert ranks.spearman(x, np.exp(x)) == 1.0
    assert ranks.spearman(x, [-v for v in x]) == -1.0
    assert ranks.spearman([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(0.8)  # 1 - 6 · 2 / (4 · 15)


@pytest.mark.parametrize(
    ("x", "y", "words"), [([1.0], [1.0], "x must"), ([1.0, 2.0], [1.0, 2.0, 3.0], "y must")]
)
def test_columns_of_other_lengths_are_refused(x, y, words):
    with pytest.raises(ValueError, match=f"spearman: {words}"):
        ranks.spearman(x, y)
