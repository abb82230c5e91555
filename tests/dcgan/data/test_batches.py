"""Batches of faces: every face once an epoch, mirrored half of the time,
the same from memory and from a file.
"""

import numpy as np
import pytest
import tensorflow as tf

from dcgan.data import batches as module
from dcgan.data.batches import face_batches
from dcgan.data.pixels import mirrored_at_random, to_uint8
from gan_core import rng

pytestmark = pytest.mark.slow


def faces(n=24, size=4):
    """Face i has the number i in every red pixel, and green from left to right."""
    images = np.zeros([n, size, size, 3], np.uint8)
    images[..., 0] = np.arange(n)[:, None, None]
    images[..., 1] = np.arange(size) * 60
    return images


@pytest.fixture
def on_disk(tmp_path):
    def put(images):
        images.tofile(tmp_path / "images.uint8")
        return np.memmap(tmp_path / "images.uint8", np.uint8, "r", shape=images.shape)

    return put


def numbers(batch):
    return to_uint8(batch).numpy()[:, 0, 0, 0]


def test_an_epoch_shows_every_face_once_and_each_epoch_has_its_order():
    sampler = face_batches(faces(24), 6, seed=1)
    shown = [numbers(sampler(tf.constant(step, tf.int64))) for step in range(12)]
    epochs = np.reshape(shown, [3, 24])
    for epoch in epochs:
        np.testing.assert_array_equal(np.sort(epoch), np.arange(24))
    assert not np.array_equal(epochs[0], epochs[1])


def test_only_the_rows_asked_for_are_shown():
    rows = np.array([3, 5, 7, 11])
    sampler = face_batches(faces(24), 2, seed=1, rows=rows)
    shown = np.concatenate([numbers(sampler(tf.constant(i, tf.int64))) for i in range(2)])
    np.testing.assert_array_equal(np.sort(shown), rows)


def test_without_flip_no_face_is_mirrored_and_with_it_about_half_are():
    images = faces(200)
    plain = face_batches(images, 200, seed=1)(tf.constant(0, tf.int64)).numpy()
    assert (plain[:, 0, 0, 1] < plain[:, 0, -1, 1]).all()
    mirrored = []
    for index in range(3):
        batch = face_batches(images, 200, seed=1, flip=True)(tf.constant(index, tf.int64)).numpy()
        is_mirrored = batch[:, 0, 0, 1] > batch[:, 0, -1, 1]
        order = np.where(is_mirrored[:, None, None, None], batch[:, :, ::-1], batch)
        np.testing.assert_array_equal(to_uint8(order).numpy()[..., 1], images[..., 1])
        mirrored.append(is_mirrored)
    assert 0.4 < np.mean(mirrored) < 0.6
    assert not np.array_equal(mirrored[0], mirrored[1])


@pytest.mark.parametrize("flip", [False, True])
def test_memory_and_file_give_the_same_bits_from_any_batch_on(on_disk, flip):
    images = np.random.default_rng(0).integers(0, 256, [20, 4, 4, 3], dtype=np.uint8)
    rows = np.arange(1, 20)
    memory = face_batches(images, 4, seed=5, flip=flip, rows=rows)
    file = face_batches(on_disk(images), 4, seed=5, flip=flip, rows=rows)
    compiled = tf.function(memory, jit_compile=True, autograph=False)
    for first in (0, 7):
        batches = iter(file.start(first))
        for index in range(first, first + 6):
            want = memory(tf.constant(index, tf.int64)).numpy()
            np.testing.assert_array_equal(next(batches).numpy(), want)
            np.testing.assert_array_equal(compiled(tf.constant(index, tf.int64)).numpy(), want)


def test_an_array_that_the_device_has_no_room_for_is_read_from_the_host(monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, [20, 4, 4, 3], dtype=np.uint8)
    on_device = face_batches(images, 4, seed=5, flip=True)

    def no_room(*_):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")

    monkeypatch.setattr(module, "shuffled", no_room)
    batches = iter(face_batches(images, 4, seed=5, flip=True).start(3))
    for index in range(3, 13):
        np.testing.assert_array_equal(next(batches).numpy(), on_device(index).numpy())


