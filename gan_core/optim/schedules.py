"""Numbers that change during training: plain functions of the step.

A schedule is a function of the step (int or integer tensor: how many updates were made before
this one) that gives a float32 scalar. An optimizer takes a number or a schedule as its learning
rate, a penalty as its gamma, instance noise as its sd, a moving average as its decay; anything that
has this form will do.
"""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from gan_core import checks
from gan_core.protocols import Schedule


def constant(value: float) -> Schedule:
    """value at every step."""
    checks.number("schedules.constant", "value", value, 0.0)

    def schedule(step: Any) -> tf.Tensor:
        return tf.constant(value, tf.float32)

    return schedule


def linear_decay(value: float, steps: int, *, start: int = 0, final: float = 0.0) -> Schedule:
    """value until step `start`, then a straight line down to `final` at step `steps`,
    then final.
    """
    _check("schedules.linear_decay", value, steps, start, final)

    def schedule(step: Any) -> tf.Tensor:
        return value + (final - value) * _progress(step, start, steps)

    return schedule


def cosine_decay(value: float, steps: int, *, start: int = 0, final: float = 0.0) -> Schedule:
    """value until step `start`, then half a cosine down to `final` at step `steps`, then final.

    final + (value - final) (1 + cos(pi t)) / 2 for t from 0 to 1 (Loshchilov and Hutter 2017,
    eq. 5).
    """
    _check("schedules.cosine_decay", value, steps, start, final)

    def schedule(step: Any) -> tf.Tensor:
        return final + (value - final) * 0.5 * (
            1.0 + tf.cos(math.pi * _progress(step, start, steps))
        )

    return schedule


def geometric_decay(value: float, steps: int, *, final: float, start: int = 0) -> Schedule:
    """value until step `start`, then falling by the same factor every step,
    to `final` at step `steps`:
    value (final / value)^t for t from 0 to 1. For what works on many scales, such as noise."""
    _check("schedules.geometric_decay", value, steps, start, final)
    checks.number("schedules.geometric_decay", "value", value, above=0.0)
    checks.number("schedules.geometric_decay", "final", final, above=0.0)

    def schedule(step: Any) -> tf.Tensor:
        return value * tf.pow(final / value, _progress(step, start, steps))

    return schedule


def rising_memory(decay: float) -> Schedule:
    """A moving average's decay that starts low, so that it forgets where it started.

    min(decay, (1 + t) / (10 + t)): after t updates about the last ninth of them is remembered,
    until `decay` is reached, for 0.999 at t = 8,990.
    """
    checks.number("schedules.rising_memory", "decay", decay, 0.0, below=1.0)

    def schedule(step: Any) -> tf.Tensor:
        t = tf.cast(step, tf.float32)
        return tf.minimum(decay, (1.0 + t) / (10.0 + t))

    return schedule


def as_schedule(owner: str, value: Any, name: str = "learning_rate") -> Schedule:
    """A number becomes a constant schedule, a function stays what it is."""
    if callable(value):
        return value
    return constant(checks.number(owner, name, value, 0.0))


def _progress(step: Any, start: int, steps: int) -> tf.Tensor:
    """0 at `start`, 1 at `steps`, clipped. Integers are subtracted first:
    float32 cannot count past 2^24.
    """
    done = tf.cast(tf.cast(step, tf.int64) - start, tf.float32)
    return tf.clip_by_value(done / float(steps - start), 0.0, 1.0)


def _check(owner: str, value: float, steps: int, start: int, final: float) -> None:
    checks.number(owner, "value", value, 0.0)
    checks.number(owner, "final", final, 0.0)
    checks.integer(owner, "start", start, 0)
    checks.integer(owner, "steps", steps, start + 1)
