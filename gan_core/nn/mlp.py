"""Multilayer perceptrons, and functions that scale their input or output."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from gan_core import checks, rng
from gan_core.nn.activations import leaky_relu
from gan_core.nn.dense import Dense
from gan_core.nn.initializers import Initializer, glorot_normal
from gan_core.nn.sequential import Sequential

Function = Callable[[tf.Tensor], tf.Tensor]


def mlp(
    sizes: Sequence[int],
    *,
    seed: int,
    name: str = "mlp",
    activation: Function | None = None,
    initializer: Initializer = glorot_normal,
) -> Sequential:
    """Make a multilayer perceptron: x [B, sizes[0]] -> [B, sizes[-1]].

    Dense layers with an activation between them and none after the last; with two sizes the network
    is an affine function. The initial weights depend on the seed, the name and the layer's number,
    so G and D of one run may share a seed if their names differ.

    Args:
        sizes: the width of the input, of each hidden layer, and of the output.
        seed: a Python int.
        name: the module's name.
        activation: a function of a tensor; None is leaky ReLU of slope 0.2.
        initializer: draws the kernels (`gan_core.nn.initializers`).

    Returns:
        The network.

    Raises:
        ValueError: if there are fewer than two sizes, or one is not a whole number of at least 1.

    Example:
        >>> mlp([2, 32, 1], seed=0)(tf.zeros([8, 2])).shape
        TensorShape([8, 1])
    """
    widths = [checks.integer("mlp", f"sizes[{i}]", size, 1) for i, size in enumerate(sizes)]
    if len(widths) < 2:
        wanted = "at least two: the width of the input and of the output"
        checks.fail("mlp", "sizes", wanted, str(widths))
    checks.seed("mlp", seed)
    if activation is None:
        activation = leaky_relu(0.2)
    layers: list[Callable[..., Any]] = []
    for i, (in_size, out_size) in enumerate(itertools.pairwise(widths)):
        if i > 0:
            layers.append(activation)
        layer_seed = int(rng.seed(seed, f"{name}, layer {i}")[0])
        layers.append(Dense(in_size, out_size, seed=layer_seed, initializer=initializer))
    return Sequential(layers, name=name)


def standardise(mean: Any, sd: Any) -> Function:
    """Make the function x -> (x - mean) / sd, the usual first layer of a discriminator.

    Data with this mean and standard deviation are mapped to mean 0 and standard deviation 1.

    Args:
        mean: a number, or [n] for x [B, n].
        sd: a number, or [n], above 0.

    Returns:
        The function, of [B, n].

    Raises:
        ValueError: if mean is not finite, or sd not above 0.

    Example:
        >>> standardise(10.0, 2.0)(tf.constant([[14.0]])).numpy()
        array([[2.]], dtype=float32)
    """
    mean = _finite("standardise", "mean", mean)
    sd = _above_0("standardise", sd)

    def standardise(x: tf.Tensor) -> tf.Tensor:
        return (x - mean) / sd

    return standardise


def unstandardise(mean: Any, sd: Any) -> Function:
    """Make the function t -> mean + sd t, the inverse of `standardise`: the last layer of G.

    Args:
        mean: a number, or [n] for t [B, n].
        sd: a number, or [n], above 0.

    Returns:
        The function, of [B, n].

    Raises:
        ValueError: if mean is not finite, or sd not above 0.

    Example:
        >>> unstandardise(10.0, 2.0)(tf.constant([[2.0]])).numpy()
        array([[14.]], dtype=float32)
    """
    mean = _finite("unstandardise", "mean", mean)
    sd = _above_0("unstandardise", sd)

    def unstandardise(t: tf.Tensor) -> tf.Tensor:
        return mean + sd * t

    return unstandardise


def _finite(owner: str, name: str, value: Any) -> np.ndarray:
    value = np.asarray(value, np.float32)
    if not np.isfinite(value).all():
        checks.fail(owner, name, "finite", str(value.tolist()))
    return value


def _above_0(owner: str, sd: Any) -> np.ndarray:
    sd = np.asarray(sd, np.float32)
    if not np.isfinite(sd).all() or not (sd > 0.0).all():
        came = str(sd.tolist())
        checks.fail(owner, "sd", "above 0", came, "Numbers that are all equal have no scale.")
    return sd
