"""The generator's inputs: the distribution of z, called the prior, and the distribution of labels.

A latent is an object that has an attribute `dim` and is called as latent(n, seed). It returns
z [n, dim] float32; `seed` is [2] int64, made by `gan_core.rng.seed`.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

from gan_core import checks, rng
from gan_core.protocols import Latent

BLOCK = 256  # the z of samples are drawn in blocks of this size
MOST_ROWS = 10**8  # the largest sum of the counts of rows of labels


def block(latent: Latent, index: int, seed: int) -> tf.Tensor:
    """Draw the z of one block of samples: those numbered index BLOCK to (index + 1) BLOCK - 1.

    Every generator, in training or afterwards, draws the z of its samples here. So sample number i
    of a seed is the same everywhere, however many samples are made.

    Args:
        latent: the distribution of z.
        index: the number of the block, from 0.
        seed: the seed of the samples.

    Returns:
        [BLOCK, dim] float32.

    Example:
        >>> block(Normal(3), 0, seed=7).shape
        TensorShape([256, 3])
    """
    return latent(BLOCK, rng.seed(seed, "sample", index))


@dataclasses.dataclass(frozen=True)
class Normal:
    """z ~ N(0, sd^2 I). In many dimensions its samples lie near a shell of radius sd sqrt(dim).

    Args:
        dim: the number of coordinates of z.
        sd: the standard deviation of each coordinate, above 0.

    Example:
        >>> Normal(100)(16, rng.seed(0, "z")).shape
        TensorShape([16, 100])
    """

    dim: int
    sd: float = 1.0

    def __post_init__(self) -> None:
        checks.integer("latent.Normal", "dim", self.dim, 1)
        checks.number("latent.Normal", "sd", self.sd, above=0.0)

    def __call__(self, n: int, seed: tf.Tensor) -> tf.Tensor:
        return self.sd * rng.normal([n, self.dim], seed)


@dataclasses.dataclass(frozen=True)
class Uniform:
    """z uniform on [-1, 1)^dim, the prior of Radford et al. 2015, section 3.

    Args:
        dim: the number of coordinates of z.

    Example:
        >>> Uniform(2)(5, rng.seed(0, "z")).shape
        TensorShape([5, 2])
    """

    dim: int

    def __post_init__(self) -> None:
        checks.integer("latent.Uniform", "dim", self.dim, 1)

    def __call__(self, n: int, seed: tf.Tensor) -> tf.Tensor:
        return rng.uniform([n, self.dim], seed, -1.0, 1.0)


@dataclasses.dataclass(frozen=True)
class NormalAndBits:
    """z = `normals` numbers from N(0, 1), followed by `bits` coin flips of -1 or 1.

    A continuous G maps a connected prior to a connected set: between two separate regions of data
    it must leave a bridge of wrong samples. Coin flips divide the prior into 2^bits pieces that G
    may map far apart. G learns which pieces to map to which region (compare the discrete codes of
    Chen et al. 2016).

    Args:
        normals: how many normal numbers, at least 1.
        bits: how many coin flips, at least 0.

    Example:
        >>> latent = NormalAndBits(2, 3)
        >>> latent.dim
        5
        >>> sorted(set(latent(50, rng.seed(0, "z"))[:, 2:].numpy().ravel().tolist()))
        [-1.0, 1.0]
    """

    normals: int
    bits: int

    def __post_init__(self) -> None:
        checks.integer("latent.NormalAndBits", "normals", self.normals, 1)
        checks.integer("latent.NormalAndBits", "bits", self.bits, 0)

    @property
    def dim(self) -> int:
        """The number of coordinates of z."""
        return self.normals + self.bits

    def __call__(self, n: int, seed: tf.Tensor) -> tf.Tensor:
        normal_seed, bit_seed = rng.split(seed, 2)
        bits = 2.0 * tf.cast(rng.integers([n, self.bits], bit_seed, 2), tf.float32) - 1.0
        return tf.concat([rng.normal([n, self.normals], normal_seed), bits], axis=1)


@dataclasses.dataclass(frozen=True)
class Classes:
    """Labels y [n] int32, drawn uniformly from the classes 0, ..., count - 1.

    Args:
        count: how many classes.

    Example:
        >>> sorted(set(Classes(3)(100, rng.seed(0, "labels")).numpy().tolist()))
        [0, 1, 2]
    """

    count: int

    def __post_init__(self) -> None:
        checks.integer("latent.Classes", "count", self.count, 1)

    def __call__(self, n: int, seed: tf.Tensor) -> tf.Tensor:
        return rng.integers([n], seed, self.count)


class Rows:
    """Labels y [n, f] int32, drawn from given rows with their frequencies in the data.

    A row holds one value for each of f factors. Rows are drawn whole, so that values which occur
    together in the data occur together here.

    Args:
        rows: [k, f] whole numbers from 0.
        counts: how often each row occurs in the data: [k] whole numbers from 0, whose sum is from 1
            to 10^8; None: once each.

    Raises:
        ValueError: if rows or counts has another shape or holds other numbers.

    Example:
        >>> labels = Rows([[0, 1], [2, 0]], counts=[3, 0])
        >>> labels(2, rng.seed(0, "labels")).numpy().tolist()
        [[0, 1], [0, 1]]
    """

    def __init__(self, rows: Any, counts: Any = None) -> None:
        owner = "latent.Rows"
        numbers = checks.array(owner, "rows", rows, ["k", "f"], dtype=np.int32, at_least=1)
        if numbers.size and numbers.min() < 0:
            checks.fail(owner, "rows", "whole numbers from 0", f"{numbers.min()}")
        if counts is None:
            counts = np.ones(len(numbers), np.int64)
        often = checks.array(owner, "counts", counts, [len(numbers)], dtype=np.int64)
        if often.min() < 0 or not 1 <= often.sum() <= MOST_ROWS:
            wanted = f"whole numbers from 0, together from 1 to {MOST_ROWS:,}"
            checks.fail(owner, "counts", wanted, f"{often.min()} and more, together {often.sum()}")
        self.rows = numbers
        self.counts = often
        self._places = np.repeat(np.arange(len(numbers), dtype=np.int32), often)

    def __call__(self, n: int, seed: tf.Tensor) -> tf.Tensor:
        """Draw n rows.

        Args:
            n: how many.
            seed: [2] int64, made by `gan_core.rng.seed`.

        Returns:
            [n, f] int32.
        """
        drawn = rng.integers([n], seed, len(self._places))
        return tf.gather(self.rows, tf.gather(self._places, drawn))
