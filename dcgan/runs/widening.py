"""A wider G that makes the same pictures: Net2Net [Chen, Goodfellow and Shlens 2016].

Each channel c is copied k times. A layer that reads c then has k weights in place of one weight w:
s_1 w, ..., s_k w with s_1 + ... + s_k = 1. So the layer computes the same sum as before:

    s_1 w c + ... + s_k w c = w c

The shares s are drawn at random for each weight. With equal shares, the copies would get equal
gradients in every round and stay copies for ever.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from gan_core import checks, rng
from gan_core.nn.conv import Conv2D, Conv2DTranspose
from gan_core.nn.dense import Dense
from gan_core.nn.variables import named_variables

LAYERS: dict[type, int] = {Conv2D: 2, Conv2DTranspose: 3, Dense: 0}
"""Type of a layer -> the axis of its kernel that runs over the channels it reads."""

RANGE = (0.5, 1.5)  # between these shares are drawn, before they are divided by their sum


def input_axes(network: tf.Module) -> dict[str, int]:
    """Find the kernels of a network.

    Args:
        network: such as G.

    Returns:
        Path of a kernel, as in `named_variables`, -> the axis that runs over the channels that its
        layer reads.
    """
    layers = [part for part in network.submodules if type(part) in LAYERS]
    axes = {id(layer.kernel): LAYERS[type(layer)] for layer in layers}
    paths = named_variables(network).items()
    return {path: axes[id(variable)] for path, variable in paths if id(variable) in axes}


def fits(narrow: Sequence[int], wide: Sequence[int]) -> bool:
    """Whether each side of the wide shape is a multiple of that of the narrow one."""
    if len(narrow) != len(wide):
        return False
    return all(new % old == 0 for old, new in zip(narrow, wide, strict=True))


def widened(
    array: np.ndarray, shape: Sequence[int], input_axis: int | None, seed: tf.Tensor
) -> np.ndarray:
    """Copy the channels of a variable.

    Args:
        array: its value in the narrow network.
        shape: its shape in the wide one; each side is a multiple of the array's.
        input_axis: the axis of the channels that are read; None: the variable reads none.
        seed: the seed of the shares, from `rng.seed`; another one for each variable.

    Returns:
        An array of this shape and of the dtype of the array.

    Raises:
        ValueError: if a side is not a multiple of the array's.
    """
    if not fits(array.shape, shape):
        wanted = f"of sides that divide those of {checks.show_shape(shape)}"
        checks.fail("widened", "array", wanted, checks.show_shape(array.shape))
    wide = array
    for axis, (old, new) in enumerate(zip(array.shape, shape, strict=True)):
        wide = np.repeat(wide, new // old, axis=axis)
    if input_axis is None or array.shape[input_axis] == shape[input_axis]:
        return wide
    return (wide * _shares(shape, input_axis, array.shape[input_axis], seed)).astype(array.dtype)


def _shares(shape: Sequence[int], axis: int, channels: int, seed: tf.Tensor) -> np.ndarray:
    """Positive numbers of this shape; those of the copies of a channel have the sum 1."""
    grouped = [*shape[:axis], channels, shape[axis] // channels, *shape[axis + 1 :]]
    drawn = rng.uniform(grouped, seed, *RANGE).numpy()
    return (drawn / drawn.sum(axis=axis + 1, keepdims=True)).reshape(shape)
