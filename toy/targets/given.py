"""Targets that a user supplies: points, such as the rows of a file, or a curve drawn by hand.

The protocol is that of toy.targets.distributions: `dim` and `sample(n, seed)`.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from numpy.typing import ArrayLike

from gan_core import checks, rng


class Points:
    """Each sample is one of the rows, all equally likely, blurred by N(0, blur^2 I).

    Args:
        rows: [k, dim], k at least 1.
        blur: standard deviation in each coordinate, in the rows' units, at least 0.

    Raises:
        ValueError: if an argument has another shape or is out of range.

    Example:
        >>> Points([[0.0, 1.0]]).sample(2, rng.seed(0, "shown")).numpy().tolist()
        [[0.0, 1.0], [0.0, 1.0]]
    """

    def __init__(self, rows: ArrayLike, blur: float = 0.0) -> None:
        self.rows = checks.array("Points", "rows", rows, ["k", "dim"], dtype=np.float32)
        self.blur = checks.number("Points", "blur", blur, 0.0)
        self.dim = self.rows.shape[1]

    def sample(self, n: int, seed: tf.Tensor) -> tf.Tensor:
        """n samples [n, dim] float32 from seed [2] int64."""
        checks.integer("Points.sample", "n", n, 1)
        which_seed, where_seed = rng.split(seed, 2)
        chosen = tf.gather(self.rows, rng.integers([n], which_seed, len(self.rows)))
        if self.blur == 0.0:
            return chosen
        return chosen + self.blur * rng.normal([n, self.dim], where_seed)


class Bars:
    """A density on [low, high] that is constant on each of k equal pieces.

    Args:
        heights: [k] numbers at least 0, not all 0, in any unit.
        low, high: the ends of the line, low < high.

    Raises:
        ValueError: if an argument has another shape or is out of range.

    Example:
        >>> samples = Bars([0.0, 1.0], -1.0, 1.0).sample(100, rng.seed(0, "shown")).numpy()
        >>> bool((samples >= 0.0).all())
        True
    """

    dim = 1

    def __init__(self, heights: ArrayLike, low: float, high: float) -> None:
        owner = "Bars"
        self.low = checks.number(owner, "low", low)
        self.high = checks.number(owner, "high", high, above=self.low)
        heights = checks.array(owner, "heights", heights, ["k"])
        if (heights < 0.0).any() or not heights.any():
            checks.fail(owner, "heights", "at least 0 and not all 0", str(heights.tolist()))
        self.shares = heights / heights.sum()
        self.width = (self.high - self.low) / len(heights)  # of one piece

    def sample(self, n: int, seed: tf.Tensor) -> tf.Tensor:
        """n samples [n, 1] float32 from seed [2] int64.

        A uniform number decides the piece, another one the place in it.
        """
        checks.integer("Bars.sample", "n", n, 1)
        which_seed, where_seed = rng.split(seed, 2)
        borders = np.cumsum(self.shares)[:-1].astype(np.float32)
        u = rng.uniform([n, 1], which_seed)
        piece = tf.reduce_sum(tf.cast(u >= borders, tf.float32), axis=1, keepdims=True)
        return self.low + self.width * (piece + rng.uniform([n, 1], where_seed))

    def log_density(self, x: tf.Tensor) -> tf.Tensor:
        """log p(x) for x [n, 1] -> [n] float32, in nats."""
        x = checks.tensor("Bars.log_density", "x", x, ["n", 1])[:, 0]
        inside = (x >= self.low) & (x <= self.high)
        piece = tf.cast(tf.floor((x - self.low) / self.width), tf.int32)
        with np.errstate(divide="ignore"):
            logs = np.log(self.shares / self.width).astype(np.float32)
        found = tf.gather(logs, tf.clip_by_value(piece, 0, len(self.shares) - 1))
        return tf.where(inside, found, -np.inf)
