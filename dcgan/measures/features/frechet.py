"""Two distances between sets of features: Fréchet's, and the kernel distance (KID).

    function    compares                          two sets of real faces give
    frechet     means and covariances             the floor: it grows as n falls
    kid         all moments up to the third       0 on average, for every n

Both read features [n, d]. Neither is the "FID" of publications, which takes the features of one
particular network (Inception v3) and 50,000 images.
"""

from __future__ import annotations

import numpy as np

from gan_core import checks


def frechet(x: np.ndarray, y: np.ndarray) -> float:
    """The squared Fréchet distance of two Gaussians with the features' means and covariances.

    |m_x - m_y|² + tr(A + B - 2 (A B)^(1/2)), with A, B the covariances (Heusel et al. 2017).

    How the last trace is computed: write A = R^T R and B = S^T S. Then (A B)^(1/2) has the same
    trace as the nuclear norm of R S^T, the sum of its singular values. R and S are the triangular
    factors of the centred features. No matrix root is taken, and nothing has to be clipped at 0.

    The estimate is biased: for two sets from one distribution it is positive, and it grows as n
    falls (Binkowski et al. 2018). So values for different n must not be compared.

    Args:
        x: features [n, d], n at least 2.
        y: features [m, d], m at least 2.

    Returns:
        The distance, in squared units of a feature; the order of x and y makes no difference.
    """
    x, y = _two_sets("frechet", x, y)
    between_means = np.sum(np.square(x.mean(axis=0) - y.mean(axis=0)))
    r = _triangular(x)
    s = _triangular(y)
    cross = np.linalg.svd(r @ s.T, compute_uv=False).sum()
    return float(between_means + np.sum(np.square(r)) + np.sum(np.square(s)) - 2.0 * cross)


def _triangular(x: np.ndarray) -> np.ndarray:
    """R [min(n, d), d] with R^T R the covariance of x [n, d]."""
    centred = x - x.mean(axis=0)
    return np.linalg.qr(centred, mode="r") / np.sqrt(len(x) - 1)


def kid(x: np.ndarray, y: np.ndarray) -> float:
    """The squared maximum mean discrepancy with the kernel k(a, b) = (a·b / d + 1)³, unbiased.

    E k(x, x') + E k(y, y') - 2 E k(x, y), each mean over all pairs of different samples
    (Binkowski et al. 2018, section 4). Their published values are means over random subsets of
    1,000, which has the same expectation and a larger variance.

    For two sets from one distribution it is 0 on average whatever n is, and often negative.

    Args:
        x: features [n, d], n at least 2.
        y: features [m, d], m at least 2.

    Returns:
        The distance; the order of x and y makes no difference.
    """
    x, y = _two_sets("kid", x, y)
    return float(_mean_within(x) + _mean_within(y) - 2.0 * _kernel(x, y).mean())


def _mean_within(x: np.ndarray) -> float:
    """The mean kernel of two different rows."""
    table = _kernel(x, x)
    n = len(x)
    return (table.sum() - np.trace(table)) / (n * (n - 1))


def _kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """[n, m]: the cubic kernel of each pair."""
    return (x @ y.T / x.shape[1] + 1.0) ** 3


def _two_sets(owner: str, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x = checks.array(owner, "x", x, ["n", "d"], at_least=2)
    y = checks.array(owner, "y", y, ["m", x.shape[1]], at_least=2)
    return x, y
