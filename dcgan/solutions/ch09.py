"""Solutions of chapter 9: training a DCGAN."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from dcgan import ch09_training as chapter
from dcgan import networks
from dcgan.data.pixels import to_uint8
from dcgan.epochs import variety
from gan_core import checks, losses, rng
from gan_core.runs.hooks import every
from gan_core.runs.loop import fit


def exercise_1(d_real: float = 0.8, d_fake: float = 0.3):
    """D's loss is -log 0.8 - log(1 - 0.3) = 0.223 + 0.357 = 0.580, and G's is -log 0.3 = 1.204.
    0.8 is above one half and 0.3 below, so D is right on every face: its accuracy is 1. By
    equation (9.1), JS is at least (1.386 - 0.580) / 2 = 0.403. (In fact JS is log 2 = 0.693 here:
    a D that is right on every face shows that the supports are disjoint. The bound uses D's loss
    alone, and this D is less sure than it could be.)

    Returns:
        D's loss, G's loss, the accuracy, and the bound.
    """
    d_loss = -math.log(d_real) - math.log(1.0 - d_fake)
    g_loss = -math.log(d_fake)
    accuracy = 0.5 * (d_real > 0.5) + 0.5 * (d_fake <= 0.5)
    return d_loss, g_loss, accuracy, (math.log(4.0) - d_loss) / 2.0


def exercise_2(rounds: int = 400):
    """Each round multiplies the share of the start by d, so d^n is left. It is more than half if d
    is above 2^(-1/n), which is 0.9983 for n = 400. With equation (9.2) the rounds t = 0, ..., n - 1
    leave the product of all (1 + t) / (10 + t). Numerator and denominator cancel but for nine
    factors each, and 9! n! / (n + 9)! is left: 10^-18 for n = 400.

    Args:
        rounds: n, at least 1.

    Returns:
        That d, and the share with equation (9.2).
    """
    checks.integer("exercise_2", "rounds", rounds, 1)
    t = np.arange(rounds)
    return 0.5 ** (1.0 / rounds), float(np.prod((1.0 + t) / (10.0 + t)))


def exercise_3(logit: float = 6.0, seed: int = 0, batches: int = 0):
    """(a) A perfect D says 1 to real and 0 to generated faces. Read as logits, these have the loss
    s(-1) + s(0) = log(1 + 1/e) + log 2 = 1.006, with s for softplus. No D of this kind has a
    smaller loss, where a right and sure D should have a loss near 0.

    (b) The gradient is not 0. `training` tells batch norm which statistics to use, and nothing
    else. Who learns is decided by the variables that an optimizer is bound to.

    In untrained networks it looks as if they were frozen: the norm of the gradient is 0.00004 with
    training=False, and 9.5 with training=True (seed 0). But this is because the moving averages
    still have their first values, 0 and 1. Then batch norm leaves a signal as it is, and small
    weights shrink it from layer to layer. After 200 batches in training, which change nothing but
    the averages, the norms are 12.9 and 9.5.

    Args:
        logit: the logit of a D that is right and sure.
        seed: the seed of the networks.
        batches: how many the moving averages have seen when the gradient is measured.

    Returns:
        The loss from logits, the loss from probabilities taken for logits, and the norms of the
        gradient that reaches G with training=False and with training=True.
    """
    right = tf.fill([8], logit)
    from_logits = losses.discriminator_loss(right, -right)
    from_probabilities = losses.discriminator_loss(tf.sigmoid(right), tf.sigmoid(-right))

    generator = networks.generator(32, 8, 16, seed=seed)
    discriminator = networks.discriminator(32, 8, seed=seed)
    for batch in range(batches):
        before = rng.normal([16, 16], rng.seed(seed, "z before", batch))
        discriminator(generator(before, training=True), training=True)
    z = rng.normal([8, 16], rng.seed(seed, "z"))
    norms = []
    for is_training in (False, True):
        with tf.GradientTape() as tape:
            fake = generator(z, training=is_training)
            logits = discriminator(fake, training=is_training)
            loss = losses.non_saturating_generator_loss(tf.reshape(logits, [-1]))
        gradients = tape.gradient(loss, generator.trainable_variables)
        norms.append(float(tf.linalg.global_norm(gradients)))
    return float(from_logits), float(from_probabilities), norms[0], norms[1]


def exercise_4(sd: float = 15.0, difference: float = 10.0, tries: int = 20_000):
    """A mean of n seeds has the variance s^2 / n, and the difference of two independent means has
    2 s^2 / n. Two of its standard errors are the difference if 2 s sqrt(2 / n) = delta, so
    n = 8 (s / delta)^2: 18 seeds for each row. (Rows that share their seeds can do with fewer, if
    what a seed does to one row it also does to the other.)

    Two equal rows of three seeds: if the standard error were known, they would differ by two of
    them in 5 % of all cases. It is estimated from three numbers each, so the ratio has the heavy
    tails of Student's t with four degrees of freedom, and it happens in 12 % of all cases.

    Returns:
        The seeds for each row, and the share of equal rows that seem to differ.
    """
    seeds = math.ceil(8.0 * (sd / difference) ** 2)
    rows = rng.normal([tries, 2, 3], rng.seed(0, "equal rows")).numpy()
    means = rows.mean(axis=2)
    errors = rows.std(axis=2, ddof=1) / math.sqrt(3)
    seem_to_differ = np.abs(means[:, 0] - means[:, 1]) > 2.0 * np.hypot(errors[:, 0], errors[:, 1])
    return seeds, float(seem_to_differ.mean())


def exercise_5(a: float = 0.7, b: float = -0.3):
    """It is larger. The loss is the mean of s(-a_i) + s(b_i), and s, softplus, is convex. By
    Jensen's inequality the mean of s is at least s of the mean, with equality where all four
    logits are equal. For a = 0.7 and b = -0.3, spread by -1, -0.5, 0.5 and 1, it is 1.099 in place
    of 0.958. The end of the game stays: at p = q the best answer of each logit is 0, and the loss
    is log 4.

    Returns:
        The loss of four logits that are spread around a and b, and that of one logit a and b.
    """
    spread = tf.constant([-1.0, -0.5, 0.5, 1.0])
    four = losses.discriminator_loss(a + spread, b + spread)
    one = losses.discriminator_loss(tf.constant([a]), tf.constant([b]))
    return float(four), float(one)


def exercise_6(config: chapter.Config, rounds: int | None = None):
    """It is the number of steps. After 500 rounds each, batches of 32 have a distance of 376 and
    batches of 128 one of 356 (seed 0, one run each). In Table 9.5, where batches of 128 have a
    quarter of the rounds, they have 719 with this seed. For the same number of rounds the larger
    batch costs four times the images, and more than twice the time.

    Args:
        config: the chapter's Config.
        rounds: None: as many as batches of 32 have in Table 9.5.

    Returns:
        {batch size: distance of G}.
    """
    rounds = rounds or config.images // 32
    learnt, held_out = chapter.draw_faces(config)
    found = {}
    for batch in (32, 128):
        recipe = chapter.Recipe(batch=batch)
        trainer = chapter.make_trainer(config, recipe, config.seed)
        trainer.rounds(chapter.batches_of(config, recipe, learnt), rounds)
        faces = chapter.faces_of_g(trainer.generator, trainer, len(held_out))
        found[batch] = chapter.distance(held_out, faces)
    return found


def exercise_7(real, period=25, patience=3, start=150, least_variety=0.15, certain=0.99):
    """The hook looks every 25 rounds for two signs that have no harmless explanation: faces that
    are all one picture, and a D that is certain of everything. It waits for three bad looks in a
    row, so that one bad round stops nothing. It does not look before round 150, because at the
    start the faces of every G are alike. With the recipes of section 9.5 it stops "D too strong"
    (D is certain) and "D too weak" (one picture) after round 200, and lets A finish.

    Args:
        real: faces uint8 [N, S, S, 3], for comparison.
        period: rounds from one look to the next.
        patience: looks in a row that must be bad.
        start: the first round that counts.
        least_variety: the least variety of generated faces, as a share of that of real ones.
        certain: D is certain if D(x) is above this and D(G(z)) below 1 - this.

    Returns:
        A hook for `fit`, which raises RuntimeError.
    """
    variety_of_real = variety(real)
    bad_looks = {"all generated faces are one picture": 0, "D is certain of everything": 0}

    def look(trainer, row):
        if row["step"] < start:
            return
        faces = to_uint8(trainer.sample(64)).numpy()
        is_certain = row["d_real"] > certain and row["d_fake"] < 1.0 - certain
        is_bad = {
            "all generated faces are one picture": variety(faces) < least_variety * variety_of_real,
            "D is certain of everything": is_certain,
        }
        for reason, bad in is_bad.items():
            if not bad:
                bad_looks[reason] = 0
                continue
            bad_looks[reason] += 1
            if bad_looks[reason] >= patience:
                raise RuntimeError(
                    f"Stopped after round {row['step']}: {reason}, {patience} looks in a row."
                )

    return every(period, look)


def play_with_a_watchdog(config, recipes, **options):
    """Try the hook of exercise 7.

    Args:
        config: the chapter's Config.
        recipes: title -> recipe.
        options: the options of exercise_7.

    Returns:
        {title: why it was stopped, or "finished"}.
    """
    learnt, _ = chapter.draw_faces(config)
    found = {}
    for title, recipe in recipes.items():
        trainer = chapter.make_trainer(config, recipe, config.seed)
        batches = chapter.batches_of(config, recipe, learnt)
        hook = exercise_7(learnt[:500], **options)
        try:
            fit(trainer, batches, config.rounds, hooks=[hook])
            found[title] = "finished"
        except RuntimeError as failure:
            found[title] = str(failure)
    return found
