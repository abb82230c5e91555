"""One forward pass of a network that takes samples, and perhaps labels and a seed."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from gan_core.nn.sequential import takes


def forward(
    network: Any,
    x: tf.Tensor,
    labels: tf.Tensor | None = None,
    *,
    training: bool,
    seed: tf.Tensor | None = None,
) -> Any:
    """network(x) or network(x, labels), with a seed if the network takes one.

    Args:
        network: a network as `gan_core.protocols.Network` describes it.
        x: [B, ...] float32.
        labels: [B, ...] for a network that takes labels, else None.
        training: passed on to the network.
        seed: [2] int64, for networks with randomness of their own, such as dropout.

    Returns:
        The network's output.
    """
    inputs = (x,) if labels is None else (x, labels)
    if takes(network, "seed"):
        return network(*inputs, training=training, seed=seed)
    return network(*inputs, training=training)
