"""The seconds of every pass of every layer of a DCGAN round, each compiled and timed alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks.limits import arithmetic
from benchmarks.measure import devices, ours, rows
from dcgan import training
from dcgan.config import Config
from gan_core import rng
from gan_core.devices.compiling import compiled
from gan_core.nn.sequential import takes
from gan_core.nn.shapes import Flatten, Reshape


@dataclasses.dataclass(frozen=True)
class Networks:
    """What is played."""

    batch_size: int
    size: int
    width: int
    latent_dim: int


@dataclasses.dataclass(frozen=True)
class How:
    """How it is compiled and timed."""

    mode: str
    """xla, graph or eager"""
    convolution: str
    """auto, native, subpixel or winograd"""
    precision: str
    """float32, tf32 or bfloat16"""
    repeats: int
    """windows of a tenth of a second; the median counts"""


@dataclasses.dataclass(frozen=True)
class Row:
    """One pass of one layer."""

    layer: str
    kind: str
    what: str
    times: int
    """how often in a round"""
    seconds: float
    """of one time"""
    operations: int
    """FLOP of one time"""


def profile(networks: Networks, how: How) -> tuple[list[Row], float]:
    """Time every pass, and the round itself.

    Returns:
        A row for each pass, and the seconds of a whole round.
    """
    trainer = training.build(
        Config(
            **dataclasses.asdict(networks),
            mode=how.mode,
            convolution=how.convolution,
            precision=how.precision,
            **ours.BARE_ROUND,
        )
    )
    picture = [networks.size, networks.size, 3]
    players = (
        ("G", trainer.generator, trainer.g_optimizer, [networks.latent_dim]),
        ("D", trainer.discriminator, trainer.d_optimizer, picture),
    )
    counted = {name: arithmetic.layers(network, shape, name) for name, network, _, shape in players}
    work = arithmetic.a_round(counted["G"], counted["D"], networks.batch_size)
    found = []
    for name, network, optimizer, shape in players:
        x = rng.uniform([networks.batch_size, *shape], rng.seed(0, "x"), -1.0, 1.0)
        found += _layers(network, counted[name], work, x, how)
        found.append(_adam(name, network, optimizer, how))
    real = rng.uniform([networks.batch_size, *picture], rng.seed(0, "real"), -1.0, 1.0)

    def sampler(index: tf.Tensor) -> tf.Tensor:
        return real

    return found, _median(lambda: trainer.rounds(sampler, 1), how.repeats)


def _layers(
    network: Any,
    counted: list[arithmetic.Layer],
    work: list[arithmetic.Work],
    x: tf.Tensor,
    how: How,
) -> list[Row]:
    """The rows of one network: its layers in order, each fed with what those before it gave.

    Args:
        network: G or D.
        counted: its layers that compute something.
        work: all that a round does.
        x: what goes into the network, [B, ...].
        how: they are compiled and timed.
    """
    found = []
    left = iter(counted)
    for layer in network.layers:
        options = {"training": True} if takes(layer, "training") else {}
        y = layer(x, **options)
        if y is not x and not isinstance(layer, Reshape | Flatten):
            about = next(left)
            seconds = pass_seconds(layer, options, x, y, about.kind, how)
            found += _rows_of_a_layer(about, work, seconds)
        x = y
    return found


def _rows_of_a_layer(
    about: arithmetic.Layer, work: list[arithmetic.Work], seconds: dict[str, float]
) -> list[Row]:
    """One row for each kind of pass. (D's gradient with respect to x is asked for in two
    places.)
    """
    times: dict[str, int] = {}
    operations: dict[str, int] = {}
    for each in work:
        if each.layer == about.name:
            times[each.what] = times.get(each.what, 0) + each.times
            operations[each.what] = each.operations
    found = []
    for what, n in times.items():
        found.append(Row(about.name, about.kind, what, n, seconds[what], operations[what]))
    return found


def pass_seconds(
    layer: Any, options: dict[str, Any], x: tf.Tensor, y: tf.Tensor, kind: str, how: How
) -> dict[str, float]:
    """Seconds of each pass of a layer.

    Args:
        layer: x -> y.
        options: the keyword arguments of its call.
        x: what goes in, [B, ...].
        y: what comes out, [B, ...].
        kind: "product", "batch norm" or "activation".
        how: they are compiled and timed.

    Returns:
        what -> seconds.
    """
    dy = tf.cast(rng.uniform(y.shape, rng.seed(0, "dy"), -1.0, 1.0), y.dtype)

    def value(x):
        return layer(x, **options)

    def by_x(x, dy):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x, **options)
        return tape.gradient(y, x, output_gradients=dy)

    def by_w(x, dy):
        with tf.GradientTape() as tape:
            y = layer(x, **options)
        return tape.gradient(y, layer.trainable_variables, output_gradients=dy)

    seconds = {
        arithmetic.VALUE: _time(value, (x,), how),
        arithmetic.GRADIENT_X: _time(by_x, (x, dy), how),
    }
    if kind == "product":
        seconds[arithmetic.GRADIENT_W] = _time(by_w, (x, dy), how)
    if _computes_its_value_again(layer, kind, how.mode):
        value_seconds = seconds[arithmetic.VALUE]
        for what in seconds:
            if what != arithmetic.VALUE:
                seconds[what] = max(seconds[what] - value_seconds, 0.0)
    return seconds


def _computes_its_value_again(layer: Any, kind: str, mode: str) -> bool:
    """Whether a gradient that is timed alone computes the layer's value, which a round has kept.

    Batch norm's gradient asks for the mean and the variance, ReLU's and tanh's for the output (XLA
    joins the two); and eagerly nothing is left out.
    """
    if kind == "batch norm" or mode == "eager":
        return True
    return mode == "graph" and layer in (tf.nn.relu, tf.nn.tanh)


def _adam(name: str, network: Any, optimizer: Any, how: How) -> Row:
    gradients = [tf.zeros_like(v) for v in network.trainable_variables]

    def step():
        optimizer.apply(gradients, 0)

    return Row(f"{name} Adam", "Adam", "step", 1, _time(step, (), how), 0)


def _time(function: Callable, arguments: Sequence[tf.Tensor], how: How) -> float:
    """Seconds a call, compiled as the round is."""
    if how.mode != "eager":
        function = compiled(function, how.mode)
    return _median(lambda: function(*arguments), how.repeats)


def _median(call: Callable[[], Any], repeats: int) -> float:
    """Seconds a call, in windows of as many calls as take a tenth of a second.

    One call alone would show how long it takes to wait for the device.
    """

    def many(n: int) -> None:
        for _ in range(n):
            call()

    call()
    n = max(1, round(0.1 / rows.timed(many, 1, devices.drain)))
    seconds = [rows.timed(many, n, devices.drain) / n for _ in range(repeats)]
    return float(np.median(seconds))
