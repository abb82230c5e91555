"""Random numbers that are a function of a seed, and of nothing else.

A generator with hidden state gives other numbers when a program is compiled, resumed or
run in another order. Here a random array is computed from a *seed*: a pair of integers

    seed(run_seed, purpose, step)  ->  [2] int64

so that draw number 1,000 of the latent is the same whether or not the 999 before it were
made (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"; the counter-based
generator is their Philox).

TensorFlow's own `stateless_uniform` and `stateless_normal` turn the generator's bits into
floats one way in eager mode and another way under XLA, and the numbers differ altogether.
The *bits* agree, so this file makes its floats from the bits: equal in eager mode, in a
graph and under XLA (bit for bit for `integers`, `permutation` and `uniform` on [0, 1); to rounding
for other intervals and for `normal`).
"""

import hashlib
import math

import numpy as np
import tensorflow as tf

from gan_core import checks


def seed(run_seed: int, purpose: str, step=0) -> tf.Tensor:
    """The seed of one draw.

    run_seed: the run's number, any Python int of 64 bits;  purpose: what is drawn ("z",
    "real", "kernel", ...): two purposes never share numbers;  step: int or int64 scalar
    tensor, which draw it is.  ->  [2] int64: (hash of run_seed and purpose, step).
    """
    checks.integer("rng.seed", "run_seed", run_seed, -(2**63), 2**63 - 1)
    if not tf.is_tensor(step) and not isinstance(step, tf.Variable):
        checks.integer("rng.seed", "step", step, -(2**63), 2**63 - 1)
    text = f"{int(run_seed)}/{purpose}".encode()
    stream = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big", signed=True)
    return tf.stack([tf.constant(stream, tf.int64), tf.cast(step, tf.int64)])


def split(seed, n: int) -> list:
    """n independent seeds, each [2] int64, from one: for a draw that is made of several."""
    return tf.unstack(_bits([n, 2], seed, tf.int64))


def uniform(shape, seed, low: float = 0.0, high: float = 1.0) -> tf.Tensor:
    """float32 of the given shape, uniform on [low, high): low + (high - low) k / 2^24, k of 24 bits.

    The sum is rounded to float32, so far from 0 the largest k may give `high` itself.
    """
    k = tf.bitwise.right_shift(_bits(shape, seed, tf.uint32), np.uint32(8))
    return low + (high - low) * (tf.cast(k, tf.float32) * 2.0**-24)


def normal(shape, seed) -> tf.Tensor:
    """float32 of the given shape, from N(0, 1).

    Box and Muller 1958: for u, v uniform on (0, 1), sqrt(-2 ln u) cos(2 pi v) and
    sqrt(-2 ln u) sin(2 pi v) are two independent standard normals. With u of 24 bits no
    value lies beyond 5.9 in size (the true normal's chance of that is 4e-9).
    """
    count = math.prod(int(size) for size in shape)
    half = (count + 1) // 2
    u, v = tf.unstack(uniform([2, half], seed) + 2.0**-25)
    radius, angle = tf.sqrt(-2.0 * tf.math.log(u)), 2.0 * math.pi * v
    both = tf.concat([radius * tf.cos(angle), radius * tf.sin(angle)], axis=0)
    return tf.reshape(both[:count], shape)


def integers(shape, seed, high: int) -> tf.Tensor:
    """int32 of the given shape, uniform on 0, ..., high - 1."""
    checks.integer("rng.integers", "high", high, 1)
    return tf.random.stateless_uniform(shape, _checked(seed), 0, high, tf.int32, alg="philox")


def permutation(n: int, seed) -> tf.Tensor:
    """[n] int32: 0, ..., n - 1 in random order (the order of n random numbers)."""
    return tf.argsort(_bits([n], seed, tf.uint32), stable=True)


def _bits(shape, seed, dtype):
    """Random integers over the whole range of the dtype: the one source of all the above."""
    return tf.random.stateless_uniform(shape, _checked(seed), None, None, dtype, alg="philox")


def _checked(seed):
    """A seed is a pair; a bare number is a common slip, and TensorFlow's own message does not say so."""
    if not hasattr(seed, "shape") or seed.shape != [2]:
        checks.fail(
            "rng", "seed", "[2] int64, as rng.seed(run_seed, purpose, step) gives it", repr(seed)
        )
    return seed
