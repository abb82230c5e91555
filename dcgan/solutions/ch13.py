"""Solutions of chapter 13: asking for a face."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from gan_core import data, latent, penalties, rng
from gan_core.nn.activations import leaky_relu
from gan_core.nn.conditional import Embedding, ProjectionHead, WithEmbedding
from gan_core.nn.mlp import mlp
from gan_core.nn.sequential import Sequential
from gan_core.optim.optimizers import Adam
from gan_core.optim.schedules import linear_decay
from gan_core.runs import loop
from gan_core.trainer import GANTrainer


def exercise_1(labels: int) -> tuple[float, float]:
    """V = log(K / (K + 1)) + (1 / K) log(1 / (K + 1)), which goes to 0 as K grows.

    For label y the real samples have the density p(x|y), the generated ones the mixture
    (1/K) sum over k of p(x|k). Where p(x|y) > 0 the other labels have no mass, so the mixture is
    p(x|y) / K and D* = 1 / (1 + 1/K) = K / (K + 1). Elsewhere D* = 0. Real samples all lie in the
    first region: E log D* = log(K / (K + 1)). Of the generated ones a share of 1/K lies there, with
    log(1 - D*) = log(1 / (K + 1)), and the others have log(1 - 0) = 0.

    For K = 1 this is -log 4: ignoring the only label is no fault. With many labels D* recognises
    nearly every generated pair.

    Args:
        labels: K.

    Returns:
        The formula, and the value computed from a table: label y has the density 1 on cell y.
    """
    formula = math.log(labels / (labels + 1)) + math.log(1 / (labels + 1)) / labels
    real = np.eye(labels)
    fake = np.full([labels, labels], 1.0 / labels)
    with np.errstate(divide="ignore", invalid="ignore"):
        real_term = np.where(real > 0, real * np.log(real / (real + fake)), 0.0)
        fake_term = fake * np.log(fake / (real + fake))
    return formula, float(np.sum(real_term + fake_term) / labels)


def exercise_2(chance: float = 0.95) -> tuple[int, float]:
    """n = log 0.05 / log(1 - 1/288) = 862 faces.

    One face has all three with probability p = 1/8 * 1/6 * 1/6 = 1/288 (glasses are one of six
    ornaments). None of n faces has them with probability (1 - p)^n, which is 0.05 at that n. Of
    1,000 simulated searches 93.8 % succeed within 862 faces (standard error 0.8 %).

    Args:
        chance: with which one face or more of n has them.

    Returns:
        n, and the share of 1,000 simulated searches that succeed within n faces.
    """
    p = 1 / 288
    n = math.ceil(math.log(1 - chance) / math.log(1 - p))
    drawn = rng.uniform([1000, n], rng.seed(0, "1,000 searches")).numpy()
    return n, float(np.mean((drawn < p).any(axis=1)))


def exercise_3(steps: int = 300) -> dict[str, float]:
    """With one slope for both labels, -log 4 = -1.386: D learns nothing. With a slope for each,
    -0.713, which is D*'s value.

    The log-odds log p(x|y) / q(x|y) are -(x + 1)^2 / 2 + (x - 1)^2 / 2 = -2x for label 0, and 2x
    for label 1. So the best slopes are -2 and 2, with c = 0, and the form w(y) x + c(y) contains D*
    itself. The form w x + c(y) must choose one slope for both. By symmetry the best one is w = 0,
    and then c = 0.

    Args:
        steps: the number of steps of gradient ascent on V.

    Returns:
        V of the best D of each form, and of D*, by integration.
    """
    x = np.linspace(-9.0, 9.0, 1801)
    width = x[1] - x[0]
    left = np.exp(-0.5 * (x + 1) ** 2) / math.sqrt(2 * math.pi)
    right = np.exp(-0.5 * (x - 1) ** 2) / math.sqrt(2 * math.pi)
    real = np.stack([left, right])
    fake = real[::-1]

    def value(logits: np.ndarray) -> float:
        log_d = -np.logaddexp(0.0, -logits)
        log_1_minus_d = -np.logaddexp(0.0, logits)
        return float(np.sum(real * log_d + fake * log_1_minus_d) * width / 2)

    found = {"D*": value(np.stack([-2 * x, 2 * x]))}
    for name, is_shared in (("w x + c(y)", True), ("w(y) x + c(y)", False)):
        slopes = np.array([0.5, 1.0])
        shifts = np.zeros(2)
        for _ in range(steps):
            if is_shared:
                slopes[:] = slopes.mean()
            d = 1 / (1 + np.exp(-(slopes[:, np.newaxis] * x + shifts[:, np.newaxis])))
            up = real * (1 - d) - fake * d  # of V with respect to the logit
            slopes = slopes + 0.5 * np.sum(up * x, axis=1) * width
            shifts = shifts + 0.5 * np.sum(up, axis=1) * width
        if is_shared:
            slopes[:] = slopes.mean()
        found[name] = value(slopes[:, np.newaxis] * x + shifts[:, np.newaxis])
    return found


def exercise_4(size: int = 64, per_row: int = 20) -> tuple[float, float]:
    """rho = 3: three times as loud as z.

    The sum of three vectors of variance 1 has variance 3 in each number. With counts of 8, 6 and 2
    values, once drawn, it varies by (7/8) + (5/6) + (1/2) = 2.21 on average, so the share between
    labels is 2.21 / 3.21 = 0.688. Measured behind random layers it is 0.687 (mean of ten labels'
    vectors).

    Args:
        size: numbers of z, and of the label.
        per_row: samples of each combination.

    Returns:
        The expected share, and the measured one behind a random layer.
    """
    counts = [8, 6, 2]
    loud = sum(1 - 1 / count for count in counts)
    rows = np.stack(np.meshgrid(*(np.arange(count) for count in counts)), -1).reshape(-1, 3)
    labels = np.repeat(rows, per_row, axis=0).astype(np.int32)
    z = rng.normal([len(labels), size], rng.seed(0, "z")).numpy()
    weights = rng.normal([2 * size, 500], rng.seed(0, "weights")).numpy()
    measured = []
    for seed in range(10):
        vectors = Embedding(counts, size, seed=seed)(labels).numpy()
        h = np.concatenate([z, vectors], axis=1) @ weights
        of_rows = h.reshape(len(rows), per_row, -1)
        within = np.var(of_rows, axis=1, ddof=1).mean(axis=0).sum()
        measured.append(1 - within / np.var(h, axis=0).sum())
    return loud / (1 + loud), float(np.mean(measured))


def exercise_5(features: int = 16) -> tuple[int, int, float]:
    """(8 + 6) 16 = 224 parameters; 8 * 6 * 16 = 768 with a vector for each combination.

    <e(y), phi> = <e_hair, phi> + <e_eyes, phi>. In the first form what eye colour adds to the logit
    is the same for every hair colour: for two hair colours i, j and two eye colours k, l,
    a(i, k) - a(i, l) - a(j, k) + a(j, l) = 0. The second form has no such restriction, so it alone
    can express that a combination is rarer or looks different than its parts suggest. It also
    learns nothing about a combination that it has not seen.

    Args:
        features: numbers of phi.

    Returns:
        Parameters of the embedding in both forms, and the largest of those sums in the first form.
    """
    summed = Embedding([8, 6], features, seed=0)
    combined = Embedding(8 * 6, features, seed=0)
    phi = rng.normal([features], rng.seed(0, "phi")).numpy()
    hair, eyes = np.meshgrid(np.arange(8), np.arange(6), indexing="ij")
    rows = np.stack([hair, eyes], axis=-1).reshape(-1, 2)
    a = (summed(rows).numpy() @ phi).reshape(8, 6)
    interaction = a[:1, :1] - a[:1] - a[:, :1] + a
    sizes = [int(tf.size(layer.table)) for layer in (summed, combined)]
    return sizes[0], sizes[1], float(np.max(np.abs(interaction)))


def exercise_6(rounds: int = 200, seed: int = 0) -> dict[str, np.ndarray]:
    """Rare labels are learnt late; with equal batches they are learnt as early as the others.

    With batches as the data have them, a batch of 128 holds half a sample of the rarest label.
    After 200 rounds G puts its samples 1.5 from their centre, and those of common labels 0.3. With
    equal batches it is 0.4 for both: but the 16 samples of the rarest label in a batch are copies
    of the same four. After 800 rounds G's samples lie within 0.07 of the centre, nearer than the
    data's 0.125: they are those few samples again, and no new ones. (Seed 0.)

    Args:
        rounds: the number of rounds of each training.
        seed: the seed of data and networks.

    Returns:
        For each kind of batch, the mean distance of 250 samples of each label from the label's
        centre, the rarest label first: [8]. For the data's distribution it is 0.1 sqrt(pi / 2).
    """
    points, labels, centres = _long_tail(seed)
    counts = np.bincount(labels)
    last_rows = np.cumsum(counts) - 1

    def as_the_data(n: int, of: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        rows = rng.integers([n], of, len(labels))
        return tf.gather(points, rows), tf.gather(labels, rows)

    def equally_often(n: int, of: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        label_seed, row_seed = rng.split(of, 2)
        y = rng.integers([n], label_seed, 8)
        size = tf.gather(tf.constant(counts, tf.float32), y)
        back = tf.cast(rng.uniform([n], row_seed) * size, tf.int32)
        last = tf.gather(tf.constant(last_rows, tf.int32), y)
        return tf.gather(points, last - back), y

    asked = np.repeat(np.arange(8, dtype=np.int32), 250)
    found = {}
    for name, sample in (("as the data", as_the_data), ("equally often", equally_often)):
        trainer = _trainer(sample, rounds, seed)
        loop.fit(trainer, data.stream(sample, 128, seed), rounds, log_every=rounds)
        samples = trainer.sample(len(asked), seed=1, labels=asked)
        found[name] = np.linalg.norm(samples - centres[asked], axis=1).reshape(8, 250).mean(axis=1)
    return found


def _long_tail(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points of the ring, 4, 8, ..., 512 of the eight labels; labels; centres."""
    angles = 2 * np.pi * np.arange(8) / 8
    centres = 2 * np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    labels = np.repeat(np.arange(8, dtype=np.int32), 4 * 2 ** np.arange(8))
    noise = rng.normal([len(labels), 2], rng.seed(seed, "samples")).numpy()
    return centres[labels] + np.float32(0.1) * noise, labels, centres


def _trainer(sample, rounds: int, seed: int) -> GANTrainer:
    """The game of section 13.5 with a projection discriminator."""
    generator = Sequential(
        [WithEmbedding(8, 8, seed=seed), mlp([10, 32, 32, 2], seed=seed, name="generator")]
    )
    features = mlp([2, 32, 32], seed=seed, name="discriminator")
    head = ProjectionHead(32, 8, seed=seed + 1)
    rate = linear_decay(2e-3, rounds, start=rounds // 2)
    return GANTrainer(
        generator,
        Sequential([features, leaky_relu(0.2), head]),
        latent=latent.Normal(2),
        labels=lambda n, of: sample(n, of)[1],
        penalty=penalties.r1(0.5),
        g_optimizer=Adam(rate, beta_1=0.0, beta_2=0.99),
        d_optimizer=Adam(rate, beta_1=0.0, beta_2=0.99),
        average=0.99,
        mode="graph",
        seed=seed,
    )
