"""Solutions of chapter 11: judging faces."""

from __future__ import annotations

import numpy as np

from dcgan.judge import evidence
from dcgan.measures import distances, neighbours
from dcgan.measures.features import frechet
from gan_core import metrics, rng


def exercise_1(p: float = 0.001, chance: float = 0.05):
    """A perfect sampler misses the combination with probability (1 - p)^n. This is 0.05 at
    n = log 0.05 / log(1 - p), about 3 / p: 2,995 faces. Of 1,000 simulated perfect samplers 4.5 %
    miss it in so many faces (standard error 0.7 %).

    Returns:
        n, and the share of 1,000 perfect samplers that miss it in so many faces.
    """
    n = int(np.ceil(np.log(chance) / np.log(1.0 - p)))
    drawn = rng.uniform([1000, n], rng.seed(0, "1,000 samplers")).numpy()
    has_seen = (drawn < p).any(axis=1)
    return n, float(1.0 - np.mean(has_seen))


def exercise_2():
    """Both sets are sorted already. The partners differ by 0, 1, 1 and 0, so W1 = 2/4 = 0.5. The
    means are equal, 1.5. The standard deviations differ: sqrt(5/4) = 1.12 and 1.5.

    Returns:
        W1, both means, and both standard deviations.
    """
    real = np.array([0.0, 1.0, 2.0, 3.0])
    fake = np.array([0.0, 0.0, 3.0, 3.0])
    means = (real.mean(), fake.mean())
    deviations = (real.std(), fake.std())
    return metrics.wasserstein_1(real, fake), means, deviations


def exercise_3(real, tries: int = 20):
    """The terms with i = j are k(x, x) = 1, the largest value that there is. They raise each of the
    first two means by (1 - mean k) / n, so the biased value is about (2 / n)(1 - mean k). It falls
    as 1 / n: the generator that is judged by more faces wins, and both are perfect. The unbiased
    value is around 0 for both.

    Args:
        real: uint8 [N, S, S, 3], N at least 400.
        tries: random pairs of sets.

    Returns:
        {n: (mean of the biased values, mean of the unbiased values)}.
    """
    bandwidth = distances.mmd_bandwidth(real)
    found = {}
    for n in (50, 200):
        biased = []
        unbiased = []
        for seed in range(tries):
            one, other = distances.halves(real, n, seed=seed)
            x = distances.small(one)
            y = distances.small(other)
            biased.append(metrics.mmd(x, y, bandwidth=bandwidth, unbiased=False))
            unbiased.append(metrics.mmd(x, y, bandwidth=bandwidth, unbiased=True))
        found[n] = (float(np.mean(biased)), float(np.mean(unbiased)))
    return found


def exercise_4(real, fake):
    """The set whose colours are off. Its fault is a constant in each channel, which is what the
    mean takes away. (Pixels stand in for patches here.)

    Args:
        real: uint8 [N, S, S, 3].
        fake: uint8 [M, S, S, 3].

    Returns:
        The distance of the coarsest patches as it is, and after each channel was moved.
    """
    moved = fake.astype(np.float64)
    for channel in range(3):
        ours = moved[..., channel]
        theirs = real[..., channel]
        moved[..., channel] = (ours - ours.mean()) / ours.std() * theirs.std() + theirs.mean()
    moved = np.clip(np.round(moved), 0, 255).astype(np.uint8)
    before = distances.sliced_wasserstein_pyramid(real, fake, seed=0)
    after = distances.sliced_wasserstein_pyramid(real, moved, seed=0)
    return before[16], after[16]


def exercise_5(n: int = 1000, d: int = 2):
    """Take one set from a normal and one from a skewed distribution, and move the second linearly
    until its mean and covariance equal those of the first. The Fréchet distance depends on nothing
    else, so it is 0. KID sees third moments: a normal's are 0 and those of the exponential are 2.
    With 1,000 rows of two features KID is 0.81, and -0.01 between two normal sets.

    Returns:
        The Fréchet distance, KID, and KID of two normal sets.
    """
    x = rng.normal([n, d], rng.seed(0, "normal")).numpy().astype(np.float64)
    other = rng.normal([n, d], rng.seed(0, "another normal")).numpy().astype(np.float64)
    uniform = rng.uniform([n, d], rng.seed(0, "exponential")).numpy().astype(np.float64)
    skewed = -np.log(1.0 - uniform)
    standard = np.linalg.solve(root_of_covariance(skewed), (skewed - skewed.mean(axis=0)).T)
    y = (root_of_covariance(x) @ standard).T + x.mean(axis=0)
    return frechet.frechet(y, x), frechet.kid(y, x), frechet.kid(other, x)


def root_of_covariance(x):
    """L with L L^T the covariance of x [n, d]."""
    return np.linalg.cholesky(np.cov(x, rowvar=False))


def exercise_6(proof, shares=(0.0, 0.01, 0.05, 0.1)):
    """A training face is at distance 0, below any quantile. So the expected share of near faces is
    q + 0.01 (1 - q). The floor is 0.01 with a standard deviation of sqrt(2 · 0.01 · 0.99 / m) for
    m = 500 faces, which is 0.0063. Five of them are 0.031, so 0.99 q > 0.031, and q > 3.2 %. (At
    that q it is detected half of the time.)

    Args:
        proof: evidence.Evidence.
        shares: the q to try.

    Returns:
        The smallest q by this formula, and {q: whether "% nearer" detects it}.
    """
    n = len(proof.reference)
    mean, sd = floor_of_nearer(proof)
    smallest = evidence.SURE * sd / (1.0 - mean)
    floor = {"% nearer": (mean, sd)}
    found = {}
    for share in shares:
        faces = proof.others[0].copy()
        is_copy = np.arange(n) < round(share * n)
        which = np.arange(is_copy.sum()) % len(proof.learnt)
        faces[is_copy] = proof.learnt[which]
        order = rng.permutation(n, rng.seed(0, "mixed")).numpy()
        far = proof.nearest(faces[order])[1][:, 0]
        nearer = neighbours.compare(far, proof.distances_of_real).nearer
        found[share] = evidence.detected({"% nearer": nearer}, floor)["% nearer"]
    return smallest, found


def floor_of_nearer(proof):
    """Mean and sd of the share of near faces for real ones: 1 % of as many as are compared."""
    compared = min(evidence.COMPARED, len(proof.reference))
    mean = neighbours.rare(compared)
    return mean, (2.0 * mean * (1.0 - mean) / compared) ** 0.5
