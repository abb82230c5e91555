"""Recompute batch norm's moving averages for the weights that a network has now."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import tensorflow as tf

from gan_core import checks, rng
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.sequential import takes


def settle(network: Any, batches: Iterable[Any]) -> None:
    """Set the moving averages of every BatchNorm in `network` to the plain mean over these batches.

    The moving averages of training lag behind, since they were measured with earlier weights. If
    the weights were averaged or loaded, the moving averages do not belong to them at all, and the
    samples look pale or garish. (Compare PyTorch's swa_utils.update_bn, Izmailov et al. 2018;
    "standing statistics", Brock et al. 2019, appendix C.)

    Args:
        network: a tf.Module called as network(batch, training=True). It must run eagerly (have no
            tf.function of its own) and call each BatchNorm once. If it accepts a seed, it is given
            one.
        batches: inputs of the network, [B, ...] each, or tuples (x, y) for a network that takes
            labels. A thousand samples in all are enough. If the network has no BatchNorm, no batch
            is drawn.

    Raises:
        ValueError: if there is no batch, or if it is called inside a tf.function, where the batches
            would be recorded instead of measured.

    Example:
        >>> layer = BatchNorm(1)
        >>> settle(layer, [tf.constant([[1.0], [3.0]]), tf.constant([[5.0], [7.0]])])
        >>> layer.moving_mean.numpy()
        array([4.], dtype=float32)
    """
    _refuse_tracing("settle")
    layers = [part for part in network.submodules if isinstance(part, BatchNorm)]
    if isinstance(network, BatchNorm):
        layers.append(network)
    if not layers:
        return
    momenta = [layer.momentum for layer in layers]
    seen = 0
    try:
        for batch in batches:
            # This momentum makes the average the plain mean over the seen + 1 batches.
            for layer in layers:
                layer.momentum = seen / (seen + 1)
            _call(network, batch, seen)
            seen += 1
    finally:
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
    if seen == 0:
        checks.fail("settle", "batches", "at least one batch", "none")


@contextlib.contextmanager
def settled(network: Any, batches: Iterable[Any]) -> Iterator[None]:
    """Settle a network within a `with` block, and restore its old moving averages afterwards.

    Args:
        network: as for `settle`.
        batches: as for `settle`.

    Raises:
        ValueError: as `settle` does.
    """
    _refuse_tracing("settled")
    kept = [
        (variable, variable.read_value())
        for variable in network.variables
        if not variable.trainable
    ]
    try:
        settle(network, batches)
        yield
    finally:
        for variable, value in kept:
            variable.assign(value)


def _call(network: Any, batch: Any, number: int) -> None:
    options = {}
    if takes(network, "seed"):
        options["seed"] = rng.seed(0, "settle", number)
    if isinstance(batch, tuple):
        network(*batch, training=True, **options)
    else:
        network(batch, training=True, **options)


def _refuse_tracing(owner: str) -> None:
    """Refuse a call while a function is traced: `settle` changes a Python attribute, the momentum,
    for each batch, and a graph does not record that as it is meant.
    """
    if not tf.executing_eagerly():
        checks.fail(
            owner,
            "the call",
            "made outside a tf.function",
            "one while a function is being traced",
            "Settle the network first, then call the compiled function.",
        )
