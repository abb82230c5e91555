"""The DCGAN round of this project, as a contestant: the networks and the trainer of `dcgan`, one batch after the other.

    python -m benchmarks.contestants.ours_dcgan_step '{"batch": 128, "size": 64, "width": 64, "latent_dim": 100}'

Of the options that later revisions may know and earlier ones not (mode, convolution, precision)
only those that are given are passed on; the others are what that revision trains with.
"""

import json
import sys

import tensorflow as tf

from benchmarks.measure import harness, ours
from dcgan import training
from dcgan.config import Config
from gan_core import rng


def main(batch: int, size: int, width: int, latent_dim: int, **options) -> None:
    trainer = training.build(
        Config(
            batch_size=batch,
            size=size,
            width=width,
            latent_dim=latent_dim,
            g_learning_rate=2e-4,
            d_learning_rate=2e-4,
            beta_1=0.5,
            average=0.0,
            augment=(),
            gamma=0.0,  # the peers have none of them
            **options,
        )
    )
    real = rng.uniform(
        [batch, size, size, 3], rng.seed(0, "real"), -1.0, 1.0
    )  # stays on the device

    def sampler(index):
        return real

    def play(rounds):
        trainer.rounds(sampler, rounds)
        tf.test.experimental.sync_devices()

    harness.serve(play, ours.facts(trainer))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
