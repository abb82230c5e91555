"""How much a round of training must multiply, and how much it must move, counted from the layers.

A layer y = conv(x, w), transposed or dense, is one sum of products over (input number, output number)
pairs that meet at a tap. Its value, its gradient by w and its gradient by x are three faces of the
same sum (`gan_core.nn.kernels.convolution`), so each costs the same number of multiply-adds,

    dense                  in * out
    convolution            k k * in * out * (pixels of the output)
    transposed             k k * in * out * (pixels of the input)

for each sample, taps that fall on padding included. One multiply-add is two operations (FLOP).

One round (one D step, shared z) makes these passes, which `PASSES` lists:

    fake = G(z)                                                      G's values
    D's step     D on real and on fake                               D's values, twice
                 back to D's kernels                                 by w, twice; by x but in the first layer, twice
    G's step     D on fake again (D has moved)                       D's values
                 back to the samples                                 by x, in the first layer too
                 back to G's kernels                                 by w; by x but in the first layer

At 64 pixels, width 64 and 100 numbers in z, G has 104,628,224 multiply-adds an image and D 103,817,216.
D is passed 8 times and G 3 times: 1,144,422,400, or 2.29 GFLOP an image. Three of these passes' ends
nobody asks for: D's first layer by the pictures, twice in D's step, and G's first by z. Without them it is
2.27, which is counted here: the work of the sums as they stand. What is done may be more: eager mode makes those
three, and the sub-pixel path multiplies (h + 1) (w + 1) / (h w) times as much, 1.06 to 1.56. Or less: Winograd's form
multiplies 25/64 as much in the layers of 4 x 4 and 8 x 8 pixels (more than half of a round), so its rate, counted like
this, may pass the peak of a matrix product.

Bytes are the least that a pass alone can move: each operand read once and each result written once, in
the dtype in which it is computed. Batch norm reads its input twice (for the statistics, then to
normalise) and writes once; its gradient reads input and gradient twice. An activation reads and writes
once, and on the way back reads two arrays and writes one. Adam reads a parameter, its gradient, m and v, and
writes three. A compiler that fuses an activation with what stands before it saves the activation's bytes.
The few operations of these three are not counted: it is the bytes that they cost.
"""

import dataclasses
import itertools

import tensorflow as tf

from dcgan import networks
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.conv import Conv2D, Conv2DTranspose
from gan_core.nn.dense import Dense
from gan_core.nn.sequential import Sequential
from gan_core.nn.shapes import Flatten, Reshape

VALUE, BY_W, BY_X = "value", "gradient by w", "gradient by x"  # what a pass makes of a layer

# (whose layers, what, how often in a round, in the first layer too)
PASSES = (
    ("G", VALUE, 1, True),
    ("G", BY_W, 1, True),
    ("G", BY_X, 1, False),
    ("D", VALUE, 3, True),
    ("D", BY_W, 2, True),
    ("D", BY_X, 2, False),  # in D's step
    ("D", BY_X, 1, True),  # in G's step, through D to the samples
)
ADAM_BYTES = 7 * 4  # a parameter: it, its gradient, m and v read; it, m and v written; all float32


@dataclasses.dataclass(frozen=True)
class Layer:
    """What one layer costs. products: multiply-adds a sample;  in_bytes, out_bytes: a sample's."""

    name: str
    kind: str
    """"product", "batch norm" or "activation" """
    products: int
    in_bytes: int
    out_bytes: int
    kernel_bytes: int
    parameters: int


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


def layers(network: Sequential, sample_shape, name: str) -> list[Layer]:
    """Every layer of a network that computes something, in order; found by running it on one sample of zeros.

    sample_shape: of what goes in, without the batch.  name: put before the layers' own.
    """
    found, _ = _walk(network, tf.zeros([1, *sample_shape]), name, itertools.count())
    return found


def a_round(generator: list[Layer], discriminator: list[Layer], batch: int) -> list[Work]:
    """All that one round with `batch` real and `batch` generated samples does: G's layers and Adam, then D's."""
    work = []
    for whose, network in (("G", generator), ("D", discriminator)):
        first = next(i for i, layer in enumerate(network) if layer.kind == "product")
        for i, layer in enumerate(network):
            for player, what, times, first_too in PASSES:
                before_first = i < first or (i == first and what == BY_X)
                if player == whose and (first_too or not before_first) and _exists(layer, what):
                    operations, moved = _cost(layer, what, batch)
                    work.append(Work(layer.name, what, times, operations, moved))
        parameters = sum(layer.parameters for layer in network)
        work.append(Work(f"{whose} Adam", "step", 1, 0, ADAM_BYTES * parameters))
    return work


def operations(work: list[Work]) -> int:
    """FLOP of all of it."""
    return sum(each.times * each.operations for each in work)


def bytes_moved(work: list[Work]) -> int:
    return sum(each.times * each.bytes for each in work)


def dcgan_round(
    batch: int, precision: str = "float32", size: int = 64, width: int = 64, latent_dim: int = 100
) -> list[Work]:
    """The round of `dcgan.networks` of these sizes."""
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


def _walk(network, x, name, numbers):
    found = []
    for layer in network.layers:
        if isinstance(layer, Sequential):
            inner, x = _walk(layer, x, name, numbers)
            found += inner
            continue
        y, number = layer(x), next(numbers)
        if y is not x and not isinstance(
            layer, Reshape | Flatten
        ):  # a cast to the same dtype gives x itself
            found.append(_layer(layer, x, y, f"{name} {number} {_name(layer)}"))
        x = y
    return found, x


def _layer(layer, x, y, name) -> Layer:
    products = kernel_bytes = 0
    if isinstance(layer, Dense | Conv2D | Conv2DTranspose):
        pixels = {
            Dense: 1,
            Conv2D: y.shape[1:-1].num_elements(),
            Conv2DTranspose: x.shape[1:-1].num_elements(),
        }
        products = layer.kernel.shape.num_elements() * pixels[type(layer)]
        kernel_bytes = layer.kernel.shape.num_elements() * layer.compute_dtype.size
    kind = "product" if products else "batch norm" if isinstance(layer, BatchNorm) else "activation"
    parameters = sum(v.shape.num_elements() for v in getattr(layer, "trainable_variables", ()))
    return Layer(name, kind, products, _bytes(x), _bytes(y), kernel_bytes, parameters)


def _exists(layer, what) -> bool:
    """Only a product has two gradients; that of a batch norm or an activation is counted as the one by x."""
    return what != BY_W or layer.kind == "product"


def _cost(layer, what, batch) -> tuple[int, int]:
    """(FLOP, bytes) of one pass of a batch."""
    if layer.kind == "product":
        return 2 * layer.products * batch, (
            layer.in_bytes + layer.out_bytes
        ) * batch + layer.kernel_bytes
    ways = {
        ("batch norm", VALUE): (2, 1),
        ("batch norm", BY_X): (3, 2),  # how often input and output's size move:
        ("activation", VALUE): (1, 1),
        ("activation", BY_X): (2, 1),
    }  # x, dx and y, dy
    inputs, outputs = ways[layer.kind, what]
    return 0, (inputs * layer.in_bytes + outputs * layer.out_bytes) * batch


def _bytes(x) -> int:
    return x.shape[1:].num_elements() * x.dtype.size


def _name(layer) -> str:
    return (
        layer.name
        if isinstance(layer, tf.Module)
        else getattr(layer, "__name__", "function").strip("_")
    )
