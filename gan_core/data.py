"""Where real batches come from.

A *sampler* is a function of the batch's number: index (int64 scalar) -> real [B, ...] float32, or a
pair (real, labels). It has no position of its own, so a resumed run needs none to be saved, and it
can be compiled into the training loop. Data too large for memory come from `HostBatches`, one batch
at a time, by Python.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from gan_core import checks, rng

Sampler = Callable[[tf.Tensor], Any]


def stream(sample: Callable[[int, tf.Tensor], Any], batch_size: int, seed: int = 0) -> Sampler:
    """Make the sampler that draws every batch afresh from a distribution.

    Args:
        sample: (n, seed) -> [n, ...], or a pair of such tensors; seed is [2] int64.
        batch_size: n.
        seed: a Python int.

    Returns:
        A function of the batch's index.

    Raises:
        ValueError: if an argument is none of these.

    Example:
        >>> sampler = stream(lambda n, seed: rng.normal([n, 1], seed), 4)
        >>> sampler(0).shape
        TensorShape([4, 1])
    """
    if not callable(sample):
        checks.fail("data.stream", "sample", "a function (n, seed)", repr(sample))
    checks.integer("data.stream", "batch_size", batch_size, 1)
    checks.integer("data.stream", "seed", seed, -(2**63), 2**63 - 1)

    def sampler(index: tf.Tensor) -> Any:
        return sample(batch_size, rng.seed(seed, "real", index))

    return sampler


def shuffled(array: Any, batch_size: int, seed: int = 0, rows: Any = None) -> Sampler:
    """Make the sampler that goes through an array in a new random order every epoch.

    Every batch is full: the N mod batch_size samples left over are others each time. The dtype is
    kept, so that images can stay uint8 until they are used; the whole array lies on the device.

    Called from Python, the sampler remembers the order of the last epoch and sorts once an epoch. In
    a compiled round it cannot: a graph keeps nothing from one batch to the next but variables, and
    a sampler has none, so that it depends on the index alone and a resumed run needs no position.
    There the order is computed for each batch, by one sort of N random numbers.

    Args:
        array: [N, ...]: an array, a tensor or a list.
        batch_size: how many samples a batch has, at most N.
        seed: a Python int.
        rows: [M] whole numbers from 0 to N - 1: to go through these alone.

    Returns:
        A function of the batch's index.

    Raises:
        ValueError: if an argument is none of these, or a row is not there.

    Example:
        >>> sampler = shuffled([10, 11, 12, 13], 2)
        >>> sorted([*sampler(0).numpy().tolist(), *sampler(1).numpy().tolist()])
        [10, 11, 12, 13]
    """
    owner = "data.shuffled"
    checks.integer(owner, "batch_size", batch_size, 1)
    checks.integer(owner, "seed", seed, -(2**63), 2**63 - 1)
    array = _array(owner, array)
    samples = _at_least_a_batch(owner, "array", array, batch_size)
    take = _gatherer(array)
    kept = None
    if rows is not None:
        kept = _rows(owner, rows, samples)
        samples = _at_least_a_batch(owner, "rows", kept, batch_size)
    batches = samples // batch_size
    order_of = _Orders(samples, seed)

    def sampler(index: tf.Tensor) -> tf.Tensor:
        index = tf.cast(index, tf.int64)
        order = order_of(index // batches)
        # A gather, because a slice with this start would be compiled anew for every index that is
        # given from outside.
        places = index % batches * batch_size + tf.range(batch_size, dtype=tf.int64)
        chosen = tf.gather(order, places)
        if kept is not None:
            chosen = tf.gather(kept, chosen)
        return take(chosen)

    return sampler


def epoch_order(samples: int, epoch: Any, seed: int = 0) -> tf.Tensor:
    """Compute the order in which `shuffled` goes through its samples in one epoch.

    Args:
        samples: how many there are.
        epoch: which epoch, an int or an integer scalar tensor.
        seed: a Python int.

    Returns:
        [samples] int32, each of 0, ..., samples - 1 once.
    """
    return rng.permutation(samples, rng.seed(seed, "epoch", epoch))


class _Orders:
    """epoch_order as a function of the epoch, which outside of graphs sorts once an epoch."""

    def __init__(self, samples: int, seed: int) -> None:
        self.samples = samples
        self.seed = seed
        self.last: tuple[int, tf.Tensor] | None = None

    def __call__(self, epoch: tf.Tensor) -> tf.Tensor:
        if not tf.executing_eagerly():
            return epoch_order(self.samples, epoch, self.seed)
        number = int(epoch)
        last = self.last  # read once: another thread may set it meanwhile
        if last is None or last[0] != number:
            last = (number, epoch_order(self.samples, number, self.seed))
            self.last = last
        return last[1]


@dataclasses.dataclass(frozen=True)
class HostBatches:
    """Batches that Python fetches one by one, for data too large for memory (a tf.data pipeline).

    Args:
        start: index -> an iterable of batches that never ends, from batch number index on: real
            [B, ...] float32, or pairs (real, labels). The number makes a resumed run see what the
            uninterrupted one would have seen.

    Raises:
        ValueError: if start is no function.

    Example:
        >>> batches = HostBatches(lambda index: ([float(i)] for i in range(index, 100)))
        >>> next(iter(batches.start(7)))
        [7.0]
    """

    start: Callable[[int], Iterable[Any]]

    def __post_init__(self) -> None:
        if not callable(self.start):
            checks.fail(
                "HostBatches", "start", "a function of the first batch's index", repr(self.start)
            )


def from_dataset(dataset: Any) -> HostBatches:
    """Wrap a tf.data.Dataset of batches, to train on what does not fit into memory.

    The dataset is repeated without end. A run that resumes at batch number `index` asks the dataset
    for all the batches before it and drops them, so that it sees what the uninterrupted run would
    have seen: this takes time in proportion to index. It holds only if the dataset gives the same
    batches in the same order each time: `shuffle` needs a seed, and a parallel `map` or `interleave`
    must not set deterministic=False. A dataset object with `shuffle` remembers how often it was gone
    through, so in one process it gives other batches the second time; a function that makes the
    dataset anew has no such memory.

    Args:
        dataset: a tf.data.Dataset whose elements are batches x [B, ...], or pairs (x, y), of one
            fixed size (batch with drop_remainder=True); or a function without arguments that makes
            one.

    Returns:
        The batches, for `fit` and `GANTrainer.rounds`: tensors, or pairs of them.

    Raises:
        ValueError: if it is no dataset, its elements are neither tensors nor pairs of tensors, or
            it is known to be empty; when batches are asked for, if it gives none.

    Example:
        >>> dataset = tf.data.Dataset.range(6).map(lambda i: tf.cast(i, tf.float32)).batch(2)
        >>> next(iter(from_dataset(dataset).start(4))).numpy()
        array([2., 3.], dtype=float32)
    """
    owner = "data.from_dataset"
    if not callable(dataset):
        _check_dataset(owner, dataset)

    def start(index: int) -> Iterator[Any]:
        checks.integer(owner, "index", index, 0)
        made = dataset() if callable(dataset) else dataset
        _check_dataset(owner, made)
        return _without_end(owner, made, index)

    return HostBatches(start)


def _check_dataset(owner: str, dataset: Any) -> None:
    if not isinstance(dataset, tf.data.Dataset):
        wanted = "a tf.data.Dataset, or a function that makes one"
        checks.fail(owner, "dataset", wanted, f"a {type(dataset).__name__}")
    _check_element(owner, dataset.element_spec)
    if int(dataset.cardinality()) == 0:
        checks.fail(owner, "dataset", "one with at least one batch", "none")


def _check_element(owner: str, spec: Any) -> None:
    wanted = "one whose elements are batches x [B, ...] or pairs (x, y)"
    parts = spec if isinstance(spec, tuple) else (spec,)
    if len(parts) not in (1, 2) or not all(isinstance(part, tf.TensorSpec) for part in parts):
        checks.fail(owner, "dataset", wanted, f"elements {spec}")
    for part in parts:
        if part.shape.rank == 0:
            way_out = "Call dataset.batch(size, drop_remainder=True)."
            checks.fail(owner, "dataset", wanted, "elements without a batch axis", way_out)


def _without_end(owner: str, dataset: Any, index: int) -> Iterator[Any]:
    """The dataset's elements from number index on, over and over."""
    yielded = False
    for element in dataset.repeat().skip(index):
        yielded = True
        yield element
    if not yielded:
        checks.fail(owner, "dataset", "one with at least one batch", "none")


