"""A trained generator as plain data: the layers that `assets/network.js` computes.

Kernels are stored in half precision, as in the generators that come with the package (off by at
most 1/2048 of each number); batch norm becomes a scale and a shift for each channel:

    gamma (x - mean) / sqrt(variance + epsilon) + beta = scale x + shift

A residual block, x + f(x), has the layers of f in it. Upsampling has the weights of its filter. A
network with a style has its mapping beside its layers, and a modulation the layer that computes its
scale and shift.

A conditional generator has tables beside these, with a row for each value of each factor: what the
value adds to the scale and the shift, and to the numbers that stand behind z.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from dcgan.architectures.modern import Block
from gan_core import checks
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.colour import coarse_colour
from gan_core.nn.conditional import ConditionalBatchNorm, WithEmbedding
from gan_core.nn.conv import Conv2D, Conv2DTranspose
from gan_core.nn.dense import Dense
from gan_core.nn.filters import blur, without_checkerboard
from gan_core.nn.resampling import BILINEAR, upsample
from gan_core.nn.sequential import Sequential
from gan_core.nn.shapes import Reshape
from gan_core.nn.style import Modulation, Styled, unit_mean_square

FILTERS: dict[Callable, str] = {
    blur: "blur",
    without_checkerboard: "without_checkerboard",
    coarse_colour: "coarse_colour",
    unit_mean_square: "unit_mean_square",
}
LARGEST_HALF = 65504.0
PROBES = np.array([-2.0, -0.5, 0.0, 0.5, 2.0], np.float32)


def describe(
    generator: Sequential, latent_dim: int, sizes: Sequence[int] | None = None
) -> list[dict[str, Any]]:
    """The layers of a generator z [n, latent_dim] -> pictures [n, S, S, C].

    Args:
        generator: a Sequential or Styled of Dense, Reshape, Conv2DTranspose, Conv2D, BatchNorm,
            Modulation, WithEmbedding, ConditionalBatchNorm, `dcgan.architectures.modern.Block`,
            `upsample`, the functions of `FILTERS`, and of functions that are ReLU, leaky ReLU, tanh
            or the identity.
        latent_dim: how many numbers z has.
        sizes: how many values each factor of its labels has; None: it takes no labels.

    Returns:
        For each layer its kind, sizes and numbers, ready for JSON; layers that change nothing are
        left out.

    Raises:
        ValueError: if a layer is of another kind, or a number too large for half precision.
    """
    labels = None if sizes is None else tf.zeros([1, len(sizes)], tf.int32)
    of = [generator] if isinstance(generator, Styled) else generator.layers
    return _describe_all(of, tf.zeros([1, latent_dim]), labels)


def _describe_styled(
    network: Styled, x: tf.Tensor, labels: tf.Tensor | None = None
) -> dict[str, Any]:
    return {
        "kind": "styled",
        "mapping": _describe_all(network.mapping.layers, x),
        "layers": _describe_all(network.layers, x, labels, network.mapping(x)),
    }


def _describe_all(
    of: Sequence[Callable],
    x: tf.Tensor,
    labels: tf.Tensor | None = None,
    style: tf.Tensor | None = None,
) -> list[dict[str, Any]]:
    described = []
    for layer in of:
        y = _run(layer, x, labels, style)
        if isinstance(layer, Styled):
            found = _describe_styled(layer, x, labels)
        else:
            found = _describe_layer(layer, x, y)
        if found is not None:
            described.append(found)
        x = y
    return described


def _run(
    layer: Callable, x: tf.Tensor, labels: tf.Tensor | None, style: tf.Tensor | None
) -> tf.Tensor:
    if isinstance(layer, WithEmbedding | ConditionalBatchNorm):
        return layer(x, labels, training=False)
    if isinstance(layer, Modulation):
        return layer(x, style)
    if isinstance(layer, Styled):
        return layer(x, labels if layer.takes_labels else None)
    if isinstance(layer, BatchNorm):
        return layer(x, training=False)
    return layer(x)


def _describe_layer(layer: Callable, x: tf.Tensor, y: tf.Tensor) -> dict[str, Any] | None:
    if layer is upsample:
        taps = np.array(BILINEAR) / np.sum(BILINEAR)
        return {"kind": "upsample", "taps": (2.0 * taps).tolist()}
    if layer in FILTERS:
        return {"kind": FILTERS[layer]}
    for kind, describe_it in DESCRIBED.items():
        if isinstance(layer, kind):
            return describe_it(layer, x, y)
    if isinstance(layer, tf.Module):
        wanted = "one of dcgan.networks, or made of their layers"
        checks.fail("page", "the generator", wanted, f"one with a {type(layer).__name__}")
    return _describe_function(layer)


def _describe_reshape(layer: Reshape, x: tf.Tensor, y: tf.Tensor) -> dict[str, Any] | None:
    if y.shape.rank != 4:
        wanted = "to [height, width, channels]"
        checks.fail("page", "the generator's Reshape", wanted, checks.show_shape(y.shape[1:]))
    _, height, width, channels = y.shape
    if height == width == 1:  # as z is held anyway
        return None
    return {"kind": "reshape", "height": height, "width": width, "channels": channels}


def _describe_dense(layer: Dense, x: tf.Tensor, y: tf.Tensor) -> dict[str, Any]:
    """Of z, which is a map of one pixel: a convolution of 1 x 1."""
    described = {
        "kind": "convolution",
        "size": 1,
        "stride": 1,
        "pad": 0,
        "inputs": layer.in_size,
        "outputs": layer.out_size,
        "height": 1,
        "width": 1,
        "kernel": _half(layer.name, layer.kernel),
    }
    if layer.bias is not None:
        described["bias"] = _single(layer.bias)
    return described


def _describe_transposed(layer: Conv2DTranspose, x: tf.Tensor, y: tf.Tensor) -> dict[str, Any]:
    """TensorFlow keeps this kernel as [row, column, output, input]."""
    kernel = tf.transpose(layer.kernel, [0, 1, 3, 2])
    return _describe_convolution("transposed", layer, kernel, y, larger=y)


def _describe_plain(layer: Conv2D, x: tf.Tensor, y: tf.Tensor) -> dict[str, Any]:
    return _describe_convolution("convolution", layer, layer.kernel, y, larger=x)


def _describe_norm(layer: BatchNorm, x: tf.Tensor, y: tf.Tensor) -> dict[str, Any]:
    scale = layer.gamma / tf.sqrt(layer.moving_variance + layer.epsilon)
    shift = layer.beta - layer.moving_mean * scale
    return {"kind": "affine", "scale": _single(scale), "shift": _single(shift)}


def _describe_embedding(layer: WithEmbedding, x: tf.Tensor, y: tf.Tensor) -> dict[str, Any]:
    table = layer.embedding.table
    return {"kind": "embedding", "size": table.shape[1], "table": _single(table)}


def _describe_modulation(layer: Modulation, x: tf.Tensor, y: tf.Tensor) -> dict[str, Any]:
    style = tf.zeros([1, layer.style_size])
    return {"kind": "modulation", "layers": _describe_all([layer.to_scale_and_shift], style)}


def _describe_block(layer: Block, x: tf.Tensor, y: tf.Tensor) -> dict[str, Any]:
    return {"kind": "residual", "layers": _describe_all(layer.inside, x)}


def _describe_conditional(
    layer: ConditionalBatchNorm, x: tf.Tensor, y: tf.Tensor
) -> dict[str, Any]:
    """Both the scale and the shift are sums: of what all labels share, and a row of each factor."""
    standard = layer.standardise
    factor = 1.0 / tf.sqrt(standard.moving_variance + standard.epsilon)
    scale = layer.gamma * factor
    scales = layer.gammas * factor
    return {
        "kind": "affine",
        "scale": _single(scale),
        "shift": _single(layer.beta - standard.moving_mean * scale),
        "scales": _single(scales),
        "shifts": _single(layer.betas - standard.moving_mean * scales),
    }


def _describe_convolution(
    kind: str,
    layer: Conv2D | Conv2DTranspose,
    kernel: tf.Tensor,
    y: tf.Tensor,
    larger: tf.Tensor,
) -> dict[str, Any]:
    """The padding follows from the larger map: a convolution's input, a transposed one's output."""
    smaller = -(-larger.shape[1] // layer.stride)
    pad = 0
    if layer.padding == "SAME":
        pad = max((smaller - 1) * layer.stride + layer.kernel_size - larger.shape[1], 0) // 2
    described = {
        "kind": kind,
        "size": layer.kernel_size,
        "stride": layer.stride,
        "pad": pad,
        "inputs": layer.in_channels,
        "outputs": layer.out_channels,
        "height": y.shape[1],
        "width": y.shape[2],
        "kernel": _half(layer.name, kernel),
    }
    if layer.bias is not None:
        described["bias"] = _single(layer.bias)
    return described


DESCRIBED: dict[type, Callable[[Any, tf.Tensor, tf.Tensor], dict[str, Any] | None]] = {
    Reshape: _describe_reshape,
    Dense: _describe_dense,
    Conv2DTranspose: _describe_transposed,
    Conv2D: _describe_plain,
    BatchNorm: _describe_norm,
    ConditionalBatchNorm: _describe_conditional,
    WithEmbedding: _describe_embedding,
    Block: _describe_block,
    Modulation: _describe_modulation,
}
"""A layer's class -> what describes it, of the layer, its input and its output."""


