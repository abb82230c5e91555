"""From an array of faces to batches for the trainer: shuffled every epoch, mirrored at random, in [-1, 1]."""

import functools

import numpy as np
import tensorflow as tf

from dcgan.data.pixels import to_float
from gan_core import checks, rng
from gan_core.data import HostBatches, epoch_order, shuffled


def face_batches(images, batch_size: int, *, seed: int = 0, flip: bool = False, rows=None):
    """What `fit` is fed with: images uint8 [N, S, S, 3] -> batches [batch_size, S, S, 3] float32.

    rows: the indices of the images to use, in any order; None: all.  flip: mirror each image, each
    time, with probability 1/2.

    An array in memory is put on the device once, as uint8, and the batches are gathered there, inside
    the compiled training step. A `numpy.memmap`, and an array that the device has no room for, is read
    batch by batch, by tf.data, two batches ahead. Both give the same numbers for the same seed: epoch e
    is the permutation of (seed, e), and batch number i has its own flips.
    """
    if not (isinstance(images, np.ndarray) and images.ndim == 4 and images.dtype == np.uint8):
        checks.fail(
            "face_batches", "images", "an array [N, S, S, 3] of uint8", type(images).__name__
        )
    rows = np.arange(len(images)) if rows is None else np.asarray(rows)
    if len(rows) < batch_size:
        checks.fail(
            "face_batches",
            "batch_size",
            f"at most the number of faces, {len(rows)}",
            str(batch_size),
            "Take smaller batches, or more faces.",
        )
    if isinstance(images, np.memmap):
        return _from_host(images, batch_size, seed, flip, rows)
    try:
        in_order = shuffled(images, batch_size, seed, rows)
    except tf.errors.ResourceExhaustedError:  # a GPU's memory is often smaller than the host's
        return _from_host(images, batch_size, seed, flip, rows)

    def sampler(index):
        return _prepare(in_order(index), index, seed, flip)

    return sampler


def _from_host(images, batch_size, seed, flip, rows) -> HostBatches:
    batches = len(rows) // batch_size

    @functools.lru_cache(2)  # where one epoch ends and the next begins, both are asked for in turn
    def order(epoch):
        with tf.device("CPU"):
            return rows[epoch_order(len(rows), epoch, seed).numpy()]

    def read(index):
        first = int(index) % batches * batch_size
        return np.stack(
            [images[row] for row in order(int(index) // batches)[first : first + batch_size]]
        )

    def prepared(index):
        batch = tf.numpy_function(read, [index], tf.uint8, stateful=False)
        return _prepare(tf.ensure_shape(batch, [batch_size, *images.shape[1:]]), index, seed, flip)

    def start(index: int):
        numbers = tf.data.Dataset.range(index, np.iinfo(np.int64).max)
        return numbers.map(prepared, num_parallel_calls=2, deterministic=True).prefetch(2)

    return HostBatches(start)


def _prepare(images, index, seed, flip):
    x = to_float(images)
    if not flip:
        return x
    mirrored = tf.cast(
        rng.integers([x.shape[0], 1, 1, 1], rng.seed(seed, "flip", index), 2), tf.bool
    )
    return tf.where(mirrored, tf.reverse(x, axis=[2]), x)
