"""Solutions of the exercises of chapter 4, two losses."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from gan_core import game, losses, rng
from gan_core.losses import GANLoss
from gan_core.nn.mlp import mlp
from gan_core.optim.optimizers import Adam


def exercise_1() -> tuple[float, float]:
    """A missed mode costs 2 KL(m | p) less than it costs 2 JS; a sample where p = 0 costs more.

    On the missed third of the data m = p/2. On the other two thirds q = 1.5 p, so m = 1.25 p:

        2 JS         = 1/3 log 2 + 2/3 log(1 / 1.25) + log(1.5 / 1.25) = 0.26
        2 KL(m | p)  = 2 [1/6 log(1/2) + 5/6 log 1.25]                 = 0.14

    With a third of the samples where p = 0, 2 KL(m | p) is infinite, because m > 0 there. 2 JS
    stays finite: it never exceeds 2 log 2.

    Returns:
        2 JS and 2 KL(m | p) for the missed mode, as sums over the three modes.
    """
    p = np.array([1.0, 1.0, 1.0]) / 3.0
    q = np.array([0.5, 0.5, 0.0])
    m = 0.5 * (p + q)
    covered = q > 0.0
    kl_of_q = np.sum(q[covered] * np.log(q[covered] / m[covered]))
    two_js = np.sum(p * np.log(p / m)) + kl_of_q
    two_kl = 2.0 * np.sum(m * np.log(m / p))
    return float(two_js), float(two_kl)


def exercise_2(t: np.ndarray) -> np.ndarray:
    """f(t) = (1 + t) log((1 + t) / (2t)), with t = p/q.

    m = (p + q) / 2 = q (1 + t) / 2 and m / p = (1 + t) / (2t), so 2 KL(m | p), the integral of
    2 m log(m / p), is E_q [(1 + t) log((1 + t) / (2t))]. f(1) = 2 log 1 = 0. Differentiating twice
    gives f'(t) = log((1 + t) / (2t)) - 1/t and f''(t) = 1 / (t^2 (1 + t)) > 0, so f is convex.

    Args:
        t: ratios above 0, of any shape.

    Returns:
        f of each ratio.
    """
    return (1.0 + t) * np.log((1.0 + t) / (2.0 * t))


def exercise_3(steepness: float, n: int = 200_000) -> tuple[float, float]:
    """Two crossings cost more than one, although each lies where z is less probable.

    G has to be steep wherever it goes from one mode to the other. A monotone G crosses once, at
    z = 0, where the normal density is 0.40. A G that sends |z| < 0.67 to one mode and |z| > 0.67 to
    the other gives both the same weight as well. It crosses twice, where the density is 0.32, so
    2 x 0.32 / 0.40 = 1.6 times as many samples fall into the gap. Counted with steepness 8, these
    are 4.0 % of the samples for one crossing, and 6.4 % for two.

    Args:
        steepness: the slope of G at each crossing.
        n: how many z are drawn.

    Returns:
        The share of samples with 0.1 < G(z) < 0.9 for one crossing, and for two.
    """
    z = rng.normal([n], rng.seed(0, "z")).numpy()
    once = np.clip(0.5 + steepness * z, 0.0, 1.0)
    twice = np.clip(0.5 + steepness * (np.abs(z) - 0.6745), 0.0, 1.0)
    return _share_in_the_gap(once), _share_in_the_gap(twice)


def _share_in_the_gap(x: np.ndarray) -> float:
    return float(np.mean((x > 0.1) & (x < 0.9)))


def exercise_4() -> list[tuple[float, float]]:
    """The ratio of the norms is (1 - sigma(b)) / sigma(b) = e^(-b) = 1 / D(G(z)) - 1.

    For a linear D every sample has the same gradient with respect to x. If all logits are equal,
    each loss multiplies the same sum of gradients by one number, sigma(b) or 1 - sigma(b).
    Measured for three D, whose logits are not quite equal, the ratios are 7.473, 150.1 and 22,276.
    The formula at the mean logit gives 7.458, 149.8 and 22,232.

    Returns:
        (measured ratio, e^(-mean b)) of three D.
    """
    generator = mlp([1, 32, 32, 1], seed=0, name="generator")
    z = rng.normal([256, 1], rng.seed(0, "z"))
    found = []
    for shift in (2.0, 5.0, 10.0):
        fake = generator(z)
        saturating = _gradient_norm(losses.MINIMAX, generator, z, shift)
        other = _gradient_norm(losses.NON_SATURATING, generator, z, shift)
        predicted = float(np.exp(shift - 0.1 * np.mean(fake)))
        found.append((other / saturating, predicted))
    return found


def _gradient_norm(loss: GANLoss, generator: tf.Module, z: tf.Tensor, shift: float) -> float:
    """The norm of G's gradient under the linear D with logit 0.1 x - shift."""
    fake, tape = game.generate(generator, z)
    _, row = game.generator_gradients(
        loss,
        lambda x: 0.1 * x[:, 0] - shift,
        None,
        fake,
        tape,
        generator.trainable_variables,
        gradient_norm=True,
    )
    return float(row["g_gradient_norm"])


