"""The laws of whole networks: generators and discriminators."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from gan_core import rng
from gan_core.game import logits_of
from gan_core.testing.law import hold, law
from gan_core.testing.numeric import (
    close,
    draw,
    each_gets_a_gradient,
    float32,
    same_in_all_ways,
)
from gan_core.testing.subjects import Discriminator, Generator, call

BATCH = 4
Network = Generator | Discriminator


def inputs_of(network: Network, number: int, batch: int = BATCH, scale: float = 1.0) -> list[Any]:
    """[z] or [x], and labels where there are some."""
    if isinstance(network, Generator):
        shape: list[int] = [batch, network.latent_dim]
    else:
        shape = [batch, *network.sample_shape]
    inputs = [float32(scale * draw(number, shape)[0])]
    if network.labels is not None:
        inputs.append(network.labels(batch, rng.seed(number, "labels")))
    return inputs


def answer(network: Network, module: Any, inputs: list[Any], training: bool = False) -> Any:
    """What the network says; the heads of a D that gives several are put side by side."""
    said = call(module, *inputs, training=training)
    if isinstance(network, Discriminator) and isinstance(said, list | tuple):
        return logits_of(said)
    return said


def shape_holds(network: Network, wanted: Any) -> None:
    """Raise Violation unless answers are floating, finite and of the shape `wanted(batch)`."""
    module = network.make(0)
    for batch in (1, BATCH):
        for training in (False, True):
            y = answer(network, module, inputs_of(network, 0, batch), training)
            hold(y is not None, "a tensor", "None", "a return is missing")
            y = tf.convert_to_tensor(y)
            shape = wanted(batch, list(y.shape))
            hold(list(y.shape) == shape, str(shape), str(list(y.shape)), batch=batch)
            hold(y.dtype == tf.float32, "float32", y.dtype.name, batch=batch)


def finite_holds(network: Network) -> None:
    """Raise Violation unless answers to large inputs are finite."""
    module = network.make(0)
    for scale in (1.0, 100.0):
        y = answer(network, module, inputs_of(network, 1, scale=scale))
        finite = np.isfinite(y).all()
        hold(finite, "finite numbers", "NaN or infinite ones", scale_of_input=scale)


def ways_hold(network: Network) -> None:
    """Raise Violation unless eager mode, a graph and XLA agree, in inference and in training."""
    inputs = inputs_of(network, 2)
    for training in (False, True):

        def make(training: bool = training) -> Callable[..., tf.Tensor]:
            module = network.make(0)
            return lambda *inputs: answer(network, module, list(inputs), training)

        same_in_all_ways(make, tuple(inputs), rtol=1e-3, atol=1e-4, training=training)


def alone_holds(network: Network) -> None:
    """Raise Violation unless a sample's answer in inference is its own."""
    module = network.make(0)
    for step in range(2):
        answer(network, module, inputs_of(network, step, scale=2.0), training=True)
    inputs = inputs_of(network, 3)
    together = answer(network, module, inputs)
    rows = []
    for i in range(BATCH):
        alone = [part[i : i + 1] for part in inputs]
        rows.append(answer(network, module, alone))
    close(together, tf.concat(rows, 0), 1e-3, 1e-4, inputs=inputs[0])


def gradients_hold(network: Network) -> None:
    """Raise Violation unless every trainable variable, and the input, has a gradient."""
    module = network.make(0)
    variables = list(module.trainable_variables)
    hold(len(variables) > 0, "trainable variables", "none")

    def gradients_of(number: int) -> list[Any]:
        inputs = inputs_of(network, number)
        with tf.GradientTape() as tape:
            tape.watch(inputs[0])
            y = answer(network, module, inputs, training=True)
            weights = float32(draw(number, list(y.shape))[0])
            total = tf.reduce_sum(tf.cast(y, tf.float32) * weights)
        of_input, *of_variables = tape.gradient(total, [inputs[0], *variables])
        hold(of_input is not None, "a gradient with respect to the input", "None")
        return of_variables

    each_gets_a_gradient(variables, gradients_of)


NUMPY = "Python state, NumPy, or randomness that is drawn once when the graph is traced"
BATCH_STATISTICS = "statistics of the batch are used in inference, or a reshape mixes samples"
UNUSED = "a layer that is not used, tf.stop_gradient, .numpy(), or ReLUs that are all dead"


