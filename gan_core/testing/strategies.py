"""The Hypothesis strategies of the laws: logits, and distributions on a few points.

TensorFlow flushes subnormal numbers to zero, so none are drawn. Bounds are float32 numbers. Only a
few fixed sizes are drawn, so that a compiled function is not traced again for every example.
"""

from __future__ import annotations

from typing import Any

import hypothesis.extra.numpy as npst
import numpy as np
from hypothesis import strategies as st

SIZES = (1, 3, 5)
SAMPLES = 64  # the size of a batch that stands for a distribution
POINTS = 4  # the number of points of the distribution


def batch(size: int, bound: float) -> st.SearchStrategy[Any]:
    """[size] float32 in [-bound, bound]."""
    bound = float(np.float32(bound))
    return npst.arrays(
        np.float32, size, elements=st.floats(-bound, bound, width=32, allow_subnormal=False)
    )


def logits(bound: float = 100.0) -> st.SearchStrategy[Any]:
    """[n] float32 for one of a few n."""
    return st.one_of(*[batch(size, bound) for size in SIZES])


def pairs(bound: float = 100.0) -> st.SearchStrategy[Any]:
    """(real [n], fake [m]) with n and m drawn separately, to detect a division by the wrong one."""
    return st.tuples(logits(bound), logits(bound))


def same_size(count: int, bound: float = 100.0) -> st.SearchStrategy[Any]:
    """`count` batches of one size."""
    return st.one_of(*[st.tuples(*[batch(size, bound)] * count) for size in SIZES])


def counts() -> st.SearchStrategy[Any]:
    """[POINTS] positive whole numbers of sum SAMPLES: how often each point is in a batch."""
    cuts = st.lists(
        st.integers(1, SAMPLES - 1), min_size=POINTS - 1, max_size=POINTS - 1, unique=True
    )
    return cuts.map(lambda places: np.diff([0, *sorted(places), SAMPLES]))


DISTRIBUTIONS = st.tuples(counts(), counts())


def finite(bound: float) -> st.SearchStrategy[float]:
    """A float32 number in [-bound, bound], as a Python float."""
    bound = float(np.float32(bound))
    return st.floats(-bound, bound, width=32, allow_subnormal=False)
