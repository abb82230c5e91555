"""The fully connected layer."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from gan_core import checks, rng
from gan_core.nn.initializers import Initializer, glorot_normal

COMPUTE_DTYPES = ("float32", "bfloat16")


class Dense(tf.Module):
    """Every output is a weighted sum of every input: y = x W + b.

    W `kernel` [in, out], b `bias` [out], float32. W ~ N(0, 2 / (in + out)), b = 0 (Glorot and
    Bengio 2010, eq. 12), unless an initializer says otherwise.

    compute_dtype=tf.bfloat16 rounds x and the parameters to 8 significant bits for the product,
    and returns y in that dtype. This halves the memory traffic, and is far faster on hardware with
    bfloat16 units. The parameters themselves stay float32.

    Args:
        in_size: how many numbers a sample has before the layer.
        out_size: how many it has after the layer.
        seed: an int that no other layer of the network has: two layers of the same size and seed
            would start equal (`gan_core.rng.seeds` supplies as many as are needed).
        initializer: draws W.
        use_bias: whether the layer has b.
        compute_dtype: float32 or bfloat16.
        name: the module's name.

    Raises:
        ValueError: if an argument has another type or is out of range, or initializer returns
            another shape or dtype; when called, if x has another shape.

    Example:
        >>> Dense(3, 2, seed=0)(tf.zeros([8, 3])).shape
        TensorShape([8, 2])
    """

    def __init__(
        self,
        in_size: int,
        out_size: int,
        *,
        seed: int,
        initializer: Initializer = glorot_normal,
        use_bias: bool = True,
        compute_dtype: Any = tf.float32,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.in_size = checks.integer("Dense", "in_size", in_size, 1)
        self.out_size = checks.integer("Dense", "out_size", out_size, 1)
        self.compute_dtype = checked_compute_dtype("Dense", compute_dtype)
        seed = checks.seed("Dense", seed)
        kernel = checks.tensor(
            "Dense",
            "what initializer gives",
            initializer([in_size, out_size], rng.seed(seed, "Dense kernel")),
            [in_size, out_size],
        )
        self.kernel = tf.Variable(kernel, name=f"{self.name}/kernel")
        self.bias = None
        if checks.boolean("Dense", "use_bias", use_bias):
            self.bias = tf.Variable(tf.zeros([out_size]), name=f"{self.name}/bias")

    def __call__(self, x: tf.Tensor, *, training: bool = False) -> tf.Tensor:
        """Compute x W + b.

        Args:
            x: [B, in].
            training: makes no difference.

        Returns:
            y [B, out], in compute_dtype.
        """
        x = tf.convert_to_tensor(x)
        checks.same_shape("Dense", "x", x, ["batch", self.in_size])
        y = tf.cast(x, self.compute_dtype) @ tf.cast(self.kernel, self.compute_dtype)
        if self.bias is not None:
            y = y + tf.cast(self.bias, self.compute_dtype)
        return y


def checked_compute_dtype(owner: str, compute_dtype: Any) -> tf.DType:
    """Check the dtype that a layer is to compute in.

    Args:
        owner: the layer's class.
        compute_dtype: a dtype or its name.

    Returns:
        float32 or bfloat16.

    Raises:
        ValueError: if it is another one, or no dtype.
    """
    try:
        name = tf.as_dtype(compute_dtype).name
    except TypeError:
        name = compute_dtype
    return tf.as_dtype(checks.one_of(owner, "compute_dtype", name, COMPUTE_DTYPES))
