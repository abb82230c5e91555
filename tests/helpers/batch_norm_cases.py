"""What the tests of batch norm share: shapes, random batches and a layer with known parameters."""

import numpy as np

from gan_core.nn.batch_norm import BatchNorm

SHAPES = ([2, 3], [6, 3], [2, 4, 5, 3])  # two values a channel, six, forty
GAMMA = np.array([1.0, 0.5, -3.0], np.float32)
BETA = np.array([0.0, 2.0, -1.0], np.float32)


def batch(shape, seed=0):
    """Channels of different means and spreads."""
    x = np.random.default_rng(seed).normal(size=shape) * [1.0, 5.0, 0.2] + [3.0, -10.0, 0.0]
    return x.astype(np.float32)


def layer(**options):
    made = BatchNorm(3, **options)
    made.gamma.assign(GAMMA)
    made.beta.assign(BETA)
    return made
