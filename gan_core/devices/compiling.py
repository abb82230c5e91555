"""How the trainer's functions are compiled: by XLA, or to a graph that adds in the written order.

The last bit of a + b + c depends on the order of the additions, and a game amplifies that bit: two
trainings of one seed differ visibly after some rounds. A gradient tape adds the gradients that
reach a tensor from all its uses; in a round there are never more than two at a time (where there
would be more, the gradients are written out: `gan_core.nn.batch_norm_gradients`). But the
*arithmetic optimiser* of TensorFlow's graphs joins (a + b) + c into one sum of three wherever
nothing else reads a + b. TensorFlow reuses the buffer of an operand that is no longer needed as the
accumulator of such a sum, and which operand that is depends on timing. A DCGAN's round with R1, at
width 64, was compiled anew and played from the same state while another program used the machine: 9
of 88 results had other bits than the first, in the gradient of a batch norm's gamma. Without that
optimiser: none of 90.

TensorFlow's public switch for it, `tf.config.optimizer.set_experimental_options`, acts on all
graphs of the process. But every call of a compiled function carries a configuration of its own, by
which its graph is optimised; TensorFlow takes it from the calling thread. So it is set around each
call here, and nothing outside sees it. (The optimiser makes a DCGAN's round no faster.)
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, rewriter_config_pb2
from tensorflow.python.eager import context


def compiled(function: Callable[..., Any], mode: str) -> Callable[..., Any]:
    """Compile a function of tensors, which is then traced once for every shape.

    Args:
        function: a function of tensors.
        mode: "xla": compiled whole, in the order that XLA chooses when it compiles; or "graph": a
            graph, without the arithmetic optimiser, which stays as it is for all other graphs.

    Returns:
        The same function, compiled. It has the methods of a tf.function too.

    Example:
        >>> int(compiled(lambda x: x + 1, "graph")(tf.constant(2)))
        3
    """
    # TensorFlow warns of frequent tracing by the function's code, which all trainers share: several
    # trainings in one process would be warned of. A partial object has no code, so each compiled
    # function is counted by itself.
    own = functools.partial(function)
    traced = tf.function(own, jit_compile=mode == "xla", autograph=False)
    if mode == "graph":
        return _InWrittenOrder(traced)
    return traced


class _InWrittenOrder:
    """A tf.function whose graph is run without the arithmetic optimiser.

    (A concrete function taken out of it by `get_concrete_function` is TensorFlow's own, and is
    optimised like any other.)
    """

    def __init__(self, traced: Any) -> None:
        self._traced = traced

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        with _without_arithmetic_optimiser():
            return self._traced(*arguments, **options)

    def __getattr__(self, name: str) -> Any:
        if name == "_traced":  # not yet there, while a copy is being made
            raise AttributeError(name)
        return getattr(self._traced, name)


@contextlib.contextmanager
def _without_arithmetic_optimiser() -> Iterator[None]:
    """For the calls that this thread makes within the block."""
    current = context.context()
    before = current.function_call_options
    own = context.FunctionCallOptions(
        before.executor_type, _switched_off(before.config_proto_serialized)
    )
    current.function_call_options = own
    try:
        yield
    finally:
        if current.function_call_options is own:  # else someone has set new options meanwhile
            current.function_call_options = before


@functools.lru_cache(maxsize=16)
def _switched_off(serialized: bytes) -> Any:
    """The same configuration, without the arithmetic optimiser."""
    config = config_pb2.ConfigProto.FromString(serialized)
    config.graph_options.rewrite_options.arithmetic_optimization = (
        rewriter_config_pb2.RewriterConfig.OFF
    )
    return config
