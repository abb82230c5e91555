"""Comparisons with a tolerance: in float32 steps, by finite differences, over three ways to run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from gan_core.testing.law import hold

STEPS = 4  # of each_gets_a_gradient
STEP = 0.1

# Measured, in float32 steps. Over 11 million logits in [-104, 104] TensorFlow's softplus is at most
# 7.4 off (near -13.9, eager and XLA) and its sigmoid 6.1; a mean of 5 adds less than 2.
VALUE_ULPS = 10
GRADIENT_ULPS = 8
NEAR = 32  # for identities between two or three values, and for means over 64 samples


def ulps(value: Any, expected: Any, scale: Any = None) -> float:
    """The largest |value - expected| in float32's steps.

    Args:
        value: the computed value, of any shape.
        expected: the expected value, of the same shape or one that broadcasts.
        scale: the number whose spacing to the next float32 is one step; by default `expected`. A
            step is at least the smallest normal number, because TensorFlow flushes smaller ones
            to zero.

    Returns:
        A number of steps; infinite if a value is NaN or infinite.
    """
    value = np.float64(value)
    expected = np.float64(expected)
    scale = np.abs(expected if scale is None else scale)
    step = np.maximum(np.spacing(np.float32(scale)).astype(np.float64), np.finfo(np.float32).tiny)
    with np.errstate(invalid="ignore"):
        error = np.abs(value - expected) / step
    return float(np.max(np.where(np.isfinite(error), error, np.inf)))


def equal(
    got: Any, wanted: Any, within: float, scale: Any = None, likely: str = "", **inputs: Any
) -> None:
    """Raise Violation unless got is wanted to `within` float32 steps."""
    hold(ulps(got, wanted, scale) <= within, wanted, got, likely, **inputs)


def close(
    got: Any,
    wanted: Any,
    rtol: float = 1e-4,
    atol: float = 1e-4,
    likely: str = "",
    **inputs: Any,
) -> None:
    """Raise Violation unless |got - wanted| <= atol + rtol |wanted| everywhere."""
    got = np.asarray(got, np.float64)
    wanted = np.asarray(wanted, np.float64)
    same = got.shape == wanted.shape and np.allclose(got, wanted, rtol=rtol, atol=atol)
    hold(same, wanted, got, likely, **inputs)


def float32(values: Any) -> tf.Tensor:
    """values as a float32 tensor."""
    return tf.constant(values, tf.float32)


def draw(seed: int, *shapes: list[int]) -> list[Any]:
    """Standard normal float32 arrays of these shapes, for laws that need no special numbers."""
    random = np.random.default_rng(seed)
    return [np.float32(random.normal(size=shape)) for shape in shapes]


def each_gets_a_gradient(
    variables: Sequence[tf.Variable], gradients_of: Callable[[int], Sequence[Any]]
) -> None:
    """Raise Violation unless each variable gets a gradient other than 0, at once or soon.

    A weight that starts at 0 may switch off other layers until it has moved, as in ReZero
    (Bachlechner et al. 2021). So the variables go a step against each gradient: small ones, whose
    absolute values add up to STEP for each variable.

    Args:
        variables: the trainable variables; they are changed.
        gradients_of: the number of a batch -> a gradient, or None, for each of them.
    """
    sizes = [0.0] * len(variables)
    for number in range(STEPS):
        for i, (variable, gradient) in enumerate(zip(variables, gradients_of(number), strict=True)):
            hold(gradient is not None, f"a gradient of {variable.name}", "None")
            gradient = tf.convert_to_tensor(gradient)
            size = float(tf.reduce_sum(tf.abs(gradient)))
            sizes[i] += size
            if size > 0:
                variable.assign_sub(STEP / size * gradient)
    for variable, size in zip(variables, sizes, strict=True):
        hold(size > 0, f"a gradient of {variable.name} other than 0", size)


def compiled(function: Callable[..., Any], arguments: tuple[Any, ...], xla: bool) -> Any:
    """The function traced for these tensors, in a graph or by XLA.

    It is traced explicitly, because TensorFlow warns if many tf.functions are made.
    """
    return tf.function(function, jit_compile=xla, autograph=False).get_concrete_function(*arguments)


def same_in_all_ways(
    make: Callable[[], Callable[..., Any]],
    arguments: tuple[Any, ...],
    *,
    rtol: float = 1e-4,
    atol: float = 1e-5,
    steps: float = 0.0,
    floor: float = 2.0**-5,
    likely: str = "",
    **inputs: Any,
) -> None:
    """Raise Violation unless a function gives the same arrays in eager mode, in a graph and by XLA.

    make() returns a new function with its own state for each way. `steps`, if given, is the
    tolerance in float32 steps: of each number, or of `floor` for numbers near 0.

    Each way is run twice, because a value that is fixed by tracing shows only in the second call.
    """
    eager = make()
    wanted = []
    for _ in range(2):
        results = tf.nest.flatten(eager(*arguments))
        wanted.append([np.asarray(result) for result in results])
    for way, xla in (("graph", False), ("xla", True)):
        run = compiled(make(), arguments, xla)
        for call in range(2):
            got = tf.nest.flatten(run(*arguments))
            for one, expected in zip(got, wanted[call], strict=True):
                if steps:
                    same = ulps(one, expected, np.maximum(np.abs(expected), floor)) <= steps
                else:
                    same = np.allclose(one, expected, rtol=rtol, atol=atol)
                hold(
                    same,
                    f"as in eager mode, {expected}",
                    f"{np.asarray(one)} ({way}, call {call + 1})",
                    likely,
                    **inputs,
                )
