"""Wider networks that compute the same, after Chen, Goodfellow and Shlens 2016 ("Net2Net").

Each channel is replaced by k equal ones. What works channel by channel, such as batch norm and
activations, keeps them equal. A layer that multiplied the channel's value c by a weight w now
multiplies the k values by s_1 w, ..., s_k w with s_1 + ... + s_k = 1, so its sum is the same:

    s_1 w c + ... + s_k w c = w c

The shares s are drawn at random for each weight. With equal shares, the copies would get equal
gradients in every round and stay copies for ever.

The channel that minibatch standard deviation appends is not copied. It is a mean over all features,
which copies of them do not change.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from gan_core import checks, rng
from gan_core.nn.conditional import ProjectionHead
from gan_core.nn.conv import Conv2D, Conv2DTranspose
from gan_core.nn.dense import Dense
from gan_core.nn.minibatch_std import MinibatchStd
from gan_core.nn.variables import named_variables

LAYERS: dict[type, int] = {Conv2D: 2, Conv2DTranspose: 3, Dense: 0}
"""Type of a layer -> the axis of its kernel that runs over the channels it reads."""

RANGE = (0.5, 1.5)  # shares are drawn uniformly from it, and then divided by their sum


@dataclasses.dataclass(frozen=True)
class Reading:
    """Which axis of a variable runs over the channels that its layer reads.

    Attributes:
        axis: its index.
        appended: how many of the channels, the last ones, stay single in a wide network.
    """

    axis: int
    appended: int = 0


def readings(network: tf.Module) -> dict[str, Reading]:
    """Find the variables that are multiplied by the channels of their layer's input.

    Args:
        network: G or D.

    Returns:
        Path of a variable, as in `named_variables`, -> its `Reading`.
    """
    found = dict(_found(network))
    paths = named_variables(network).items()
    return {path: found[id(variable)] for path, variable in paths if id(variable) in found}


def _found(network: tf.Module) -> Iterator[tuple[int, Reading]]:
    """The id of each such variable, and its Reading."""
    appended = _channels_appended(network)
    for part in network.submodules:
        if type(part) in LAYERS:
            yield id(part.kernel), Reading(LAYERS[type(part)], appended.get(id(part), 0))
        if isinstance(part, ProjectionHead):
            yield id(part.embedding.table), Reading(1, appended.get(id(part), 0))


def _channels_appended(network: tf.Module) -> dict[int, int]:
    """Id of a layer -> 1, for the layers that read what minibatch standard deviation appends."""
    layers = [layer for layer in network.layers if isinstance(layer, tf.Module)]
    appended: dict[int, int] = {}
    for layer, following in itertools.pairwise(layers):
        if isinstance(layer, MinibatchStd):
            appended[id(following)] = 1
            if isinstance(following, ProjectionHead):
                appended[id(following.psi.layers[0])] = 1
    return appended


def fits(narrow: Sequence[int], wide: Sequence[int], reading: Reading | None = None) -> bool:
    """Whether each side of the wide shape is a multiple of that of the narrow one.

    Args:
        narrow: the shape of a variable in the narrow network.
        wide: its shape in the wide one.
        reading: the variable's, from `readings`, or None. Appended channels count in neither shape.
    """
    if len(narrow) != len(wide):
        return False
    sides = zip(_copied(narrow, reading), _copied(wide, reading), strict=True)
    return all(new % old == 0 for old, new in sides)


def widened(
    array: np.ndarray, shape: Sequence[int], reading: Reading | None, seed: tf.Tensor
) -> np.ndarray:
    """Copy the channels of a variable.

    Args:
        array: its value in the narrow network.
        shape: its shape in the wide one, which `fits` the array's.
        reading: from `readings`; None: the variable reads no channels.
        seed: the seed of the shares, from `rng.seed`. Variables of one network have different ones,
            a variable of G and that of its average the same one.

    Returns:
        An array of this shape and of the dtype of the array.

    Raises:
        ValueError: if a side is not a multiple of the array's.
    """
    if not fits(array.shape, shape, reading):
        wanted = f"of sides that divide those of {checks.show_shape(shape)}"
        checks.fail("widened", "array", wanted, checks.show_shape(array.shape))
    if reading is None:
        return _repeated(array, shape)
    channels = array.shape[reading.axis] - reading.appended
    copied, appended = np.split(array, [channels], axis=reading.axis)
    inner = _copied(shape, reading)
    wide = _repeated(copied, inner)
    if inner[reading.axis] > channels:
        wide = (wide * _shares(inner, reading.axis, channels, seed)).astype(array.dtype)
    outer = list(shape)
    outer[reading.axis] = reading.appended
    return np.concatenate([wide, _repeated(appended, outer)], axis=reading.axis)


def _copied(shape: Sequence[int], reading: Reading | None) -> list[int]:
    """The shape without appended channels."""
    sides = list(shape)
    if reading is not None:
        sides[reading.axis] -= reading.appended
    return sides


def _repeated(array: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """An array of this shape: each channel of the array stands beside its copies."""
    for axis, (old, new) in enumerate(zip(array.shape, shape, strict=True)):
        if new > old:
            array = np.repeat(array, new // old, axis=axis)
    return array


def _shares(shape: Sequence[int], axis: int, channels: int, seed: tf.Tensor) -> np.ndarray:
    """Positive numbers of this shape; those of the copies of a channel have the sum 1."""
    grouped = [*shape[:axis], channels, shape[axis] // channels, *shape[axis + 1 :]]
    drawn = rng.uniform(grouped, seed, *RANGE).numpy()
    return (drawn / drawn.sum(axis=axis + 1, keepdims=True)).reshape(shape)
