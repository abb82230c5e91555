"""Dropout: noise in training that keeps units from relying on one another."""

from __future__ import annotations

import tensorflow as tf

from gan_core import checks, rng


class Dropout(tf.Module):
    """In training, set each value to 0 with probability `rate`; scale the others by 1 / (1 - rate).

    y = x m / (1 - rate), with each m drawn from {0, 1} and P(m = 0) = rate, so that E y = x. In
    inference y = x. (This is the "inverted" form of Srivastava et al. 2014, who scale in inference
    instead; they describe it in section 10.) The mask m depends on the seed alone: the same seed
    gives the same mask in eager mode, in a graph and under XLA.

    Args:
        rate: the share of values to drop, 0 <= rate < 1 (as a multiple of 2^-24).
        name: the module's name.

    Raises:
        ValueError: if rate is not such a number; when called, if x has an integer dtype, or if
            training=True and there is no seed.

    Example:
        >>> x = tf.ones([1, 4])
        >>> bool(tf.reduce_all(Dropout(0.5)(x) == x))
        True
        >>> y = Dropout(0.5)(x, training=True, seed=rng.seed(0, "dropout"))
        >>> set(y.numpy().ravel().tolist()) <= {0.0, 2.0}
        True
    """

    def __init__(self, rate: float, name: str | None = None) -> None:
        super().__init__(name=name)
        self.rate = checks.number("Dropout", "rate", rate, 0.0, below=1.0)

    def __call__(
        self, x: tf.Tensor, *, training: bool = False, seed: tf.Tensor | None = None
    ) -> tf.Tensor:
        """Drop values in training; do nothing in inference.

        Args:
            x: of any shape, in a floating dtype.
            training: whether to drop.
            seed: [2] int64 (`gan_core.rng.seed`); the trainer and Sequential pass one on.

        Returns:
            y, of x's shape and dtype.
        """
        x = tf.convert_to_tensor(x)
        if not x.dtype.is_floating:
            checks.fail("Dropout", "x", "of a floating dtype", x.dtype.name)
        if not training or self.rate == 0.0:
            return x
        if seed is None:
            checks.fail(
                "Dropout",
                "seed",
                "given where training=True",
                "None",
                "Pass seed=rng.seed(run_seed, purpose, step); a Sequential passes it on.",
            )
        keeps = rng.uniform(_shape(x), seed) >= self.rate
        scale = tf.constant(1.0 / (1.0 - self.rate), x.dtype)
        return tf.where(keeps, x * scale, tf.zeros([], x.dtype))


def _shape(x: tf.Tensor) -> tf.Tensor | tf.TensorShape:
    """The static shape of x if all sizes are known, else its shape when the graph runs."""
    if x.shape.is_fully_defined():
        return x.shape
    return tf.shape(x)
