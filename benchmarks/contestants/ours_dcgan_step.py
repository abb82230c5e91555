"""The DCGAN round of this project, as a contestant: one batch after the other.

    python -m benchmarks.contestants.ours_dcgan_step \\
        '{"batch": 128, "size": 64, "width": 64, "latent_dim": 100}'

The networks and the trainer are those of `dcgan`. `benchmarks.compare` runs this module of every
revision, each with its own trainer; so options that only some revisions know (mode, convolution,
precision) are passed on only if they are given.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import tensorflow as tf

from benchmarks.measure import devices, harness, ours
from dcgan import training
from dcgan.config import Config
from gan_core import rng


def main(batch: int, size: int, width: int, latent_dim: int, **options: Any) -> None:
    """Play rounds for the harness.

    Args:
        batch: images in a batch.
        size: height and width of a picture in pixels.
        width: channels of both networks at full picture size.
        latent_dim: numbers in z.
        options: more fields of the DCGAN's config.
    """
    devices.set_precision(options.get("precision", "float32"))
    trainer = training.build(
        Config(
            batch_size=batch,
            size=size,
            width=width,
            latent_dim=latent_dim,
            g_learning_rate=2e-4,
            d_learning_rate=2e-4,
            beta_1=0.5,
            **ours.BARE_ROUND,
            **options,
        )
    )
    real = rng.uniform([batch, size, size, 3], rng.seed(0, "real"), -1.0, 1.0)

    def sampler(index: tf.Tensor) -> tf.Tensor:
        return real  # it stays on the device

    def play(rounds: int) -> None:
        trainer.rounds(sampler, rounds)
        devices.drain()

    harness.serve(play, ours.facts(trainer))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