def test_a_batch_larger_than_the_data_and_what_is_no_image_are_told():
    with pytest.raises(
        ValueError, match="batch_size must be at most the number of faces, 24, got 25"
    ):
        face_batches(faces(24), 25)
    with pytest.raises(ValueError, match=r"images must be \[N, S, S, 3 or 1\] of uint8"):
        face_batches(np.zeros([4, 4, 4, 3], np.float32), 2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1, got 0"),
        ({"batch_size": -1}, "batch_size must be a whole number of at least 1, got -1"),
        ({"batch_size": 2.5}, "batch_size must be a whole number of at least 1, got 2.5"),
        ({"batch_size": True}, "batch_size must be a whole number"),
        ({"flip": "no"}, "flip must be True or False, got 'no'"),
        ({"seed": 0.5}, "seed must be a whole number"),
        ({"rows": [0, 50, 1]}, "rows must be .* from 0 to 23, got numbers from 0 to 50"),
        ({"rows": [-1, 2]}, "rows must be .* from 0 to 23, got numbers from -1 to 2"),
        ({"rows": [0.0, 1.0]}, r"rows must be .* got \[2\] of float64"),
        ({"rows": [[0], [1, 2]]}, "rows must be .* unequal lengths"),
    ],
)
@pytest.mark.parametrize("where", ["memory", "file"])
def test_what_cannot_be_is_refused_in_memory_and_on_disk(on_disk, where, options, words):
    images = faces(24) if where == "memory" else on_disk(faces(24))
    with pytest.raises(ValueError, match=f"face_batches: {words}"):
        face_batches(images, **{"batch_size": 2, **options})


@pytest.mark.parametrize("where", ["memory", "file"])
def test_order_and_flips_have_random_numbers_of_their_own(on_disk, where, monkeypatch):
    """Each depends on the seed and on the batch's or the epoch's number,
    under a name of its own.
    """
    asked = set()
    seed = rng.seed

    def remembered(run_seed, purpose, step=0):
        asked.add((run_seed, purpose))
        return seed(run_seed, purpose, step)

    monkeypatch.setattr(rng, "seed", remembered)
    images = faces(24) if where == "memory" else on_disk(faces(24))
    source = face_batches(images, 4, seed=9, flip=True)
    next(iter(source.start(0))) if where == "file" else source(0)
    assert asked == {(9, "epoch"), (9, "flip")}


def test_another_seed_has_other_orders_and_other_flips():
    images = faces(200)
    shown = []
    for seed in (1, 2):
        batch = face_batches(images, 200, seed=seed, flip=True)(tf.constant(0, tf.int64)).numpy()
        order = to_uint8(batch).numpy()[:, 0, 0, 0]
        mirrored = batch[:, 0, 0, 1] > batch[:, 0, -1, 1]
        shown.append((order, mirrored))
    assert not np.array_equal(shown[0][0], shown[1][0])
    assert not np.array_equal(shown[0][1], shown[1][1])


def test_each_image_is_mirrored_as_a_whole_or_not_at_all():
    images = tf.constant(faces(100), tf.float32)
    got = mirrored_at_random(images, rng.seed(0, "test")).numpy()
    is_mirrored = got[:, 0, 0, 1] > got[:, 0, -1, 1]
    assert 30 < is_mirrored.sum() < 70
    want = np.where(is_mirrored[:, None, None, None], images[:, :, ::-1], images)
    np.testing.assert_array_equal(got, want)


def test_a_picture_with_nan_is_refused_and_infinity_is_an_end():
    with pytest.raises(ValueError, match="to_uint8: x must be numbers, got 2 values that are NaN"):
        to_uint8([0.0, np.nan, np.nan])
    np.testing.assert_array_equal(to_uint8([-np.inf, np.inf, 0.0]), [0, 255, 128])
    compiled = tf.function(to_uint8, autograph=False)
    np.testing.assert_array_equal(compiled(tf.constant([-1.0, 1.0])), [0, 255])
