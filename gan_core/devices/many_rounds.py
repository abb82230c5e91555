"""Many rounds in one compiled call, so that small networks do not wait for Python.

A round of a small network takes about 30 microseconds, and a call of a compiled function takes ten
times as long. So the compiled function contains a loop over rounds, and returns all their rows.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

ROUNDS_A_CALL = 1024  # at most; the rows of one call are kept in an array of this length


def looped(
    one_round: Callable[[], tf.Tensor], columns: int, compile: Callable[[Callable], Callable]
) -> Callable[[tf.Tensor], tf.Tensor]:
    """Make a compiled function that plays `count` rounds, at most ROUNDS_A_CALL.

    Args:
        one_round: a function that plays a round and returns its row [columns] float32.
        columns: the number of values in a row.
        compile: a function that compiles a function of tensors (`gan_core.devices.compiling`).

    Returns:
        A function from count, an int32 scalar, to rows [ROUNDS_A_CALL, columns], of which the first
        `count` are filled.
    """

    def next_row(i: tf.Tensor, rows: tf.Tensor) -> tuple:
        return i + 1, tf.tensor_scatter_nd_update(rows, [[i]], [one_round()])

    def many(count: tf.Tensor) -> tf.Tensor:
        empty = tf.zeros([ROUNDS_A_CALL, columns])
        _, rows = tf.while_loop(lambda i, _: i < count, next_row, [0, empty], parallel_iterations=1)
        return rows

    return compile(many)


def one_by_one(
    one_round: Callable[[], tf.Tensor], compile: Callable[[Callable], Callable]
) -> Callable[[tf.Tensor], tf.Tensor]:
    """Make the same as a Python loop around one compiled round, for rounds that take long anyway.

    The loop starts all rounds without waiting for the result of the one before.
    """
    compiled_round = compile(one_round)

    def many(count: tf.Tensor) -> tf.Tensor:
        return tf.stack([compiled_round() for _ in range(int(count))])

    return many
