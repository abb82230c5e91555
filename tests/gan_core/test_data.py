"""Batches are functions of their number: nothing is lost or doubled,
wherever one starts and however one compiles.
"""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from gan_core import data, rng

SAMPLES = 10
BATCH = 3
INDICES = tf.range(12, dtype=tf.int64)


def points(n, seed):
    return rng.uniform([n, 2], seed)


SAMPLERS = {
    "shuffled": data.shuffled(
        np.arange(SAMPLES * 2, dtype=np.float32).reshape(SAMPLES, 2), BATCH, seed=1
    ),
    "stream": data.stream(points, BATCH, seed=1),
}


@given(
    samples=st.integers(1, 40),
    batch_size=st.integers(1, 40),
    seed=st.integers(-(2**63), 2**63 - 1),
    epoch=st.integers(0, 2**40),
)
def test_an_epoch_shows_no_sample_twice_and_leaves_out_less_than_a_batch(
    samples, batch_size, seed, epoch
):
    batch_size = min(batch_size, samples)
    sampler = data.shuffled(np.arange(samples), batch_size, seed)
    batches = samples // batch_size
    seen = [sampler(epoch * batches + i).numpy() for i in range(batches)]
    assert all(batch.shape == (batch_size,) for batch in seen)
    seen = np.concatenate(seen)
    assert len(set(seen.tolist())) == len(seen) > samples - batch_size
    assert set(seen.tolist()) <= set(range(samples))


def test_every_epoch_and_every_seed_has_an_order_of_its_own():
    def order(seed, epoch):
        sampler = data.shuffled(np.arange(60), 20, seed)
        return tuple(np.concatenate([sampler(3 * epoch + i).numpy() for i in range(3)]).tolist())

    orders = {order(seed, epoch) for seed in range(4) for epoch in range(4)}
    assert len(orders) == 16
    assert all(sorted(one) == list(range(60)) for one in orders)
    assert order(2, 3) == order(2, 3)


@pytest.mark.slow
def test_the_samples_left_over_are_others_each_time_and_none_is_favoured():
    """10 samples in batches of 3: each is left out of one epoch in ten."""
    epochs = 200
    sampler = tf.function(data.shuffled(np.arange(SAMPLES), BATCH), autograph=False)
    batches = [sampler(index).numpy() for index in tf.range(3 * epochs, dtype=tf.int64)]
    missed = epochs - np.bincount(np.concatenate(batches), minlength=SAMPLES)
    assert missed.sum() == epochs
    assert np.sum((missed - 20.0) ** 2 / 20.0) < 33.7  # chi squared, 9 degrees of freedom, p = 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize("name", SAMPLERS)
def test_eager_graph_and_xla_see_the_same_batches(name, jit_compile):
    sampler = SAMPLERS[name]
    compiled = tf.function(
        sampler,
        jit_compile=jit_compile,
        autograph=False,
        input_signature=[tf.TensorSpec([], tf.int64)],
    )
    for index in INDICES:
        assert compiled(index).numpy().tobytes() == sampler(index).numpy().tobytes()
    assert compiled.get_concrete_function().output_shapes == [
        BATCH,
        2,
    ]  # the trainer needs it before it runs


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.int64, np.float64, np.bool_])
def test_shuffled_keeps_the_dtype_and_the_rest_of_the_shape(dtype):
    array = np.arange(5 * 2 * 3).reshape(5, 2, 3).astype(dtype)
    batch = data.shuffled(array, 5)(0).numpy()
    assert batch.dtype == dtype
    assert sorted(one.tobytes() for one in batch) == sorted(one.tobytes() for one in array)


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [None, False, True])
@pytest.mark.parametrize(
    "sample_shape", [[4, 2, 3], [8], [3]]
)  # of 24, 8 and 3 bytes, which make no whole words
def test_bytes_come_out_as_they_went_in(sample_shape, jit_compile):
    numbers = np.arange(10 * np.prod(sample_shape)).reshape(10, *sample_shape)
    samplers = [data.shuffled(numbers.astype(dtype), 4, seed=3) for dtype in (np.uint8, np.int64)]
    if jit_compile is not None:
        samplers = [
            tf.function(sampler, jit_compile=jit_compile, autograph=False) for sampler in samplers
        ]
    for index in (0, 1, 7):
        small, large = (sampler(tf.constant(index, tf.int64)).numpy() for sampler in samplers)
        assert small.dtype == np.uint8
        assert small.shape == (4, *sample_shape)
        np.testing.assert_array_equal(small, large % 256)


