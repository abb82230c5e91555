"""The laws of optimizers: make(learning_rate), bind(variables), apply(gradients, step)."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from hypothesis import strategies as st

from gan_core.testing import reference
from gan_core.testing.law import hold, law
from gan_core.testing.numeric import close, compiled, draw
from gan_core.testing.subjects import Optimizer

NUMBERS = st.integers(0, 1000)
RATES = st.sampled_from((1e-3, 1e-2, 0.1))
SHAPES = ([3], [2, 2])


def start(number: int) -> list[tf.Variable]:
    """Two variables, of shapes [3] and [2, 2]."""
    return [tf.Variable(value) for value in draw(number, *SHAPES)]


def bound(optimizer: Optimizer, learning_rate: Any, variables: list[tf.Variable]) -> Any:
    """A new optimizer of these variables."""
    made = optimizer.make(learning_rate)
    made.bind(variables)
    return made


def steps(optimizer: Optimizer, learning_rate: float, number: int, count: int) -> list[list[Any]]:
    """The variables after each of `count` steps with drawn gradients; the start first."""
    variables = start(number)
    moving = bound(optimizer, learning_rate, variables)
    path = [[v.numpy() for v in variables]]
    for step in range(count):
        gradients = gradients_at(number, step)
        moving.apply([tf.constant(g) for g in gradients], tf.constant(step, tf.int64))
        path.append([v.numpy() for v in variables])
    return path


def gradients_at(number: int, step: int) -> list[Any]:
    """The drawn gradients of one step; of sizes that differ from step to step."""
    size = np.float32([1.0, 0.1, 3.0][step % 3])
    return [size * g for g in draw(7 * number + step + 1, *SHAPES)]


@law(
    50,
    "optimizer",
    "bind(variables), apply(gradients, step): finite, shapes and dtypes as before",
    "bind or apply is missing or takes other arguments",
    first=True,
)
def moves_variables(optimizer: Optimizer) -> None:
    """A bound optimizer moves its variables by finite numbers."""
    before, after = steps(optimizer, 0.1, 0, 1)
    for one, other in zip(before, after, strict=True):
        hold(np.isfinite(other).all(), "finite variables", other)
        hold((one != other).any(), "variables that have moved", "the same ones")


@law(
    51,
    "optimizer",
    "gradient . (new - old) < 0 at the first step, in every coordinate",
    "the gradient is added in place of subtracted",
    draws=(NUMBERS, RATES),
)
def first_step_goes_downhill(optimizer: Optimizer, number: int, rate: float) -> None:
    """The first step goes down in every coordinate that has a slope."""
    before, after = steps(optimizer, rate, number, 1)
    for old, new, gradient in zip(before, after, gradients_at(number, 0), strict=True):
        downhill = (gradient * (np.float64(new) - old) < 0) | (np.abs(gradient) < 1e-3)
        hold(downhill.all(), "steps against the gradient", new - old, gradient=gradient)


@law(
    24,
    "optimizer",
    "learning rate 0 is the identity",
    "a decay of the weights, or a rate that is not the one given",
    draws=(NUMBERS,),
)
def learning_rate_0_moves_nothing(optimizer: Optimizer, number: int) -> None:
    """With a learning rate of 0 nothing moves."""
    path = steps(optimizer, 0.0, number, 3)
    for old, new in zip(path[0], path[-1], strict=True):
        hold((old == new).all(), old, new)


@law(
    52,
    "optimizer",
    "a gradient of 0 at the start moves nothing",
    "a decay of the weights, or 0 / 0 where epsilon is missing",
)
def gradient_0_moves_nothing(optimizer: Optimizer) -> None:
    """A variable without slope stays where it is."""
    variables = start(0)
    moving = bound(optimizer, 0.1, variables)
    before = [v.numpy() for v in variables]
    moving.apply([tf.zeros_like(v) for v in variables], tf.constant(0, tf.int64))
    for old, variable in zip(before, variables, strict=True):
        hold((old == variable.numpy()).all(), old, variable.numpy())


@law(
    53,
    "optimizer",
    "each variable's path depends on its own gradients alone",
    "one norm, one moment or one maximum is shared by all variables",
    draws=(NUMBERS,),
)
def variables_move_by_themselves(optimizer: Optimizer, number: int) -> None:
    """A variable moves as it would if it were alone."""
    together = steps(optimizer, 0.05, number, 3)[-1][0]
    variable = start(number)[0]
    alone = bound(optimizer, 0.05, [variable])
    for step in range(3):
        gradient = tf.constant(gradients_at(number, step)[0])
        alone.apply([gradient], tf.constant(step, tf.int64))
    close(together, variable.numpy(), 1e-6, 1e-7)


@law(
    24,
    "optimizer",
    "five compiled steps = five eager ones",
    "the count of steps, or a moment, is a Python number: fixed when the graph is traced",
    draws=(st.sampled_from((0, 1, 2)),),
)
def compiled_steps_equal_eager_ones(optimizer: Optimizer, number: int) -> None:
    """Compiled once and called five times, an optimizer does what it does in eager mode."""
    wanted = steps(optimizer, 0.05, number, 5)[-1]
    for xla in (False, True):
        variables = start(number)
        moving = bound(optimizer, 0.05, variables)

        def move(first: tf.Tensor, second: tf.Tensor, step: tf.Tensor, moving: Any = moving) -> Any:
            moving.apply([first, second], step)
            return step

        example = [tf.constant(g) for g in gradients_at(number, 0)]
        run = compiled(move, (*example, tf.constant(0, tf.int64)), xla)
        for step in range(5):
            gradients = [tf.constant(g) for g in gradients_at(number, step)]
            run(*gradients, tf.constant(step, tf.int64))
        way = "xla" if xla else "graph"
        for variable, value in zip(variables, wanted, strict=True):
            close(variable.numpy(), value, 1e-4, 1e-6, way=way)


@law(
    54,
    "optimizer",
    "rate(step): a schedule is asked for the step that is given",
    "the optimizer's own count where the trainer's round was given",
    unless=lambda optimizer: _takes_no_schedule(optimizer),
)
def schedule_is_asked_for_the_round(optimizer: Optimizer) -> None:
    """A learning rate that is a schedule is a function of the trainer's round."""

    def schedule(step: tf.Tensor) -> tf.Tensor:
        return tf.where(tf.equal(tf.cast(step, tf.int64), 7), 0.1, 0.0)

    for step, moves in ((0, False), (7, True), (8, False)):
        variables = start(0)
        moving = bound(optimizer, schedule, variables)
        before = variables[0].numpy()
        gradients = [tf.constant(g) for g in gradients_at(0, 0)]
        moving.apply(gradients, tf.constant(step, tf.int64))
        moved = bool((variables[0].numpy() != before).any())
        hold(moved == moves, f"moved: {moves}", f"moved: {moved}", step=step)


