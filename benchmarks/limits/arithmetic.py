"""The operations and the bytes of a training round, counted from the layers.

A layer y = conv(x, w), transposed or dense, is one sum of products over pairs (input number,
output number) that meet at a tap. Its value, its gradient with respect to w and its gradient with
respect to x are three forms of the same sum (`gan_core.nn.kernels.convolution`), so each costs the
same number of multiply-adds for each sample,

    dense                  in * out
    convolution            k k * in * out * (pixels of the output)
    transposed             k k * in * out * (pixels of the input)

taps that fall on padding included. One multiply-add is two operations (FLOP).

One round (one D step, shared z) makes these passes, which `PASSES` lists (w.r.t. stands for "with
respect to"):

    fake = G(z)                             G's values
    D's step     D on real and on fake      D's values, twice
                 back to D's kernels        w.r.t. w, twice; w.r.t. x, twice, but in the first layer
    G's step     D on fake again (D has     D's values
                 moved)
                 back to the samples        w.r.t. x, in the first layer too
                 back to G's kernels        w.r.t. w; w.r.t. x but in the first layer

At 64 pixels, width 64 and 100 numbers in z, G has 104,628,224 multiply-adds an image and D has
103,817,216. D is passed 8 times and G 3 times: 1,144,422,400, or 2.29 GFLOP an image. Three of
these gradients are not needed: that of D's first layer with respect to the pictures, twice in D's
step, and that of G's first layer with respect to z. Without them it is 2.27 GFLOP, which is counted
here: the work of direct computation. The actual work may be more: eager mode computes those three,
and the sub-pixel path multiplies (h + 1) (w + 1) / (h w) times as much, 1.06 to 1.56. Or it may be
less: Winograd's algorithm multiplies 25/64 as much in the layers of 4 x 4 and 8 x 8 pixels (more
than half of a round), so its rate, counted like this, may exceed the peak of a matrix product.

Bytes are the least that a pass alone can move: each operand read once and each result written
once, in the dtype in which it is computed. Batch norm reads its input twice (for the statistics,
then to normalise) and writes once; its gradient reads input and gradient twice. An activation
reads and writes once, and on the way back reads two arrays and writes one. Adam reads a parameter,
its gradient, m and v, and writes three. A compiler that fuses an activation with what stands
before it saves the activation's bytes. The few operations of these three are not counted: their
cost is their bytes.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import tensorflow as tf

from dcgan import networks
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.conv import Conv2D, Conv2DTranspose
from gan_core.nn.dense import Dense
from gan_core.nn.sequential import Sequential
from gan_core.nn.shapes import Flatten, Reshape

VALUE = "value"
GRADIENT_W = "gradient with respect to w"
GRADIENT_X = "gradient with respect to x"

PASSES = (
    ("G", VALUE, 1, True),
    ("G", GRADIENT_W, 1, True),
    ("G", GRADIENT_X, 1, False),
    ("D", VALUE, 3, True),
    ("D", GRADIENT_W, 2, True),
    ("D", GRADIENT_X, 2, False),  # in D's step
    ("D", GRADIENT_X, 1, True),  # in G's step, through D to the samples
)
"""(whose layers, what, how often in a round, in the first layer too)"""
ADAM_BYTES = 7 * 4
"""of a parameter: it, its gradient, m and v read; it, m and v written; all float32"""
MOVED = {
    ("batch norm", VALUE): (2, 1),
    ("batch norm", GRADIENT_X): (3, 2),
    ("activation", VALUE): (1, 1),
    ("activation", GRADIENT_X): (2, 1),
}
"""(kind of layer, what) -> how many arrays of the input's size, and of the output's, are moved:
forward x and y; backward x and dx, and y or dy"""


@dataclasses.dataclass(frozen=True)
class Layer:
    """What one layer costs."""

    name: str
    kind: str
    """"product", "batch norm" or "activation" """
    products: int
    """multiply-adds a sample"""
    in_bytes: int
    """of a sample"""
    out_bytes: int
    """of a sample"""
    kernel_bytes: int
    parameters: int
    """how many numbers are trained"""


@dataclasses.dataclass(frozen=True)
class Work:
    """One pass through one layer, for a whole batch, `times` times in a round."""

    layer: str
    what: str
    times: int
    operations: int
    """FLOP, of one time"""
    bytes: int
    """of one time"""


def layers(network: Sequential, sample_shape: Sequence[int], name: str) -> list[Layer]:
    """Every layer of a network that computes something, in order.

    They are found by running the network on one sample of zeros.

    Args:
        network: G or D.
        sample_shape: the shape of one input sample, without the batch.
        name: is put before the layers' own names.
    """
    found, _ = _walk(network, tf.zeros([1, *sample_shape]), name, itertools.count())
    return found


def a_round(generator: list[Layer], discriminator: list[Layer], batch: int) -> list[Work]:
    """All that one round does: G's layers and Adam, then D's.

    Args:
        generator: its layers.
        discriminator: its layers.
        batch: real samples, and as many generated ones.
    """
    work = []
    for whose, network in (("G", generator), ("D", discriminator)):
        first = next(i for i, layer in enumerate(network) if layer.kind == "product")
        for i, layer in enumerate(network):
            for player, what, times, first_too in PASSES:
                if player != whose or not _exists(layer, what):
                    continue
                nobody_asks = i < first or (i == first and what == GRADIENT_X)
                if nobody_asks and not first_too:
                    continue
                operations, moved = _cost(layer, what, batch)
                work.append(Work(layer.name, what, times, operations, moved))
        parameters = sum(layer.parameters for layer in network)
        work.append(Work(f"{whose} Adam", "step", 1, 0, ADAM_BYTES * parameters))
    return work


def operations(work: list[Work]) -> int:
    """FLOP of all of it."""
    return sum(each.times * each.operations for each in work)


def dcgan_round(
    batch: int, precision: str = "float32", size: int = 64, width: int = 64, latent_dim: int = 100
) -> list[Work]:
    """The round of `dcgan.networks`.

    Args:
        batch: images in a batch.
        precision: float32, tf32 or bfloat16.
        size: height and width of a picture in pixels.
        width: channels of both networks at full picture size.
        latent_dim: numbers in z.
    """
    options = {
        "size": size,
        "width": width,
        "seed": 0,
        "compute_dtype": "bfloat16" if precision == "bfloat16" else "float32",
    }
    generator = networks.generator(latent_dim=latent_dim, **options)
    discriminator = networks.discriminator(**options)
    return a_round(
        layers(generator, [latent_dim], "G"), layers(discriminator, [size, size, 3], "D"), batch
    )


def _walk(
    network: Sequential, x: tf.Tensor, name: str, numbers: Iterator[int]
) -> tuple[list[Layer], tf.Tensor]:
    """The layers of a network, numbered as they come, and what comes out of it."""
    found = []
    for layer in network.layers:
        if isinstance(layer, Sequential):
            inner, x = _walk(layer, x, name, numbers)
            found += inner
            continue
        y = layer(x)
        number = next(numbers)
        changes_nothing = y is x  # as a cast to the same dtype does
        if not changes_nothing and not isinstance(layer, Reshape | Flatten):
            found.append(_layer(layer, x, y, f"{name} {number} {_name(layer)}"))
        x = y
    return found, x


def _layer(layer: Any, x: tf.Tensor, y: tf.Tensor, name: str) -> Layer:
    """What the layer y = layer(x) costs."""
    kind = "activation"
    products = 0
    kernel_bytes = 0
    if isinstance(layer, BatchNorm):
        kind = "batch norm"
    elif isinstance(layer, Dense | Conv2D | Conv2DTranspose):
        kind = "product"
        weights = layer.kernel.shape.num_elements()
        products = weights * _pixels(layer, x, y)
        kernel_bytes = weights * layer.compute_dtype.size
    parameters = sum(v.shape.num_elements() for v in getattr(layer, "trainable_variables", ()))
    return Layer(name, kind, products, _bytes(x), _bytes(y), kernel_bytes, parameters)


def _pixels(layer: Any, x: tf.Tensor, y: tf.Tensor) -> int:
    """How often the kernel is laid on: once for every pixel of the smaller image."""
    if isinstance(layer, Dense):
        return 1
    smaller = x if isinstance(layer, Conv2DTranspose) else y
    return smaller.shape[1:-1].num_elements()


def _exists(layer: Layer, what: str) -> bool:
    """Only a product has two gradients; another layer's is counted as the one with respect to x."""
    return what != GRADIENT_W or layer.kind == "product"


def _cost(layer: Layer, what: str, batch: int) -> tuple[int, int]:
    """(FLOP, bytes) of one pass of a batch."""
    if layer.kind == "product":
        moved = (layer.in_bytes + layer.out_bytes) * batch + layer.kernel_bytes
        return 2 * layer.products * batch, moved
    inputs, outputs = MOVED[layer.kind, what]
    return 0, (inputs * layer.in_bytes + outputs * layer.out_bytes) * batch


def _bytes(x: tf.Tensor) -> int:
    """Of a sample."""
    return x.shape[1:].num_elements() * x.dtype.size


def _name(layer: Any) -> str:
    if isinstance(layer, tf.Module):
        return layer.name
    return getattr(layer, "__name__", "function").strip("_")
