"""The program that test_replicas.py runs: python replica_games.py FOLDER.

TensorFlow must be told of several logical CPUs before it computes anything, so this is a process of
its own. It plays games on one device and on two, and leaves what came out in played.npz and
said.json.
"""

import collections
import contextlib
import functools
import itertools
import json
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

from games import REALS, X, Z, affine, conditional, labelled, real, sampler, values  # noqa: E402
from graph_sums import addends  # noqa: E402

from gan_core import data, penalties, rng  # noqa: E402
from gan_core.devices import replicas, workers  # noqa: E402
from gan_core.latent import Normal  # noqa: E402
from gan_core.nn.activations import leaky_relu  # noqa: E402
from gan_core.nn.batch_norm import BatchNorm  # noqa: E402
from gan_core.nn.dense import Dense  # noqa: E402
from gan_core.nn.sequential import Sequential  # noqa: E402
from gan_core.optim.optimizers import Adam  # noqa: E402
from gan_core.runs.loop import fit  # noqa: E402
from gan_core.runs.run_folder import RunFolder  # noqa: E402
from gan_core.trainer import GANTrainer  # noqa: E402

ROUNDS = 4


def distance(critic, real, fake, seed, step):
    """A penalty of G that is another number on each share of a batch."""
    return tf.reduce_mean(tf.abs(real - fake)) - 0.1 * tf.reduce_mean(critic(fake))


GAMES = {
    "plain": {"norm": None, "mode": "graph", "d_steps": 2},
    "simultaneous": {"norm": None, "update": "simultaneous", "fresh_z": True},
    "penalty of G": {"norm": None, "g_penalty": distance},
    "synchronised": {"norm": True},
    "synchronised, sloped": {"norm": True, "penalty": penalties.r1(1.0)},
    "lazy": {"norm": None, "mode": "graph", "penalty": [penalties.r1(1.0, 3), penalties.r2(0.5)]},
    "apart": {"norm": False},
}


def game(strategy, norm, **options):
    """Two layers each; norm: None, or whether batch norm is synchronised."""

    def between():
        return leaky_relu(0.2) if norm is None else BatchNorm(5, synchronised=norm)

    with replicas.scope(strategy):
        generator = Sequential(
            [Dense(Z, 5, seed=1, use_bias=norm is None), between(), tf.nn.relu, Dense(5, X, seed=2)]
        )
        discriminator = Sequential(
            [Dense(X, 5, seed=3), leaky_relu(0.2), between(), Dense(5, 1, seed=4)]
        )
        optimizers = {
            "g_optimizer": Adam(0.01).bind(generator.trainable_variables),
            "d_optimizer": Adam(0.02).bind(discriminator.trainable_variables),
        }
    return GANTrainer(
        generator,
        discriminator,
        latent=Normal(Z),
        strategy=strategy,
        **optimizers,
        **{"average": 0.9, "gradient_norms": True, "mode": "eager", **options},
    )


def play(strategy):
    """Every game on one device and on two. -> name/who/what/variable -> array."""
    found = {}
    for name, options in GAMES.items():
        for who, on in (("one", None), ("two", strategy)):
            trainer = game(on, **options)
            for variable, row in trainer.rounds(sampler, ROUNDS).items():
                found[f"{name}/{who}/rows/{variable}"] = row
            found |= {
                f"{name}/{who}/state/{variable}": value
                for variable, value in values(trainer).items()
            }
            found[f"{name}/{who}/sample"] = trainer.sample(3)
            if trainer.mode == "eager":  # the others would be compiled one by one
                steps = [
                    trainer.round(real()),
                    trainer.discriminator_step(real(), np.ones([4, Z], np.float32)),
                    trainer.generator_step(real(), np.ones([4, Z], np.float32)),
                ]
                found[f"{name}/{who}/steps"] = [value for row in steps for value in row.values()]
        copies = [variable.values for variable in trainer.state().values()]  # of the last, on two
        found[f"{name}/apart"] = max(np.abs(a.numpy() - b.numpy()).max() for a, b in copies)
    return found


