"""The same round on several devices at once, each on its share of the batch.

A *replica* is a device with a copy of every variable. TensorFlow's `tf.distribute` makes the copies
and lets a function run on all of them; what the function must say itself is in this file: which
share of the batch is mine, and what the mean over all replicas is. Every replica then makes the
same step from the same mean, so the copies stay equal, and there is no leader.

    # This machine's GPUs (or those of several machines: gan_core.devices.workers).
    strategy = tf.distribute.MirroredStrategy()
    with strategy.scope():  # what is made here has a copy on each of them
        trainer = GANTrainer(..., mode="graph", strategy=strategy)

The real batch and its z are those that one device would have; each replica takes its share. So a
round on two devices is, to rounding, the round on one, as long as samples do not depend on each
other: without batch norm, or with BatchNorm(synchronised=True), and with losses that are means over
the samples. What is drawn for each sample within the round (augmentation, the points of a penalty)
comes from a seed with the replica's number folded in: other draws than on one device, of the same
distribution. All state is the same on every replica, and none of it counts them: a run can be
resumed from a checkpoint on any number of devices.

On one device, and outside of a round, there is one replica: a share is the whole, a mean is the
value itself, and each function here gives back what it got.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from gan_core import checks, rng

SYNCHRONOUS = (tf.distribute.MirroredStrategy, tf.distribute.MultiWorkerMirroredStrategy)


# ---------------------------------------------------------------- what is called within a round


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
    """Take the mean over the replicas of each tensor in a structure; all replicas get it.

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
    """Make a seed for this replica alone from one that all have.

    It is for what is drawn within the round for each sample. (z is not: it is drawn for the whole
    batch and shared.)

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


# ---------------------------------------------------------------- what is done around a round


def on_all(strategy: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    """Let every replica play a function with the same arguments.

    Args:
        strategy: a synchronous tf.distribute strategy, or None.
        function: gives tensors or a structure of them.

    Returns:
        A function of the same arguments, which gives the mean of what the replicas give; without a
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
    """Open the place to make variables in.

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
    """Without a strategy no variable may be one of a strategy."""
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
        ValueError: if size is no multiple of the number of replicas.
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
