"""Solutions of the exercises of chapter 5, Wasserstein."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from gan_core import checks, losses, metrics, penalties, rng
from gan_core.nn.initializers import glorot_normal
from gan_core.nn.mlp import mlp
from gan_core.nn.sequential import Sequential
from gan_core.optim.optimizers import Adam
from toy import ch05_wasserstein as chapter
from toy.measures.quadrature import jensen_shannon
from toy.targets.distributions import Uniform


def exercise_1() -> tuple[float, float]:
    """W1 = 1.75, by moving mass and by quantiles.

    P has mass 1/2 at 0 and at 1, Q has 1/4 at 0 and 3/4 at 3. Sorted by place, the first quarter
    stays at 0, the second moves from 0 to 3, the third and fourth move from 1 to 3:
    1/4 (0 + 3 + 2 + 2) = 1.75.

    Returns:
        W1 by that sum, and by `metrics.wasserstein_1` of samples with these shares.
    """
    by_hand = 0.25 * (0.0 + 3.0 + 2.0 + 2.0)
    of_samples = metrics.wasserstein_1([0.0, 0.0, 1.0, 1.0], [0.0, 3.0, 3.0, 3.0])
    return by_hand, of_samples


def exercise_2(n: int = 10_000) -> float:
    """Uncrossing two pairs never costs more.

    Let a <= a' and b <= b'. The function g(t) = |t - b| - |t - b'| is non-decreasing, because its
    slope is 0 outside of [b, b'] and 2 inside. So g(a) <= g(a'), which is
    |a - b| + |a' - b'| <= |a - b'| + |a' - b|.

    Returns:
        The smallest value of the right side less the left side, over n random quadruples.
    """
    numbers = rng.normal([n, 4], rng.seed(0, "quadruples")).numpy()
    a, a_later = np.sort(numbers[:, :2], axis=1).T
    b, b_later = np.sort(numbers[:, 2:], axis=1).T
    sorted_cost = np.abs(a - b) + np.abs(a_later - b_later)
    crossed_cost = np.abs(a - b_later) + np.abs(a_later - b)
    return float(np.min(crossed_cost - sorted_cost))


def exercise_3(shift: float) -> tuple[float, float]:
    """JS = shift log 2 up to a shift of 1, then log 2; W1 = shift for every shift.

    Where both are 1, m = 1 and nothing is added. On the two pieces of length `shift` where only one
    of them is 1, m = 1/2, and the integrand is log 2 with weight 1/2 each. For W1 every quantile
    moves by the shift. So JS has a useful slope, log 2, only up to a shift of 1, where the two
    intervals part. W1 has the slope 1 everywhere.

    Args:
        shift: theta of U[theta, 1 + theta], at least 0.

    Returns:
        JS by numerical integration, and W1 of evenly spaced samples.
    """
    js = jensen_shannon(Uniform(0.0, 1.0), Uniform(shift, 1.0 + shift))
    samples = (np.arange(1000) + 0.5) / 1000
    return js, metrics.wasserstein_1(samples, samples + shift)


def exercise_4(clip: float, shift: float = 4.0, steps: int = 600) -> float:
    """A clipped critic reports a multiple of W1 that depends on the clip, not on the data.

    With all weights in [-c, c] the steepest critic of three layers has a slope of c^3 times the
    product of the widths, 64 * 64 c^3. So it reports at most 0.004, 4.1 and 111 times W1 for
    c = 0.01, 0.1 and 0.3. After 600 steps it reports 0.002, 1.7 and 44 times W1 (one seed). None
    of the three is the distance, and nothing in the training says so.

    Args:
        clip: c; after each step the weights and biases are clipped to [-c, c].
        shift: distance of the two normals, which is their W1.
        steps: training steps.

    Returns:
        The critic's estimate divided by the exact W1.
    """
    critic = mlp([1, 64, 64, 1], seed=0, name="critic")
    variables = critic.trainable_variables
    fake = rng.normal([2000, 1], rng.seed(0, "fake"))
    real = shift + rng.normal([2000, 1], rng.seed(0, "real"))

    def clip_weights() -> None:
        for variable in variables:
            variable.assign(tf.clip_by_value(variable, -clip, clip))

    _train(critic, real, fake, steps, penalty=None, after_step=clip_weights)
    return _estimate(critic, real, fake) / shift


def exercise_5(weight: float, shift: float = 4.0, steps: int = 600) -> tuple[float, float]:
    """The mean slope of a penalised critic is near 1 + shift / (2 weight).

    That is 3, 1.2 and 1.02 for lambda = 1, 10 and 100. The largest lambda needs the most steps,
    although its slope is the smallest: after 75 steps the estimate, divided by w, is 2.75, 1.10 and
    0.86, which is 8, 9 and 15 % too low. After 150 steps all three are within 3 %. (One seed.)

    Args:
        weight: lambda of the gradient penalty.
        shift: distance of the two normals.
        steps: training steps.

    Returns:
        The critic's estimate divided by the shift, and the prediction.
    """
    critic = mlp([1, 64, 64, 1], seed=0, name="critic")
    fake = rng.normal([2000, 1], rng.seed(0, "fake"))
    real = shift + rng.normal([2000, 1], rng.seed(0, "real"))
    _train(critic, real, fake, steps, penalties.wasserstein_gradient_penalty(weight))
    return _estimate(critic, real, fake) / shift, 1.0 + shift / (2.0 * weight)


def _train(
    critic: Callable,
    real: tf.Tensor,
    fake: tf.Tensor,
    steps: int,
    penalty: Callable | None,
    after_step: Callable[[], None] | None = None,
) -> None:
    """Train a critic on real and fake samples that stay as they are."""
    variables = critic.trainable_variables
    optimizer = Adam(0.002, beta_1=0.0, beta_2=0.9).bind(variables)

    @tf.function
    def training_step(step: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            tracked = penalties.Critic(critic)
            loss = losses.wasserstein_discriminator_loss(tracked(real), tracked(fake))
            if penalty is not None:
                loss += penalty(tracked, real, fake, rng.seed(0, "between", step), step)
        optimizer.apply(tape.gradient(loss, variables), step)
        if after_step is not None:
            after_step()

    for step in tf.range(steps, dtype=tf.int64):
        training_step(step)


def _estimate(critic: Callable, real: tf.Tensor, fake: tf.Tensor) -> float:
    return float(tf.reduce_mean(critic(real)) - tf.reduce_mean(critic(fake)))


def exercise_6(config: chapter.Config) -> list[list[str]]:
    """The non-saturating game with one step of D a round and 0.001 for G.

    Then W1 ends at 0.59 (mean of three seeds; standard error 0.03), below every run of Table 5.3.
    The rank correlation becomes negative, -0.30 on average: after 150 rounds W1 hardly falls, while
    minus D's loss creeps up from -1.36 to -1.26. So a game in which G learns well need not have a
    loss that can be read.

    Args:
        config: what else is as in the chapter.

    Returns:
        For each seed the row of Table 5.3.
    """
    config = dataclasses.replace(config, d_steps=1, g_learning_rate=0.001)
    game = chapter.games_of(config)["non-saturating"]
    rows = []
    for seed in range(config.seed, config.seed + config.seeds):
        rows.append(chapter.row_of("non-saturating", seed, chapter.play(config, game, seed)))
    return rows


class SpectralDense(tf.Module):
    """x [B, n] -> x W / s + b [B, m], where s is the largest singular value of W.

    W / s maps no difference of two inputs to a longer one, so the layer is 1-Lipschitz. s is found
    by power iteration (Miyato et al. 2018): u <- W v / |W v|, v <- W^T u / |W^T u|, s = u^T W v. In
    training one iteration a step is enough, because W changes little. The gradient treats u and v
    as constants.

    Args:
        inputs: n, at least 1.
        units: m, at least 1.
        seed: the seed of the weights and of the first v.
    """

    def __init__(self, inputs: int, units: int, *, seed: int) -> None:
        super().__init__()
        checks.integer("SpectralDense", "inputs", inputs, 1)
        checks.integer("SpectralDense", "units", units, 1)
        self.weights = tf.Variable(glorot_normal([inputs, units], rng.seed(seed, "weights")))
        self.bias = tf.Variable(tf.zeros([units]))
        first = rng.normal([units, 1], rng.seed(seed, "power iteration"))
        self.v = tf.Variable(first / tf.norm(first), trainable=False)
        for _ in range(30):
            self._iterate()

    def __call__(self, x: tf.Tensor, *, training: bool = False) -> tf.Tensor:
        """The normalised layer; in training the power iteration goes one step further."""
        if training:
            self._iterate()
        v = tf.stop_gradient(self.v)
        u = tf.stop_gradient(_unit(self.weights @ v))
        largest = tf.reduce_sum(u * (self.weights @ v))
        return x @ (self.weights / largest) + self.bias

    def _iterate(self) -> None:
        u = _unit(self.weights @ self.v)
        self.v.assign(_unit(tf.transpose(self.weights) @ u))


def _unit(vector: tf.Tensor) -> tf.Tensor:
    return vector / tf.maximum(tf.norm(vector), 1e-12)


def exercise_7() -> Sequential:
    """A critic that is 1-Lipschitz by construction, for the plane.

    A composition of maps that never lengthen a difference does not lengthen one either, and the
    leaky rectifier has slopes between 0.2 and 1.

    Returns:
        The critic: [B, 2] -> scores [B, 1].
    """
    return Sequential(
        [
            SpectralDense(2, 64, seed=0),
            tf.nn.leaky_relu,
            SpectralDense(64, 64, seed=1),
            tf.nn.leaky_relu,
            SpectralDense(64, 1, seed=2),
        ]
    )