def play_with_labels(strategy):
    """The conditional game on one device and on two, its optimizers bound by the trainer."""
    found = {}
    for who, on in (("one", None), ("two", strategy)):
        trainer = conditional(on, average=0.9, penalty=penalties.r1(0.3), d_steps=2)
        for variable, row in trainer.rounds(labelled, ROUNDS).items():
            found[f"labels/{who}/rows/{variable}"] = row
        for variable, value in values(trainer).items():
            found[f"labels/{who}/state/{variable}"] = value
        found[f"labels/{who}/sample"] = trainer.sample(3, labels=[0, 1, 2])
    return found


def on_each(strategy, function):
    """[2, ...]: what a function gives on each replica."""
    return np.stack(strategy.experimental_local_results(strategy.run(function)))


def look_at_the_parts(strategy):
    """A share, a seed, a mean and its gradient, batch norm by itself, on each of two replicas."""
    x = REALS[0]

    def gradient_of_mean():
        number = tf.reshape(replicas.share(tf.constant([2.0, 6.0])), [])
        with tf.GradientTape() as tape:
            tape.watch(number)
            squared = replicas.mean({"a": number, "none": None})["a"] ** 2
        return tape.gradient(squared, number)

    found = {
        "share": on_each(strategy, lambda: replicas.share(tf.range(6))),
        "seed": on_each(strategy, lambda: replicas.own_seed(rng.seed(7, "x", 3))),
        "mean": on_each(strategy, lambda: replicas.mean(replicas.share(tf.constant([1.0, 4.0])))),
        "gradient of mean": on_each(strategy, gradient_of_mean),
    }
    for synchronised in (False, True):
        with strategy.scope():
            layer = BatchNorm(X, momentum=0.0, synchronised=synchronised)
        call = tf.function(
            lambda layer=layer: layer(replicas.share(x), training=True), autograph=False
        )
        found[f"norm {synchronised}"] = on_each(strategy, call)
        averages = (layer.moving_mean, layer.moving_variance)
        found[f"averages {synchronised}"] = [copies(variable) for variable in averages]
    return found


def copies(variable):
    """The value of a variable on each replica."""
    return [copy.numpy() for copy in variable.values]


def gradients_of_batch_norm(strategy):
    """Of a batch norm of the whole batch: those of sum dy y, and those of f = sum u dx + v dgamma +
    w dbeta, where each
    replica has its own dy, u, v, w. Written out, and op by op as TensorFlow differentiates the
    formula."""
    with strategy.scope():
        layer = BatchNorm(X, epsilon=0.1, synchronised=True)
    layer.gamma.assign(np.linspace(0.5, 2.0, X))
    whole = [
        rng.normal(shape, rng.seed(i, "test"))
        for i, shape in enumerate([[4, 3, 2, X]] * 3 + [[2, X]] * 2)
    ]

    def op_by_op(x):
        mean = replicas.mean(tf.reduce_mean(x, [0, 1, 2]))
        variance = replicas.mean(tf.reduce_mean(tf.square(x - mean), [0, 1, 2]))
        return layer.gamma * (x - mean) / tf.sqrt(variance + layer.epsilon) + layer.beta

    def gradients(way):
        x, dy, u, v, w = (replicas.share(array) for array in whole)
        with tf.GradientTape() as outer:
            outer.watch([x, dy])
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = way(x)
            first = inner.gradient(y, [x, layer.gamma, layer.beta], output_gradients=dy)
        second = outer.gradient(first, [x, layer.gamma, dy], output_gradients=[u, v[0], w[0]])
        return tf.concat(
            [tf.reshape(tf.convert_to_tensor(part), [-1]) for part in (*first, *second)], 0
        )

    ways = {"written out": lambda x: layer(x, training=True), "op by op": op_by_op}
    return {
        f"gradients/{name}": on_each(strategy, functools.partial(gradients, way))
        for name, way in ways.items()
    }


