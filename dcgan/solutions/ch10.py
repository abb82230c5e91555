"""Solutions of chapter 10: the latent space."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from dcgan import ch10_latent_space as chapter
from dcgan.latent import inversion, space
from gan_core import rng

GREY = 128  # of hidden pixels


def exercise_1(dim: int = 100):
    """The first 20n numbers are -n/2 and the other 100 - 20n are 1, so the squared norm is
    20n (n/2)^2 + 100 - 20n: 100, 85, 100, 175, 340. The norms are 10, 9.2, 10, 13.2 and 18.4. The
    shell is 10 ± 0.7, so the first three lie on it (9.2 is 1.1 standard deviations away). The
    other two are 4.6 and 12 standard deviations outside.

    Returns:
        The five norms.
    """
    fifth = dim // 5
    lengths = [fifth * n for n in range(5)]
    values = [-0.5 * n for n in range(5)]
    return space.norms(space.switch(dim, lengths, values))


def exercise_2(dim: int = 100, pairs: int = 20_000):
    """Given a, the number a·b is normal with variance |a|^2, as b is N(0, I). So a·b / |a| is
    N(0, 1): the component of b along a. The cosine is this component divided by |b|, which is
    sqrt(d) with little spread. Hence its standard deviation is about 1 / sqrt(d). (It is exactly
    that: the squared components of b / |b| add up to 1, and all d have the same mean, 1 / d.) For
    d = 100 the cosine is 0 ± 0.1, so the angle is 90 ± 6 degrees. Of 20,000 sampled pairs the
    cosine has the sd 0.0999 and the angle 5.75 degrees.

    Returns:
        The standard deviations of the cosine and of the angle in degrees.
    """
    a = rng.normal([pairs, dim], rng.seed(0, "a")).numpy()
    b = rng.normal([pairs, dim], rng.seed(0, "b")).numpy()
    cosines = np.sum(a * b, axis=1) / (space.norms(a) * space.norms(b))
    angles = np.degrees(np.arccos(cosines))
    return float(cosines.std()), float(angles.std())


def exercise_3(config, generator, classifier):
    """Count the factors that differ. -z is a sample of the prior like any other, so its face is as
    good. Where a factor follows a linear score w·z, the score changes its sign, and the value
    changes more often than between two unrelated faces.

    Measured with the generator of the package and the chapter's Config, for five sets of 1,000 z
    (the seeds 0 to 4 of the Config, one classifier): 81.9 ± 0.1 % of the factors differ between
    G(z) and G(-z), and 74.9 ± 0.2 % between two unrelated faces (mean ± standard error). So -z is a
    little more different than an unrelated face, and far from an opposite in every factor. The gap
    is largest for the background, which differs in 97 against 80 % of the pairs, the hair's colour
    (99 against 87 %) and the hair style (91 against 80 %). The eyes' colour does not differ more
    often than between unrelated faces (82 % for both), and the fringe hardly more often (75 against
    73 %).

    Returns:
        The share of factors that differ between G(z) and G(-z), and between G(z) and another face.
    """
    z = generator.z(2 * config.faces, config.seed + 4)
    here = classifier.predict(generator(z[: config.faces]))
    opposite = classifier.predict(generator(-z[: config.faces]))
    elsewhere = classifier.predict(generator(z[config.faces :]))
    return share_that_differs(here, opposite), share_that_differs(here, elsewhere)


def share_that_differs(labels, others):
    """Over all factors and faces."""
    shares = [np.mean(labels[factor] != others[factor]) for factor in labels]
    return float(np.mean(shares))


def exercise_4(config, generator, classifier):
    """Compare the commonest values. A factor that follows a linear score of the fixed numbers is
    pushed the other way. A factor with more than two values has no opposite, and what is common at
    both ends need not differ.

    Measured with the generator of the package and the chapter's Config (seed 0, 1,000 faces behind
    each share). The values are others for eight of the ten factors. At 1 the commonest hair is blue
    (47 %), the eyes are blue (36 %), and there is no ornament (62 %). At -1 the hair is black
    (52 %), the eyes are red (42 %), and the ornament is a hairband (44 %). Eye shape and blush have
    the same commonest value at both ends.

    The factors that stood out at 1 stay at -1, too: the total variation of the hair's colour is
    0.56 and 0.52 (random signs: 0.29), that of the eye colour 0.39 and 0.40 (0.28), that of the
    ornament 0.39 and 0.38 (0.27). Others change. That of the fringe rises from 0.14 to 0.37 (0.24),
    and that of the blush from 0.11 to 0.22 (0.12); that of the eye shape falls from 0.28 to 0.14
    (0.21). Hair style and mouth are held less than by random signs at both ends: 0.06 and 0.16
    (0.32), 0.08 and 0.17 (0.25).

    Returns:
        {factor: (commonest at +1, commonest at -1, apart at +1, apart at -1)}.
    """
    plus = chapter.show_what_stays(config, generator, classifier, 1.0)
    minus = chapter.show_what_stays(config, generator, classifier, -1.0)
    return {
        factor: (plus[factor].value, minus[factor].value, plus[factor].apart, minus[factor].apart)
        for factor in plus
    }


def exercise_5(dim: int = 100, steps: int = 1000, angle: float = 0.1, seed: int = 0):
    """A linear combination of independent normal vectors is normal. Its mean is 0, and its
    covariance is cos^2 I + sin^2 I = I. So if z_k is N(0, I), z_{k+1} is N(0, I), too, and all of
    them lie on the shell. For small angles neighbours are alike: their correlation is cos(angle).

    Returns:
        The walk, [steps, dim] float32.
    """
    noise = rng.normal([steps, dim], rng.seed(seed, "endless walk")).numpy()
    z = noise[0]
    walk = [z]
    for epsilon in noise[1:]:
        z = np.cos(angle) * z + np.sin(angle) * epsilon
        walk.append(z)
    return np.array(walk, np.float32)


def exercise_6(generator, pictures, hidden, steps: int = 400, seed: int = 0):
    """Set the hidden pixels to grey in the picture *and* in G(z). They agree there whatever z is.
    So the error and its gradient are those of the visible pixels alone, and `inversion.find` can
    be used as it is. Then take the hidden pixels from G(z).

    Args:
        generator: a trained_generator.Generator with `samples`.
        pictures: uint8 [n, S, S, 3].
        hidden: bool [S, S], where a pixel is hidden.
        steps: the number of steps of the descent.
        seed: the seed of the starts.

    Returns:
        The filled pictures, uint8 [n, S, S, 3].
    """
    is_hidden = hidden[:, :, np.newaxis]
    grey = GREY / 127.5 - 1.0

    def samples(z):
        return tf.where(is_hidden, tf.constant(grey, tf.float32), generator.samples(z))

    visible = np.where(is_hidden, np.uint8(GREY), pictures)
    found = inversion.find(samples, generator.latent_dim, visible, steps=steps, seed=seed)
    return np.where(is_hidden, generator(found.z), pictures)
