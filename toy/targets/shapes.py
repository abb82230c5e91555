"""Distributions in the plane that are a shape and not a set of modes.

The protocol is that of toy.targets.distributions: `dim`, `sample(n, seed)`, and `log_density(x)`
where the density has a closed form (a curve that is blurred by noise has none).
"""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

import tensorflow as tf

from gan_core import checks, rng


@dataclasses.dataclass(frozen=True)
class TwoMoons:
    """Two half circles of radius 1, each reaching into the other, blurred by N(0, noise^2 I).

    (cos t, sin t) or (1 - cos t, 1/2 - sin t), each with chance 1/2, t uniform on [0, pi):
    scikit-learn's `make_moons`, drawn at random. The curves lie in [-1, 2] x [-1/2, 1].
    """

    noise: float = 0.05
    dim: ClassVar[int] = 2

    def __post_init__(self) -> None:
        checks.number("TwoMoons", "noise", self.noise, 0.0)

    def sample(self, n: int, seed: tf.Tensor) -> tf.Tensor:
        """n samples [n, 2] float32 from seed [2] int64."""
        checks.integer("TwoMoons.sample", "n", n, 1)
        curve_seed, noise_seed = rng.split(seed, 2)
        u = rng.uniform([n], curve_seed, 0.0, 2.0)  # below 1: the upper moon
        moon = tf.floor(u)
        t = math.pi * (u - moon)
        sign = 1.0 - 2.0 * moon
        curve = tf.stack([moon + sign * tf.cos(t), 0.5 * moon + sign * tf.sin(t)], axis=1)
        return curve + self.noise * rng.normal([n, 2], noise_seed)


@dataclasses.dataclass(frozen=True)
class SwissRoll:
    """A spiral of one and a half turns, blurred by N(0, noise^2 I).

    (t cos t, t sin t) / 7.5 with t uniform on [3 pi / 2, 9 pi / 2): scikit-learn's
    `make_swiss_roll` seen from above, in the size of Gulrajani et al. 2017 (whose noise is
    0.25 / 7.5). The radius goes from 0.63 to 1.88 and neighbouring turns are 0.84 apart; mass
    is even in t, so the outer turn is the thinner one.
    """

    noise: float = 0.03
    dim: ClassVar[int] = 2

    def __post_init__(self) -> None:
        checks.number("SwissRoll", "noise", self.noise, 0.0)

    def sample(self, n: int, seed: tf.Tensor) -> tf.Tensor:
        """n samples [n, 2] float32 from seed [2] int64."""
        checks.integer("SwissRoll.sample", "n", n, 1)
        curve_seed, noise_seed = rng.split(seed, 2)
        t = rng.uniform([n, 1], curve_seed, 1.5 * math.pi, 4.5 * math.pi)
        curve = t * tf.concat([tf.cos(t), tf.sin(t)], axis=1) / 7.5
        return curve + self.noise * rng.normal([n, 2], noise_seed)


@dataclasses.dataclass(frozen=True)
class Checkerboard:
    """Equal density on every other square of a board of cells x cells, and none between.

    The board is [-half, half)^2, its square [0, 0] is the lower left and has mass, and so has
    every square [i, j] with i + j even. log p = log 2 - 2 log(2 half) there. With 4 cells and
    half = 4 it is the board of Grathwohl et al. 2019.
    """

    cells: int = 4
    half: float = 4.0
    dim: ClassVar[int] = 2

    def __post_init__(self) -> None:
        checks.integer("Checkerboard", "cells", self.cells, 2)
        if self.cells % 2:
            way_out = "Then every column has equal mass."
            checks.fail("Checkerboard", "cells", "even", repr(self.cells), way_out)
        checks.number("Checkerboard", "half", self.half, above=0.0)

    def sample(self, n: int, seed: tf.Tensor) -> tf.Tensor:
        """n samples [n, 2] float32 from seed [2] int64."""
        checks.integer("Checkerboard.sample", "n", n, 1)
        column_seed, row_seed = rng.split(seed, 2)
        x = rng.uniform([n], column_seed, 0.0, self.cells)
        y = rng.uniform([n], row_seed, 0.0, self.cells / 2)
        # In units of a cell: y counts only those squares of x's column that have mass. Below y
        # there are floor(y) squares without, and one more in an odd column.
        column = tf.floor(x)
        y += tf.floor(y) + tf.math.floormod(column, 2.0)
        return (tf.stack([x, y], axis=1) * (2.0 / self.cells) - 1.0) * self.half

    def log_density(self, x: tf.Tensor) -> tf.Tensor:
        """log p(x) for x [n, 2] -> [n] float32, in nats."""
        x = checks.tensor("Checkerboard.log_density", "x", x, ["n", 2])
        cell = tf.floor((x / self.half + 1.0) * (self.cells / 2))
        on_board = tf.reduce_all((cell >= 0.0) & (cell < self.cells), axis=1)
        even = tf.equal(tf.math.floormod(tf.reduce_sum(cell, axis=1), 2.0), 0.0)
        log_density = math.log(2.0) - 2.0 * math.log(2.0 * self.half)
        return tf.where(on_board & even, log_density, -math.inf)
