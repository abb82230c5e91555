"""Detect random numbers that are drawn only once, while a function is traced.

Python runs a compiled function once, to trace it. Random numbers that NumPy or Python draws during
that run become constants of the graph: the same "random" batch, z or noise in every round. In the
graph such a constant looks like any other. But a second trace has other random numbers. So
a function is traced twice here, and the two graphs, which are not used further, are compared.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from gan_core import checks

INDEX_OUT = (
    "Take rows with tf.gather(array, ...) or gan_core.data.shuffled(array, batch_size), and in "
    "place of `if` use tf.where; batches that Python makes are for gan_core.data.HostBatches."
)
WAY_OUT = "Draw with gan_core.rng; batches that Python makes are for gan_core.data.HostBatches."


def no_host_randomness(
    owner: str, name: str, function: Callable[..., Any], *arguments: Any, way_out: str = ""
) -> None:
    """Refuse a function that draws from NumPy's or Python's generators while it is traced.

    The function is traced twice, into two graphs (three times if these differ, because it may have
    prepared something at its first call). It is refused if the graphs have different operations or
    constants, if it returns values that were fixed during tracing and differ, or if it changes the
    state of NumPy's or Python's global generator. A constant that is the same each time (a table, a
    fixed batch) is allowed. A function with its own generator that by chance draws the same number
    twice, such as a coin flip, is not detected.

    Args:
        owner: the class or function that is going to compile it.
        name: what it is, such as "sampler".
        function: the function to check.
        arguments: its arguments. A tf.TensorSpec stands for a tensor that is given when the graph
            runs; anything else, such as a number, is passed as it is.
        way_out: sentences that help; "" names `gan_core.rng` and, for batches, `HostBatches`.

    Raises:
        ValueError: if it draws random numbers on the host; and whatever the function raises.

    Example:
        >>> no_host_randomness("fit", "sampler", lambda index: index + np.random.random(), 0.0)
        Traceback (most recent call last):
        ValueError: fit: sampler must be a function of TensorFlow's operations alone, ...
    """
    # A function may prepare something (a table, say) at its first call. So if the first two traces
    # differ, two later ones are compared.
    with checks.without_values(owner, name, INDEX_OUT):
        first, _ = _trace(function, arguments)
    if _takes_from_an_iterator(first):
        checks.fail(
            owner,
            name,
            "a function of its arguments alone",
            "one that takes the next element of an iterator",
            "Give the tf.data pipeline itself: gan_core.data.from_dataset(dataset).",
        )
    second, drew = _trace(function, arguments)
    if drew or not _are_equal(first, second):
        third, drew = _trace(function, arguments)
        if not drew and _are_equal(second, third):
            return
        checks.fail(
            owner,
            name,
            "a function of TensorFlow's operations alone",
            "one with NumPy's or Python's random numbers (or a clock), "
            "which would be drawn once, when it is compiled, and then be the same in every round",
            way_out or WAY_OUT,
        )


def _trace(function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[list[Any], bool]:
    """What tracing fixes: the graph's operations and constants, and the results.

    Also returns whether a global generator was used.
    """
    fixed: list[Any] = []
    before = _global_generators()

    def traced(*symbolic: tf.Tensor) -> None:
        given = iter(symbolic)
        filled = [next(given) if _is_spec(one) else one for one in arguments]
        result = function(*filled)
        for part in tf.nest.flatten(result):
            if not tf.is_tensor(part) or hasattr(part, "numpy"):
                fixed.append(_value(part))

    specs = [one for one in arguments if _is_spec(one)]
    concrete = tf.function(traced, autograph=False).get_concrete_function(*specs)
    definition = concrete.graph.as_graph_def()
    fixed.append([_node(node) for node in definition.node])
    fixed.append(_bodies(definition))
    fixed.append([_value(tensor) for tensor in concrete.captured_inputs])
    return fixed, not _are_equal(before, _global_generators())


def _takes_from_an_iterator(fixed: list[Any]) -> bool:
    """Whether one of a graph's operations is that of next(iterator)."""
    operations = next(part for part in fixed if _is_list_of_nodes(part))
    return any(name.startswith("IteratorGetNext") for name, _ in operations)


def _is_list_of_nodes(part: Any) -> bool:
    return isinstance(part, list) and all(isinstance(one, tuple) for one in part)


def _is_spec(argument: Any) -> bool:
    return isinstance(argument, tf.TensorSpec)


def _node(node: Any) -> tuple[str, bytes]:
    """The type of an operation; and its value, if it is a constant."""
    value = b""
    if node.op == "Const":
        value = node.attr["value"].tensor.SerializeToString(deterministic=True)
    return node.op, value


def _bodies(definition: Any) -> list[list[tuple[str, bytes]]]:
    """The operations of loops, branches and inner functions, whose names differ each time."""
    bodies = []
    for function in definition.library.function:
        bodies.append([_node(node) for node in function.node_def])
    return sorted(bodies)


def _value(thing: Any) -> Any:
    """The part of a value that can be compared: tensors and arrays; None for other things."""
    if isinstance(thing, tf.Variable) or (tf.is_tensor(thing) and not hasattr(thing, "numpy")):
        return None
    if tf.is_tensor(thing) and thing.dtype in (tf.resource, tf.variant):
        return None
    if tf.is_tensor(thing) or isinstance(thing, np.ndarray):
        return thing
    if isinstance(thing, np.generic | int | float):
        return np.asarray(thing)
    return None


def _global_generators() -> list[Any]:
    _, keys, position, has_gauss, gauss = np.random.get_state()  # noqa: NPY002  users draw from it
    return [keys, position, has_gauss, gauss, random.getstate()]


def _are_equal(a: Any, b: Any) -> bool:
    if a is b:  # such as the data of a sampler; this avoids comparing, or copying from a GPU
        return True
    if tf.is_tensor(a) and tf.is_tensor(b):
        return _are_equal(a.numpy(), b.numpy())
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return np.array_equal(a, b, equal_nan=_may_hold_nan(a) and _may_hold_nan(b))
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_are_equal, a, b))
    return type(a) is type(b) and bool(a == b)


def _may_hold_nan(array: np.ndarray) -> bool:
    return array.dtype.kind in "fc"
