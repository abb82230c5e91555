"""Features of a sample for a discriminator.

    Sequential([standardise(mean, sd), quadratic, mlp([2, 1], seed=0, name="D")])

A feature is a plain function of a batch, and stands in a Sequential like a layer. The networks
themselves are `gan_core.nn.mlp`.
"""

import tensorflow as tf


def quadratic(x) -> tf.Tensor:
    """Append the square of every number: [B, n] -> [B, 2n].

    With these features a D without hidden layers can distinguish normals not only by their means
    but also by their standard deviations.
    """
    return tf.concat([x, tf.square(x)], axis=1)
