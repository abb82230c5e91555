"""Do two figures rank things alike? Spearman's correlation."""

from __future__ import annotations

import numpy as np

from gan_core import checks


def spearman(x: np.ndarray, y: np.ndarray) -> float:
    """The correlation of two columns' ranks: 1 for the same order, -1 for the reverse.

    (Spearman 1904.) Equal values share the mean of their ranks. NaN where a column has one value
    only: there is no order then.

    Args:
        x: [n] numbers.
        y: [n] numbers.

    Returns:
        From -1 to 1.
    """
    x = checks.array("spearman", "x", x, ["n"], at_least=2)
    y = checks.array("spearman", "y", y, [len(x)], at_least=2)
    a = ranks(x) - (len(x) - 1) / 2.0
    b = ranks(y) - (len(y) - 1) / 2.0
    scale = np.sqrt(np.sum(a**2) * np.sum(b**2))
    if scale == 0.0:
        return float("nan")
    return float(np.sum(a * b) / scale)


def ranks(x: np.ndarray) -> np.ndarray:
    """The place of each number in ascending order, from 0; equal ones share their mean place."""
    _, place, count = np.unique(x, return_inverse=True, return_counts=True)
    last = np.cumsum(count) - 1
    return (last - (count - 1) / 2.0)[place]
