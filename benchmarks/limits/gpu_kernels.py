"""Find the ops of a function that a GPU cannot run. No GPU is needed for that.

An op without a GPU kernel silently runs on the CPU, and its arrays are copied there and back in
every round. TensorFlow has a list of all kernels with the dtypes that each of them accepts, and the
ops of a function are known as soon as it is traced.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import kernels

ON_THE_DEVICE = (
    "StatelessRandomUniformIntV2",
    "StatelessRandomUniformFullIntV2",
    "TopKV2",
    "GatherV2",
    "Cast",
)  # ops whose results a GPU certainly has in its own memory


def are_known() -> bool:
    """Whether this TensorFlow was built with GPU kernels; without them, nothing can be said."""
    return tf.test.is_built_with_cuda()


def ops_of(function: Callable, *specs: tf.TensorSpec) -> list[tf.Operation]:
    """All ops of a function's graph but its arguments.

    Args:
        function: is traced, and not run.
        specs: the specs of its arguments.
    """
    traced = tf.function(function, autograph=False).get_concrete_function(*specs)
    return [op for op in traced.graph.get_operations() if op.type != "Placeholder"]


def missing(function: Callable, *specs: tf.TensorSpec) -> set[tuple[str, tuple[str, ...]]]:
    """The ops in a function's graph that no GPU kernel fits.

    Args:
        function: is traced, and not run.
        specs: the specs of its arguments.

    Returns:
        {(op, dtypes of its inputs)}.
    """
    one_of_each_kind = {}
    for op in ops_of(function, *specs):
        inputs = tuple(tensor.dtype.name for tensor in op.inputs)
        outputs = tuple(tensor.dtype.name for tensor in op.outputs)
        one_of_each_kind[op.type, inputs, outputs] = op
    found = set()
    for (kind, inputs, _), op in one_of_each_kind.items():
        if not any(_fits(kernel, op.node_def.attr) for kernel in _kernels_of(kind)):
            found.add((kind, inputs))
    return found


def through_the_host(function: Callable, *specs: tf.TensorSpec) -> set[tuple[str, str]]:
    """The inputs that a GPU has, and that an op on the GPU wants in the host's memory.

    TensorFlow's arithmetic of int32 is like that. Each such input is a copy that waits for all
    that the GPU was given before.

    Args:
        function: is traced, and not run.
        specs: the specs of its arguments.

    Returns:
        {(op, name of its input)}.
    """
    found = set()
    for op in ops_of(function, *specs):
        for argument, tensor in zip(op.op_def.input_arg, op.inputs, strict=False):
            on_the_device = tensor.op.type in ON_THE_DEVICE
            if on_the_device and _is_wanted_by_the_host(op, argument.name):
                found.add((op.type, argument.name))
    return found


def _is_wanted_by_the_host(op: tf.Operation, argument: str) -> bool:
    return any(
        argument in kernel.host_memory_arg
        for kernel in _kernels_of(op.type)
        if kernel.device_type == "GPU" and _fits(kernel, op.node_def.attr)
    )


@functools.cache
def _kernels_of(kind: str) -> list[Any]:
    """The kernels that run on a GPU; those of device type DEFAULT run on every device."""
    registered = kernels.get_registered_kernels_for_op(kind).kernel
    return [kernel for kernel in registered if kernel.device_type in ("GPU", "DEFAULT")]


def _fits(kernel: Any, attributes: Any) -> bool:
    """Whether a kernel takes the dtypes that an op has."""
    for constraint in kernel.constraint:
        dtype = attributes[constraint.name].type
        if dtype and dtype not in constraint.allowed_values.list.type:  # (0: not a dtype)
            return False
    return True
