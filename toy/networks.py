"""Small networks for numbers and points, and what a discriminator may be shown of a sample.

    mlp([2, 64, 64, 1], seed=0, name="D")             layers of weighted sums, bent in between
    Sequential([standardise(mean, sd), quadratic, mlp([2, 1], seed=0, name="D")])

A feature is a plain function of a batch, and stands in a Sequential like a layer.
"""

import itertools

import numpy as np
import tensorflow as tf

from gan_core import checks, rng
from gan_core.nn.activations import leaky_relu
from gan_core.nn.dense import Dense
from gan_core.nn.initializers import glorot_normal
from gan_core.nn.sequential import Sequential


def mlp(sizes, *, seed: int, name: str, activation=None, initializer=glorot_normal) -> Sequential:
    """A multilayer perceptron: x [B, sizes[0]] -> [B, sizes[-1]], with sizes[1:-1] hidden units.

    Dense layers with an activation between them (leaky ReLU of slope 0.2 unless another function
    is given) and none after the last; two sizes give an affine function. Weights are a function
    of seed, name and layer, so G and D of one run may share its seed and differ by their names.
    """
    sizes = [checks.integer("mlp", f"sizes[{i}]", size, 1) for i, size in enumerate(sizes)]
    if len(sizes) < 2:
        checks.fail("mlp", "sizes", "at least two: what comes in and what goes out", str(sizes))
    layers = []
    for i, (in_size, out_size) in enumerate(itertools.pairwise(sizes)):
        layer_seed = int(rng.seed(seed, f"{name}, layer {i}")[0])
        dense = Dense(in_size, out_size, seed=layer_seed, initializer=initializer)
        layers += [dense, activation or leaky_relu(0.2)]
    return Sequential(layers[:-1], name=name)


def standardise(mean, sd):
    """The function x -> (x - mean) / sd: x [B, n] in the data's units becomes about N(0, 1).

    mean, sd: numbers, or [n]; sd above 0.
    """
    mean, sd = _mean_and_sd("standardise", mean, sd)

    def standardise(x):
        return (x - mean) / sd

    return standardise


def unstandardise(mean, sd):
    """The function t -> mean + sd t, for the end of a generator: it undoes `standardise`."""
    mean, sd = _mean_and_sd("unstandardise", mean, sd)

    def unstandardise(t):
        return mean + sd * t

    return unstandardise


def quadratic(x) -> tf.Tensor:
    """[B, n] -> [B, 2n]: every number and its square. With these a D without hidden layers
    can tell normals of different widths apart, and not of different means alone."""
    return tf.concat([x, tf.square(x)], axis=1)


def _mean_and_sd(owner, mean, sd):
    mean, sd = np.asarray(mean, np.float32), np.asarray(sd, np.float32)
    if not np.isfinite(mean).all():
        checks.fail(owner, "mean", "finite", str(mean.tolist()))
    if not (np.isfinite(sd).all() and (sd > 0.0).all()):
        checks.fail(
            owner, "sd", "above 0", str(sd.tolist()), "Numbers that are all equal have no scale."
        )
    return mean, sd
