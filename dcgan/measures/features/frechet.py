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

    How the last trace is computed: write A = R^T R, and B = Y^T Y with Y the centred features
    divided by sqrt(m - 1). Then (A B)^(1/2) has the same trace as the nuclear norm of W = Y R^T:
    the sum of its singular values, which are the roots of the eigenvalues of W^T W. No root of a
    matrix is taken. Rounding moves an eigenvalue by about 1e-16 of the largest one, which tells
    where it should be 0: its root may then be 1e-8 of the largest root. (For 1,400 faces the
    distance is that of a singular value decomposition to 12 digits.)

    The estimate is biased: for two sets from one distribution it is positive, and it grows as n
    falls (Binkowski et al. 2018). So values for different n must not be compared.

    Args:
        x: features [n, d], n at least 2.
        y: features [m, d], m at least 2.

    Returns:
        The distance, in squared units of a feature; the order of x and y makes no difference.
    """
    x, y = _two_sets("frechet", x, y)
    return Frechet(x).distance(y)


class Frechet:
    """`frechet` of one set of features and any number of others, without the first one's work.

    Args:
        x: features [n, d], n at least 2.
    """

    def __init__(self, x: np.ndarray) -> None:
        x = checks.array("Frechet", "x", x, ["n", "d"], at_least=2)
        self._mean = x.mean(axis=0)
        centred = x - self._mean
        self._factor = np.linalg.qr(centred, mode="r") / np.sqrt(len(x) - 1)  # R^T R = covariance
        self._trace = np.sum(np.square(self._factor))

    def distance(self, y: np.ndarray) -> float:
        """What `frechet` gives.

        Args:
            y: features [m, d], m at least 2.
        """
        y = checks.array("Frechet", "y", y, ["m", len(self._mean)], at_least=2)
        mean = y.mean(axis=0)
        centred = (y - mean) / np.sqrt(len(y) - 1)
        cross = _nuclear_norm(centred @ self._factor.T)
        between_means = np.sum(np.square(self._mean - mean))
        trace = np.sum(np.square(centred))
        return float(between_means + self._trace + trace - 2.0 * cross)


def _nuclear_norm(w: np.ndarray) -> float:
    """The sum of the singular values."""
    rows, columns = w.shape
    if rows < columns:  # centred samples: a value is 0, whose square rounding would move
        return float(np.linalg.svd(w, compute_uv=False).sum())
    eigenvalues = np.linalg.eigvalsh(w.T @ w)
    return float(np.sqrt(np.maximum(eigenvalues, 0.0)).sum())


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
