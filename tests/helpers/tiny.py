"""A GAN of a few dozen numbers, for tests of what happens around the training:
loop, files, kills.
"""

import tensorflow as tf

from gan_core import data, latent, rng
from gan_core.nn.activations import leaky_relu
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.dense import Dense
from gan_core.nn.sequential import Sequential
from gan_core.optim.optimizers import Adam
from gan_core.trainer import GANTrainer


def _points(n, seed):
    return rng.uniform([n, 1], seed, 3.0, 5.0)


SAMPLER = data.stream(_points, 4)  # one object: a trainer compiles once for a sampler


def make_trainer(mode="graph", hidden=3, g_optimizer=Adam, **options):
    """With every kind of state there is: parameters, batch norm's averages, Adam's,
    an average of G, the step.
    """
    generator = Sequential(
        [Dense(1, hidden, seed=1), BatchNorm(hidden), leaky_relu(0.2), Dense(hidden, 1, seed=2)]
    )
    discriminator = Sequential(
        [Dense(1, hidden, seed=3), leaky_relu(0.2), Dense(hidden, 1, seed=4)]
    )
    return GANTrainer(
        generator,
        discriminator,
        latent=latent.Normal(1),
        mode=mode,
        **{"average": 0.9, **options},
        g_optimizer=g_optimizer(),
        d_optimizer=Adam(),
    )


def values(trainer):
    """Every variable's bits."""
    return {name: variable.numpy().tobytes() for name, variable in trainer.state().items()}


class Fresh:
    """A trainer that can be made new again: what is compiled stays,
    every variable goes back to its birth.
    """

    def __init__(self, trainer):
        self.trainer = trainer
        self.birth = {name: tf.identity(variable) for name, variable in trainer.state().items()}

    def __call__(self):
        for name, variable in self.trainer.state().items():
            variable.assign(self.birth[name])
        return self.trainer
