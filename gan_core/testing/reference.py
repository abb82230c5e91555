"""A slow, explicit NumPy version of what gan_core computes, in float64: the tests' reference.

Each function is its formula, without any trick. Logits `a` [n] belong to real samples and `b` [m]
to fake ones. In float64, log(1 + e^t) and similar functions are exact enough to check float32
(numpy.logaddexp neither overflows nor cancels).
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any  # NumPy arrays and numbers, float64


def softplus(t: Array) -> Array:
    """s(t) = log(1 + e^t)."""
    return np.logaddexp(0.0, np.float64(t))


def sigmoid(t: Array) -> Array:
    """1 / (1 + e^-t) = e^(-s(-t))."""
    return np.exp(-softplus(-np.float64(t)))


# ---- losses: name -> (discriminator(a, b), generator(a, b)) ----


def cross_entropy_d(a: Array, b: Array) -> Array:
    """mean s(-a) + mean s(b)."""
    return np.mean(softplus(-a)) + np.mean(softplus(b))


def minimax_g(a: Array, b: Array) -> Array:
    """-mean s(b)."""
    return -np.mean(softplus(b))


def non_saturating_g(a: Array, b: Array) -> Array:
    """mean s(-b)."""
    return np.mean(softplus(-b))


def least_squares_d(a: Array, b: Array) -> Array:
    """1/2 mean (a - 1)^2 + 1/2 mean b^2."""
    return 0.5 * np.mean((a - 1.0) ** 2) + 0.5 * np.mean(b**2)


def least_squares_g(a: Array, b: Array) -> Array:
    """1/2 mean (b - 1)^2."""
    return 0.5 * np.mean((b - 1.0) ** 2)


def hinge_d(a: Array, b: Array) -> Array:
    """mean max(0, 1 - a) + mean max(0, 1 + b)."""
    return np.mean(np.maximum(0.0, 1.0 - a)) + np.mean(np.maximum(0.0, 1.0 + b))


def wasserstein_d(a: Array, b: Array) -> Array:
    """mean b - mean a."""
    return np.mean(b) - np.mean(a)


def wasserstein_g(a: Array, b: Array) -> Array:
    """-mean b."""
    return -np.mean(b)


def relativistic_d(a: Array, b: Array) -> Array:
    """mean s(-(a - b))."""
    return np.mean(softplus(-(a - b)))


def relativistic_g(a: Array, b: Array) -> Array:
    """mean s(-(b - a))."""
    return np.mean(softplus(-(b - a)))


LOSSES = {
    "minimax": (cross_entropy_d, minimax_g),
    "non-saturating": (cross_entropy_d, non_saturating_g),
    "least-squares": (least_squares_d, least_squares_g),
    "hinge": (hinge_d, wasserstein_g),
    "wasserstein": (wasserstein_d, wasserstein_g),
    "relativistic": (relativistic_d, relativistic_g),
}

# ---- their gradients by hand: name -> (dD/da, dD/db, dG/db), each a function of (a, b) ----


def _cross_entropy_da(a: Array, b: Array) -> Array:
    return -sigmoid(-a) / a.size


def _cross_entropy_db(a: Array, b: Array) -> Array:
    return sigmoid(b) / b.size


GRADIENTS = {
    "minimax": (_cross_entropy_da, _cross_entropy_db, lambda a, b: -sigmoid(b) / b.size),
    "non-saturating": (_cross_entropy_da, _cross_entropy_db, lambda a, b: -sigmoid(-b) / b.size),
    "least-squares": (
        lambda a, b: (a - 1.0) / a.size,
        lambda a, b: b / b.size,
        lambda a, b: (b - 1.0) / b.size,
    ),
    "hinge": (
        lambda a, b: np.where(a < 1.0, -1.0, 0.0) / a.size,
        lambda a, b: np.where(b > -1.0, 1.0, 0.0) / b.size,
        lambda a, b: np.full(b.shape, -1.0 / b.size),
    ),
    "wasserstein": (
        lambda a, b: np.full(a.shape, -1.0 / a.size),
        lambda a, b: np.full(b.shape, 1.0 / b.size),
        lambda a, b: np.full(b.shape, -1.0 / b.size),
    ),
    "relativistic": (
        lambda a, b: -sigmoid(b - a) / a.size,
        lambda a, b: sigmoid(b - a) / b.size,
        lambda a, b: -sigmoid(a - b) / b.size,
    ),
}


# ---- discrete distributions: p and q [K], both positive, each of sum 1 ----


def kl(p: Array, q: Array) -> Array:
    """KL(p || q) = sum p log(p / q), where 0 log 0 = 0."""
    p, q = np.broadcast_arrays(np.float64(p), np.float64(q))
    some = p > 0
    return np.sum(p[some] * np.log(p[some] / q[some]))


def js(p: Array, q: Array) -> Array:
    """Jensen-Shannon divergence: half the KL of each to their mean, between 0 and log 2."""
    middle = (p + q) / 2
    return kl(p, middle) / 2 + kl(q, middle) / 2


def tv(p: Array, q: Array) -> Array:
    """Total variation: half of sum |p - q|, between 0 and 1."""
    return np.sum(np.abs(p - q)) / 2


def bernoulli_kl(p: Array, q: Array) -> Array:
    """KL of two coins with chances p and q of heads, elementwise."""
    return p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))


# ---- penalties, from the slope vectors of D: [B, features] ----


def linear_slopes(w: Array, x: Array) -> Array:
    """D(x) = w.x has the slope w everywhere."""
    return np.broadcast_to(np.float64(w), x.shape)


def quadratic_slopes(matrix: Array, w: Array, x: Array) -> Array:
    """D(x) = 1/2 x.Ax + w.x with a symmetric A has the slope A x + w."""
    return np.asarray(x, np.float64) @ np.asarray(matrix, np.float64) + w


def zero_centred_penalty(gamma: Array, slopes: Array) -> Array:
    """R1 (slopes at real samples) and R2 (at fake ones): gamma/2 mean |slope|^2."""
    return gamma / 2 * np.mean(np.sum(slopes**2, axis=1))


def one_centred_penalty(weight: Array, slopes: Array) -> Array:
    """weight mean (|slope| - 1)^2, from the slopes at the points in between."""
    return weight * np.mean((np.sqrt(np.sum(slopes**2, axis=1)) - 1.0) ** 2)


# ---- training ----


def adam(
    parameter: Array,
    gradient: Array,
    m: Array,
    v: Array,
    t: Array,
    learning_rate: Array,
    beta_1: Array = 0.9,
    beta_2: Array = 0.999,
    epsilon: Array = 1e-8,
) -> Array:
    """Step number t = 1, 2, ... of Adam (Kingma and Ba 2015, Algorithm 1) -> parameter, m, v."""
    parameter, gradient, m, v = map(np.float64, (parameter, gradient, m, v))
    m = beta_1 * m + (1 - beta_1) * gradient
    v = beta_2 * v + (1 - beta_2) * gradient**2
    m_hat = m / (1 - beta_1**t)
    v_hat = v / (1 - beta_2**t)
    return parameter - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon), m, v


def batch_norm(x: Array, gamma: Array, beta: Array, epsilon: Array) -> Array:
    """Training mode, x [..., C] -> y, mean [C], biased variance [C] (Ioffe and Szegedy 2015,
    Algorithm 1).

    All axes but the last are the batch. The unbiased variance is n / (n - 1) times the biased
    one, n being the number of values of a channel.
    """
    x = np.float64(x)
    batch = tuple(range(x.ndim - 1))
    mean = np.mean(x, axis=batch)
    variance = np.mean((x - mean) ** 2, axis=batch)
    return batch_norm_inference(x, gamma, beta, mean, variance, epsilon), mean, variance


def batch_norm_inference(
    x: Array, gamma: Array, beta: Array, mean: Array, variance: Array, epsilon: Array
) -> Array:
    """gamma (x - mean) / sqrt(variance + epsilon) + beta, with given statistics."""
    return gamma * (np.float64(x) - mean) / np.sqrt(variance + epsilon) + beta


def moving_average(average: Array, value: Array, decay: Array) -> Array:
    """One update: decay average + (1 - decay) value.

    After n updates towards the same value, decay^n of the difference is left.
    """
    return decay * np.float64(average) + (1 - decay) * np.float64(value)
