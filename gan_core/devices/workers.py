"""Which devices train together: those of this machine, or those of several processes.

    strategy = workers.mirrored()            all GPUs of this machine, or its CPU
    strategy = workers.multi_worker()        the processes named in the variable TF_CONFIG

The processes, called *workers*, run the same program, on one machine or several. The environment
variable TF_CONFIG tells each the addresses of all workers, and which of them it is:

    {"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]},
     "task": {"type": "worker", "index": 0}}

The *chief*, worker 0 (or the task of type "chief", if there is one), writes the files. All workers
read them, so the run folder must be on a disk that all of them can access.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from gan_core import checks

EXAMPLE = (
    'In the first of two workers it is {"cluster": {"worker": ["HOST:PORT", "HOST:PORT"]}, '
    '"task": {"type": "worker", "index": 0}}, in the second the index is 1.'
)
ERRORS_OF_LOST_WORKERS = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
)


class WorkerLostError(ConnectionError):
    """Another worker has ended or cannot be reached, and a round needs all workers."""


def mirrored() -> tf.distribute.Strategy:
    """Make every GPU of this machine a replica.

    Returns:
        The strategy. Without a GPU the CPU is the replica (or each logical CPU, if TensorFlow was
        told to divide it).
    """
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in devices])


def multi_worker() -> tf.distribute.Strategy:
    """Make every GPU (or the CPU) of every worker a replica.

    It waits until all workers have started, and must be called before TensorFlow computes anything.

    Returns:
        The strategy.

    Raises:
        ValueError: if TF_CONFIG is missing or invalid, or TensorFlow has computed something.
    """
    check_tf_config(os.environ.get("TF_CONFIG"))
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        raise ValueError(
            "multi-worker: the strategy must be made before TensorFlow computes anything, "
            f"got: {error}. Make it in the program's first lines."
        ) from error


def by_name(name: str) -> tf.distribute.Strategy | None:
    """Make the strategy of this name.

    Args:
        name: "none", "mirrored" or "multi-worker".

    Returns:
        The strategy, or None for "none".

    Raises:
        ValueError: if there is no such strategy, or as `multi_worker` does.

    Example:
        >>> by_name("none") is None
        True
    """
    checks.one_of("strategy", "name", name, ["none", "mirrored", "multi-worker"])
    if name == "mirrored":
        return mirrored()
    if name == "multi-worker":
        return multi_worker()
    return None


def check_tf_config(text: str | None) -> None:
    """Check that TF_CONFIG is JSON that names a cluster of workers, and a task that is one of them.

    Args:
        text: the environment variable's value, or None.

    Raises:
        ValueError: if it is not valid.
    """
    if not text:
        checks.fail("multi-worker", "the environment variable TF_CONFIG", "set", "nothing", EXAMPLE)
    try:
        config = json.loads(text)
        cluster = config["cluster"]
        kind = config["task"]["type"]
        index = config["task"]["index"]
        places = {job: list(cluster[job]) for job in ("chief", "worker") if job in cluster}
        everywhere = [place for job in places.values() for place in job]
        addresses = all(_is_address(place) for place in everywhere)
    except (ValueError, KeyError, TypeError, AttributeError):
        checks.fail("multi-worker", "TF_CONFIG", "JSON with a cluster and a task", text, EXAMPLE)
    if not everywhere or not addresses or len(set(everywhere)) < len(everywhere):
        checks.fail(
            "multi-worker",
            "TF_CONFIG's cluster",
            "workers, each with its own HOST:PORT",
            json.dumps(cluster),
            EXAMPLE,
        )
    if kind not in places:
        wanted = "one of " + ", ".join(places)
        checks.fail("multi-worker", "TF_CONFIG's task type", wanted, json.dumps(kind))
    last = len(places[kind]) - 1
    checks.integer("multi-worker", f"the index of TF_CONFIG's {kind}", index, 0, last)


def _is_address(place: str) -> bool:
    """Whether it is HOST:PORT."""
    host, _, port = place.rpartition(":")
    return bool(host) and port.isdigit()


def is_chief(strategy: Any) -> bool:
    """Whether this process is the one that writes files.

    Args:
        strategy: a tf.distribute strategy, or None.

    Returns:
        Whether it is; True if there are no other processes.
    """
    return strategy is None or strategy.extended.should_checkpoint


def check_in_step(owner: str, strategy: Any, step: int) -> None:
    """Check that all workers are about to play the same round.

    Args:
        owner: the function that calls this, for messages.
        strategy: a tf.distribute strategy, or None.
        step: the round of this worker.

    Raises:
        ValueError: in all workers, if their rounds differ.
        WorkerLostError: if another worker is gone.
    """
    if is_alone(strategy):
        return

    def tell() -> tf.Tensor:
        """All workers' rounds: a sum of vectors with a worker's round at its index, 0 elsewhere."""
        context = tf.distribute.get_replica_context()
        mine = tf.one_hot(
            context.replica_id_in_sync_group,
            context.num_replicas_in_sync,
            tf.cast(step, tf.int64),
            tf.zeros([], tf.int64),
        )
        return context.all_reduce(tf.distribute.ReduceOp.SUM, mine)

    with noticing_the_lost(strategy):
        told = strategy.run(tf.function(tell, autograph=False))
        steps = strategy.experimental_local_results(told)[0].numpy().tolist()
    if len(set(steps)) > 1:
        checks.fail(
            owner,
            "the rounds that the workers have played",
            "the same for all",
            ", ".join(map(str, steps)),
            "Give all of them the same run folder, on a disk that all can access.",
        )


def wait_for_all(strategy: Any) -> None:
    """Wait until all workers reach this call, because the others fail if one ends early.

    Args:
        strategy: a tf.distribute strategy, or None.

    Raises:
        WorkerLostError: if another worker is gone.
    """
    check_in_step("workers", strategy, 0)


def is_alone(strategy: Any) -> bool:
    """Whether all replicas belong to this process.

    Args:
        strategy: a tf.distribute strategy, or None.

    Returns:
        Whether they do.
    """
    return not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


@contextlib.contextmanager
def noticing_the_lost(strategy: Any, way_on: str = "") -> Iterator[None]:
    """Within a `with` block, turn TensorFlow's error about a lost worker into a clear message.

    TensorFlow notices a lost worker at once, or after 10 seconds.

    Args:
        strategy: a tf.distribute strategy, or None.
        way_on: a sentence that says what to do next.

    Raises:
        WorkerLostError: if another worker is lost; other errors are raised as they are.
    """
    try:
        yield
    except ERRORS_OF_LOST_WORKERS as error:
        if is_alone(strategy):
            raise
        raise WorkerLostError(
            "Another worker ended or cannot be reached, and a round needs them all. "
            f"Start all workers again. {way_on}".strip()
        ) from error
