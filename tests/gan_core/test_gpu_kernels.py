"""No GPU is needed to see that one would not be waited for: every op of the round must have a
kernel for it."""

import numpy as np
import pytest
import tensorflow as tf

from benchmarks.limits import gpu_kernels
from benchmarks.limits.gpu_kernels import missing, through_the_host
from dcgan import training
from dcgan.config import Config
from dcgan.data.batches import face_batches
from gan_core import augment, rng

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not gpu_kernels.are_known(), reason="TensorFlow was built without GPU kernels"
    ),
]


@pytest.mark.parametrize(
    "options",
    [
        {
            "convolution": "native",
            "precision": "float32",
            "gamma": 1.0,
            "augment": ("translation", "colour", "cutout"),
        },
        {"convolution": "subpixel", "precision": "bfloat16"},
    ],
)
def test_every_op_of_a_round_of_the_dcgan_has_a_gpu_kernel(options):
    trainer = training.build(Config(size=32, width=1, batch_size=2, mode="graph", **options))

    def one_round(reals):
        return trainer._round(reals, None)

    assert missing(one_round, tf.TensorSpec([1, 2, 32, 32, 3])) == set()


def test_every_op_of_feeding_faces_from_memory_has_a_gpu_kernel():
    sampler = face_batches(np.zeros([9, 32, 32, 3], np.uint8), 4, flip=True)
    assert missing(sampler, tf.TensorSpec([], tf.int64)) == set()


def test_no_random_number_goes_through_the_host():
    augmented = augment.chain(augment.translation(), augment.colour(), augment.cutout())

    def augment_once(x):
        return augmented(x, rng.seed(0, "x"), 0)

    assert through_the_host(augment_once, tf.TensorSpec([2, 32, 32, 3])) == set()
    sampler = face_batches(np.zeros([9, 32, 32, 3], np.uint8), 4, flip=True, rows=np.arange(8))
    assert through_the_host(sampler, tf.TensorSpec([], tf.int64)) == set()


def test_a_random_number_that_does_is_found():
    def thrown():
        return 1 + rng.integers([5, 1], rng.seed(0, "x"), 6)

    assert through_the_host(thrown) == {("AddV2", "y")}


def test_an_op_that_has_none_is_found():
    def take_rows(images, rows):
        return tf.gather(images, rows)

    rows = tf.TensorSpec([3], tf.int32)
    without = missing(take_rows, tf.TensorSpec([9, 4], tf.uint8), rows)
    assert without == {("GatherV2", ("uint8", "int32", "int32"))}
    assert missing(take_rows, tf.TensorSpec([9, 4], tf.int64), rows) == set()
