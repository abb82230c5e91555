"""The nonlinearities that TensorFlow has under another name, or with another default."""

import tensorflow as tf

from gan_core import checks


def leaky_relu(alpha: float = 0.2):
    """The function x -> max(x, alpha x), for 0 <= alpha < 1: a rectifier through which a
    gradient passes on both sides (Maas et al. 2013; alpha = 0.2 for D in Radford et al. 2015).
    """
    checks.number("leaky_relu", "alpha", alpha, 0.0, below=1.0)

    def leaky_relu(x):
        return tf.nn.leaky_relu(x, alpha)

    return leaky_relu