def test_shuffled_takes_a_tensor_a_list_and_changes_neither():
    for array in (tf.range(6), [0, 1, 2, 3, 4, 5], np.arange(6)):
        assert sorted(data.shuffled(array, 6)(0).numpy().tolist()) == [0, 1, 2, 3, 4, 5]
        assert list(map(int, array)) == [0, 1, 2, 3, 4, 5]


@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [False, True])
def test_of_some_rows_it_is_the_sampler_of_an_array_of_these_alone(jit_compile):
    array = np.arange(40, dtype=np.uint8).reshape(5, 8)
    rows = np.array([4, 0, 3])
    some = tf.function(
        data.shuffled(array, 2, seed=7, rows=rows), jit_compile=jit_compile, autograph=False
    )
    alone = data.shuffled(array[rows], 2, seed=7)
    for index in INDICES:
        np.testing.assert_array_equal(some(index).numpy(), alone(index).numpy())


def test_stream_draws_each_batch_from_a_seed_of_its_own():
    batches = [SAMPLERS["stream"](i).numpy() for i in range(20)]
    assert all(batch.shape == (BATCH, 2) for batch in batches)
    assert len(np.unique(np.stack(batches))) == 20 * BATCH * 2
    assert np.array_equal(batches[7], points(BATCH, rng.seed(1, "real", 7)).numpy())
    assert not np.array_equal(batches[7], data.stream(points, BATCH, seed=2)(7).numpy())


# ---- a tf.data pipeline ----


def batches_of(n, size=2):
    return tf.data.Dataset.range(n).map(lambda i: tf.cast(i, tf.float32)).batch(size)


def first(host_batches, n, index=0):
    return list(itertools.islice(host_batches.start(index), n))


@pytest.mark.parametrize("index", [0, 1, 5, 12])
def test_a_datasets_batches_go_on_without_end_from_any_index(index):
    """With a shuffle of a fixed seed too: a resumed run sees what the uninterrupted one would have
    seen.
    """

    def shuffled_anew():
        return tf.data.Dataset.range(10).shuffle(10, seed=3).batch(4, drop_remainder=True)

    batches = data.from_dataset(shuffled_anew)
    whole = first(batches, 16)
    resumed = first(batches, 16 - index, index)
    for one, other in zip(whole[index:], resumed, strict=True):
        np.testing.assert_array_equal(one, other)
    assert len({tuple(batch.numpy()) for batch in whole}) > 4


def test_a_dataset_object_without_a_shuffle_starts_again_too():
    batches = data.from_dataset(batches_of(6))
    for index in (0, 2, 7):
        found = np.concatenate(first(batches, 3, index))
        np.testing.assert_array_equal(found, (2 * index + np.arange(6)) % 6)


def test_a_dataset_may_give_labels_and_the_last_batch_as_it_comes():
    batches = data.from_dataset(tf.data.Dataset.zip((batches_of(3), batches_of(3))))
    assert [(x.shape, y.shape) for x, y in first(batches, 2)] == [([2], [2]), ([1], [1])]
    assert isinstance(batches, data.HostBatches)


# ---- the order of an epoch ----


def test_outside_of_graphs_an_epoch_is_sorted_once(monkeypatch):
    sorted_epochs = []

    def permutation(n, seed):
        sorted_epochs.append(int(seed[1]))
        return in_order(n, seed)

    in_order = rng.permutation
    expected = [data.shuffled(np.arange(10), 3)(index).numpy() for index in range(9)]
    monkeypatch.setattr(rng, "permutation", permutation)
    sampler = data.shuffled(np.arange(10), 3)
    for index in range(9):
        np.testing.assert_array_equal(sampler(index), expected[index])
    assert sorted_epochs == [0, 1, 2]
    np.testing.assert_array_equal(sampler(0), expected[0])  # and back again
    assert sorted_epochs == [0, 1, 2, 0]


