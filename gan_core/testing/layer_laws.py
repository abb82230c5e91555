"""The laws of layers: shapes, gradients, seeds, and what training=False promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from hypothesis import strategies as st

from gan_core import rng
from gan_core.testing.law import hold, law
from gan_core.testing.numeric import (
    close,
    compiled,
    draw,
    each_gets_a_gradient,
    float32,
    same_in_all_ways,
)
from gan_core.testing.subjects import Layer, call

NUMBERS = st.integers(0, 50)
BATCH = 4


def input_of(layer: Layer, number: int, batch: int = BATCH) -> tf.Tensor:
    """Standard normal x [batch, *in_shape]."""
    return float32(draw(number, [batch, *layer.in_shape])[0])


def variables_of(module: Any) -> list[tf.Variable]:
    """The trainable variables of a module; [] of a plain function."""
    return list(getattr(module, "trainable_variables", ()))


def no_variables(layer: Layer) -> str:
    """Laws of weights are for layers that have some."""
    return "" if variables_of(layer.make(0)) else "for layers with trainable variables"


@law(
    41,
    "layer",
    "x [B, *in_shape] -> y [B, *out_shape], floating, for B = 1 and 4, both values of training",
    "the batch is merged into another axis, or an axis is missing",
    first=True,
)
def gives_the_shape_it_says(layer: Layer) -> None:
    """A layer gives the shape that it says, and leaves the batch size as it is."""
    module = layer.make(0)
    for batch in (1, BATCH):
        for training in (False, True):
            y = call(module, input_of(layer, 0, batch), training=training)
            hold(y is not None, "a tensor", "None", "a return is missing")
            y = tf.convert_to_tensor(y)
            wanted = [batch, *layer.out_shape]
            inputs = {"x": str([batch, *layer.in_shape]), "training": str(training)}
            hold(list(y.shape) == wanted, str(wanted), str(list(y.shape)), **inputs)
            hold(y.dtype.is_floating, "a floating dtype", y.dtype.name, **inputs)
            if batch > 1:
                finite = np.isfinite(y).all()
                hold(finite, "finite numbers", "NaN or infinite ones", **inputs)


@law(
    26,
    "layer",
    "eager = graph = XLA, values and gradients",
    "Python state, NumPy, or randomness that is drawn once when the graph is traced",
)
def layer_agrees_in_eager_graph_and_xla(layer: Layer) -> None:
    """A layer gives the same in eager mode, in a graph and compiled by XLA."""
    x = input_of(layer, 1)

    def make() -> Callable[[tf.Tensor], list[tf.Tensor]]:
        module = layer.make(0)

        def everything(x: tf.Tensor) -> list[tf.Tensor]:
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = call(module, x, training=True)  # its seed has no value while this is traced
                total = tf.reduce_sum(tf.square(y))
            return [y, tape.gradient(total, x, unconnected_gradients="zero")]

        return everything

    same_in_all_ways(make, (x,), rtol=1e-3, atol=1e-4)


@law(
    42,
    "layer",
    "dy/dx and dy/dW are the slopes of y, by central differences",
    "a gradient of one's own, tf.stop_gradient, or rounding in the way",
    draws=(NUMBERS,),
)
def layer_gradients_are_slopes(layer: Layer, number: int) -> None:
    """The gradients with respect to x and to the weights are slopes."""
    module = layer.make(0)
    x = input_of(layer, number)
    weights = float32(draw(number + 1, [BATCH, *layer.out_shape])[0])
    variables = variables_of(module)
    others = [v for v in getattr(module, "variables", ()) if not v.trainable]
    state = [variable.numpy() for variable in others]

    def total(x: tf.Tensor) -> tf.Tensor:
        for variable, value in zip(others, state, strict=True):
            variable.assign(value)  # what a call in training moves
        y = call(module, x, training=True)
        return tf.reduce_sum(tf.cast(y, tf.float32) * weights)

    with tf.GradientTape() as tape:
        tape.watch(x)
        value = total(x)
    slopes = tape.gradient(value, [x, *variables], unconnected_gradients="zero")
    h = 1 / 256
    directions = [_unit(number, i, part) for i, part in enumerate([x, *variables])]
    rises = [float(total(x + s * h * directions[0])) for s in (1, -1)]
    tolerance = 2e-3 * float(tf.norm(weights)) * (1 + float(tf.norm(x)))
    _same_slope(slopes[0], directions[0], rises, h, tolerance, "x")
    for slope, variable, direction in zip(slopes[1:], variables, directions[1:], strict=True):
        start = variable.numpy()
        rises = []
        for sign in (1, -1):
            variable.assign(start + sign * h * direction)
            rises.append(float(total(x)))
        variable.assign(start)
        _same_slope(slope, direction, rises, h, tolerance, variable.name)


def _unit(number: int, part: int, like: Any) -> Any:
    (direction,) = draw(1000 * number + part, list(like.shape))
    return direction / max(np.linalg.norm(direction), 1e-6)


def _same_slope(
    gradient: Any, direction: Any, rises: list[float], h: float, tolerance: float, of: str
) -> None:
    got = float(np.sum(np.asarray(tf.convert_to_tensor(gradient), np.float64) * direction))
    close(got, (rises[0] - rises[1]) / (2 * h), 2e-2, tolerance, with_respect_to=of)


@law(
    43,
    "layer",
    "d/dx |dy/dx|^2 exists and is finite, for x and for every weight that it depends on",
    "an op or a custom gradient without a second derivative, which R1 and WGAN-GP need",
)
def second_gradient_exists(layer: Layer) -> None:
    """A layer can be differentiated twice, as gradient penalties do."""
    module = layer.make(0)
    x = input_of(layer, 2)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = call(module, x, training=True)
            total = tf.reduce_sum(tf.square(tf.cast(y, tf.float32)))
        slope = inner.gradient(total, x)
        hold(slope is not None, "a gradient with respect to x", "None")
        size = tf.reduce_sum(tf.square(slope))
    second = outer.gradient(size, [x, *variables_of(module)])
    hold(second[0] is not None, "a second gradient with respect to x", "None")
    for gradient in second:
        if gradient is not None:
            finite = np.isfinite(tf.convert_to_tensor(gradient)).all()
            hold(finite, "a finite second gradient", "NaN or infinite numbers")


@law(
    44,
    "layer",
    "training=False: f(x1 x2) = f(x1) f(x2)",
    "statistics of the batch are used in inference, or the batch is mixed by a reshape",
    draws=(NUMBERS,),
)
def inference_treats_samples_alone(layer: Layer, number: int) -> None:
    """In inference a sample's answer does not depend on the rest of its batch."""
    module = layer.make(0)
    for step in range(3):
        call(module, 1 + 2 * input_of(layer, step), training=True)
    x = input_of(layer, number)
    together = call(module, x, training=False)
    alone = tf.concat([call(module, x[i : i + 1], training=False) for i in range(BATCH)], 0)
    close(together, alone, 1e-3, 1e-4, x=x)