def exercise_5() -> list[tuple[float, float]]:
    """The share in the gap is the bound itself, erf(0.4 / (L sqrt 2)), about 0.32 / L.

    G is monotone, so the z that land in the gap of width 0.8 form an interval of width 0.8 / L
    around 0. By the Gaussian isoperimetric inequality no G of that steepness has fewer. Of 200,000
    samples 15.8, 3.95 and 0.99 % lie in the gap for L = 2, 8 and 32; the bounds are 15.9, 3.99 and
    1.00 %. (A count may lie below its bound by chance.)

    Returns:
        (measured, predicted) for L = 2, 8, 32.
    """
    z = rng.normal([200_000], rng.seed(0, "z")).numpy()
    found = []
    for steepness in (2.0, 8.0, 32.0):
        x = np.clip(0.5 + steepness * z, 0.0, 1.0)
        measured = _share_in_the_gap(x)
        predicted = math.erf(0.4 / steepness / math.sqrt(2.0))
        found.append((measured, predicted))
    return found


def exercise_6() -> tuple[np.ndarray, np.ndarray]:
    """Adam stops where the gradient is smaller than its epsilon, 1e-8.

    For a constant gradient g both of Adam's averages are g and g^2 (bias corrected), so its step is
    learning rate x g / (g + epsilon). While g is far above epsilon the step does not depend on g.
    Measured: for g = 1e-6 the step is 99 % of the learning rate, for 1e-8 a half, for 1e-10 1 %.
    After a long head start the minimax gradient of each weight is below epsilon, and G stands still
    with Adam too.

    Returns:
        The gradients, and for each the step divided by the learning rate.
    """
    gradients = 10.0 ** np.arange(-2, -13, -2)
    steps = []
    for gradient in gradients:
        weight = tf.Variable(0.0)
        optimizer = Adam(0.001).bind([weight])
        optimizer.apply([tf.constant(gradient, tf.float32)])
        steps.append(-float(weight) / 0.001)
    return gradients, np.array(steps)


def _kl_discriminator(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """-E_p T + E_q exp(T - 1)."""
    return tf.reduce_mean(tf.exp(fake_logits - 1.0)) - tf.reduce_mean(real_logits)


def _kl_generator(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """-E_q exp(T - 1): what depends on G in the bound -(D's loss), which G makes small."""
    return -tf.reduce_mean(tf.exp(fake_logits - 1.0))


def exercise_7() -> GANLoss:
    """KL(p | q) as a GAN loss.

    At one x the integrand is -p T + q e^(T - 1). Its derivative with respect to T is 0 where
    q e^(T - 1) = p, so T* = 1 + log(p/q), and this is a minimum because the integrand is convex in
    T. Inserted: -E_p [1 + log(p/q)] + E_q [p/q] = -1 - KL(p | q) + 1 = -KL(p | q).

    Returns:
        The loss. Its logits are scores: T is no log odds.
    """
    return GANLoss("kl", _kl_discriminator, _kl_generator, logits="score")
