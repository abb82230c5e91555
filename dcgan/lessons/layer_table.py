"""A network of convolutions, counted by hand: its sizes, its parameters, what its units can see.

Go down a network, and keep three numbers of the units that you reach: r, how many pixels of the
picture one unit sees on a side (its receptive field); d, how far apart the fields of neighbours
begin; f, the first pixel of unit 0's field, below 0 if zeros were put there. At the picture itself
r = d = 1 and f = 0. A layer with kernel k, stride s and p zeros before makes of them

    r + (k - 1) d,    s d,    f - p d

(Dumoulin and Visin 2016 have the sizes; Araujo et al. 2019, "Computing receptive fields of
convolutional neural networks", equations 2, 3 and 5, the fields).
"""

from __future__ import annotations

import dataclasses

import numpy as np
import tensorflow as tf

from gan_core.app import tables
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.conv import Conv2D, Conv2DTranspose
from gan_core.nn.kernels.convolution import pad_before
from gan_core.nn.sequential import Sequential


@dataclasses.dataclass
class LayerFacts:
    """One convolution of a network, and the batch norm behind it."""

    position: int
    """of the convolution among the network's layers"""
    window: str
    """kernel, stride and padding"""
    pixels_in: int
    """pixels on a side of what comes in"""
    by_formula: int
    """pixels on a side of what should come out, by `size_after`"""
    pixels_out: int
    """pixels on a side of what came out"""
    channels: str
    """in → out"""
    kernel: int
    """k k in out, the kernel's numbers"""
    norm: int
    """batch norm's numbers: 4 a channel, half of them trained; 0 if there is none"""
    field: int
    """r of the units that come out (of convolutions, not of transposed ones)"""
    distance: int
    """their d"""
    first: int
    """their f"""

    def sees(self, unit: int) -> tuple[int, int]:
        """The first and the last pixel of a unit's field, on one side of the picture.

        They may lie outside.
        """
        start = self.first + self.distance * unit
        return start, start + self.field - 1


def size_after(layer: Conv2D | Conv2DTranspose, n: int) -> int:
    """Pixels on a side that a convolution or a transposed one makes of n."""
    k = layer.kernel_size
    s = layer.stride
    same = layer.padding == "SAME"
    if isinstance(layer, Conv2D):
        return n // s if same else (n - k) // s + 1
    return s * n if same else s * (n - 1) + k


def measure(network: Sequential, x: tf.Tensor) -> list[LayerFacts]:
    """Send x [B, ...] through a Sequential: the facts of each convolution in it."""
    found = []
    field = 1
    distance = 1
    first = 0
    for position, layer in enumerate(network.layers):
        before = x.shape
        x = Sequential([layer])(x)
        if isinstance(layer, Conv2D | Conv2DTranspose):
            k = layer.kernel_size
            s = layer.stride
            first -= pad_before(k, s, layer.padding) * distance
            field += (k - 1) * distance
            distance *= s
            found.append(
                LayerFacts(
                    position,
                    window=f"{k}×{k}, stride {s}, {layer.padding}",
                    pixels_in=before[1],
                    by_formula=size_after(layer, before[1]),
                    pixels_out=x.shape[1],
                    channels=f"{layer.in_channels} → {layer.out_channels}",
                    kernel=k * k * layer.in_channels * layer.out_channels,
                    norm=0,
                    field=field,
                    distance=distance,
                    first=first,
                )
            )
        elif isinstance(layer, BatchNorm) and found:
            found[-1].norm = 4 * layer.channels
    return found


def show(network: Sequential, layers: list[LayerFacts], caption: str) -> None:
    """A row for each convolution, and the sums by hand beside the network's own numbers.

    Args:
        network: what was measured.
        layers: the result of `measure`.
        caption: the caption of the table.
    """
    has_fields = not any(isinstance(layer, Conv2DTranspose) for layer in network.layers)
    columns = ["layer", "pixels", "channels", "k²·in·out", "batch norm"]
    if has_fields:
        columns.append("field")
    rows = []
    for layer in layers:
        row = [
            layer.window,
            f"{layer.pixels_in} → {layer.pixels_out}",
            layer.channels,
            f"{layer.kernel:,}",
            f"{layer.norm:,}",
        ]
        if has_fields:
            row.append(str(layer.field))
        rows.append(row)
    tables.show(columns, rows, caption=caption)
    kernels = sum(layer.kernel for layer in layers)
    norms = sum(layer.norm for layer in layers)
    by_hand = kernels + norms
    by_hand_trained = kernels + norms // 2
    everything = sum(variable.shape.num_elements() for variable in network.variables)
    trained = sum(variable.shape.num_elements() for variable in network.trainable_variables)
    print(
        f"by hand {kernels:,} + {norms:,} = {by_hand:,}, of them trained {by_hand_trained:,}\n"
        f"the network has {everything:,}, of them trained {trained:,}\n"
    )


def gradient_of_a_unit(network: Sequential, x: tf.Tensor, position: int, unit: int) -> np.ndarray:
    """|d unit / d x|, summed over colours: not 0 exactly where the unit sees the picture.

    Args:
        network: a Sequential.
        x: [1, n, n, 3].
        position: the number of the layer whose output the unit belongs to.
        unit: the unit is channel 0 of pixel (unit, unit) there.

    Returns:
        float32 [n, n].
    """
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = Sequential(network.layers[: position + 1])(x)[0, unit, unit, 0]
    return tf.reduce_sum(tf.abs(tape.gradient(value, x)), axis=[0, 3]).numpy()