@law(
    45,
    "layer",
    "training=False changes no variable",
    "moving averages, a counter or a power iteration that moves in inference too",
)
def inference_changes_nothing(layer: Layer) -> None:
    """A call in inference changes no variable, and gives the same answer twice."""
    module = layer.make(0)
    variables = list(getattr(module, "variables", ()))
    before = [variable.numpy() for variable in variables]
    x = input_of(layer, 3)
    first, second = (np.asarray(call(module, x, training=False)) for _ in range(2))
    hold((first == second).all(), first, second, x=x)
    for variable, value in zip(variables, before, strict=True):
        hold((variable.numpy() == value).all(), f"{variable.name} as before", variable.numpy())


@law(
    46,
    "layer",
    "training=True: f(x in another order) = f(x) in that order",
    "groups by position in the batch, or a reshape that mixes samples",
    unless=lambda layer: _draws_numbers(layer),
)
def sample_order_goes_with_the_answers(layer: Layer) -> None:
    """In training, too, samples in another order give the answers in that order."""
    order = [2, 0, 3, 1]
    x = input_of(layer, 4)
    plain = layer.make(0)
    shuffled = layer.make(0)
    wanted = tf.gather(call(plain, x, training=True), order)
    close(call(shuffled, tf.gather(x, order), training=True), wanted, 1e-3, 1e-4, x=x)


