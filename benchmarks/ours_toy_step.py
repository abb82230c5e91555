"""The toy round of this project, as a contestant: n rounds in one compiled call."""

import sys

from benchmarks import harness
from gan_core import rng
from gan_core.data import stream
from gan_core.latent import Normal
from gan_core.optimizers import Adam
from gan_core.trainer import GANTrainer
from toy.networks import mlp


def main(hidden: int, batch: int) -> None:
    generator = mlp([1, hidden, hidden, 1], seed=0, name="G")
    discriminator = mlp([1, hidden, hidden, 1], seed=0, name="D")
    trainer = GANTrainer(
        generator, discriminator, latent=Normal(1),
        g_optimizer=Adam(generator.trainable_variables, 1e-3, beta_1=0.5),
        d_optimizer=Adam(discriminator.trainable_variables, 1e-3, beta_1=0.5))
    sampler = stream(lambda n, seed: 4.0 + 1.25 * rng.normal([n, 1], seed), batch)
    harness.serve(lambda rounds: trainer.rounds(sampler, rounds))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
