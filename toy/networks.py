"""What a discriminator may be shown of a sample.

    Sequential([standardise(mean, sd), quadratic, mlp([2, 1], seed=0, name="D")])

A feature is a plain function of a batch, and stands in a Sequential like a layer. The networks
themselves are `gan_core.nn.mlp`.
"""

import tensorflow as tf


def quadratic(x) -> tf.Tensor:
    """[B, n] -> [B, 2n]: every number and its square. With these a D without hidden layers
    can tell normals of different widths apart, and not of different means alone."""
    return tf.concat([x, tf.square(x)], axis=1)