def _draws_numbers(layer: Layer) -> str:
    x = input_of(layer, 4)
    answers = []
    for i in (0, 1):
        module = layer.make(0)  # a new one, because training may change its variables
        seed = rng.seed(0, "law", i)
        answers.append(np.asarray(call(module, x, training=True, seed=seed)))
    if (answers[0] == answers[1]).all():
        return ""
    return "for layers that draw no random numbers"


@law(
    47,
    "layer",
    "dy/dW is not 0 for every trainable W, at the start or a few steps later",
    "a weight that is not used, tf.stop_gradient, .numpy(), or two in a row that start at 0",
    unless=no_variables,
)
def gradient_reaches_every_variable(layer: Layer) -> None:
    """Every trainable variable has a gradient, and one that is not 0."""
    module = layer.make(0)
    variables = variables_of(module)

    def gradients_of(number: int) -> list[Any]:
        weights = float32(draw(number + 9, [BATCH, *layer.out_shape])[0])
        with tf.GradientTape() as tape:
            y = call(module, input_of(layer, number), training=True)
            total = tf.reduce_sum(tf.cast(y, tf.float32) * weights)
        return tape.gradient(total, variables)

    each_gets_a_gradient(variables, gradients_of)


@law(
    48,
    "layer",
    "make(s) twice gives equal weights; make(s') gives others",
    "weights drawn by a generator with hidden state, or a seed that is ignored",
    unless=no_variables,
)
def the_seed_decides_the_weights(layer: Layer) -> None:
    """One seed, one set of starting weights."""

    def weights(seed: int) -> list[np.ndarray]:
        return [variable.numpy() for variable in variables_of(layer.make(seed))]

    first = weights(3)
    second = weights(3)
    other = weights(4)
    for one, two in zip(first, second, strict=True):
        hold((one == two).all(), "equal weights of one seed", "others")
    random = any(np.size(one) > 1 and np.ptp(one) > 0 for one in first)
    same = all((one == two).all() for one, two in zip(first, other, strict=True))
    hold(not (random and same), "other weights of another seed", "the same")


@law(
    49,
    "layer",
    "the units of a layer start apart: no two columns of W are equal",
    "all weights start at one number: all units then stay equal for ever",
    unless=no_variables,
)
def units_start_apart(layer: Layer) -> None:
    """Units that start equal have equal gradients, and never part."""
    for variable in variables_of(layer.make(0)):
        if len(variable.shape) >= 2 and variable.shape[-1] > 1:
            value = variable.numpy().reshape([-1, variable.shape[-1]])
            apart = len(np.unique(value, axis=1).T) == value.shape[1]
            hold(apart, f"unlike columns of {variable.name}", value)


# ---- 26: batch norm ----


def batch_norm_input(layer: Layer, number: int, batch: int = BATCH) -> tf.Tensor:
    """A batch whose channels have means and sizes of their own."""
    channels = np.arange(1, layer.in_shape[-1] + 1, dtype=np.float32)
    return channels * input_of(layer, number, batch) + 3 * channels


def statistics(x: Any) -> tuple[Any, Any, int]:
    """Mean, biased variance and number of values of each channel."""
    values = np.asarray(x, np.float64).reshape([-1, x.shape[-1]])
    return values.mean(0), values.var(0), len(values)


@law(
    26,
    "layer",
    "training=True: mean y = beta = 0, sd y = gamma = 1 per channel",
    "statistics over the wrong axes, the variance in place of its root, or the unbiased one",
    families=("batch-norm",),
    draws=(NUMBERS,),
)
def batch_norm_standardises_the_batch(layer: Layer, family: str, number: int) -> None:
    """In training a new batch norm gives each channel mean 0 and standard deviation 1."""
    x = batch_norm_input(layer, number)
    mean, variance, _ = statistics(call(layer.make(0), x, training=True))
    _, of_x, _ = statistics(x)
    close(mean, np.zeros_like(mean), 0, 1e-3, x=x)
    wanted = of_x / (of_x + 1e-3)  # an epsilon of up to 1e-3 is nobody's mistake
    low_enough = (variance <= 1 + 1e-3).all()
    high_enough = (variance >= wanted - 1e-3).all()
    hold(low_enough and high_enough, np.ones_like(variance), variance, x=x)