def _describe_function(function: Callable) -> dict[str, Any] | None:
    """A plain function is known by what it makes of five numbers."""
    made = np.asarray(tf.cast(function(tf.constant(PROBES)), tf.float32))
    if made.shape == PROBES.shape:
        slope = float(made[0] / PROBES[0])
        if np.allclose(made, PROBES):
            return None
        if np.allclose(made, np.tanh(PROBES)):
            return {"kind": "tanh"}
        leaky = np.where(PROBES > 0.0, PROBES, slope * PROBES)
        if slope >= 0.0 and np.allclose(made, leaky):
            return {"kind": "leaky_relu", "slope": abs(round(slope, 6))}
    name = getattr(function, "__name__", type(function).__name__)
    wanted = "functions that are ReLU, leaky ReLU, tanh or the identity"
    return checks.fail("page", "the generator", wanted, f"one with {name}")


def _half(name: str, numbers: tf.Tensor) -> str:
    """Little-endian float16 as base64."""
    array = np.asarray(numbers, np.float32)
    largest = np.abs(array).max()
    if not largest <= LARGEST_HALF:
        wanted = f"numbers of at most {LARGEST_HALF:,.0f} in size"
        checks.fail("page", f"the kernel of {name}", wanted, f"{largest:g}")
    return _base64(array.astype("<f2"))


def _single(numbers: tf.Tensor) -> str:
    """Little-endian float32 as base64."""
    return _base64(np.asarray(numbers, "<f4"))


def _base64(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
