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
