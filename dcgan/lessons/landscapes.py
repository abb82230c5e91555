"""The value of a game for given samples: what the best discriminator reaches, found by Newton.

Two real and two generated samples on a line; D may be any sum of bumps around them. If the bumps
do not overlap, D is free to take any value at every sample. If they do, D is smooth.
"""

from __future__ import annotations

import numpy as np

from gan_core import checks

KINDS = ("separate", "fixed pairs", "all pairs")

# Each row of a matrix forms one argument of s from D's logits at real 1, real 2, fake 1, fake 2.
_MARGINS = {
    "separate": np.array(
        [
            [1.0, 0.0, 0.0, 0.0],
            [0.0, 1.0, 0.0, 0.0],
            [0.0, 0.0, -1.0, 0.0],
            [0.0, 0.0, 0.0, -1.0],
        ]
    ),
    "fixed pairs": np.array([[1.0, 0.0, -1.0, 0.0], [0.0, 1.0, 0.0, -1.0]]),
    "all pairs": np.array(
        [
            [1.0, 0.0, -1.0, 0.0],
            [1.0, 0.0, 0.0, -1.0],
            [0.0, 1.0, -1.0, 0.0],
            [0.0, 1.0, 0.0, -1.0],
        ]
    ),
}


def value(
    kind: str,
    real: tuple[float, float],
    fake: tuple[float, float],
    *,
    width: float,
    cost: float,
) -> float:
    """max over D of -mean s(-margin) - cost/2 |D|^2, where s(t) = log(1 + e^t).

    The margins are those of the loss: D(x_i) and -D(y_j) for "separate", the cross-entropy;
    D(x_i) - D(y_i) for "fixed pairs"; D(x_i) - D(y_j) for "all pairs". D = sum_k c_k K(., p_k) over
    the four samples p_k, with K(p, q) = exp(-(p - q)^2 / 2 width^2), and |D|^2 = c^T K c.

    Args:
        kind: one of `KINDS`.
        real: the two real samples.
        fake: the two generated ones.
        width: the width of a bump; far below the samples' distances, D is free at every sample.
        cost: the cost of a large D, above 0; it makes the best D unique.

    Returns:
        The value: 0 if D separates the samples without effort, -log 2 if it cannot at all.
    """
    checks.one_of("landscapes.value", "kind", kind, KINDS)
    checks.number("landscapes.value", "width", width, above=0.0)
    checks.number("landscapes.value", "cost", cost, above=0.0)
    places = np.array([*real, *fake], np.float64)
    squared = (places[:, np.newaxis] - places) ** 2
    similarity = np.exp(-squared / (2.0 * width**2))
    return -_smallest(_MARGINS[kind] @ similarity, similarity, cost)


def _smallest(margins: np.ndarray, similarity: np.ndarray, cost: float) -> float:
    """min over c of mean s(-margins c) + cost/2 c^T similarity c, by damped Newton steps."""
    c = np.zeros(len(similarity))
    tiny = 1e-10 * np.eye(len(similarity))  # two equal samples make the matrix singular
    loss = _loss(c, margins, similarity, cost)
    for _ in range(200):
        mistrust = 1.0 / (1.0 + np.exp(margins @ c))
        gradient = cost * similarity @ c - margins.T @ mistrust / len(margins)
        curvature = (mistrust * (1.0 - mistrust) / len(margins))[:, np.newaxis] * margins
        step = np.linalg.solve(margins.T @ curvature + cost * similarity + tiny, gradient)
        share = 1.0
        while share > 1e-6 and _loss(c - share * step, margins, similarity, cost) > loss:
            share /= 2.0
        c = c - share * step
        before = loss
        loss = _loss(c, margins, similarity, cost)
        if before - loss < 1e-13:
            break
    return loss


def _loss(c: np.ndarray, margins: np.ndarray, similarity: np.ndarray, cost: float) -> float:
    of_margins = np.mean(np.logaddexp(0.0, -margins @ c))
    return float(of_margins + 0.5 * cost * c @ similarity @ c)
