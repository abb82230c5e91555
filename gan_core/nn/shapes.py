"""The two layers that only change a shape."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

from gan_core import checks


class Reshape(tf.Module):
    """The same numbers in another shape: x [B, ...] -> [B, *shape].

    Args:
        shape: the shape of one sample, without the batch.
        name: the module's name.

    Raises:
        ValueError: if a size is not a whole number of at least 1; when called, if the number of
            values in a sample differs.

    Example:
        >>> Reshape([2, 3])(tf.zeros([8, 6])).shape
        TensorShape([8, 2, 3])
    """

    def __init__(self, shape: Sequence[int], name: str | None = None) -> None:
        super().__init__(name=name)
        self.shape = sizes("Reshape", "shape", shape)

    def __call__(self, x: tf.Tensor, *, training: bool = False) -> tf.Tensor:
        """Reshape each sample.

        Args:
            x: [B, ...] of any dtype.
            training: makes no difference.

        Returns:
            [B, *shape] of the same dtype.
        """
        x = tf.convert_to_tensor(x)
        wanted = tf.TensorShape(self.shape).num_elements()
        if x.shape.rank == 0 or x.shape[1:].num_elements() != wanted:
            checks.fail(
                "Reshape",
                "x",
                f"{wanted} numbers a sample, for {checks.show_shape(['batch', *self.shape])}",
                checks.show_shape(x.shape),
            )
        return tf.reshape(x, [-1, *self.shape])


class Flatten(tf.Module):
    """All numbers of a sample in one row: x [B, ...] -> [B, n].

    Args:
        name: the module's name.

    Raises:
        ValueError: when called, if a size other than the batch's is not known.

    Example:
        >>> Flatten()(tf.zeros([8, 2, 3])).shape
        TensorShape([8, 6])
    """

    def __call__(self, x: tf.Tensor, *, training: bool = False) -> tf.Tensor:
        """Flatten each sample.

        Args:
            x: [B, ...] of any dtype.
            training: makes no difference.

        Returns:
            [B, n] of the same dtype.
        """
        x = tf.convert_to_tensor(x)
        numbers = x.shape[1:].num_elements()
        if numbers is None or x.shape.rank == 0:
            checks.fail(
                "Flatten",
                "x",
                "[batch, ...] with all sizes but the first known",
                checks.show_shape(x.shape),
            )
        return tf.reshape(x, [-1, numbers])


def sizes(owner: str, name: str, shape: Sequence[int]) -> tuple[int, ...]:
    """Check the shape of one sample.

    Args:
        owner: whose argument it is.
        name: the argument.
        shape: a list, tuple or TensorShape of whole numbers of at least 1.

    Returns:
        The shape as a tuple of ints.

    Raises:
        ValueError: if it is not such a shape.
    """
    if not isinstance(shape, list | tuple | tf.TensorShape):
        checks.fail(owner, name, "a list of whole numbers", repr(shape))
    return tuple(checks.integer(owner, name, size, 1) for size in shape)
