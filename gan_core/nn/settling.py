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
        network: a tf.Module called as network(batch, training=True). It must call each BatchNorm
            once. A tf.function of its own must not have been traced for such batches before. If it
            accepts a seed, it is given one.
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
    averages = [one for layer in layers for one in (layer.moving_mean, layer.moving_variance)]
    seen = 0
    try:
        for layer in layers:  # the moving averages of each call are then those of its batch alone
            layer.momentum = 0.0
        for batch in batches:
            before = [average.read_value() for average in averages]
            _call(network, batch, seen)
            if seen > 0:
                old_share = seen / (seen + 1)
                for average, old in zip(averages, before, strict=True):
                    average.assign(old_share * old + (1.0 - old_share) * average)
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
    """Refuse a call while a function is traced: the averages of the batches would be computed when
    the graph runs, and the momentum, a Python attribute, would already be what it was before.
    """
    if not tf.executing_eagerly():
        checks.fail(
            owner,
            "the call",
            "made outside a tf.function",
            "one while a function is being traced",
            "Settle the network first, then call the compiled function.",
        )
