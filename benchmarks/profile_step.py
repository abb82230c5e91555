"""Where the time of a DCGAN round goes: every pass of every layer by itself, on the shapes that it really has.

    python -m benchmarks.profile_step                       about a minute on two CPU cores
    python -m benchmarks.profile_step --mode xla --convolution subpixel

What a round passes, and how often, is `benchmarks.limits.arithmetic`'s list: values, gradients by kernels,
gradients by inputs, batch norm, activations, Adam. Each is compiled alone and timed alone; beside its
rate stands the share of what a large matrix product reaches in the same run (it may be above 100 % where
Winograd's form multiplies less than is counted). At the end the sum is held against the whole round. They
differ: a layer alone finds its numbers in the cache, or does not, and a compiler joins passes that stand
side by side; on a GPU, passes shorter than it takes to call them show the call; and Winograd's gradients
alone work anew what a round has kept from the value.
"""

import dataclasses
from typing import Literal

import numpy as np
import tensorflow as tf
from rich.table import Table

from benchmarks.limits import arithmetic, peaks
from benchmarks.measure import devices, rows
from dcgan import config as dcgan_config
from dcgan import training
from dcgan.networks import SIZES
from gan_core import checks, rng
from gan_core.app.command_line import run
from gan_core.devices.compiling import compiled
from gan_core.nn.shapes import Flatten, Reshape

DEFAULTS = dcgan_config.Config()


@dataclasses.dataclass(frozen=True)
class Config:
    batch_size: int = 128
    """images in a batch"""
    size: int = 64
    """pixels of a picture, each way: 32, 64 or 128"""
    width: int = 64
    """channels at the pictures' end of both networks"""
    latent_dim: int = 100
    """numbers in z"""
    mode: Literal["xla", "graph", "eager"] = DEFAULTS.mode
    """how each pass, and the round, is compiled"""
    convolution: Literal["auto", "native", "subpixel", "winograd"] = DEFAULTS.convolution
    """how a convolution is worked out"""
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"
    """of the convolutions"""
    device: str = "auto"
    """auto (a GPU if there is one), cpu, or gpu:0, gpu:1, ..."""
    repeats: int = 5
    """windows of a tenth of a second in which each pass is timed, compiled and warm; the median counts"""

    def __post_init__(self):
        for name in ("batch_size", "width", "latent_dim", "repeats"):
            checks.integer("Config", name, getattr(self, name), 1)
        checks.one_of("Config", "size", self.size, SIZES)


@dataclasses.dataclass(frozen=True)
class Row:
    """One pass of one layer: `times` times in a round it takes `seconds` for `operations` FLOP."""

    layer: str
    kind: str
    what: str
    times: int
    seconds: float
    operations: int


def profile(config: Config) -> tuple[list[Row], float, peaks.Peaks]:
    """-> a row for each pass, the seconds of a whole round, and the machine's limits."""
    found = devices.find(config.device)
    if reason := devices.why_not(config.precision, found):
        raise ValueError(f"profile_step: {reason}.")
    kind = devices.use(config.device)
    limits = peaks.measure(config.precision, kind)
    trainer = training.build(
        dcgan_config.Config(
            batch_size=config.batch_size,
            size=config.size,
            width=config.width,
            latent_dim=config.latent_dim,
            average=0.0,
            augment=(),
            gamma=0.0,
            mode=config.mode,
            convolution=config.convolution,
            precision=config.precision,
        )
    )
    found = []
    players = (
        ("G", trainer.generator, trainer.g_optimizer, [config.latent_dim]),
        ("D", trainer.discriminator, trainer.d_optimizer, [config.size, config.size, 3]),
    )
    counted = {name: arithmetic.layers(network, shape, name) for name, network, _, shape in players}
    work = arithmetic.a_round(counted["G"], counted["D"], config.batch_size)
    for name, network, optimizer, shape in players:
        found += _layers(network, counted[name], work, shape, config)
        found.append(_adam(name, network, optimizer, config))
    real = rng.uniform(
        [config.batch_size, config.size, config.size, 3], rng.seed(0, "real"), -1.0, 1.0
    )

    def sampler(index):
        return real

    return found, _median(lambda: trainer.rounds(sampler, 1), config.repeats), limits


