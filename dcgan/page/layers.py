"""A trained generator as plain data: the layers that `assets/network.js` computes.

Kernels are stored in half precision, as in the generator that comes with the package (off by at
most 1/2048 of each number); batch norm becomes a scale and a shift for each channel:

    gamma (x - mean) / sqrt(variance + epsilon) + beta = scale x + shift

A conditional generator has tables beside these, with a row for each value of each factor: what the
value adds to the scale and the shift, and to the numbers that stand behind z.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from gan_core import checks
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.conditional import ConditionalBatchNorm, WithEmbedding
from gan_core.nn.conv import Conv2D, Conv2DTranspose
from gan_core.nn.sequential import Sequential
from gan_core.nn.shapes import Reshape

LARGEST_HALF = 65504.0
PROBES = np.array([-2.0, -0.5, 0.0, 0.5, 2.0], np.float32)


def describe(
    generator: Sequential, latent_dim: int, sizes: Sequence[int] | None = None
) -> list[dict[str, Any]]:
    """The layers of a generator z [n, latent_dim] -> pictures [n, S, S, 3].

    Args:
        generator: a Sequential of Reshape, Conv2DTranspose, Conv2D, BatchNorm, WithEmbedding,
            ConditionalBatchNorm, and of functions that are ReLU, leaky ReLU, tanh or the identity.
        latent_dim: how many numbers z has.
        sizes: how many values each factor of its labels has; None: it takes no labels.

    Returns:
        For each layer its kind, sizes and numbers, ready for JSON; layers that change nothing are
        left out.

    Raises:
        ValueError: if a layer is of another kind, or a number too large for half precision.
    """
    x = tf.zeros([1, latent_dim])
    labels = None if sizes is None else tf.zeros([1, len(sizes)], tf.int32)
    described = []
    for layer in generator.layers:
        y = _run(layer, x, labels)
        found = _describe_layer(layer, x, y)
        if found is not None:
            described.append(found)
        x = y
    return described


def _run(layer: Callable, x: tf.Tensor, labels: tf.Tensor | None) -> tf.Tensor:
    if isinstance(layer, WithEmbedding | ConditionalBatchNorm):
        return layer(x, labels, training=False)
    if isinstance(layer, BatchNorm):
        return layer(x, training=False)
    return layer(x)


def _describe_layer(layer: Callable, x: tf.Tensor, y: tf.Tensor) -> dict[str, Any] | None:
    if isinstance(layer, Reshape):
        return _describe_reshape(y)
    if isinstance(layer, Conv2DTranspose):
        # TensorFlow keeps this kernel as [row, column, output, input].
        return _describe_convolution(
            "transposed", layer, tf.transpose(layer.kernel, [0, 1, 3, 2]), y
        )
    if isinstance(layer, Conv2D):
        return _describe_convolution("convolution", layer, layer.kernel, y, inputs=x)
    if isinstance(layer, BatchNorm):
        scale = layer.gamma / tf.sqrt(layer.moving_variance + layer.epsilon)
        shift = layer.beta - layer.moving_mean * scale
        return {"kind": "affine", "scale": _single(scale), "shift": _single(shift)}
    if isinstance(layer, ConditionalBatchNorm):
        return _describe_conditional(layer)
    if isinstance(layer, WithEmbedding):
        table = layer.embedding.table
        return {"kind": "embedding", "size": table.shape[1], "table": _single(table)}
    if isinstance(layer, tf.Module):
        wanted = "made of convolutions, batch norm and elementwise functions"
        checks.fail("page", "the generator", wanted, f"one with a {type(layer).__name__}")
    return _describe_function(layer)


def _describe_conditional(layer: ConditionalBatchNorm) -> dict[str, Any]:
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


def _describe_reshape(y: tf.Tensor) -> None:
    if y.shape[1:3] != [1, 1]:
        wanted = "[1, 1, latent_dim] at its start"
        checks.fail("page", "the generator's Reshape", wanted, checks.show_shape(y.shape[1:]))


def _describe_convolution(
    kind: str,
    layer: Conv2D | Conv2DTranspose,
    kernel: tf.Tensor,
    y: tf.Tensor,
    inputs: tf.Tensor | None = None,
) -> dict[str, Any]:
    """`inputs` only of a convolution: the padding of a transposed one follows from its output."""
    larger = y if inputs is None else inputs
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
