"""Quality and variety apart: which generated faces lie among the real ones, and which real ones
lie among the generated?

A *manifold* is estimated from samples: the union of balls around them, each of which reaches to
its centre's k-th nearest neighbour in the same set.

    precision   share of generated faces in the manifold of real ones       quality
    recall      share of real faces in the manifold of generated ones       variety
    density     real balls around a generated face, in units of k           quality, less outliers
    coverage    share of real balls that hold a generated face              variety, less outliers
    realism     how deep one generated face lies among the real ones

Sources: Kynkäänniemi et al. 2019 (precision, recall, realism); Naeem et al. 2020 (density,
coverage). All depend on n and k, so they are compared at one n only, beside the values of real
faces.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from gan_core import checks

K = 3  # neighbours, of precision, recall and realism, as Kynkäänniemi et al. have it
K_OF_COVERAGE = 5  # of density and coverage, as Naeem et al. have it
ROWS_AT_A_TIME = 1024


@dataclasses.dataclass(frozen=True)
class Manifolds:
    """Shares in [0, 1]; density is a mean that may be above 1."""

    precision: float
    recall: float
    density: float
    coverage: float


def compare(
    fake: np.ndarray, real: np.ndarray, k: int = K, k_of_coverage: int = K_OF_COVERAGE
) -> Manifolds:
    """Precision, recall, density and coverage of generated features.

    With R_i the distance of real feature x_i to its k-th neighbour among the real ones, and F_j
    that of generated y_j among the generated ones:

        precision = mean over j of [exists i: |y_j - x_i| <= R_i]
        recall    = mean over i of [exists j: |y_j - x_i| <= F_j]
        density   = mean over j of #{i: |y_j - x_i| <= R_i} / k
        coverage  = mean over i of [exists j: |y_j - x_i| <= R_i]

    For two sets of n from one distribution the expected density is close to 1, and the expected
    coverage is 1 - product over l = 1..k of (n - l) / (2n - l) (Naeem et al. 2020, lemma 2).

    Args:
        fake: features [m, d].
        real: features [n, d].
        k: neighbours, of precision and recall; less than n and m.
        k_of_coverage: neighbours, of density and coverage; less than n.

    Returns:
        The four numbers.
    """
    fake, real = _two_sets("manifolds.compare", fake, real)
    checks.integer("manifolds.compare", "k", k, 1, min(len(fake), len(real)) - 1)
    checks.integer("manifolds.compare", "k_of_coverage", k_of_coverage, 1, len(real) - 1)
    reach_of_real = reach(real, [k, k_of_coverage])
    reach_of_fake = reach(fake, [k])[0]
    inside_real = np.zeros(len(fake), bool)
    inside_fake = np.zeros(len(real), bool)
    covered = np.zeros(len(real), bool)
    balls = 0
    for first in range(0, len(fake), ROWS_AT_A_TIME):
        some = slice(first, first + ROWS_AT_A_TIME)
        across = _squared_distances(fake[some], real)
        inside_real[some] = (across <= reach_of_real[0]).any(axis=1)
        inside_fake |= (across <= reach_of_fake[some, np.newaxis]).any(axis=0)
        in_larger_ball = across <= reach_of_real[1]
        covered |= in_larger_ball.any(axis=0)
        balls += int(in_larger_ball.sum())
    return Manifolds(
        precision=float(inside_real.mean()),
        recall=float(inside_fake.mean()),
        density=balls / (k_of_coverage * len(fake)),
        coverage=float(covered.mean()),
    )


def realism(fake: np.ndarray, real: np.ndarray, k: int = K) -> np.ndarray:
    """How well each generated face fits among the real ones: above 1, it lies within a real ball.

    realism(y) = max over i of R_i / |y - x_i|, where the real faces with the larger half of all
    reaches R_i are left out: their balls are wide because nothing lies near them (Kynkäänniemi et
    al. 2019, equation 3).

    Args:
        fake: features [m, d].
        real: features [n, d].
        k: neighbours, less than n.

    Returns:
        float64 [m]; infinite where a generated feature equals a real one.
    """
    fake, real = _two_sets("manifolds.realism", fake, real)
    checks.integer("manifolds.realism", "k", k, 1, len(real) - 1)
    reaches = np.sqrt(reach(real, [k])[0])
    kept = reaches <= np.median(reaches)
    found = []
    for first in range(0, len(fake), ROWS_AT_A_TIME):
        across = _squared_distances(fake[first : first + ROWS_AT_A_TIME], real[kept])
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = reaches[kept] / np.sqrt(across)
        found.append(np.nan_to_num(ratios, nan=np.inf, posinf=np.inf).max(axis=1))
    return np.concatenate(found)


def reach(points: np.ndarray, ks: list[int]) -> np.ndarray:
    """Squared distances of each point to its k-th nearest other one, for each k: [len(ks), n]."""
    found = np.empty([len(ks), len(points)])
    for first in range(0, len(points), ROWS_AT_A_TIME):
        some = slice(first, first + ROWS_AT_A_TIME)
        table = _squared_distances(points[some], points)
        rows = np.arange(len(table))
        table[rows, first + rows] = -1.0  # the point itself comes first, also where others equal it
        found[:, some] = np.partition(table, ks, axis=1)[:, ks].T
    return found


def _squared_distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """[n, m] float64: |x|² + |y|² - 2 x·y, where rounding would make it negative 0."""
    squared = np.square(x).sum(axis=1)[:, np.newaxis] + np.square(y).sum(axis=1) - 2.0 * x @ y.T
    return np.maximum(squared, 0.0)


def _two_sets(owner: str, fake: np.ndarray, real: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    fake = checks.array(owner, "fake", fake, ["m", "d"])
    real = checks.array(owner, "real", real, ["n", fake.shape[1]], at_least=2)
    return fake, real
