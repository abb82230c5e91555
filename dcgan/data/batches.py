"""From an array of faces to batches for the trainer.

They are shuffled in a new order every epoch, mirrored at random, and scaled to [-1, 1].
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from dcgan.data import mapped
from dcgan.data.image_arrays import uint8_images
from dcgan.data.pixels import mirrored_at_random, to_float
from gan_core import checks, rng
from gan_core.data import HostBatches, epoch_order, shuffled

Sampler = Callable[[tf.Tensor], tf.Tensor]


def face_batches(
    images: np.ndarray,
    batch_size: int,
    *,
    seed: int = 0,
    flip: bool = False,
    rows: np.ndarray | None = None,
    labels: np.ndarray | None = None,
) -> Sampler | HostBatches:
    """Make the batches for `fit`: [batch_size, S, S, 3] float32, or pairs of them and labels.

    An array in memory is copied to the device once, as uint8, and the batches are gathered there,
    inside the compiled training step. A `numpy.memmap`, or an array that does not fit on the
    device, is read batch by batch by tf.data, two batches ahead. Both give the same numbers for the
    same seed: the order of epoch e depends on (seed, e), and batch number i has its own flips.

    Args:
        images: uint8 [N, S, S, 3].
        batch_size: images in a batch, from 1 to the number of faces.
        seed: the seed of the order and the flips, which share no random numbers.
        flip: mirror each image, each time, with probability 1/2.
        rows: the indices of the images to use, in any order; None: all.
        labels: [N, f] int32, of each image; batches are then pairs (x, y [batch_size, f]). The
            mirror image of a face has that face's label.

    Raises:
        ValueError: if an argument has another type or shape, or is out of range.
    """
    owner = "face_batches"
    images = uint8_images(owner, "images", images)
    checks.integer(owner, "seed", seed, -(2**63), 2**63 - 1)
    if not isinstance(flip, bool | np.bool_):
        checks.fail(owner, "flip", "True or False", repr(flip))
    rows = _checked_rows(owner, rows, len(images))
    if labels is not None:
        labels = checks.array(owner, "labels", labels, [len(images), "f"], dtype=np.int32)
    checks.integer(owner, "batch_size", batch_size, 1)
    if len(rows) < batch_size:
        checks.fail(
            owner,
            "batch_size",
            f"at most the number of faces, {len(rows)}",
            str(batch_size),
            "Take smaller batches, or more faces.",
        )
    if isinstance(images, np.memmap):
        return _from_host(images, batch_size, seed, flip, rows, labels)
    try:
        in_order = shuffled(images, batch_size, seed, rows)
    except tf.errors.ResourceExhaustedError:  # a GPU's memory is often smaller than the host's
        return _from_host(images, batch_size, seed, flip, rows, labels)
    if labels is not None:
        return _labelled(in_order, shuffled(labels, batch_size, seed, rows), seed, flip)

    def sampler(index: tf.Tensor) -> tf.Tensor:
        return _prepare(in_order(index), index, seed, flip)

    return sampler


def _labelled(images_of: Sampler, labels_of: Sampler, seed: int, flip: bool) -> Sampler:
    """Join both samplers. They have the same order: it depends only on seed and number of rows."""

    def sampler(index: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return _prepare(images_of(index), index, seed, flip), labels_of(index)

    return sampler


def _checked_rows(owner: str, rows: np.ndarray | None, n: int) -> np.ndarray:
    """The indices of the images to use."""
    if rows is None:
        return np.arange(n)
    wanted = f"whole numbers [M] from 0 to {n - 1}"
    try:
        array = np.asarray(rows)
    except ValueError:
        checks.fail(owner, "rows", wanted, "lists of unequal lengths")
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        came = f"{checks.show_shape(array.shape)} of {array.dtype}"
        checks.fail(owner, "rows", wanted, came)
    if array.size and (array.min() < 0 or array.max() >= n):
        checks.fail(owner, "rows", wanted, f"numbers from {array.min()} to {array.max()}")
    return array


def _from_host(
    images: np.ndarray,
    batch_size: int,
    seed: int,
    flip: bool,
    rows: np.ndarray,
    labels: np.ndarray | None,
) -> HostBatches:
    """Batches that are read from the array one at a time."""
    batches = len(rows) // batch_size

    @functools.lru_cache(2)  # two: where one epoch ends and the next begins, both are needed
    def order(epoch: int) -> np.ndarray:
        with tf.device("CPU"):
            return rows[epoch_order(len(rows), epoch, seed).numpy()]

    def chosen(index: np.int64) -> np.ndarray:
        epoch, number = divmod(int(index), batches)
        first = number * batch_size
        return order(epoch)[first : first + batch_size]

    def read(index: np.int64) -> np.ndarray:
        return mapped.take(images, chosen(index))

    def prepared(index: tf.Tensor) -> tf.Tensor:
        batch = tf.numpy_function(read, [index], tf.uint8, stateful=False)
        batch = tf.ensure_shape(batch, [batch_size, *images.shape[1:]])
        x = _prepare(batch, index, seed, flip)
        if labels is None:
            return x
        y = tf.numpy_function(lambda i: labels[chosen(i)], [index], tf.int32, stateful=False)
        return x, tf.ensure_shape(y, [batch_size, labels.shape[1]])

    def start(index: int) -> tf.data.Dataset:
        numbers = tf.data.Dataset.range(index, np.iinfo(np.int64).max)
        return numbers.map(prepared, num_parallel_calls=2, deterministic=True).prefetch(2)

    return HostBatches(start)


def _prepare(images: tf.Tensor, index: tf.Tensor, seed: int, flip: bool) -> tf.Tensor:
    x = to_float(images)
    return mirrored_at_random(x, rng.seed(seed, "flip", index)) if flip else x
