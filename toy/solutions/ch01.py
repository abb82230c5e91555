"""Solutions of chapter 1: the game."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from gan_core import rng
from toy import ch01_the_game as chapter
from toy.measures.quadrature import at, cells, integrate, jensen_shannon
from toy.targets.distributions import Normal, Uniform


def exercise_1():
    """Where only one density has mass, on [0, c] and on [1, 1 + c], the mixture m is half of it, so
    log(r / m) = log 2. Where both have mass, m equals both, and log 1 = 0. So KL(p | m) = c log 2
    and KL(q | m) = c log 2, and JS, their mean, is c log 2 as well.

    Returns:
        c, and JS by integration, [11] each.
    """
    shifts = np.linspace(0.0, 1.0, 11)
    left = Uniform(0.0, 1.0)
    divergences = [jensen_shannon(left, Uniform(c, 1.0 + c)) for c in shifts]
    return shifts, np.array(divergences)


def exercise_2(share_real: float = 0.2):
    """The bracket of section 1.2 becomes pi p log D + (1 - pi) q log(1 - D). Its derivative is zero
    at D = pi p / (pi p + (1 - pi) q), and it is concave as before. The logit is
    log(pi p) - log((1 - pi) q) = a* + log(pi / (1 - pi)): a* moved by a constant.

    The check is numerical: the loss of the logits a* + c is smallest at c = log(pi / (1 - pi)).

    Args:
        share_real: pi.

    Returns:
        The best c of a fine list, and log(pi / (1 - pi)).
    """
    p = Normal(0.0, 1.0)
    q = Normal(1.0, 1.0)
    x, widths = cells(p, q)
    best_logit = chapter.best_logit(p, q, x).numpy().astype(np.float64)
    constants = np.linspace(-4.0, 4.0, 801)
    losses = []
    for c in constants:
        real_part = integrate(at(p, x), np.logaddexp(0.0, -(best_logit + c)), widths)
        fake_part = integrate(at(q, x), np.logaddexp(0.0, best_logit + c), widths)
        losses.append(share_real * real_part + (1.0 - share_real) * fake_part)
    best = float(constants[np.argmin(losses)])
    return best, float(np.log(share_real / (1.0 - share_real)))


def exercise_3():
    """N(0, 1) against N(1, 1), and N(-1.5, 2^2) against N(2.5, 2^2). In both games the best logit
    is a*(x) = 1/2 - x.

    D knows the ratio p / q, and not p. G has samples and no density: such a model is called
    *implicit*.

    Returns:
        a* of both games, and p of both games, at 61 places.
    """
    games = [
        (Normal(0.0, 1.0), Normal(1.0, 1.0)),
        (Normal(-1.5, 2.0), Normal(2.5, 2.0)),
    ]
    x = np.linspace(-3.0, 3.0, 61, dtype=np.float32)[:, np.newaxis]
    best_logits = [chapter.best_logit(p, q, x).numpy() for p, q in games]
    real_densities = [at(p, x) for p, _ in games]
    return best_logits, real_densities


def exercise_4():
    """It is better, if D is the best one. q D* = p q / (p + q), and p q <= (p + q)^2 / 4 (the
    arithmetic mean is at least the geometric one), with equality only for p = q. So q D* is at most
    (p + q) / 4, which integrates to 1/2. For two normals of sd 1 the average falls from 0.50 to
    0.40, 0.22 and 0.034 when q is moved by 1, 2 and 4.

    A D that is not the best may say one half to everything, and then this average is one half too.

    Returns:
        How far q is shifted, and the average of D* over q, [11] each.
    """
    p = Normal(0.0, 1.0)
    shifts = np.linspace(0.0, 5.0, 11)
    averages = []
    for shift in shifts:
        q = Normal(shift, 1.0)
        x, widths = cells(p, q)
        best_d = tf.sigmoid(chapter.best_logit(p, q, x))
        averages.append(integrate(at(q, x), best_d, widths))
    return shifts, np.array(averages)


def exercise_5(mean: float = 1.5, step: float = 1e-3):
    """KL(q | p) of the normals N(mu, 1) and N(0, 1) is mu^2 / 2, with the derivative mu. That of
    JS, and that of the loss, are taken by central differences: (f(mu + e) - f(mu - e)) / (2 e).
    For mu = 1.5 the loss has the derivative 1.0356, and KL(q | p) - 2 JS(p, q) has 1.0355. (That of
    KL(q | p) alone is 1.5.)

    Args:
        mean: mu.
        step: e.

    Returns:
        The derivative of the loss with D* fixed, and that of KL(q | p) - 2 JS(p, q).
    """
    p = Normal(0.0, 1.0)
    q = Normal(mean, 1.0)

    def loss_of(moved_q):
        """The mean of s(-a*) over samples of moved_q; a* is that of p and q."""
        x, widths = cells(p, q, moved_q)
        logits = chapter.best_logit(p, q, x).numpy().astype(np.float64)
        return integrate(at(moved_q, x), np.logaddexp(0.0, -logits), widths)

    right = Normal(mean + step, 1.0)
    left = Normal(mean - step, 1.0)
    of_loss = (loss_of(right) - loss_of(left)) / (2.0 * step)
    of_js = (jensen_shannon(p, right) - jensen_shannon(p, left)) / (2.0 * step)
    return of_loss, mean - 2.0 * of_js


def minimax(logits):
    """-mean s(b)."""
    return -tf.reduce_mean(tf.nn.softplus(logits))


def exercise_6(rounds: int = 1500, seeds: int = 5):
    """It changes little. In this training D starts with the logit 0 everywhere and never gets far
    ahead, so b stays near 0. There the two gradients are nearly equal, by equation (1.6). Minimax
    saturates only where D is sure.

    Measured for the seeds 0 to 4, averaged over the last third of the 1,500 rounds (the data have
    mean 1 and sd 0.5): with the non-saturating loss the mean is 1.000 and the sd 0.499, with
    minimax 1.002 and 0.494. The standard errors are 0.002. A seed gives both losses the same random
    numbers, so their differences are known better: +0.0021 ± 0.0001 for the mean, and
    -0.0049 ± 0.0003 for the sd. So the change is small, and it is not chance.

    In the minimax trainings of the seeds 0 to 2, 90 % of all values of b in the steps of G lie
    between -0.09 and 0.11, and 99.9 % between -1 and 1. By equation (1.6) the ratio of the two
    gradients is e^(-b), which for -0.09 < b < 0.11 differs from 1 by at most about a tenth.

    Args:
        rounds: the number of rounds of Algorithm 1.
        seeds: how many.

    Returns:
        Two dictionaries. loss -> mean and sd of G's samples, averaged over the last third of the
        rounds, [seeds, 2]; and loss -> the logits b in all steps of G, [seeds * rounds, 128].
    """
    found = {}
    logits = {}
    for name, loss in (("non-saturating", chapter.non_saturating), ("minimax", minimax)):
        ends = []
        seen = []

        def watched(b, loss=loss, seen=seen):
            seen.append(b.numpy())
            return loss(b)

        for seed in range(seeds):
            random = np.random.default_rng(seed)
            history = chapter.algorithm_1(
                lambda random=random: (1.0 + 0.5 * random.standard_normal(128)).astype("float32"),
                lambda random=random: random.standard_normal(128).astype("float32"),
                rounds,
                0.2,
                watched,
            )
            ends.append(history[-(rounds // 3) :].mean(axis=0))
        found[name] = np.array(ends)
        logits[name] = np.array(seen)
    return found, logits


def features(x):
    """1, both coordinates, their squares and their product: x [n, 2] -> [n, 6]."""
    first = x[:, :1]
    second = x[:, 1:]
    return tf.concat(
        [tf.ones_like(first), first, second, first**2, first * second, second**2], axis=1
    )


def exercise_7(rounds: int = 3000, batch: int = 256, learning_rate: float = 0.1):
    """log p - log q of two normals in the plane is a polynomial of degree 2 in both coordinates:
    1, x1, x2, x1^2, x1 x2, x2^2. Without the product D could not see the correlation. The loop is
    that of the chapter. `tf.function` turns one round into a graph, which is faster.

    Args:
        rounds: the number of rounds of Algorithm 1.
        batch: samples in a minibatch.
        learning_rate: the learning rate of both players.

    Returns:
        The mean [2] and the covariance W W^T [2, 2] of G's samples, averaged over the last third
        of the rounds.
    """
    data_mean = tf.constant([1.0, -1.0])
    factor = tf.constant([[1.0, 0.0], [0.8, 0.6]])  # factor factor^T = [[1, 0.8], [0.8, 1]]
    mu = tf.Variable([0.0, 0.0])
    w = tf.Variable([[1.0, 0.0], [0.0, 1.0]])
    c = tf.Variable(tf.zeros([6, 1]))

    def generator(z):
        return mu + tf.matmul(z, w, transpose_b=True)

    def discriminator(x):
        return tf.matmul(features(x), c)

    @tf.function
    def play_round(step):
        noise = rng.normal([batch, 2], rng.seed(0, "real", step))
        real = data_mean + tf.matmul(noise, factor, transpose_b=True)
        fake = generator(rng.normal([batch, 2], rng.seed(0, "z of D", step)))
        with tf.GradientTape() as tape:
            real_loss = tf.reduce_mean(tf.nn.softplus(-discriminator(real)))
            fake_loss = tf.reduce_mean(tf.nn.softplus(discriminator(fake)))
            d_loss = real_loss + fake_loss
        c.assign_sub(learning_rate * tape.gradient(d_loss, c))

        z = rng.normal([batch, 2], rng.seed(0, "z of G", step))
        with tf.GradientTape() as tape:
            g_loss = chapter.non_saturating(discriminator(generator(z)))
        mu_gradient, w_gradient = tape.gradient(g_loss, [mu, w])
        mu.assign_sub(learning_rate * mu_gradient)
        w.assign_sub(learning_rate * w_gradient)

    means = []
    covariances = []
    for step in range(rounds):
        play_round(tf.constant(step, tf.int64))
        if step >= rounds - rounds // 3:
            means.append(mu.numpy())
            covariances.append(w.numpy() @ w.numpy().T)
    return np.mean(means, axis=0), np.mean(covariances, axis=0)
