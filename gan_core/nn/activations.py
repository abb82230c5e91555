"""Activation functions that have a parameter. (Others, such as tf.nn.relu, are used directly.)"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from gan_core import checks


def leaky_relu(alpha: float = 0.2) -> Callable[[tf.Tensor], tf.Tensor]:
    """Make the function x -> max(x, alpha x): a rectifier whose gradient is nowhere 0 if alpha > 0.

    Maas et al. 2013; alpha = 0.2 for D in Radford et al. 2015.

    Args:
        alpha: the slope for x < 0, 0 <= alpha < 1.

    Returns:
        The function, of a tensor of any shape and floating dtype.

    Raises:
        ValueError: if alpha is not such a number.

    Example:
        >>> leaky_relu(0.5)(tf.constant([-2.0, 3.0])).numpy()
        array([-1.,  3.], dtype=float32)
    """
    if hasattr(alpha, "shape") and len(alpha.shape) > 0:  # the samples themselves
        way_out = "leaky_relu(0.2) makes the function; in a list of layers write leaky_relu()."
        wanted = "a finite number of at least 0 and below 1"
        checks.fail("leaky_relu", "alpha", wanted, checks.show(alpha), way_out)
    checks.number("leaky_relu", "alpha", alpha, 0.0, below=1.0)

    def leaky_relu(x: tf.Tensor) -> tf.Tensor:
        # TensorFlow's remapper joins a convolution, the sum with its bias and a LeakyRelu, even if
        # the gradient uses the sum as well; then it fails and prints an error. An operation that
        # does nothing, between the sum and the LeakyRelu, keeps it from joining them.
        x = tf.convert_to_tensor(x)
        return tf.nn.leaky_relu(tf.ensure_shape(x, x.shape), alpha)

    return leaky_relu