def test_an_order_that_was_kept_is_not_taken_for_another_epoch_in_a_graph():
    sampler = data.shuffled(np.arange(10), 3)
    compiled = tf.function(sampler, autograph=False)
    eager = [sampler(index).numpy() for index in range(6)]
    for index in (5, 0, 3, 2):
        np.testing.assert_array_equal(compiled(tf.constant(index, tf.int64)), eager[index])
    np.testing.assert_array_equal(sampler(0), eager[0])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: data.stream(points, 0),
            r"data\.stream: batch_size must be a whole number of at least 1, got 0",
        ),
        (lambda: data.stream(points, 2.0), r"data\.stream: batch_size must be .*, got 2\.0"),
        (
            lambda: data.stream([1, 2], 2),
            r"data\.stream: sample must be a function \(n, seed\), got \[1, 2\]",
        ),
        (
            lambda: data.stream(points, 2, seed=0.5),
            r"data\.stream: seed must be a whole number .*, got 0\.5",
        ),
        (
            lambda: data.shuffled(np.zeros(4), 5),
            r"data\.shuffled: array must be at least one batch of 5 samples, got \[4\]",
        ),
        (
            lambda: data.shuffled(np.zeros([0, 2]), 1),
            r"data\.shuffled: array must be .*, got \[0, 2\]",
        ),
        (
            lambda: data.shuffled(3.0, 1),
            r"data\.shuffled: array must be at least one batch of 1 samples, got \[\]",
        ),
        (
            lambda: data.shuffled([[1], [2, 3]], 1),
            r"data\.shuffled: array must be an array \[N, \.\.\.\], got a list",
        ),
        (
            lambda: data.shuffled(open, 1),
            r"data\.shuffled: array must be an array \[N, \.\.\.\], got a builtin_",
        ),
        (
            lambda: data.shuffled(np.zeros(4), 3, rows=[2, 0]),
            r"data\.shuffled: rows must be at least one batch of 3 samples, got \[2\]",
        ),
        (
            lambda: data.shuffled(np.zeros(4), True),
            r"data\.shuffled: batch_size must be .*, got True",
        ),
        (
            lambda: data.shuffled(np.zeros(4), 1, seed="x"),
            r"data\.shuffled: seed must be .*, got 'x'",
        ),
        *[
            (
                lambda size=size, make=make: make(size),
                rf"data\.{name}: batch_size must be a whole number of at least 1, got {size}",
            )
            for size in (0, -1, 2.5)
            for name, make in (
                ("shuffled", lambda size: data.shuffled(np.zeros(4), size)),
                ("stream", lambda size: data.stream(points, size)),
            )
        ],
        *[
            (
                lambda rows=rows: data.shuffled(np.zeros(4), 2, rows=rows),
                rf"data\.shuffled: rows must be whole numbers from 0 to 3, .* got {came}",
            )
            for rows, came in (
                ([0, 1, 50], "numbers from 0 to 50"),
                ([-1, 2], "numbers from -1 to 2"),
                (np.array([0, 4]), "numbers from 0 to 4"),
            )
        ],
        (
            lambda: data.shuffled(np.zeros(4), 2, rows=[0.0, 1.0]),
            r"data\.shuffled: rows must be \[M\] of whole numbers, got \[2\] of float64",
        ),
        (
            lambda: data.shuffled(np.zeros(4), 2, rows=[[0, 1]]),
            r"data\.shuffled: rows must be \[M\] of whole numbers, got \[1, 2\]",
        ),
        (
            lambda: data.shuffled(np.zeros(4), 2, rows=["a"]),
            r"data\.shuffled: rows must be .*, got a list that is no array",
        ),
        (
            lambda: data.from_dataset([1, 2]),
            r"data\.from_dataset: dataset must be a tf\.data\.Dataset, or .*, got a list",
        ),
        (
            lambda: data.from_dataset(lambda: [1, 2]).start(0),
            r"data\.from_dataset: dataset must be a tf\.data\.Dataset, or .*, got a list",
        ),
        (
            lambda: data.from_dataset(tf.data.Dataset.range(3)),
            r"data\.from_dataset: dataset must be .* without a batch axis. Call dataset\.batch",
        ),
        (
            lambda: data.from_dataset(tf.data.Dataset.from_tensors({"x": [1.0]})),
            r"data\.from_dataset: dataset must be one whose elements are batches x .*, got elements",
        ),
        (
            lambda: data.from_dataset(tf.data.Dataset.from_tensors(([1.0],))),
            r"data\.from_dataset: dataset must be one whose elements are batches x .*, got elements",
        ),
        (
            lambda: data.from_dataset(tf.data.Dataset.from_tensors(([1.0], [1], [2]))),
            r"data\.from_dataset: dataset must be one whose elements are batches x .*, got elements",
        ),
        (
            lambda: data.from_dataset(batches_of(0)),
            r"data\.from_dataset: dataset must be one with at least one batch, got none",
        ),
        (
            lambda: next(iter(data.from_dataset(batches_of(5).filter(lambda x: False)).start(0))),
            r"data\.from_dataset: dataset must be one with at least one batch, got none",
        ),
        (
            lambda: data.from_dataset(batches_of(5)).start(-1),
            r"data\.from_dataset: index must be a whole number of at least 0, got -1",
        ),
        (
            lambda: data.HostBatches([1, 2]),
            r"HostBatches: start must be a function of the first batch's index, got \[1, 2\]",
        ),
    ],
)
def test_errors_say_whose_which_and_what_came(make, words):
    with pytest.raises(ValueError, match=words):
        make()