def _layers(network, counted, work, sample_shape, config) -> list[Row]:
    """The rows of one network: its layers in order, each fed with what those before it gave."""
    found = []
    x = rng.uniform([config.batch_size, *sample_shape], rng.seed(0, "x"), -1.0, 1.0)
    left = iter(counted)
    for layer, takes_training in zip(network.layers, network._takes_training, strict=True):
        options = {"training": True} if takes_training else {}
        y = layer(x, **options)
        if y is not x and not isinstance(layer, Reshape | Flatten):
            about = next(left)
            seconds = _passes(layer, options, x, y, about, config)
            times, operations = {}, {}  # D's gradient by x is asked for in two places
            for each in work:
                if each.layer == about.name:
                    times[each.what] = times.get(each.what, 0) + each.times
                    operations[each.what] = each.operations
            found += [
                Row(about.name, about.kind, what, n, seconds[what], operations[what])
                for what, n in times.items()
            ]
        x = y
    return found


def _passes(layer, options, x, y, about, config) -> dict[str, float]:
    """Seconds of each pass of this layer: what -> seconds."""
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
        arithmetic.VALUE: _time(value, (x,), config),
        arithmetic.BY_X: _time(by_x, (x, dy), config),
    }
    if about.kind == "product":
        seconds[arithmetic.BY_W] = _time(by_w, (x, dy), config)
    # Alone, these work the layer's value out anew, which a round has kept: batch norm for its mean and variance, ReLU
    # and tanh because their gradients ask for it (XLA joins the two), and eagerly nothing is left out.
    if (
        about.kind == "batch norm"
        or config.mode == "eager"
        or (config.mode == "graph" and layer in (tf.nn.relu, tf.nn.tanh))
    ):
        again = seconds[arithmetic.VALUE]
        seconds |= {
            what: max(taken - again, 0.0)
            for what, taken in seconds.items()
            if what != arithmetic.VALUE
        }
    return seconds


def _adam(name, network, optimizer, config) -> Row:
    gradients = [tf.zeros_like(v) for v in network.trainable_variables]

    def step():
        optimizer.apply(gradients)

    return Row(f"{name} Adam", "Adam", "step", 1, _time(step, (), config), 0)


def _time(function, arguments, config) -> float:
    """Seconds a call, compiled as the round is."""
    if config.mode != "eager":
        function = compiled(function, config.mode)
    return _median(lambda: function(*arguments), config.repeats)


def _median(call, repeats: int) -> float:
    """Seconds a call, of as many in a row as take a tenth of a second: waiting for the device takes its time too."""

    def many(n):
        for _ in range(n):
            call()

    call()
    n = max(1, round(0.1 / rows.timed(many, 1, devices.drain)))
    return float(np.median([rows.timed(many, n, devices.drain) / n for _ in range(repeats)]))


def table(found: list[Row], whole: float, limits: peaks.Peaks, title: str) -> Table:
    made = Table(
        *("layer", "pass", "times", "ms each", "GFLOP/s", "% of the peak", "% of the round"),
        title=title,
    )
    for row in sorted(found, key=lambda row: -row.times * row.seconds):
        rate = row.operations / row.seconds if row.operations and row.seconds else None
        made.add_row(
            row.layer,
            row.what,
            str(row.times),
            f"{row.seconds * 1e3:.2f}",
            f"{rate / 1e9:.0f}" if rate else "",
            f"{rate / limits.operations:.0%}" if rate else "",
            f"{row.times * row.seconds / whole:.1%}",
        )
    return made


def summary(found: list[Row], whole: float, limits: peaks.Peaks) -> list[str]:
    """What each kind of work takes in all, and the round itself."""
    kinds = {}
    for row in found:
        kinds[row.kind] = kinds.get(row.kind, 0.0) + row.times * row.seconds
    operations = sum(row.times * row.operations for row in found)
    rate = operations / whole
    return [
        ", ".join(f"{kind} {seconds * 1e3:.1f} ms" for kind, seconds in kinds.items())
        + f"; in all {sum(kinds.values()) * 1e3:.1f} ms",
        f"the whole round {whole * 1e3:.1f} ms: {operations / 1e9:.4g} GFLOP at {rate / 1e9:.4g} GFLOP/s, "
        f"{rate / limits.operations:.0%} of the {limits.operations / 1e9:.4g} of a large matrix product",
    ]


def main(config: Config) -> None:
    found, whole, limits = profile(config)
    console = rows.console()
    console.print(
        table(
            found,
            whole,
            limits,
            f"A DCGAN round pass by pass, batch {config.batch_size}, "
            f"{config.mode}, {config.convolution}, {config.precision}",
        )
    )
    for line in summary(found, whole, limits):
        console.print(line, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    run(Config, main, __doc__.split("\n")[0], "python -m benchmarks.profile_step")
