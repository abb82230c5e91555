"""Where real batches come from.

A *sampler* is a function of the batch's number: index (int64 scalar) -> real [B, ...] float32.
It has no position of its own, so a resumed run needs none to be saved, and it can be compiled
into the training loop.
"""

import dataclasses
from collections.abc import Callable, Iterable

import tensorflow as tf

from gan_core import checks, rng


def stream(sample, batch_size: int, seed: int = 0):
    """The sampler that draws every batch afresh from a distribution, sample(n, seed) -> [n, ...]."""
    if not callable(sample):
        checks.fail("data.stream", "sample", "a function (n, seed)", repr(sample))
    checks.integer("data.stream", "batch_size", batch_size, 1)
    checks.integer("data.stream", "seed", seed, -(2**63), 2**63 - 1)

    def sampler(index):
        return sample(batch_size, rng.seed(seed, "real", index))

    return sampler


def shuffled(array, batch_size: int, seed: int = 0, rows=None):
    """The sampler that goes through array [N, ...], or its rows [M] alone, in a new random order every epoch.

    Every batch is full: the N mod batch_size samples left over are others each time. The dtype
    is kept, so that images can stay uint8 until they are looked at; the array lies on the device, whole.
    The order of an epoch is worked out anew for each batch, which costs one sort of N numbers.
    """
    checks.integer("data.shuffled", "batch_size", batch_size, 1)
    checks.integer("data.shuffled", "seed", seed, -(2**63), 2**63 - 1)
    try:
        array = tf.convert_to_tensor(array)
    except (TypeError, ValueError):
        checks.fail(
            "data.shuffled", "array", "an array [N, ...]", f"a {type(array).__name__} that is none"
        )
    rows = None if rows is None else tf.constant(rows, tf.int64)
    shape = array.shape if rows is None else rows.shape
    if shape.rank < 1 or shape[0] < batch_size:
        checks.fail(
            "data.shuffled",
            "array" if rows is None else "rows",
            f"at least one batch of {batch_size} samples",
            checks.show_shape(shape),
        )
    samples, batches, take = shape[0], shape[0] // batch_size, _gatherer(array)

    def sampler(index):
        index = tf.cast(index, tf.int64)
        order = epoch_order(samples, index // batches, seed)
        # (a slice with this start would be compiled anew for every index that is given from outside)
        chosen = tf.gather(
            order, index % batches * batch_size + tf.range(batch_size, dtype=tf.int64)
        )
        return take(chosen if rows is None else tf.gather(rows, chosen))

    return sampler


def epoch_order(samples: int, epoch, seed: int = 0) -> tf.Tensor:
    """[samples] int32: the order in which `shuffled` goes through them in this epoch (int or int64 scalar)."""
    return rng.permutation(samples, rng.seed(seed, "epoch", epoch))


def _gatherer(array):
    """rows -> array[rows]. TensorFlow cannot gather bytes on a GPU (the array would be copied to the host for each
    batch), so eight of them are gathered as one int64 where samples have a multiple of eight."""
    sample_shape = array.shape[1:]
    if array.dtype != tf.uint8 or sample_shape.num_elements() % 8:
        return lambda rows: tf.gather(array, rows)
    words = tf.bitcast(tf.reshape(array, [array.shape[0], -1, 8]), tf.int64)
    return lambda rows: tf.reshape(
        tf.bitcast(tf.gather(words, rows), tf.uint8), [-1, *sample_shape]
    )


@dataclasses.dataclass(frozen=True)
class HostBatches:
    """Batches that Python fetches one by one, for data too large for memory (a tf.data pipeline).

    start(index) -> an iterable of real batches [B, ...] float32 that never ends, from batch number
    index on; the number makes a resumed run see what the uninterrupted one would have seen.
    """

    start: Callable[[int], Iterable]

    def __post_init__(self):
        if not callable(self.start):
            checks.fail(
                "HostBatches", "start", "a function of the first batch's index", repr(self.start)
            )