@law(
    55,
    "generator",
    "z [B, latent_dim] -> [B, *sample_shape], float32",
    "the batch is merged into another axis, or the sizes do not fit",
    first=True,
)
def gives_samples(generator: Generator) -> None:
    """A generator gives samples of the shape that it says, as many as there are z."""
    shape_holds(generator, lambda batch, came: [batch, *generator.sample_shape])


@law(
    55,
    "discriminator",
    "x [B, *sample_shape] -> logits [B], [B, 1] or [B, ...], float32",
    "the batch is averaged away, or merged into another axis",
    first=True,
)
def gives_logits(discriminator: Discriminator) -> None:
    """A discriminator gives float32 logits of every sample."""
    shape_holds(discriminator, lambda batch, came: [batch, *came[1:]])


@law(56, "generator", "|G(z)| < infinity for |z| up to 100", "exp or a division by 0")
def samples_are_finite(generator: Generator) -> None:
    """Samples are finite, and in their range where one is given."""
    finite_holds(generator)
    module = generator.make(0)
    y = np.asarray(answer(generator, module, inputs_of(generator, 1, scale=100.0)))
    if generator.low is not None:
        hold(y.min() >= generator.low, f"at least {generator.low}", y.min(), "no tanh at the end")
    if generator.high is not None:
        hold(y.max() <= generator.high, f"at most {generator.high}", y.max(), "no tanh at the end")


@law(56, "discriminator", "|D(x)| < infinity for |x| up to 100", "exp or a division by 0")
def logits_are_finite(discriminator: Discriminator) -> None:
    """Logits are finite."""
    finite_holds(discriminator)


@law(26, "generator", "eager = graph = XLA", NUMPY)
def generator_agrees_in_eager_graph_and_xla(generator: Generator) -> None:
    """Samples are the same in eager mode, in a graph and compiled by XLA."""
    ways_hold(generator)


@law(26, "discriminator", "eager = graph = XLA", NUMPY)
def discriminator_agrees_in_eager_graph_and_xla(discriminator: Discriminator) -> None:
    """Logits are the same in eager mode, in a graph and compiled by XLA."""
    ways_hold(discriminator)


@law(44, "generator", "training=False: G(z1 z2) = G(z1) G(z2)", BATCH_STATISTICS)
def each_z_has_its_own_sample(generator: Generator) -> None:
    """In inference a sample depends on its own z alone."""
    alone_holds(generator)


@law(44, "discriminator", "training=False: D(x1 x2) = D(x1) D(x2)", BATCH_STATISTICS)
def each_sample_has_its_own_logit(discriminator: Discriminator) -> None:
    """In inference a logit depends on its own sample alone."""
    alone_holds(discriminator)


@law(
    47,
    "generator",
    "dG/dz exists; dG/dW is not 0 for every trainable W, at the start or a few steps later",
    UNUSED,
)
def gradient_reaches_every_variable_of_g(generator: Generator) -> None:
    """Every variable of G has a gradient."""
    gradients_hold(generator)


@law(
    47,
    "discriminator",
    "dD/dx exists; dD/dW is not 0 for every trainable W, at the start or a few steps later",
    UNUSED,
)
def gradient_reaches_every_variable_of_d(discriminator: Discriminator) -> None:
    """Every variable of D has a gradient, and so has its input: G learns through it."""
    gradients_hold(discriminator)


@law(
    57,
    "generator",
    "G(z) differs from G(z') for z != z'",
    "z is not used, or only its shape is",
)
def another_z_gives_another_sample(generator: Generator) -> None:
    """Another z gives another sample."""
    module = generator.make(0)
    y = np.asarray(answer(generator, module, inputs_of(generator, 5)))
    for i in range(1, BATCH):
        hold((y[0] != y[i]).any(), "unlike samples of unlike z", "the same sample", rows=(0, i))


@law(
    58,
    "discriminator",
    "D gives out logits of both signs, not probabilities in [0, 1]",
    "D ends in a sigmoid: the losses take logits, and would apply a second one",
)
def ends_in_logits(discriminator: Discriminator) -> None:
    """D ends in logits, that may be of both signs: it has no sigmoid at its end."""
    parts = []
    for seed, scale in itertools.product(range(4), (1.0, 30.0)):
        inputs = inputs_of(discriminator, seed, scale=scale)
        logits = answer(discriminator, discriminator.make(seed), inputs)
        parts.append(np.asarray(logits).ravel())
    values = np.concatenate(parts)
    probabilities = values.min() >= 0 and values.max() <= 1
    got = f"all between {values.min():.6g} and {values.max():.6g}"
    hold(not probabilities, "logits of any size and both signs", got)
