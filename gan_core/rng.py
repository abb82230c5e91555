"""Random numbers that are a function of a seed, and of nothing else.

A generator with hidden state gives different numbers if a program is compiled, resumed or
run in another order. Here a random array is computed from a *seed*, a pair of integers

    seed(run_seed, purpose, step)  ->  [2] int64

so that draw number 1,000 of z is the same whether or not the 999 draws before it were
made (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"; the counter-based
generator is their Philox).

TensorFlow's own `stateless_uniform` and `stateless_normal` turn the generator's random bits into
floats one way in eager mode and another way under XLA, so that the numbers are entirely different.
The *bits* agree, so this file computes its floats from the bits. The results are equal in eager
mode, in a graph and under XLA: bit for bit for `integers`, `permutation` and `uniform` on [0, 1),
up to rounding for other intervals and for `normal`.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from gan_core import checks

LARGEST_OF_32_BITS = 2**29  # up to this bound `integers` uses 32 random bits a number, above it 63


def seed(run_seed: int, purpose: str, step: Any = 0) -> tf.Tensor:
    """Make the seed of one draw.

    Args:
        run_seed: the run's number, any Python int of 64 bits.
        purpose: what is drawn ("z", "real", "kernel", ...). Two purposes have different numbers.
        step: the number of the draw: an int, or an integer scalar tensor or variable.

    Returns:
        [2] int64: (hash of run_seed and purpose, step).

    Raises:
        ValueError: if run_seed or step is not a whole number of 64 bits.

    Example:
        >>> seed(0, "z", 7).numpy().tolist()
        [-8118451137264223946, 7]
    """
    checks.seed("rng.seed", run_seed, "run_seed")
    _check_step(step)
    return tf.stack([tf.constant(_hash(run_seed, purpose), tf.int64), tf.cast(step, tf.int64)])


def seeds(run_seed: int, purpose: str = "layers") -> Iterator[int]:
    """Iterate over seeds for things that are made one after another, such as a network's layers.

    Args:
        run_seed: a Python int of 64 bits.
        purpose: what they are for. Different purposes or run seeds give different numbers.

    Returns:
        An endless iterator of Python ints of 64 bits, no two of them equal.

    Raises:
        ValueError: if run_seed is not a whole number of 64 bits.

    Example:
        >>> numbers = seeds(0)
        >>> next(numbers) == next(numbers)
        False
        >>> next(seeds(0)) == next(seeds(0))
        True
    """
    checks.seed("rng.seeds", run_seed, "run_seed")
    first = _hash(run_seed, f"seeds of {purpose}")
    return (_of_64_bits(first + i) for i in itertools.count())


def split(seed: tf.Tensor, n: int) -> list[tf.Tensor]:
    """Make n independent seeds from one, for a draw that consists of several draws.

    Args:
        seed: [2] int64.
        n: how many.

    Returns:
        n seeds, each [2] int64.
    """
    checks.integer("rng.split", "n", n, 0)
    return tf.unstack(_bits([n, 2], seed, tf.int64))


def uniform(shape: Sequence[int], seed: tf.Tensor, low: Any = 0.0, high: Any = 1.0) -> tf.Tensor:
    """Draw numbers that are uniform on [low, high): low + (high - low) k / 2^24, k of 24 bits.

    The sum is rounded to float32, so that for an interval far from 0 the largest k may give `high`.

    Args:
        shape: the shape of the result.
        seed: [2] int64.
        low: where the interval begins: a number or a float32 tensor.
        high: where it ends, not below low.

    Returns:
        float32 of this shape.

    Raises:
        ValueError: if high is below low, or the shape has a negative size.

    Example:
        >>> (uniform([3], seed(0, "example")).numpy() < 1.0).all()
        np.True_
    """
    if not tf.is_tensor(low) and not tf.is_tensor(high):
        checks.number("rng.uniform", "low", low)
        checks.number("rng.uniform", "high", high, low)
    k = tf.bitwise.right_shift(_bits(shape, seed, tf.uint32), np.uint32(8))
    return low + (high - low) * (tf.cast(k, tf.float32) * 2.0**-24)


def normal(shape: Sequence[int], seed: tf.Tensor) -> tf.Tensor:
    """Draw numbers from N(0, 1).

    Box and Muller 1958: for u, v uniform on (0, 1), sqrt(-2 ln u) cos(2 pi v) and
    sqrt(-2 ln u) sin(2 pi v) are two independent standard normals. With u of 24 bits no
    value lies beyond 5.9 in size (the true normal's chance of that is 4e-9).

    Args:
        shape: the shape of the result, all sizes known.
        seed: [2] int64.

    Returns:
        float32 of this shape.

    Raises:
        ValueError: if the shape has a negative size.
    """
    _check_shape(shape)
    count = math.prod(int(size) for size in shape)
    half = (count + 1) // 2
    u, v = tf.unstack(uniform([2, half], seed) + 2.0**-25)
    radius = tf.sqrt(-2.0 * tf.math.log(u))
    angle = 2.0 * math.pi * v
    both = tf.concat([radius * tf.cos(angle), radius * tf.sin(angle)], axis=0)
    return tf.reshape(both[:count], shape)


def integers(shape: Sequence[int], seed: tf.Tensor, high: int) -> tf.Tensor:
    """Draw whole numbers from 0, ..., high - 1.

    A number is the remainder of random bits after division by `high`. So if high is not a power of
    two, the lower numbers are slightly more likely: with n bits by the factor 1 + 1 / q, where q is
    2^n / high rounded down. With 32 bits, used up to high = 2^29, it is 1.00001 at high = 40,000
    and never above 1.125. For larger high, 63 bits are used, and the factor is below 1 + 2^-31.

    Args:
        shape: the shape of the result.
        seed: [2] int64.
        high: how many numbers there are to choose from, from 1 to 2^31 - 1.

    Returns:
        int32 of this shape.

    Raises:
        ValueError: if high is out of range, or the shape has a negative size.

    Example:
        >>> integers([4], seed(0, "example"), 1).numpy().tolist()
        [0, 0, 0, 0]
    """
    checks.integer("rng.integers", "high", high, 1, 2**31 - 1)
    if high <= LARGEST_OF_32_BITS:
        _check_shape(shape)
        return tf.random.stateless_uniform(shape, _checked(seed), 0, high, tf.int32, alg="philox")
    bits = tf.bitwise.right_shift(_bits(shape, seed, tf.uint64), np.uint64(1))
    return tf.cast(tf.math.floormod(tf.cast(bits, tf.int64), np.int64(high)), tf.int32)


def permutation(n: int, seed: tf.Tensor) -> tf.Tensor:
    """Put 0, ..., n - 1 in random order, by sorting n random numbers.

    Args:
        n: how many.
        seed: [2] int64.

    Returns:
        [n] int32.

    Example:
        >>> sorted(permutation(3, seed(0, "example")).numpy().tolist())
        [0, 1, 2]
    """
    checks.integer("rng.permutation", "n", n, 0)
    return tf.argsort(_bits([n], seed, tf.uint32), stable=True)


def _bits(shape: Sequence[int], seed: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    """Random integers over the whole range of the dtype; all functions above use them."""
    _check_shape(shape)
    return tf.random.stateless_uniform(shape, _checked(seed), None, None, dtype, alg="philox")


def _hash(run_seed: int, purpose: str) -> int:
    """A signed number of 64 bits that depends on run_seed and purpose."""
    text = f"{int(run_seed)}/{purpose}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big", signed=True)


def _of_64_bits(number: int) -> int:
    """The signed number of 64 bits that is equal to it modulo 2^64."""
    return (number + 2**63) % 2**64 - 2**63


def _check_step(step: Any) -> None:
    if not tf.is_tensor(step) and not isinstance(step, tf.Variable):
        checks.integer("rng.seed", "step", step, -(2**63), 2**63 - 1)
    elif not step.dtype.is_integer or step.shape.rank not in (0, None):
        came = f"{checks.show_shape(step.shape)} of {step.dtype.name}"
        checks.fail("rng.seed", "step", "a whole number or an integer scalar tensor", came)


def _check_shape(shape: Any) -> None:
    """Check that sizes are whole and not negative; a tensor, the shape in a graph, passes."""
    if tf.is_tensor(shape):
        return
    if not isinstance(shape, Iterable):
        checks.fail("rng", "shape", "a list of sizes, such as [16, 2]", repr(shape))
    for size in shape:
        if not tf.is_tensor(size):
            checks.integer("rng", "each size in shape", size, 0)


def _checked(seed: Any) -> tf.Tensor:
    """Check that a seed is a pair. A single number is a common mistake, and TensorFlow's message
    does not show it.
    """
    is_pair = hasattr(seed, "shape") and seed.shape == [2]
    if not is_pair or not tf.as_dtype(seed.dtype).is_integer:
        checks.fail(
            "rng", "seed", "[2] int64, as rng.seed(run_seed, purpose, step) gives it", repr(seed)
        )
    return seed
