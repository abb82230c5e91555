"""What the generator is fed: the distribution of z, called the prior.

A latent is an object with `dim` and a call (n, seed) -> [n, dim] float32; `seed` is [2] int64
of `gan_core.rng`.
"""

import dataclasses

import tensorflow as tf

from gan_core import checks, rng


@dataclasses.dataclass(frozen=True)
class Normal:
    """z ~ N(0, sd^2 I). In many dimensions its samples lie near a shell of radius sd sqrt(dim)."""

    dim: int
    sd: float = 1.0

    def __post_init__(self):
        checks.integer("latent.Normal", "dim", self.dim, 1)
        checks.number("latent.Normal", "sd", self.sd, above=0.0)

    def __call__(self, n: int, seed) -> tf.Tensor:
        return self.sd * rng.normal([n, self.dim], seed)


@dataclasses.dataclass(frozen=True)
class Uniform:
    """z uniform on [-1, 1)^dim (the prior of Radford et al. 2015, section 3)."""

    dim: int

    def __post_init__(self):
        checks.integer("latent.Uniform", "dim", self.dim, 1)

    def __call__(self, n: int, seed) -> tf.Tensor:
        return rng.uniform([n, self.dim], seed, -1.0, 1.0)


@dataclasses.dataclass(frozen=True)
class NormalAndBits:
    """`normals` numbers from N(0, 1), then `bits` coin flips of -1 or 1.

    A continuous G of a connected prior has a connected image: between two islands of data it must
    leave a bridge of wrong samples. Coin flips cut the prior into 2^bits pieces, and G may tear
    there; which pieces go to which island is learnt (compare the discrete codes of Chen et al. 2016).
    """

    normals: int
    bits: int

    def __post_init__(self):
        checks.integer("latent.NormalAndBits", "normals", self.normals, 1)
        checks.integer("latent.NormalAndBits", "bits", self.bits, 0)

    @property
    def dim(self) -> int:
        return self.normals + self.bits

    def __call__(self, n: int, seed) -> tf.Tensor:
        normal_seed, bit_seed = rng.split(seed, 2)
        bits = 2.0 * tf.cast(rng.integers([n, self.bits], bit_seed, 2), tf.float32) - 1.0
        return tf.concat([rng.normal([n, self.normals], normal_seed), bits], axis=1)
