"""Numbers that change during training: plain functions of the step.

A schedule is a function from the step to a float32 scalar. The step is an int or an integer tensor:
the number of the trainer's round, counted from 0. A schedule can stand in place of a number as the
learning rate of an optimizer, the gamma of a penalty, the sd of instance noise or the decay of a
moving average. Any function of this form can be used; fractions need tf.cast(step, tf.float32).
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from gan_core import checks
from gan_core.protocols import Schedule

NO_AXES = "Return a number, or a tensor without axes."
NO_IF = "In place of `if` use tf.where, or a schedule of gan_core.optim.schedules."
# TensorFlow's messages in eager mode and in a graph.
FRACTION_WITH_INTEGER = re.compile(
    r"Cannot convert \S+ to EagerTensor of dtype int|Expected int\d+, but got \S+ of type 'float'"
)


def constant(value: float) -> Schedule:
    """Make the schedule that is `value` at every step.

    Args:
        value: at least 0.

    Returns:
        A function step -> float32 scalar.

    Raises:
        ValueError: if value is not finite, or is below 0.
    """
    checks.number("schedules.constant", "value", value, 0.0)

    def schedule(step: Any) -> tf.Tensor:
        return tf.constant(value, tf.float32)

    return schedule


def linear_decay(value: float, steps: int, *, start: int = 0, final: float = 0.0) -> Schedule:
    """Make the schedule that falls in a straight line.

    It is `value` until step `start`, reaches `final` at step `steps`, and stays there.

    Args:
        value: the first value, at least 0.
        steps: the step at which the decay ends, above start.
        start: the step at which the decay begins.
        final: the last value, at least 0.

    Returns:
        A function step -> float32 scalar.

    Raises:
        ValueError: if an argument is out of range.
    """
    _check("schedules.linear_decay", value, steps, start, final)

    def schedule(step: Any) -> tf.Tensor:
        t = _progress(step, start, steps)
        # At t = 1 the sum is only as exact as `value`: from 1 to 1e-8 it would end at 0.
        return tf.where(t < 1.0, value + (final - value) * t, tf.constant(final, tf.float32))

    return schedule


def cosine_decay(value: float, steps: int, *, start: int = 0, final: float = 0.0) -> Schedule:
    """Make the schedule that falls along half a cosine.

    It is `value` until step `start`, then final + (value - final) (1 + cos(pi t)) / 2, where t
    grows from 0 at `start` to 1 at `steps`, then `final` (Loshchilov and Hutter 2017, eq. 5).

    Args:
        value: the first value, at least 0.
        steps: the step at which the decay ends, above start.
        start: the step at which the decay begins.
        final: the last value, at least 0.

    Returns:
        A function step -> float32 scalar.

    Raises:
        ValueError: if an argument is out of range.
    """
    _check("schedules.cosine_decay", value, steps, start, final)

    def schedule(step: Any) -> tf.Tensor:
        return final + (value - final) * 0.5 * (
            1.0 + tf.cos(math.pi * _progress(step, start, steps))
        )

    return schedule


def geometric_decay(value: float, steps: int, *, final: float, start: int = 0) -> Schedule:
    """Make the schedule that falls by the same factor every step.

    It is `value` until step `start`, then value (final / value)^t, where t grows from 0 at `start`
    to 1 at `steps`, then `final`. Use it for numbers that matter on many scales, such as the
    standard deviation of noise.

    Args:
        value: the first value, above 0.
        steps: the step at which the decay ends, above start.
        final: the last value, above 0.
        start: the step at which the decay begins.

    Returns:
        A function step -> float32 scalar.

    Raises:
        ValueError: if an argument is out of range.
    """
    _check("schedules.geometric_decay", value, steps, start, final)
    checks.number("schedules.geometric_decay", "value", value, above=0.0)
    checks.number("schedules.geometric_decay", "final", final, above=0.0)

    def schedule(step: Any) -> tf.Tensor:
        return value * tf.pow(final / value, _progress(step, start, steps))

    return schedule


def rising_memory(decay: float) -> Schedule:
    """Make a decay for a moving average that starts low, so that the average forgets its start.

    It is min(decay, (1 + t) / (10 + t)) in round t. So the average covers about the last t / 9
    rounds, until `decay` is reached: for 0.999 at t = 8,990.

    Args:
        decay: the largest decay, in [0, 1).

    Returns:
        A function step -> float32 scalar.

    Raises:
        ValueError: if decay is out of range.
    """
    checks.number("schedules.rising_memory", "decay", decay, 0.0, below=1.0)

    def schedule(step: Any) -> tf.Tensor:
        t = tf.cast(step, tf.float32)
        return tf.minimum(decay, (1.0 + t) / (10.0 + t))

    return schedule


def as_schedule(owner: str, value: Any, name: str = "learning_rate") -> Schedule:
    """Turn a number or a function into a schedule that gives float32, and whose errors help.

    Args:
        owner: whose argument it is, for messages.
        value: a number of at least 0, or a function of the step that gives a number.
        name: the argument's name, for messages.

    Returns:
        A function step -> float32 scalar.

    Raises:
        ValueError: if value is neither a function nor such a number; when called, if the function
            needs the value of the step while it is traced, mixes the step with fractions, or does
            not give one number.
    """
    if not callable(value):
        return constant(checks.number(owner, name, value, 0.0))

    def schedule(step: Any) -> tf.Tensor:
        with checks.without_values(owner, name, NO_IF), _without_fractions(owner, name):
            given = value(step)
        return checks.scalar(owner, f"what {name} gives", given, "one number", NO_AXES)

    return schedule


@contextlib.contextmanager
def _without_fractions(owner: str, name: str) -> Iterator[None]:
    """Report that a user's function mixes the step with fractions, as in 1.0 + step.

    The step is an int64 tensor, and TensorFlow does not convert it to a floating dtype by itself.
    """
    try:
        yield
    except TypeError as error:
        if not FRACTION_WITH_INTEGER.search(str(error)):
            raise
        checks.fail(
            owner,
            name,
            "a function of the round, an integer tensor",
            f"one that mixes it with fractions ({str(error).splitlines()[0]})",
            "Convert it first: tf.cast(step, tf.float32).",
        )


def _progress(step: Any, start: int, steps: int) -> tf.Tensor:
    """t: 0 up to `start`, 1 from `steps` on, and a straight line in between.

    The integers are subtracted before the cast, because float32 holds integers only up to 2^24.
    """
    done = tf.cast(tf.cast(step, tf.int64) - start, tf.float32)
    return tf.clip_by_value(done / float(steps - start), 0.0, 1.0)


def _check(owner: str, value: float, steps: int, start: int, final: float) -> None:
    checks.number(owner, "value", value, 0.0)
    checks.number(owner, "final", final, 0.0)
    checks.integer(owner, "start", start, 0)
    checks.integer(owner, "steps", steps, start + 1)
