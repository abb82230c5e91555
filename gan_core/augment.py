"""What D may be shown instead of the samples themselves.

An augmentation is a function (x, seed, step) -> x of the same shape, differentiable in x, with
seed [2] int64 of `gan_core.rng` and step the round's number. The trainer applies it to everything D
looks at, real and generated alike, in D's step and in G's; so G is asked to match the augmented
distribution, and where that determines the plain one nothing leaks into the samples (Zhao et al.
2020, "Differentiable augmentation for data-efficient GAN training"; Karras et al. 2020).

`translation`, `colour` and `cutout` are the three of Zhao et al. for images [B, H, W, C] in [-1, 1];
`instance_noise` is for samples of any shape.
"""

import tensorflow as tf

from gan_core import checks, rng
from gan_core.optim.schedules import as_schedule


def instance_noise(sd):
    """x + sd(step) n, n ~ N(0, I): blurs both distributions alike, so that they overlap while far apart.

    sd: a number, or a schedule (`gan_core.optim.schedules`) that lets the noise fade (Sønderby et al. 2017,
    section 3; Arjovsky and Bottou 2017).
    """
    size = as_schedule("augment.instance_noise", sd, "sd")

    def augment(x, seed, step):
        return x + size(step) * rng.normal(x.shape, seed)

    return augment


def translation(share: float = 0.125):
    """Each image moved by a whole number of pixels, up to share of its size each way; black comes in.

    A move is a product with a shifted identity matrix, so its gradient is one too.
    """
    checks.number("augment.translation", "share", share, 0.0, 1.0)

    def augment(x, seed, step):
        batch, height, width, _ = x.shape
        down_seed, right_seed = rng.split(seed, 2)
        down = _shift_matrices(batch, height, share, down_seed)
        right = _shift_matrices(batch, width, share, right_seed)
        moved = tf.einsum(
            "bij,bjwc->biwc", down, x + 1.0
        )  # 0 is black here, and what comes in is 0
        return tf.einsum("bij,bhjc->bhic", right, moved) - 1.0

    return augment


def _shift_matrices(batch, size, share, seed):
    """[B, size, size]: row i has its 1 at column i - d, d of each image's own; outside, the row is 0."""
    most = round(share * size)
    d = tf.cast(rng.integers([batch, 1], seed, 2 * most + 1), tf.int64) - most
    return tf.one_hot(tf.range(size, dtype=tf.int64)[tf.newaxis] - d, size)


def colour():
    """Brightness, saturation and contrast, each image by amounts of its own.

    x + u, u in [-0.5, 0.5);  then m + s (x - m) with m the mean of the pixel's channels, s in [0, 2);
    then m + c (x - m) with m the mean of the image, c in [0.5, 1.5).

    Put together, and worked out in one pass over the pixels: a matrix for the channels, c (s I + (1 - s) / C), and
    a number to add, c u + (1 - c) (m + u) = u + (1 - c) m, with m the mean of the image x, which s leaves where it is.
    """

    def augment(x, seed, step):
        batch, height, width, channels = x.shape
        u, s, c = (rng.uniform([batch, 1, 1], own_seed) for own_seed in rng.split(seed, 3))
        u, s, c = u - 0.5, 2.0 * s, c + 0.5
        pixels = tf.reshape(x, [batch, height * width, channels])
        mean = tf.reduce_mean(pixels, axis=[1, 2], keepdims=True)
        mixed = tf.matmul(pixels, c * (s * tf.eye(channels) + (1.0 - s) / channels))
        return tf.reshape(mixed + u + (1.0 - c) * mean, x.shape)

    return augment


def cutout(share: float = 0.5):
    """A square of share of the image's size, at a random place (it may hang over the edge), set to grey 0."""
    checks.number("augment.cutout", "share", share, 0.0, 1.0)

    def augment(x, seed, step):
        batch, height, width, _ = x.shape
        rows = _inside(batch, height, share, rng.split(seed, 2)[0])
        columns = _inside(batch, width, share, rng.split(seed, 2)[1])
        hole = rows[:, :, tf.newaxis] & columns[:, tf.newaxis, :]
        return x * tf.cast(~hole, x.dtype)[..., tf.newaxis]

    return augment


def _inside(batch, size, share, seed):
    """[B, size] bool: the pixels of a stretch of share size around a centre of each image's own."""
    length = round(share * size)
    first = tf.cast(rng.integers([batch, 1], seed, size), tf.int64) - length // 2
    place = tf.range(size, dtype=tf.int64)[tf.newaxis]
    return (place >= first) & (place < first + length)


def chain(*augmentations):
    """One augmentation after the other, each with a seed of its own."""

    def augment(x, seed, step):
        for one, own_seed in zip(augmentations, rng.split(seed, len(augmentations)), strict=True):
            x = one(x, own_seed, step)
        return x

    return augment
