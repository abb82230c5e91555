"""The toy round of this project, as a contestant: n rounds in one compiled call.

    python -m benchmarks.contestants.ours_toy_step '{"batch": 128, "hidden": 32}'

`benchmarks.compare` runs this module of every revision, each with its own trainer.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from benchmarks.measure import devices, harness, ours
from gan_core import rng
from gan_core.data import stream
from gan_core.latent import Normal
from gan_core.nn.mlp import mlp
from gan_core.optim.optimizers import Adam
from gan_core.trainer import GANTrainer


def game(
    hidden: int, batch: int, hidden_layers: int = 2, **options: Any
) -> tuple[GANTrainer, Callable]:
    """Two perceptrons that play for N(4, 1.25^2).

    Args:
        hidden: units in each hidden layer.
        batch: samples in a batch.
        hidden_layers: hidden layers of each network.
        options: the options of the trainer, such as a mode other than its default.

    Returns:
        The trainer, and the sampler of real batches.
    """
    sizes = [1, *[hidden] * hidden_layers, 1]
    generator = mlp(sizes, seed=0, name="G")
    discriminator = mlp(sizes, seed=0, name="D")
    trainer = GANTrainer(
        generator,
        discriminator,
        latent=Normal(1),
        g_optimizer=Adam(2e-4, beta_1=0.5),
        d_optimizer=Adam(2e-4, beta_1=0.5),
        **options,
    )

    def draw(n: int, seed: tf.Tensor) -> tf.Tensor:
        return 4.0 + 1.25 * rng.normal([n, 1], seed)

    return trainer, stream(draw, batch)


def main(**options: Any) -> None:
    """Play rounds for the harness, in float32.

    Args:
        options: the options of `game`.
    """
    devices.set_precision("float32")
    trainer, sampler = game(**options)

    def play(rounds: int) -> None:
        trainer.rounds(sampler, rounds)

    harness.serve(play, ours.facts(trainer))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
