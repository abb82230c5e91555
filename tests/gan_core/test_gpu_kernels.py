"""No GPU is needed to see that one would not be waited for: every op of the round must have a kernel for it.

An op without one runs on the CPU, and its arrays are copied there and back in every round, silently. TensorFlow
keeps a list of all kernels with the dtypes that each takes.
"""

import functools

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import kernels

from dcgan import training
from dcgan.config import Config
from dcgan.data.batches import face_batches
from gan_core import augment, rng

pytestmark = pytest.mark.skipif(
    not tf.test.is_built_with_cuda(), reason="TensorFlow was built without GPU kernels"
)


def without_gpu_kernel(function, *specs):
    """{(op, dtypes of its inputs)} of the ops in a function's graph that no GPU kernel fits."""
    graph = tf.function(function, autograph=False).get_concrete_function(*specs).graph
    ops = {
        (
            op.type,
            tuple(t.dtype.name for t in op.inputs),
            tuple(t.dtype.name for t in op.outputs),
        ): op
        for op in graph.get_operations()
        if op.type != "Placeholder"
    }  # one of each kind: there are thousands
    return {
        (kind, inputs)
        for (kind, inputs, _), op in ops.items()
        if not any(fits(kernel, op.node_def.attr) for kernel in kernels_of(kind))
    }


@functools.cache
def kernels_of(kind):
    return [
        kernel
        for kernel in kernels.get_registered_kernels_for_op(kind).kernel
        if kernel.device_type in ("GPU", "DEFAULT")
    ]  # default: whatever the device


def through_the_host(function, *specs):
    """{(op, input)}: arrays that a GPU has and whose op there wants them in the host's memory, as TensorFlow's
    arithmetic of int32 does: each is a copy that waits for all that the GPU was given before."""
    graph = tf.function(function, autograph=False).get_concrete_function(*specs).graph
    return {
        (op.type, of_op.name)
        for op in graph.get_operations()
        for of_op, tensor in zip(op.op_def.input_arg, op.inputs, strict=False)
        if tensor.op.type in ON_THE_DEVICE
        and any(
            of_op.name in kernel.host_memory_arg
            for kernel in kernels_of(op.type)
            if fits(kernel, op.node_def.attr) and kernel.device_type == "GPU"
        )
    }


ON_THE_DEVICE = (
    "StatelessRandomUniformIntV2",
    "StatelessRandomUniformFullIntV2",
    "TopKV2",
    "GatherV2",
    "Cast",
)


def fits(kernel, attributes):
    return all(
        attributes[one.name].type in one.allowed_values.list.type
        for one in kernel.constraint
        if attributes[one.name].type
    )  # (0: not a dtype)


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
    assert (
        without_gpu_kernel(
            lambda reals: trainer._round(reals, None), tf.TensorSpec([1, 2, 32, 32, 3])
        )
        == set()
    )


def test_every_op_of_feeding_faces_from_memory_has_a_gpu_kernel():
    sampler = face_batches(np.zeros([9, 32, 32, 3], np.uint8), 4, flip=True)
    assert without_gpu_kernel(sampler, tf.TensorSpec([], tf.int64)) == set()


def test_no_random_number_goes_through_the_host():
    augmented = augment.chain(augment.translation(), augment.colour(), augment.cutout())
    assert (
        through_the_host(lambda x: augmented(x, rng.seed(0, "x"), 0), tf.TensorSpec([2, 32, 32, 3]))
        == set()
    )
    sampler = face_batches(np.zeros([9, 32, 32, 3], np.uint8), 4, flip=True, rows=np.arange(8))
    assert through_the_host(sampler, tf.TensorSpec([], tf.int64)) == set()


def test_a_random_number_that_does_is_found():
    def thrown():
        return 1 + rng.integers([5, 1], rng.seed(0, "x"), 6)

    assert through_the_host(thrown) == {("AddV2", "y")}


def test_an_op_that_has_none_is_found():
    def take_bytes(images, rows):
        return tf.gather(images, rows)

    rows = tf.TensorSpec([3], tf.int32)
    assert without_gpu_kernel(take_bytes, tf.TensorSpec([9, 4], tf.uint8), rows) == {
        ("GatherV2", ("uint8", "int32", "int32"))
    }
    assert without_gpu_kernel(take_bytes, tf.TensorSpec([9, 4], tf.int64), rows) == set()
