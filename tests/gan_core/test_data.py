"""Batches are functions of their number: nothing is lost or doubled, wherever one starts and however one compiles."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from gan_core import data, rng

SAMPLES, BATCH = 10, 3
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
    sampler, batches = data.shuffled(np.arange(samples), batch_size, seed), samples // batch_size
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


def test_the_samples_left_over_are_others_each_time_and_none_is_favoured():
    """10 samples in batches of 3: each is left out of one epoch in ten."""
    epochs = 200
    sampler = tf.function(data.shuffled(np.arange(SAMPLES), BATCH), autograph=False)
    batches = [sampler(index).numpy() for index in tf.range(3 * epochs, dtype=tf.int64)]
    missed = epochs - np.bincount(np.concatenate(batches), minlength=SAMPLES)
    assert missed.sum() == epochs
    assert np.sum((missed - 20.0) ** 2 / 20.0) < 33.7  # chi squared, 9 degrees of freedom, p = 1e-4


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


@pytest.mark.parametrize("jit_compile", [None, False, True])
@pytest.mark.parametrize(
    "sample_shape", [[4, 2, 3], [8], [3]]
)  # of 24, 8 and 3 bytes, which make no whole words
def test_bytes_come_out_as_they_went_in(sample_shape, jit_compile):
    numbers = np.arange(10 * np.prod(sample_shape)).reshape(10, *sample_shape)
    samplers = [data.shuffled(numbers.astype(dtype), 4, seed=3) for dtype in (np.uint8, np.int64)]
    if jit_compile is not None:
        samplers = [tf.function(sampler, jit_compile=jit_compile) for sampler in samplers]
    for index in (0, 1, 7):
        small, large = (sampler(tf.constant(index, tf.int64)).numpy() for sampler in samplers)
        assert small.dtype == np.uint8
        assert small.shape == (4, *sample_shape)
        np.testing.assert_array_equal(small, large % 256)


def test_shuffled_takes_a_tensor_a_list_and_changes_neither():
    for array in (tf.range(6), [0, 1, 2, 3, 4, 5], np.arange(6)):
        assert sorted(data.shuffled(array, 6)(0).numpy().tolist()) == [0, 1, 2, 3, 4, 5]
        assert list(map(int, array)) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("jit_compile", [False, True])
def test_of_some_rows_it_is_the_sampler_of_an_array_of_these_alone(jit_compile):
    array, rows = np.arange(40, dtype=np.uint8).reshape(5, 8), np.array([4, 0, 3])
    some = tf.function(data.shuffled(array, 2, seed=7, rows=rows), jit_compile=jit_compile)
    alone = data.shuffled(array[rows], 2, seed=7)
    for index in INDICES:
        np.testing.assert_array_equal(some(index).numpy(), alone(index).numpy())


def test_stream_draws_each_batch_from_a_seed_of_its_own():
    batches = [SAMPLERS["stream"](i).numpy() for i in range(20)]
    assert all(batch.shape == (BATCH, 2) for batch in batches)
    assert len(np.unique(np.stack(batches))) == 20 * BATCH * 2
    assert np.array_equal(batches[7], points(BATCH, rng.seed(1, "real", 7)).numpy())
    assert not np.array_equal(batches[7], data.stream(points, BATCH, seed=2)(7).numpy())


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
        (
            lambda: data.HostBatches([1, 2]),
            r"HostBatches: start must be a function of the first batch's index, got \[1, 2\]",
        ),
    ],
)
def test_errors_say_whose_which_and_what_came(make, words):
    with pytest.raises(ValueError, match=words):
        make()
