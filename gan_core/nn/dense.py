"""The fully connected layer."""

import tensorflow as tf

from gan_core import checks, rng
from gan_core.nn.initializers import glorot_normal


class Dense(tf.Module):
    """Every output is a weighted sum of every input: y = x W + b.

    x [B, in] -> y [B, out];  W `kernel` [in, out], b `bias` [out], float32.
    W ~ N(0, 2 / (in + out)), b = 0 (Glorot and Bengio 2010, eq. 12), unless an initializer
    says otherwise. `seed` is a number of the layer's own: two layers of one size and one seed
    would start equal.

    compute_dtype=tf.bfloat16 rounds x and the parameters to 8 significant bits for the product,
    and gives y in that dtype: half the memory traffic, and far faster on hardware made for it.
    The parameters themselves stay float32.
    """

    def __init__(
        self,
        in_size: int,
        out_size: int,
        *,
        seed: int,
        initializer=glorot_normal,
        use_bias: bool = True,
        compute_dtype=tf.float32,
        name=None,
    ):
        super().__init__(name=name)
        self.in_size = checks.integer("Dense", "in_size", in_size, 1)
        self.out_size = checks.integer("Dense", "out_size", out_size, 1)
        self.compute_dtype = tf.as_dtype(
            checks.one_of("Dense", "compute_dtype", compute_dtype, [tf.float32, tf.bfloat16])
        )
        kernel = checks.tensor(
            "Dense",
            "what initializer gives",
            initializer([in_size, out_size], rng.seed(seed, "Dense kernel")),
            [in_size, out_size],
        )
        self.kernel = tf.Variable(kernel, name=f"{self.name}/kernel")
        self.bias = (
            tf.Variable(tf.zeros([out_size]), name=f"{self.name}/bias") if use_bias else None
        )

    def __call__(self, x, *, training: bool = False):
        x = tf.convert_to_tensor(x)
        checks.same_shape("Dense", "x", x, ["batch", self.in_size])
        x = tf.cast(x, self.compute_dtype)
        y = x @ tf.cast(self.kernel, self.compute_dtype)
        return y if self.bias is None else y + tf.cast(self.bias, self.compute_dtype)