def _array(owner: str, array: Any) -> tf.Tensor:
    try:
        return tf.convert_to_tensor(array)
    except (TypeError, ValueError):
        checks.fail(owner, "array", "an array [N, ...]", f"a {type(array).__name__} that is none")


def _rows(owner: str, rows: Any, samples: int) -> tf.Tensor:
    """Rows that are there. (A compiled gather would take the last one for those beyond it.)"""
    numbers = checks.array(owner, "rows", rows, ["M"], dtype=np.int64, at_least=0)
    if numbers.size and (numbers.min() < 0 or numbers.max() >= samples):
        wanted = f"whole numbers from 0 to {samples - 1}, the rows of array"
        checks.fail(owner, "rows", wanted, f"numbers from {numbers.min()} to {numbers.max()}")
    return tf.constant(numbers, tf.int64)


def _at_least_a_batch(owner: str, name: str, values: tf.Tensor, batch_size: int) -> int:
    """How many samples there are."""
    if values.shape.rank < 1 or values.shape[0] < batch_size:
        wanted = f"at least one batch of {batch_size} samples"
        checks.fail(owner, name, wanted, checks.show_shape(values.shape))
    return values.shape[0]


def _gatherer(array: tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
    """Make the function rows -> array[rows].

    TensorFlow cannot gather bytes on a GPU (the array would be copied to the host for each batch),
    so eight of them are gathered as one int64 where samples have a multiple of eight.
    """
    sample_shape = array.shape[1:]
    if array.dtype != tf.uint8 or sample_shape.num_elements() % 8:
        return lambda rows: tf.gather(array, rows)
    words = tf.bitcast(tf.reshape(array, [array.shape[0], -1, 8]), tf.int64)

    def take(rows: tf.Tensor) -> tf.Tensor:
        bytes_of_rows = tf.bitcast(tf.gather(words, rows), tf.uint8)
        return tf.reshape(bytes_of_rows, [-1, *sample_shape])

    return take