def _takes_no_schedule(optimizer: Optimizer) -> str:
    try:
        moving = bound(optimizer, lambda step: tf.constant(0.1), start(0))
        moving.apply([tf.constant(g) for g in gradients_at(0, 0)], tf.constant(0, tf.int64))
    except Exception:  # whatever the user's code says of a function in a number's place
        return "for optimizers whose learning rate may be a schedule"
    return ""


# ---- 25: Adam ----


@law(
    25,
    "optimizer",
    "Kingma and Ba 2015, Algorithm 1, for six steps",
    "no bias correction, betas swapped, v without its root, or epsilon inside the root",
    families=("adam",),
    draws=(NUMBERS, RATES),
)
def adam_is_algorithm_1(optimizer: Optimizer, family: str, number: int, rate: float) -> None:
    """Adam is the paper's Algorithm 1, step for step."""
    path = steps(optimizer, rate, number, 6)
    for i in range(len(SHAPES)):
        parameter = np.float64(path[0][i])
        m = np.zeros_like(parameter)
        v = np.zeros_like(parameter)
        for t in range(1, 7):
            gradient = gradients_at(number, t - 1)[i]
            parameter, m, v = reference.adam(
                parameter,
                gradient,
                m,
                v,
                t,
                rate,
                optimizer.beta_1,
                optimizer.beta_2,
                optimizer.epsilon,
            )
            scale = 1e-6 * (1 + np.abs(parameter).max()) + 1e-3 * rate
            close(path[t][i], parameter, 0, scale, step=t, learning_rate=rate)


@law(
    25,
    "optimizer",
    "|first step| = learning rate for every coordinate",
    "no bias correction, which makes it (1 - beta_1) / sqrt(1 - beta_2) times as large",
    families=("adam",),
    draws=(NUMBERS, RATES),
)
def first_step_has_the_size_of_the_learning_rate(
    optimizer: Optimizer, family: str, number: int, rate: float
) -> None:
    """Adam's first step has the size of the learning rate in every coordinate."""
    before, after = steps(optimizer, rate, number, 1)
    for old, new, gradient in zip(before, after, gradients_at(number, 0), strict=True):
        large = np.abs(gradient) > 1e-2 + 1e3 * optimizer.epsilon
        size = np.abs(np.float64(new) - old)[large]
        close(size, np.full_like(size, rate), 2e-3, 2e-7 * (1 + np.abs(old).max()), rate=rate)


@law(
    25,
    "optimizer",
    "Adam of c g is Adam of g for c > 0, as epsilon -> 0",
    "v without its root, or epsilon inside the root",
    families=("adam",),
    draws=(NUMBERS, st.sampled_from((10.0, 1000.0))),
    unless=lambda adam: "for an epsilon of at most 1e-6" if adam.epsilon > 1e-6 else "",
)
def rescaled_gradients_take_the_same_steps(
    optimizer: Optimizer, family: str, number: int, c: float
) -> None:
    """Adam does not see the scale of the gradients."""
    ends = []
    for factor in (1.0, c):
        variables = start(number)
        moving = bound(optimizer, 0.05, variables)
        for step in range(4):
            gradients = [
                tf.constant(np.float32(factor) * np.where(np.abs(g) < 0.01, 0.01, g))
                for g in gradients_at(number, step)
            ]
            moving.apply(gradients, tf.constant(step, tf.int64))
        ends.append(np.concatenate([v.numpy().ravel() for v in variables]))
    close(ends[1], ends[0], 1e-3, 1e-4, c=c)


@law(
    25,
    "optimizer",
    "new = old - learning_rate g",
    "a momentum, or a rate that is not the one given",
    families=("sgd",),
    draws=(NUMBERS, RATES),
)
def sgd_is_its_formula(optimizer: Optimizer, family: str, number: int, rate: float) -> None:
    """Gradient descent subtracts the learning rate times the gradient."""
    path = steps(optimizer, rate, number, 3)
    for i in range(len(SHAPES)):
        parameter = np.float64(path[0][i])
        for t in range(3):
            parameter = parameter - rate * gradients_at(number, t)[i]
        close(path[-1][i], parameter, 1e-5, 1e-6, learning_rate=rate)
