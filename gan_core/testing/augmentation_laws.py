"""The laws of augmentations: function(x, seed, step) -> x of the same shape."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from gan_core import rng
from gan_core.testing.law import hold, law
from gan_core.testing.numeric import close, draw, float32, same_in_all_ways
from gan_core.testing.subjects import Augmentation

BATCH = 4
STEP = 0


def samples(augmentation: Augmentation, number: int, batch: int = BATCH) -> tf.Tensor:
    """x [batch, *in_shape] in (-1, 1)."""
    return float32(np.tanh(draw(number, [batch, *augmentation.in_shape])[0]))


def shown(augmentation: Augmentation, x: Any, number: int = 0) -> Any:
    """x as D sees it, with one seed."""
    return augmentation(x, rng.seed(0, "augment", number), tf.constant(STEP, tf.int64))


def draws_nothing(augmentation: Augmentation) -> str:
    """The laws of random draws are for augmentations that draw."""
    x = samples(augmentation, 0)
    same = all(
        np.array_equal(shown(augmentation, x, number), shown(augmentation, x, 0))
        for number in (1, 2)
    )
    return "for augmentations that draw random numbers" if same else ""


@law(
    64,
    "augmentation",
    "x [B, ...] -> [B, ...] float32, finite",
    "a crop or a cast that is not undone",
    first=True,
)
def augmentation_keeps_shape(augmentation: Augmentation) -> None:
    """An augmentation keeps shape and dtype."""
    for batch in (1, BATCH):
        x = samples(augmentation, 0, batch)
        y = shown(augmentation, x)
        hold(y is not None, "a tensor", "None", "a return is missing")
        y = tf.convert_to_tensor(y)
        hold(list(y.shape) == list(x.shape), str(list(x.shape)), str(list(y.shape)))
        hold(y.dtype == tf.float32, "float32", y.dtype.name)
        hold(np.isfinite(y).all(), "finite numbers", "NaN or infinite ones")


@law(
    65,
    "augmentation",
    "dA(x)/dx is the slope of A, by central differences",
    "rounding, .numpy(), a cast to uint8, or tf.stop_gradient: G then learns nothing through it",
)
def augmentation_is_differentiable(augmentation: Augmentation) -> None:
    """An augmentation is differentiable in x, so that G learns through it."""
    x = samples(augmentation, 1)
    weights, direction = draw(2, list(x.shape), list(x.shape))
    direction = direction / np.linalg.norm(direction)

    def total(x: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(shown(augmentation, x) * weights)

    with tf.GradientTape() as tape:
        tape.watch(x)
        value = total(x)
    gradient = tape.gradient(value, x)
    hold(gradient is not None, "a gradient with respect to x", "None")
    h = np.float32(1 / 64)
    slope = (float(total(x + h * direction)) - float(total(x - h * direction))) / (2 * h)
    got = float(np.sum(np.float64(gradient) * direction))
    close(got, slope, 1e-2, 2e-3 * float(np.linalg.norm(weights)))


@law(
    66,
    "augmentation",
    "one seed, one answer, however often and in whatever order it is called",
    "hidden randomness, or one treatment of the first call (real) and another of the next (fake)",
)
def the_same_draw_for_real_and_fake(augmentation: Augmentation) -> None:
    """With one seed, real and fake samples are treated alike: A is a function of x and seed."""
    x = samples(augmentation, 2)
    answers = [np.asarray(shown(augmentation, x)) for _ in range(4)]
    for i, one in enumerate(answers):
        hold(np.array_equal(one, answers[0]), answers[0], one, call=i + 1)


@law(
    67,
    "augmentation",
    "x_1 = x_2: A(x)_1 differs from A(x)_2",
    "a seed that is ignored, or randomness drawn once",
    unless=draws_nothing,
)
def each_sample_has_its_own_draw(augmentation: Augmentation) -> None:
    """Equal samples in one batch are treated unlike: each draws for itself."""
    one = samples(augmentation, 3, 1)
    x = tf.repeat(one, 16, axis=0)
    unlike = any(
        (
            np.asarray(shown(augmentation, x, number))
            != np.asarray(shown(augmentation, x, number))[:1]
        ).any()
        for number in range(4)
    )
    hold(unlike, "unlike rows", "one draw for the whole batch", "one draw for the whole batch")


@law(
    68,
    "augmentation",
    "A(x)_i depends on x_i alone",
    "a statistic of the batch (its mean, its largest value) is used",
)
def samples_are_augmented_alone(augmentation: Augmentation) -> None:
    """A sample's augmentation does not depend on the other samples."""
    x = samples(augmentation, 4)
    other = tf.concat([x[:1], 0.5 * samples(augmentation, 5)[1:]], 0)
    close(shown(augmentation, other)[0], shown(augmentation, x)[0], 1e-5, 1e-6)


@law(
    69,
    "augmentation",
    "eager = graph = XLA, the same draw",
    "tf.random or Python's random, drawn once when the graph is traced; use gan_core.rng",
)
def augmentation_agrees_in_eager_graph_and_xla(augmentation: Augmentation) -> None:
    """An augmentation is the same in eager mode, in a graph and compiled by XLA."""
    x = samples(augmentation, 6)

    def run(x: tf.Tensor) -> tf.Tensor:
        return shown(augmentation, x)

    same_in_all_ways(lambda: run, (x,), rtol=1e-4, atol=1e-4)


@law(
    70,
    "augmentation",
    "mean of A(x) over seeds = x",
    "a shift or a scale whose mean is not 0 or 1",
    families=("identity-in-the-mean",),
)
def augmentation_is_the_identity_in_the_mean(augmentation: Augmentation, family: str) -> None:
    """Over many seeds the augmented sample is the sample."""
    one = samples(augmentation, 7, 1)
    x = tf.repeat(one, 512, axis=0)
    all_shown = np.concatenate([np.asarray(shown(augmentation, x, n)) for n in range(2)])
    mean = all_shown.mean(0)
    noise = 6 * all_shown.std(0) / np.sqrt(len(all_shown)) + 1e-4
    far = np.abs(mean - np.asarray(one[0])) > noise
    hold(not far.any(), np.asarray(one[0]), mean)
