"""The toy round of this project, as a contestant: n rounds in one compiled call.

python -m benchmarks.contestants.ours_toy_step '{"batch": 128, "hidden": 32}'
"""

import json
import sys

from benchmarks.measure import devices, harness, ours
from gan_core import rng
from gan_core.data import stream
from gan_core.latent import Normal
from gan_core.nn.mlp import mlp
from gan_core.optim.optimizers import Adam
from gan_core.trainer import GANTrainer


def game(hidden: int, batch: int, **options):
    """The trainer, and the sampler of N(4, 1.25). options: mode, if it is not to be the trainer's own default."""
    generator = mlp([1, hidden, hidden, 1], seed=0, name="G")
    discriminator = mlp([1, hidden, hidden, 1], seed=0, name="D")
    trainer = GANTrainer(
        generator,
        discriminator,
        latent=Normal(1),
        g_optimizer=Adam(2e-4, beta_1=0.5),
        d_optimizer=Adam(2e-4, beta_1=0.5),
        **options,
    )
    return trainer, stream(lambda n, seed: 4.0 + 1.25 * rng.normal([n, 1], seed), batch)


def main(**options) -> None:
    devices.set_precision(
        "float32"
    )  # as in the peers: on a GPU TensorFlow would round products to tf32
    trainer, sampler = game(**options)
    harness.serve(lambda rounds: trainer.rounds(sampler, rounds), ours.facts(trainer))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