@law(
    26,
    "layer",
    "training=False after long training on x: y = (x - mean x) / sqrt(n/(n - 1) var x + epsilon)",
    "the moving variance gets the biased variance; the batch's own sum / (n - 1) belongs there",
    families=("batch-norm",),
)
def moving_averages_reach_the_batch(layer: Layer, family: str) -> None:
    """The moving averages go to the batch's mean and its unbiased variance."""
    module = layer.make(0)
    x = batch_norm_input(layer, 0)

    def train_once(count: tf.Tensor) -> list[tf.Tensor]:
        call(module, x, training=True)
        return [count + 1]

    def train(x: tf.Tensor) -> tf.Tensor:
        tf.while_loop(lambda count: count < 3000, train_once, [tf.constant(0)])
        return x

    compiled(train, (x,), xla=False)(x)
    mean, variance, n = statistics(x)
    got = np.asarray(call(module, x, training=False))
    wanted = (np.asarray(x, np.float64) - mean) / np.sqrt(variance * n / (n - 1))
    biased = (np.asarray(x, np.float64) - mean) / np.sqrt(variance)
    likely = ""
    if not np.allclose(got, wanted, rtol=5e-3, atol=5e-3) and np.allclose(got, biased, rtol=5e-3):
        likely = "the moving variance gets the biased variance, sum / n"
    close(got, wanted, 5e-3, 5e-3, likely, n=n)


@law(
    26,
    "layer",
    "moving = m moving + (1 - m) batch with m > 1/2: one batch moves it by less than half",
    "momentum is the share of the new value (PyTorch's) where the old one's was meant",
    families=("batch-norm",),
)
def one_batch_moves_the_averages_a_little(layer: Layer, family: str) -> None:
    """One batch moves the averages by less than half of the way."""
    module = layer.make(0)
    averages = [variable for variable in module.variables if not variable.trainable]
    hold(len(averages) >= 2, "two moving averages that are not trained", len(averages))
    x = batch_norm_input(layer, 0) + 100.0
    seen = [[variable.numpy().astype(np.float64) for variable in averages]]
    for _ in range(2):
        call(module, x, training=True)
        seen.append([variable.numpy().astype(np.float64) for variable in averages])
    for start, first, second in zip(*seen, strict=True):
        moved = np.sum(np.abs(first - start))
        if moved > 0:
            # One batch leaves the share m of the way; the same batch again moves m times as far.
            left = np.sum(np.abs(second - first)) / moved
            hold(left > 0.5, "more than half of the way left after one batch", left)


@law(
    26,
    "layer",
    "training=False: f((x + x') / 2) = (f(x) + f(x')) / 2",
    "the batch's own statistics are used in inference",
    families=("batch-norm",),
    draws=(NUMBERS,),
)
def batch_norm_is_affine_in_inference(layer: Layer, family: str, number: int) -> None:
    """In inference batch norm is affine: fixed numbers scale and shift each channel."""
    module = layer.make(0)
    call(module, batch_norm_input(layer, 1), training=True)
    x = batch_norm_input(layer, number)
    other = batch_norm_input(layer, number + 1)
    middle = call(module, (x + other) / 2, training=False)
    ends = call(module, x, training=False), call(module, other, training=False)
    close(middle, (np.asarray(ends[0]) + np.asarray(ends[1])) / 2, 1e-4, 1e-3, x=x)


# ---- 71: dropout ----


@law(
    71,
    "layer",
    "the mean of training=True over seeds = training=False",
    "what is kept is not divided by the share that is kept, or is divided by the share dropped",
    families=("dropout",),
)
def training_equals_inference_in_the_mean(layer: Layer, family: str) -> None:
    """Over many masks, training gives in the mean what inference gives (Srivastava et al. 2014)."""
    module = layer.make(0)
    one = input_of(layer, 0, 1)
    x = tf.repeat(one, 4096, axis=0)
    trained = np.asarray(call(module, x, training=True, seed=rng.seed(0, "law")), np.float64)
    wanted = np.asarray(call(module, one, training=False), np.float64)[0]
    mean = trained.mean(0)
    noise = 6 * trained.std(0) / np.sqrt(len(trained)) + 1e-4
    hold((np.abs(mean - wanted) <= noise).all(), wanted, mean, x=one)
