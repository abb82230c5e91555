"""The same round on several devices at once, each on its share of the batch.

A *replica* is a device with a copy of every variable. TensorFlow's `tf.distribute` makes the copies
and lets a function run on all of them; what the function must say itself is in this file: which share
of the batch is mine, what is the mean over all of us. Every replica then makes the same step from
the same mean, so the copies stay equal, and there is no leader.

    strategy = tf.distribute.MirroredStrategy()      # the GPUs of this machine (or gan_core.devices.workers)
    with strategy.scope():                           # what is made here has a copy on each of them
        trainer = GANTrainer(..., mode="graph", strategy=strategy)

The real batch and its z are those that one device would have; each replica takes its share. So a round
on two devices is, to rounding, the round on one, as long as no sample knows of the others: without batch
norm, or with BatchNorm(synchronised=True), and with losses that are means over the samples. What is
drawn for each sample within the round (augmentation, the points of a penalty) comes from a seed with
the replica's number folded in: other draws than on one device, of the same distribution. All state is
the same on every replica, and none of it counts them: a checkpoint goes on on any number of devices.

On one device, and outside of a round, there is one replica: a share is the whole, a mean is the value
itself, and each function here gives back what it got.
"""

import contextlib

import tensorflow as tf

from gan_core import checks, rng

SYNCHRONOUS = (tf.distribute.MirroredStrategy, tf.distribute.MultiWorkerMirroredStrategy)


# ---------------------------------------------------------------- what is said within a round


def count() -> int:
    """How many replicas play this round."""
    context = tf.distribute.get_replica_context()
    return 1 if context is None else context.num_replicas_in_sync


def share(batch) -> tf.Tensor:
    """This replica's samples of the whole batch: [B, ...] -> [B / count(), ...], in the replicas' order."""
    if count() == 1:
        return batch
    batch = tf.convert_to_tensor(batch)
    shares = tf.reshape(batch, [count(), batch.shape[0] // count(), *batch.shape[1:]])
    return shares[tf.distribute.get_replica_context().replica_id_in_sync_group]


def mean(values):
    """The mean over the replicas of each tensor in a structure, on every replica; a None stays None.

    Shares are equal, so the mean of the shares' means is the mean over the whole batch. It is
    differentiable: the gradient of a mean over replicas is the mean of their gradients.
    """
    if count() == 1:
        return values
    flat = tf.nest.flatten(values)
    given = [tf.convert_to_tensor(value) for value in flat if value is not None]
    means = iter(
        tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, given)
        if given
        else []
    )
    return tf.nest.pack_sequence_as(
        values, [None if value is None else next(means) for value in flat]
    )


def own_seed(seed) -> tf.Tensor:
    """A seed for this replica alone, from one that all have: for what is drawn within the round for each sample.
    (z is not: it is drawn for the whole batch and shared.)"""
    if count() == 1:
        return seed
    return tf.stack(rng.split(seed, count()))[
        tf.distribute.get_replica_context().replica_id_in_sync_group
    ]


# ---------------------------------------------------------------- what is done around a round


def on_all(strategy, function):
    """`function`, played by every replica with the same arguments. -> the mean of what they give."""
    if strategy is None:
        return function

    def played_by_all(*arguments):
        given = strategy.run(lambda *same: mean(function(*same)), arguments)
        return tf.nest.map_structure(
            lambda value: strategy.experimental_local_results(value)[0], given
        )

    return played_by_all


def scope(strategy):
    """The place to make variables in."""
    return contextlib.nullcontext() if strategy is None else strategy.scope()


def check_strategy(owner: str, strategy, mode: str, variables: dict[str, tf.Variable]) -> None:
    """Can this strategy play rounds of these variables in this mode?"""
    if strategy is None:
        for name, variable in variables.items():
            if isinstance(variable, tf.distribute.DistributedValues):
                checks.fail(
                    owner, "strategy", f"the one under whose scope() {name} was made", "None"
                )
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


def check_batch(owner: str, strategy, size: int) -> None:
    """Can the batch be dealt out in equal shares?"""
    replicas = 1 if strategy is None else strategy.num_replicas_in_sync
    if size % replicas:
        checks.fail(
            owner,
            "the batch",
            f"a multiple of the {replicas} replicas",
            f"{size} samples",
            "Each replica takes an equal share.",
        )
