"""How the trainer's functions are compiled: by XLA, or to a graph that adds in the written order.

The last bit of a + b + c depends on the order of the additions, and a game amplifies that bit: two
trainings with the same seed differ visibly after some rounds. A gradient tape adds the gradients
that reach a tensor from all its uses; in a round it never adds more than two at a time (where it
would, the gradients are written out: `gan_core.nn.batch_norm_gradients`). But the *arithmetic
optimiser* of TensorFlow's graphs merges (a + b) + c into one sum of three if nothing else uses
a + b. TensorFlow reuses the buffer of an operand that is no longer needed as the accumulator of
such a sum, and which operand that is depends on timing.

Measured with a DCGAN's round with R1, at width 64, compiled again and again and played from the
same state while another program used the machine: 9 of 88 results differed from the first in some
bits, in the gradient of a batch norm's gamma. Without the optimiser none of 90 differed.

TensorFlow's public switch for it, `tf.config.optimizer.set_experimental_options`, affects all
graphs of the process. But every call of a compiled function has its own configuration, by which its
graph is optimised, and TensorFlow reads it from the calling thread. So it is set here only during
each call, and other code is not affected. (The optimiser makes a DCGAN's round no faster.)

Another pass, the *remapper*, stays on. It joins a convolution, the sum with its bias and some
activations. Measured with the three networks of dcgan (32 pixels, width 8; CPU time, medians of
ten, in turn): without it a round took .91 to 1.05 times as long, and 256 samples .93 to 1.15 times.
With float32 all results kept their bits. With bfloat16 they did not, because a joined sum is
rounded only once.

The pass fails, and prints an error, where a LeakyRelu with a gradient follows the sum.
`gan_core.nn.activations` keeps it from joining these. With that a round took 1.03 times as long
(the network dcgan, bfloat16) and 1.02 times (modern, float32), and all results kept their bits; 256
samples of the modern generator, which is full of them, took 1.08 to 1.24 times as long (the
smallest and the median of eight; the machine was busy).
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, rewriter_config_pb2
from tensorflow.python.eager import context
from tensorflow.python.framework import ops
from tensorflow.python.ops import control_flow_util


def compiled(function: Callable[..., Any], mode: str) -> Callable[..., Any]:
    """Compile a function of tensors, which is then traced once for every shape.

    Args:
        function: a function of tensors.
        mode: "xla": XLA compiles the whole function and fixes the order of additions; or "graph":
            a TensorFlow graph, run without the arithmetic optimiser.

    Returns:
        The compiled function, which also has the methods of a tf.function.

    Example:
        >>> int(compiled(lambda x: x + 1, "graph")(tf.constant(2)))
        3
    """
    # TensorFlow counts traces by the function's code and warns if there are many. All trainers
    # share that code, so several trainings in one process would cause a warning. A partial object
    # has no code, so each compiled function is counted separately.
    own = functools.partial(function)
    traced = tf.function(own, jit_compile=mode == "xla", autograph=False)
    if mode == "graph":
        return _InWrittenOrder(traced)
    return traced


def is_for_xla() -> bool:
    """Whether what is being traced will be compiled by XLA, because of `jit_compile=True`.

    So a function can choose operations that XLA compiles to fast code. Outside a tf.function it is
    False.

    Example:
        >>> def doubled(x):
        ...     print("for XLA:", is_for_xla())
        ...     return 2.0 * x
        >>> y = compiled(doubled, "xla")(tf.constant(1.0))
        for XLA: True
    """
    return control_flow_util.GraphOrParentsInXlaContext(ops.get_default_graph())


class _InWrittenOrder:
    """A tf.function whose graph is run without the arithmetic optimiser.

    (A concrete function from `get_concrete_function` is run by TensorFlow, with the optimiser.)
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
    """Switch the optimiser off for the calls that this thread makes within the `with` block."""
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
