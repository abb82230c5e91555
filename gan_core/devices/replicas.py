"""The same round on several devices at once, each on its share of the batch.

A *replica* is a device with a copy of every variable. TensorFlow's `tf.distribute` makes the copies
and runs a function on all of them. This file holds what the function needs within a round: its
replica's share of the batch, and the mean over all replicas. Every replica then makes the same step
from the same mean, so the copies stay equal, and no replica has a special role.

    # This machine's GPUs (or those of several machines: gan_core.devices.workers).
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():  # variables made here have a copy on each device
        trainer = GANTrainer(..., mode="graph", strategy=strategy)

The real batch and its z are the same as on one device; each replica takes its share. So up to
rounding a round on two devices equals the round on one, if samples do not depend on each other:
without batch norm, or with BatchNorm(synchronised=True), and with losses that are means over the
samples. Random numbers for each sample within the round (augmentation, the points of a penalty)
come from a seed that includes the replica's number. They differ from those on one device but have
the same distribution. All state is the same on every replica and does not depend on their number,
so a run can be resumed from a checkpoint on any number of devices.

On one device, and outside of a round, there is one replica: its share is the whole batch, the mean
is the value itself, and each function here returns its argument.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from gan_core import checks, rng

SYNCHRONOUS = (tf.distribute.MirroredStrategy, tf.distribute.MultiWorkerMirroredStrategy)


# ---------------------------------------------------------------- called within a round


def count() -> int:
    """Count the replicas that play this round.

    Returns:
        Their number; 1 outside of a round.

    Example:
        >>> count()
        1
    """
    context = tf.distribute.get_replica_context()
    if context is None:
        return 1
    return context.num_replicas_in_sync


def share(batch: Any) -> Any:
    """Take this replica's samples of the whole batch, in the replicas' order.

    Args:
        batch: [B, ...], B a multiple of count(); or a tuple of such, as (x, labels).

    Returns:
        [B / count(), ...], or a tuple of such.

    Example:
        >>> share([1.0, 2.0])
        [1.0, 2.0]
    """
    if count() == 1:
        return batch
    if isinstance(batch, tuple):
        return tuple(share(part) for part in batch)
    batch = tf.convert_to_tensor(batch)
    own_size = batch.shape[0] // count()
    shares = tf.reshape(batch, [count(), own_size, *batch.shape[1:]])
    return shares[_own_number()]


def mean(values: Any) -> Any:
    """Compute the mean over the replicas of each tensor in a structure, on all replicas.

    Shares are equal, so the mean of the shares' means is the mean over the whole batch. It is
    differentiable: the gradient of a mean over replicas is the mean of their gradients.

    Args:
        values: a tensor, or a nested structure of tensors and None.

    Returns:
        The same structure; a None stays None.
    """
    if count() == 1:
        return values
    flat = tf.nest.flatten(values)
    given = [tf.convert_to_tensor(value) for value in flat if value is not None]
    if not given:
        return values
    context = tf.distribute.get_replica_context()
    means = iter(context.all_reduce(tf.distribute.ReduceOp.MEAN, given))
    filled = [None if value is None else next(means) for value in flat]
    return tf.nest.pack_sequence_as(values, filled)


def own_seed(seed: tf.Tensor) -> tf.Tensor:
    """Make a different seed for each replica from one that all have.

    Use it for random numbers that are drawn for each sample within the round. (z is different: it
    is drawn for the whole batch, and each replica takes its share.)

    Args:
        seed: [2] int64, the same on all replicas.

    Returns:
        [2] int64: seed itself if there is one replica.
    """
    if count() == 1:
        return seed
    return tf.stack(rng.split(seed, count()))[_own_number()]


def _own_number() -> tf.Tensor:
    return tf.distribute.get_replica_context().replica_id_in_sync_group


# ---------------------------------------------------------------- called around a round


def on_all(strategy: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    """Run a function on every replica, with the same arguments.

    Args:
        strategy: a synchronous tf.distribute strategy, or None.
        function: a function that returns tensors or a structure of tensors.

    Returns:
        A function of the same arguments that returns the mean of the replicas' results; without a
        strategy, the function itself.
    """
    if strategy is None:
        return function

    def by_one_replica(*arguments: Any) -> Any:
        return mean(function(*arguments))

    def by_all_replicas(*arguments: Any) -> Any:
        given = strategy.run(by_one_replica, arguments)
        return tf.nest.map_structure(
            lambda value: strategy.experimental_local_results(value)[0], given
        )

    return by_all_replicas


def scope(strategy: Any) -> Any:
    """Open the scope in which variables are made.

    Args:
        strategy: a tf.distribute strategy, or None.

    Returns:
        A context manager.
    """
    if strategy is None:
        return contextlib.nullcontext()
    return strategy.scope()


def check_strategy(owner: str, strategy: Any, mode: str, variables: dict[str, tf.Variable]) -> None:
    """Check that a strategy can play rounds of these variables in this mode.

    Args:
        owner: whose arguments these are.
        strategy: a tf.distribute strategy, or None.
        mode: "xla", "graph" or "eager".
        variables: name -> variable.

    Raises:
        ValueError: if the strategy is not synchronous, the mode is "xla", or a variable was made
            elsewhere.
    """
    if strategy is None:
        _refuse_copies(owner, variables)
        return
    if not isinstance(strategy, SYNCHRONOUS):
        checks.fail(
            owner,
            "strategy",
            "None, a tf.distribute.MirroredStrategy or a MultiWorkerMirroredStrategy",
            repr(strategy),
        )
    if mode == "xla":
        checks.fail(
            owner,
            "mode",
            "graph or eager where there is a strategy",
            repr(mode),
            "XLA compiles a round for one device.",
        )
    for name, variable in variables.items():
        if not strategy.extended.variable_created_in_scope(variable):
            checks.fail(
                owner,
                name,
                "made under strategy.scope()",
                "one that was made elsewhere",
                "Make both networks and both optimizers in: with strategy.scope(): ...",
            )


def _refuse_copies(owner: str, variables: dict[str, tf.Variable]) -> None:
    """Without a strategy, refuse variables that were made under a strategy's scope."""
    for name, variable in variables.items():
        if isinstance(variable, tf.distribute.DistributedValues):
            wanted = f"the one under whose scope() {name} was made"
            checks.fail(owner, "strategy", wanted, "None")


def check_batch(owner: str, strategy: Any, size: int) -> None:
    """Check that the batch can be divided into equal shares.

    Args:
        owner: whose batch it is.
        strategy: a tf.distribute strategy, or None.
        size: how many samples the batch has.

    Raises:
        ValueError: if size is not a multiple of the number of replicas.
    """
    replicas = 1
    if strategy is not None:
        replicas = strategy.num_replicas_in_sync
    if size % replicas:
        checks.fail(
            owner,
            "the batch",
            f"a multiple of the {replicas} replicas",
            f"{size} samples",
            "Each replica takes an equal share.",
        )
