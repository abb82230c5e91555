"""One forward pass of a network, whatever its call takes: samples, labels, a seed."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import tensorflow as tf


def forward(
    network: Any, x: tf.Tensor, labels: tf.Tensor | None, *, training: bool, seed: Any = None
) -> Any:
    """One forward pass: network(x) or network(x, labels), with a seed if the network takes one."""
    inputs = (x,) if labels is None else (x, labels)
    if takes_seed(network):
        return network(*inputs, training=training, seed=seed)
    return network(*inputs, training=training)


def takes_seed(network: Any) -> bool:
    """Whether the network's call has a parameter `seed`, as networks with dropout or noise do."""
    return _call_takes_seed(type(network))


@functools.cache
def _call_takes_seed(network_class: type) -> bool:
    return "seed" in inspect.signature(network_class.__call__).parameters
