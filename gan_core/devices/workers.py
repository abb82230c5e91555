"""Which devices play together: those of this machine, or those of several processes.

    strategy = workers.mirrored()            all GPUs of this machine, or its CPU
    strategy = workers.multi_worker()        what the environment variable TF_CONFIG names

The processes, called *workers*, run the same program, on one machine or many. TF_CONFIG tells each
where all of them are and which of them it is:

    {"cluster": {"worker": ["10.0.0.1:2222", "10.0.0.2:2222"]}, "task": {"type": "worker", "index": 0}}

The *chief*, worker 0 (or the task of type "chief", if there is one), writes the files; all of them
read them, so a run folder must lie on a disk that all see.
"""

import contextlib
import json
import os

import tensorflow as tf

from gan_core import checks

EXAMPLE = (
    'In the first of two workers it is {"cluster": {"worker": ["HOST:PORT", "HOST:PORT"]}, '
    '"task": {"type": "worker", "index": 0}}, in the second the index is 1.'
)
GONE = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
)


class WorkerLostError(ConnectionError):
    """Another worker ended, or cannot be reached, and a round needs all of them."""


def mirrored() -> tf.distribute.Strategy:
    """Every GPU of this machine is a replica; without one, its CPU (each of its logical CPUs, if it was divided)."""
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in devices])


def multi_worker() -> tf.distribute.Strategy:
    """Every GPU (or the CPU) of every worker is a replica. Waits until all workers are there.

    To be called before TensorFlow computes anything. ValueError if TF_CONFIG is missing or makes no sense.
    """
    check_tf_config(os.environ.get("TF_CONFIG"))
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        raise ValueError(
            f"multi-worker: the strategy must be made before TensorFlow computes anything, got: {error}. "
            "Make it in the program's first lines."
        ) from error


def by_name(name: str):
    """The strategy called none (which is None), mirrored or multi-worker."""
    checks.one_of("strategy", "name", name, ["none", "mirrored", "multi-worker"])
    return None if name == "none" else mirrored() if name == "mirrored" else multi_worker()


def check_tf_config(text: str | None) -> None:
    """TF_CONFIG is JSON that names a cluster of workers, and a task that is one of them; or ValueError."""
    if not text:
        checks.fail("multi-worker", "the environment variable TF_CONFIG", "set", "nothing", EXAMPLE)
    try:
        config = json.loads(text)
        cluster, kind, index = config["cluster"], config["task"]["type"], config["task"]["index"]
        places = {job: list(cluster[job]) for job in ("chief", "worker") if job in cluster}
        everywhere = [place for job in places.values() for place in job]
        addresses = all(
            place.rpartition(":")[0] and place.rpartition(":")[2].isdigit() for place in everywhere
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        checks.fail("multi-worker", "TF_CONFIG", "JSON with a cluster and a task", text, EXAMPLE)
    if not everywhere or not addresses or len(set(everywhere)) < len(everywhere):
        checks.fail(
            "multi-worker",
            "TF_CONFIG's cluster",
            "workers, each at a HOST:PORT of its own",
            json.dumps(cluster),
            EXAMPLE,
        )
    if kind not in places:
        checks.fail(
            "multi-worker", "TF_CONFIG's task type", "one of " + ", ".join(places), json.dumps(kind)
        )
    checks.integer(
        "multi-worker", f"the index of TF_CONFIG's {kind}", index, 0, len(places[kind]) - 1
    )


def is_chief(strategy) -> bool:
    """Whether this process is the one that writes files. Without other processes it is."""
    return strategy is None or strategy.extended.should_checkpoint


def check_in_step(owner: str, strategy, step: int) -> None:
    """All workers are about to play the same round; or ValueError, in all of them."""
    if is_alone(strategy):
        return

    def tell():
        context = tf.distribute.get_replica_context()
        mine = tf.one_hot(
            context.replica_id_in_sync_group,
            context.num_replicas_in_sync,
            tf.cast(step, tf.int64),
            tf.zeros([], tf.int64),
        )
        return context.all_reduce(tf.distribute.ReduceOp.SUM, mine)

    with noticing_the_lost(strategy):
        steps = strategy.experimental_local_results(
            strategy.run(tf.function(tell, autograph=False))
        )[0].numpy()
    if len(set(steps.tolist())) > 1:
        checks.fail(
            owner,
            "the rounds that the workers have played",
            "the same for all",
            ", ".join(map(str, steps)),
            "Give all of them the same run folder, on a disk that all see.",
        )


def wait_for_all(strategy) -> None:
    """Go on when all workers have come here: one that left early would be missed by the others."""
    check_in_step("workers", strategy, 0)


def is_alone(strategy) -> bool:
    """Whether all replicas belong to this process."""
    return not isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


@contextlib.contextmanager
def noticing_the_lost(strategy, way_on: str = ""):
    """Tell in words that another worker is gone (TensorFlow notices at once, or after 10 seconds), and the way on."""
    try:
        yield
    except GONE as error:
        if is_alone(strategy):
            raise
        raise WorkerLostError(
            "Another worker ended or cannot be reached, and a round needs them all. "
            f"Start all workers again. {way_on}".strip()
        ) from error
