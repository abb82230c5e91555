"""Small games for the tests of the trainer: networks that can be worked out by hand,
and states to compare.
"""

import numpy as np
import tensorflow as tf

from gan_core import rng
from gan_core.devices import replicas
from gan_core.latent import Classes, Normal
from gan_core.losses import NON_SATURATING
from gan_core.nn.activations import leaky_relu
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.dense import Dense
from gan_core.nn.sequential import Sequential
from gan_core.optim.optimizers import SGD, Adam
from gan_core.trainer import GANTrainer

Z = 2  # sizes of z, of a sample, of a batch
X = 3
BATCH = 4


class Point(tf.Module):
    """The generator of the Dirac-GAN: theta, whatever z."""

    def __init__(self):
        super().__init__()
        self.theta = tf.Variable(1.0)

    def __call__(self, z, *, training=False):
        return self.theta * tf.ones_like(z)


class Slope(tf.Module):
    """Its discriminator: psi x."""

    def __init__(self):
        super().__init__()
        self.psi = tf.Variable(1.0)

    def __call__(self, x, *, training=False):
        return self.psi * x


def dirac(loss, **options):
    """Point against Slope with SGD; `step_size`, a variable, may be changed between rounds."""
    generator = Point()
    discriminator = Slope()
    step_size = tf.Variable(0.1)
    trainer = GANTrainer(
        generator,
        discriminator,
        latent=Normal(1),
        loss=loss,
        g_optimizer=SGD(lambda step: step_size),
        d_optimizer=SGD(lambda step: step_size),
        **{"mode": "graph", **options},
    )
    return trainer, step_size


def affine(*, d_rate=0.1, g_rate=0.2, **options):
    """G(z) = z W + c and D(x) = x w + b: each gradient is one line of NumPy. SGD."""
    generator = Dense(Z, X, seed=1)
    discriminator = Dense(X, 1, seed=2)
    return GANTrainer(
        generator,
        discriminator,
        latent=Normal(Z),
        g_optimizer=SGD(g_rate),
        d_optimizer=SGD(d_rate),
        **{"mode": "eager", **options},
    )


def deep(*, optimizer=Adam, rate=0.01, d_rate=0.02, **options):
    """Two layers each, with batch norm in G and D.

    G has no bias before batch norm: its gradient is rounding alone, of which Adam makes whole
    steps.
    """
    generator = Sequential(
        [Dense(Z, 5, seed=1, use_bias=False), BatchNorm(5), tf.nn.relu, Dense(5, X, seed=2)]
    )
    discriminator = Sequential(
        [Dense(X, 5, seed=3), leaky_relu(), BatchNorm(5), Dense(5, 1, seed=4)]
    )
    return GANTrainer(
        generator,
        discriminator,
        latent=Normal(Z),
        loss=options.pop("loss", NON_SATURATING),
        g_optimizer=optimizer(rate),
        d_optimizer=optimizer(d_rate),
        **{"mode": "eager", **options},
    )


def real(n=BATCH, number=0):
    """[n, X] float32, some batch of real samples."""
    return np.random.default_rng(number).normal(1.0, 2.0, [n, X]).astype(np.float32)


REALS = tf.constant(np.stack([real(number=number) for number in range(64)]))


def sampler(index):
    """real(number=index), as the trainer wants it."""
    return tf.gather(REALS, index % 64)


CLASSES = 3


class ByClass(tf.Module):
    """An affine map, and a vector to add for each class: x W + b + E[y].
    It remembers the labels it saw.
    """

    def __init__(self, in_size, out_size, seed, classes=CLASSES):
        super().__init__()
        self.dense = Dense(in_size, out_size, seed=seed)
        self.embedding = tf.Variable(tf.ones([classes, out_size]))
        self._seen = []

    def __call__(self, x, y, *, training=False):
        self._seen.append(y)
        return self.dense(x) + tf.gather(self.embedding, y)


class Projection(ByClass):
    """The logit of a projection discriminator: psi(x) + E[y].x (Miyato and Koyama 2018)."""

    def __init__(self, in_size, seed, classes=CLASSES):
        super().__init__(in_size, 1, seed)
        self.embedding = tf.Variable(rng.normal([classes, in_size], rng.seed(seed, "embedding")))

    def __call__(self, x, y, *, training=False):
        self._seen.append(y)
        return self.dense(x) + tf.reduce_sum(
            x * tf.gather(self.embedding, y), axis=1, keepdims=True
        )


def conditional(strategy=None, **options):
    """A game with labels: both networks affine, with a vector for each class.
    SGD, bound by the trainer.
    """
    with replicas.scope(strategy):
        generator = ByClass(Z, X, seed=1)
        discriminator = Projection(X, seed=2)
    return GANTrainer(
        generator,
        discriminator,
        latent=Normal(Z),
        labels=Classes(CLASSES),
        g_optimizer=SGD(0.2),
        d_optimizer=SGD(0.1),
        strategy=strategy,
        **{"mode": "eager", **options},
    )


def labels(number=0, n=BATCH):
    return np.random.default_rng(number).integers(0, CLASSES, n).astype(np.int32)


LABELS = tf.constant(np.stack([labels(k) for k in range(64)]))


def labelled(index):
    """(real(number=index), labels(index)), as the trainer wants them."""
    return tf.gather(REALS, index % 64), tf.gather(LABELS, index % 64)


def values(trainer):
    """The whole state, copied."""
    return {name: variable.numpy().copy() for name, variable in trainer.state().items()}


def changed(before, after):
    """The names of the variables that are not the same bit for bit."""
    assert before.keys() == after.keys()
    return {name for name in before if before[name].tobytes() != after[name].tobytes()}


def assert_near(one, other, **tolerance):
    """Two dictionaries of arrays agree to rounding."""
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(one[name], other[name], err_msg=name, **tolerance)