def noise(strategy):
    """D(x) = x of a real batch 0, 0 seen through an augmentation that adds one number to all it is
    shown; and the
    penalty that is one number."""
    with strategy.scope():
        trainer = affine(
            strategy=strategy,
            augment=lambda x, seed, step: x + rng.uniform([1], seed),
            penalty=lambda critic, real, fake, seed, step: rng.uniform([], seed),
        )
    trainer.discriminator.kernel.assign([[1.0], [0.0], [0.0]])
    row = trainer.round(np.zeros([2, X], np.float32))
    return {"d_real": row["d_real"], "penalty": row["penalty"]}


def go_on_elsewhere(strategy, folder):
    """Three rounds on two devices, the next three on one; and six on one.
    The two are fed by Python, batch by batch.
    """
    batches = data.stream(lambda n, seed: rng.normal([n, X], seed), 4)
    found = {}
    fetched = data.HostBatches(lambda index: (batches(i) for i in itertools.count(index)))
    for name, stretches in (
        ("moved", [(strategy, fetched, 3), (None, batches, 6)]),
        ("stayed", [(None, batches, 6)]),
    ):
        run = RunFolder.create(folder / name)
        for on, fed, rounds in stretches:
            trainer = game(on, norm=True)
            rows = fit(trainer, fed, rounds, run=run, log_every=1)
        found |= {f"{name}/rows/{column}": row for column, row in rows.items()}
        found |= {f"{name}/state/{variable}": value for variable, value in values(trainer).items()}
    return found


def what_is_refused(strategy):
    said = {}

    @contextlib.contextmanager
    def refused(name):
        try:
            yield
            said[name] = "not refused"
        except ValueError as error:
            said[name] = str(error)

    trainer = game(strategy, None)
    before = values(trainer)
    for name, call in (
        ("round", lambda: trainer.round(real(3))),
        ("rounds", lambda: trainer.rounds(lambda i: REALS[0][:3], 1)),
        ("step", lambda: trainer.discriminator_step(real(3), np.ones([3, Z], np.float32))),
    ):
        with refused(name):
            call()
    said["unchanged"] = all(
        np.array_equal(before[name], value) for name, value in values(trainer).items()
    )
    with refused("xla"):
        game(strategy, None, mode="xla")
    with refused("made elsewhere"):
        affine(strategy=strategy)
    with refused("another kind"):
        affine(strategy=tf.distribute.OneDeviceStrategy("CPU:0"))
    with refused("forgotten"), strategy.scope():
        affine()
    return said


def dcgan_rounds(strategy):
    """One round of the command line's own trainer on two, and on one;
    without what each replica draws for itself.
    And how many tensors are added at a time on two, with all that there is."""
    from dcgan import training
    from dcgan.config import Config
    from dcgan.drawn import drawn_faces

    faces = drawn_faces.draw(range(4), size=32) / np.float32(127.5) - 1.0
    config = Config(
        network="radford",  # with batch norm in both
        gamma=0.3,
        size=32,
        width=2,
        latent_dim=5,
        augment=(),
        mode="eager",
        strategy="mirrored",
        synchronised=True,
    )
    found = {
        f"dcgan/{who}": list(training.build(config, on).round(faces).values())
        for who, on in (("one", None), ("two", strategy))
    }
    for synchronised in (False, True):
        whole = Config(
            network="radford",
            gamma=0.3,
            size=32,
            width=2,
            latent_dim=5,
            mode="graph",
            strategy="mirrored",
            synchronised=synchronised,
        )
        trainer = training.build(whole, strategy)
        assert trainer.penalties
        found[f"addends {synchronised}"] = addends(lambda trainer=trainer: trainer.round(faces))
    return found


def main(folder):
    strategy = workers.mirrored()
    said = what_is_refused(strategy) | {"replicas": strategy.num_replicas_in_sync}
    found = (
        play(strategy),
        play_with_labels(strategy),
        look_at_the_parts(strategy),
        gradients_of_batch_norm(strategy),
        noise(strategy),
        go_on_elsewhere(strategy, folder),
        dcgan_rounds(strategy),
    )
    np.savez(folder / "played.npz", **dict(collections.ChainMap(*found)))
    (folder / "said.json").write_text(json.dumps(said), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
