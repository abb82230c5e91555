"""Solutions of chapter 3: one Gaussian."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from gan_core import data, latent, losses, rng
from gan_core.nn import initializers
from gan_core.nn.mlp import mlp, standardise
from gan_core.nn.sequential import Sequential
from gan_core.optim.optimizers import Adam
from gan_core.runs import loop
from gan_core.trainer import GANTrainer
from toy import ch03_one_gaussian as chapter
from toy.targets.distributions import Normal


def exercise_1(mean: float = 7.0, sd: float = 2.0):
    """c2 = 1 / (2 w^2) - 1/2, c1 = 10 - mu / w^2, c0 = mu^2 / (2 w^2) - 50 + log |w|. It is a
    straight line if and only if |w| = 1.

    Args:
        mean: mu.
        sd: |w|.

    Returns:
        The parabola, and log p - log q, at 50 places.
    """
    x = np.linspace(0.0, 20.0, 50, dtype=np.float32)
    c0 = mean**2 / (2 * sd**2) - 50.0 + np.log(sd)
    c1 = 10.0 - mean / sd**2
    c2 = 0.5 / sd**2 - 0.5
    parabola = c0 + c1 * x + c2 * x**2
    column = x[:, np.newaxis]
    best = Normal(10.0, 1.0).log_density(column) - Normal(mean, sd).log_density(column)
    return parabola, best.numpy()


def exercise_2():
    """In the first update k = 1, m = (1 - beta_1) g and v = (1 - beta_2) g^2. So m^ = g, v^ = g^2,
    and the step is h g / |g|: h with the sign of g. A parameter whose gradient is nothing but noise
    moves just as far as one that matters. (In later updates the signs of noise vary, m^ is small,
    and it moves less.)

    Returns:
        How far the first update moves parameters whose gradients are -1000, -1, 0.001 and 1000.
    """
    moves = []
    for gradient in (-1000.0, -1.0, 0.001, 1000.0):
        parameter = tf.Variable(0.0)
        Adam(0.5, epsilon=1e-12).bind([parameter]).apply([tf.constant(gradient)])
        moves.append(float(parameter))
    return moves


def exercise_3(omega: float = 0.1, decay: float = 0.99, rounds: int = 3000):
    """Try theta-bar_t = c e^(i omega t). The rule gives c e^(i omega t) =
    d c e^(i omega (t - 1)) + (1 - d) r e^(i omega t). Divide by e^(i omega t):
    c (1 - d e^(-i omega)) = (1 - d) r. The radius is |c|. What is left of the start fades as d^t.

    Args:
        omega: the angle of one round.
        decay: d.
        rounds: how many.

    Returns:
        The radius at the end, measured, and by the formula: about a tenth for these numbers.
    """
    average = 1.0 + 0.0j
    for t in range(1, rounds + 1):
        average = decay * average + (1.0 - decay) * np.exp(1j * omega * t)
    predicted = (1.0 - decay) / abs(1.0 - decay * np.exp(-1j * omega))
    return abs(average), predicted


def exercise_4():
    """The derivative of the non-saturating loss with respect to w is positive, so descent shrinks
    w. That of minimax is negative, so w grows. Both vanish with psi: a flat D says nothing. For
    psi = 1 they are 0.213 and -0.197, for psi = 0.1 only 0.003 and -0.002, and for psi = 0 both
    are 0. (By symmetry the two would be equal in size; they differ as the 10,000 z are a sample.)

    Returns:
        loss -> derivatives for psi = -1, -0.1, 0, 0.1 and 1.
    """
    z = rng.normal([10_000, 1], rng.seed(0, "z"))
    found = {}
    for name in ("non-saturating", "minimax"):
        w = tf.Variable(1.0)
        derivatives = []
        for psi in (-1.0, -0.1, 0.0, 0.1, 1.0):
            with tf.GradientTape() as tape:
                loss = losses.by_name(name).generator(None, psi * w * z)
            derivatives.append(float(tape.gradient(loss, w)))
        found[name] = derivatives
    return found


def exercise_5():
    """A start that reaches the data, and larger steps. For w from N(0, 1), 0.004 % of the numbers
    wz lie within 2 of 10 if z has sd 1, and 5.4 % if it has sd 10. Adam's first step moves w by
    the learning rate, so it moves the sd of G(z) by sd(z) times that. A wider start and a larger
    learning rate for w would do the same.

    Returns:
        (share within 2 of 10, change of the sd in one step) for z of sd 1 and of sd 10.
    """
    w = rng.normal([100_000], rng.seed(0, "w"))
    z = rng.normal([100_000], rng.seed(0, "z"))
    found = []
    for latent_sd in (1.0, 10.0):
        share = np.mean(np.abs(w * latent_sd * z - 10.0) < 2.0)
        parameter = tf.Variable(1.0)
        any_gradient = tf.constant(-3.0)  # its size does not matter in Adam's first step
        Adam(0.5).bind([parameter]).apply([any_gradient])
        change = latent_sd * abs(float(parameter) - 1.0)
        found.append((float(share), change))
    return found


def exercise_6(rounds: int = 4000, seed: int = 0):
    """It does: the hidden layers learn a hill where G is too wide, and a valley where it is too
    narrow. After 4,000 rounds the mean is 10.00, 9.99 and 9.99, and the sd 0.99, 0.98 and 1.00
    (seeds 0, 1 and 2), where the data have 10 and 1.

    Returns:
        Mean and sd of the averaged G's samples.
    """
    target = Normal(10.0, 1.0)
    points = target.sample(5000, rng.seed(seed, "5,000 points")).numpy()
    network = mlp([1, 32, 32, 1], seed=seed, name="discriminator")
    trainer = GANTrainer(
        mlp([1, 1], seed=seed, name="generator", initializer=initializers.ones),
        Sequential([standardise(points.mean(), points.std()), network]),
        latent=latent.Normal(1),
        g_optimizer=Adam(0.01, beta_1=0.5, beta_2=0.99),
        d_optimizer=Adam(0.01, beta_1=0.5, beta_2=0.99),
        average=0.99,
        seed=seed,
    )
    loop.fit(trainer, data.stream(target.sample, 256, seed), rounds)
    return chapter.mean_and_sd(trainer.average.model, 1.0)
