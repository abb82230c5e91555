"""The laws of priors of z: function(n, seed) -> [n, dim]."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from gan_core import rng
from gan_core.testing.law import hold, law
from gan_core.testing.numeric import same_in_all_ways
from gan_core.testing.subjects import Latent

MANY = 4096


def sample(latent: Latent, n: int, step: int = 0) -> Any:
    """z [n, dim] of one seed."""
    return np.asarray(latent.function(n, rng.seed(0, "z", step)))


@law(
    59,
    "latent",
    "(n, seed) -> [n, dim] float32, finite",
    "dim is not what is drawn, or another dtype",
    first=True,
)
def gives_n_rows_of_dim(latent: Latent) -> None:
    """A prior gives n rows of dim float32 numbers."""
    for n in (1, 5):
        z = sample(latent, n)
        wanted = [n, latent.dim]
        hold(list(z.shape) == wanted, str(wanted), str(list(z.shape)), n=n)
        hold(z.dtype == np.float32, "float32", z.dtype.name, n=n)
        hold(np.isfinite(z).all(), "finite numbers", z, n=n)


@law(
    60,
    "latent",
    "one seed, one z; another seed, another z",
    "a generator with hidden state, or a seed that is ignored",
)
def the_seed_decides_z(latent: Latent) -> None:
    """z is a function of the seed, and of nothing else."""
    first = sample(latent, 8, 0)
    again = sample(latent, 8, 0)
    other = sample(latent, 8, 1)
    hold((first == again).all(), first, again, seed=0)
    hold((first != other).any(), "another z of another seed", "the same")


@law(
    60,
    "latent",
    "eager = graph = XLA, the same numbers",
    "tf.random, whose bits XLA turns into other floats; use gan_core.rng",
)
def z_agrees_in_eager_graph_and_xla(latent: Latent) -> None:
    """z is the same in eager mode, in a graph and compiled by XLA."""

    def run(seed: tf.Tensor) -> tf.Tensor:
        return latent.function(8, seed)

    same_in_all_ways(lambda: run, (rng.seed(0, "z"),), rtol=1e-4, atol=1e-5)


@law(
    61,
    "latent",
    "not all rows are equal, and no two columns are",
    "one draw is tiled over the batch or over the coordinates",
)
def rows_and_columns_differ(latent: Latent) -> None:
    """Every sample has its own z, and every coordinate its own numbers."""
    z = sample(latent, 64)
    hold(len(np.unique(z, axis=0)) > 1, "unlike rows", z[:3])
    columns = len(np.unique(z, axis=1).T)
    hold(columns == z.shape[1], f"{z.shape[1]} unlike columns", columns)


@law(
    62,
    "latent",
    "|corr(z_i, z_j)| and |corr(|z_i|, |z_j|)|, |corr(z_i > 0, |z_j|)| < 0.1 for i != j",
    "two parts of z are drawn with one seed; if they depend on each other on purpose, as in a "
    "one-hot code, name them in testing.Latent(..., together=...)",
)
def coordinates_are_independent(latent: Latent) -> None:
    """The coordinates of z are independent, as far as correlations tell."""
    # Those that the subject names together are not compared with each other.
    # Of 4,096 samples a correlation of independent numbers has standard deviation 1/64.
    z = sample(latent, MANY).astype(np.float64)[:, :16]
    dim = z.shape[1]
    parts = np.concatenate([z, np.abs(z), z > 0], axis=1)
    parts = parts - parts.mean(0)
    size = np.sqrt((parts**2).mean(0))
    parts = parts / np.where(size > 1e-6, size, np.inf)
    correlations = np.abs(parts.T @ parts) / MANY
    exempt = np.eye(dim, dtype=bool)
    for group in latent.together:
        inside = np.isin(np.arange(dim), list(group))
        exempt |= np.outer(inside, inside)
    largest = np.where(np.tile(exempt, (3, 3)), 0.0, correlations).max()
    hold(largest < 0.1, "less than 0.1", largest)


@law(
    63,
    "latent",
    "mean z = 0, mean z^2 = 1 in every coordinate",
    "the variance where the standard deviation was meant, or no scaling",
    families=("standard",),
)
def z_has_mean_0_and_variance_1(latent: Latent, family: str) -> None:
    """Every coordinate of a standard z has mean 0 and variance 1."""
    z = sample(latent, MANY).astype(np.float64)
    means = z.mean(0)
    variances = z.var(0)
    hold((np.abs(means) < 0.1).all(), "means of 0", means)
    hold((np.abs(variances - 1) < 0.2).all(), "variances of 1", variances)
