"""Where real batches come from.

A *sampler* is a function of the batch's number: index (int64 scalar) -> real [B, ...] float32, or a
pair (real, labels). It keeps no position, so a checkpoint need not save one, and it can be compiled
into the training loop. Data too large for memory come from `HostBatches`, which fetches one batch
at a time in Python.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from gan_core import checks, rng
from gan_core.protocols import Sampler


def stream(sample: Callable[[int, tf.Tensor], Any], batch_size: int, seed: int = 0) -> Sampler:
    """Make the sampler that draws new samples from a distribution for every batch.

    Args:
        sample: a function (n, seed) -> [n, ...], or a pair of such tensors; seed is [2] int64.
        batch_size: n.
        seed: a Python int.

    Returns:
        A function of the batch's index.

    Raises:
        ValueError: if an argument has another type or is out of range.

    Example:
        >>> sampler = stream(lambda n, seed: rng.normal([n, 1], seed), 4)
        >>> sampler(0).shape
        TensorShape([4, 1])
    """
    if not callable(sample):
        checks.fail("data.stream", "sample", "a function (n, seed)", repr(sample))
    checks.integer("data.stream", "batch_size", batch_size, 1)
    checks.seed("data.stream", seed)

    def sampler(index: tf.Tensor) -> Any:
        return sample(batch_size, rng.seed(seed, "real", index))

    return sampler


def shuffled(array: Any, batch_size: int, seed: int = 0, rows: Any = None) -> Sampler:
    """Make the sampler that goes through an array in a new random order every epoch.

    Every batch is full; an epoch leaves out N mod batch_size samples, each time others. The dtype
    is kept, so that images can stay uint8 until they are used. The whole array is kept on the
    device.

    Called from Python, the sampler remembers the order of the last epoch, so that it sorts once an
    epoch. In a compiled round it cannot: a graph keeps only variables from one batch to the next,
    and a sampler has none, so that it depends on the index alone. There the order is computed for
    each batch, by sorting N random numbers.

    Args:
        array: [N, ...]: an array, a tensor or a list.
        batch_size: how many samples a batch has, at most N.
        seed: a Python int.
        rows: [M] whole numbers from 0 to N - 1: use these rows only; None: all.

    Returns:
        A function of the batch's index.

    Raises:
        ValueError: if an argument has another type or is out of range, or there are fewer samples
            than batch_size.

    Example:
        >>> sampler = shuffled([10, 11, 12, 13], 2)
        >>> sorted([*sampler(0).numpy().tolist(), *sampler(1).numpy().tolist()])
        [10, 11, 12, 13]
    """
    owner = "data.shuffled"
    checks.integer(owner, "batch_size", batch_size, 1)
    checks.seed(owner, seed)
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
        # A gather, because XLA would compile a slice with this start again for every index that
        # comes from outside the graph.
        places = index % batches * batch_size + tf.range(batch_size, dtype=tf.int64)
        chosen = tf.gather(order, places)
        if kept is not None:
            chosen = tf.gather(kept, chosen)
        return take(chosen)

    return sampler


def epoch_order(samples: int, epoch: Any, seed: int = 0) -> tf.Tensor:
    """Compute the order in which `shuffled` goes through its samples in one epoch.

    Args:
        samples: the number of samples.
        epoch: the number of the epoch, an int or an integer scalar tensor.
        seed: a Python int.

    Returns:
        [samples] int32, each of 0, ..., samples - 1 once.
    """
    return rng.permutation(samples, rng.seed(seed, "epoch", epoch))


class _Orders:
    """epoch_order as a function of the epoch; in eager mode it sorts only once for each epoch."""

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
        start: a function from index to an endless iterable of batches that begins with batch number
            `index`: real [B, ...] float32, or pairs (real, labels). Thanks to the index a resumed
            run sees the same batches as an uninterrupted one.

    Raises:
        ValueError: if start is not a function.

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
    """Wrap a tf.data.Dataset of batches, to train on data that do not fit into memory.

    The dataset is repeated endlessly. A run that resumes at batch number `index` skips all batches
    before it, so that it sees the same batches as an uninterrupted run; this takes time in
    proportion to index. It works only if the dataset returns the same batches in the same order
    each time: `shuffle` needs a seed, and a parallel `map` or `interleave` must not set
    deterministic=False. A dataset object with `shuffle` counts how often it has been iterated over,
    so that a second iteration in the same process returns other batches. To avoid this, give a
    function that makes the dataset anew.

    Args:
        dataset: a tf.data.Dataset whose elements are batches x [B, ...], or pairs (x, y), of one
            fixed size (batch with drop_remainder=True); or a function without arguments that makes
            one.

    Returns:
        The batches, for `fit`: tensors, or pairs of tensors.

    Raises:
        ValueError: if it is not a dataset, its elements are neither tensors nor pairs of tensors,
            or it is known to be empty; when batches are requested, if it has none.

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
    is_pair = isinstance(spec, tuple) and len(spec) == 2
    parts = spec if is_pair else (spec,)
    if not all(isinstance(part, tf.TensorSpec) for part in parts):
        checks.fail(owner, "dataset", wanted, f"elements {spec}")
    for part in parts:
        if part.shape.rank == 0:
            way_out = "Call dataset.batch(size, drop_remainder=True)."
            checks.fail(owner, "dataset", wanted, "elements without a batch axis", way_out)


def _without_end(owner: str, dataset: Any, index: int) -> Iterator[Any]:
    """The elements of the endlessly repeated dataset, from number index on."""
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
        way_out = ""
        if isinstance(array, tuple):
            way_out = "For pairs, shuffled(np.arange(N), batch_size) gives rows to take of both."
        came = f"a {type(array).__name__} that is none"
        checks.fail(owner, "array", "an array [N, ...]", came, way_out)


def _rows(owner: str, rows: Any, samples: int) -> tf.Tensor:
    """Check that all rows exist. (A compiled gather would clip them.)"""
    numbers = checks.array(owner, "rows", rows, ["M"], dtype=np.int64, at_least=0)
    if numbers.size and (numbers.min() < 0 or numbers.max() >= samples):
        wanted = f"whole numbers from 0 to {samples - 1}, the rows of array"
        checks.fail(owner, "rows", wanted, f"numbers from {numbers.min()} to {numbers.max()}")
    return tf.constant(numbers, tf.int64)


def _at_least_a_batch(owner: str, name: str, values: tf.Tensor, batch_size: int) -> int:
    """Check that there is at least one batch of samples, and return their number."""
    if values.shape.rank < 1 or values.shape[0] < batch_size:
        wanted = f"at least one batch of {batch_size} samples"
        checks.fail(owner, name, wanted, checks.show_shape(values.shape))
    return values.shape[0]


def _gatherer(array: tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
    """Make the function rows -> array[rows].

    TensorFlow cannot gather uint8 on a GPU (it would copy the array to the host for each batch). So
    if the number of bytes in a sample is a multiple of eight, eight are gathered as one int64.
    """
    sample_shape = array.shape[1:]
    if array.dtype != tf.uint8 or sample_shape.num_elements() % 8:
        return lambda rows: tf.gather(array, rows)
    words = tf.bitcast(tf.reshape(array, [array.shape[0], -1, 8]), tf.int64)

    def take(rows: tf.Tensor) -> tf.Tensor:
        bytes_of_rows = tf.bitcast(tf.gather(words, rows), tf.uint8)
        return tf.reshape(bytes_of_rows, [-1, *sample_shape])

    return take
