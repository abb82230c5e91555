"""Random changes (augmentations) that are applied to every sample that D sees.

An augmentation is a function (x, seed, step) -> x of the same shape, differentiable with respect to
x. seed is [2] int64, made by `gan_core.rng.seed`; step is the number of the round. The trainer
applies the augmentation to everything that D sees, real and generated, in D's step and in G's. So G
learns to match the augmented distribution. If that distribution determines the plain one, the
augmentation does not leak into the samples (Zhao et al. 2020, "Differentiable augmentation for
data-efficient GAN training"; Karras et al. 2020, "Training generative adversarial networks with
limited data").

`translation`, `colour` and `cutout` are for images [B, H, W, C] in [-1, 1]; `instance_noise` is for
samples of any shape. The three for images are those of Zhao et al. with two differences: pixels
that are moved in from outside the image are black (-1) here and grey (0) there; and `chain` applies
them in any order, while the paper's code changes colours first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from gan_core import checks, rng
from gan_core.optim.schedules import as_schedule
from gan_core.protocols import Augmentation, Schedule


def instance_noise(sd: float | Schedule) -> Augmentation:
    """x + sd(step) n with n ~ N(0, I): blurs both distributions alike, so that they overlap.

    Source: Sønderby et al. 2017, section 3; Arjovsky and Bottou 2017.

    Args:
        sd: the standard deviation of the noise, in the unit of x: a number, or a schedule that lets
            the noise fade (`gan_core.optim.schedules`).

    Returns:
        The augmentation, for float32 samples of any shape.

    Raises:
        ValueError: if sd is not finite, or is below 0; when called, if x has another dtype.

    Example:
        >>> noisy = instance_noise(0.1)(tf.zeros([4, 2]), rng.seed(0, "augment"), 0)
        >>> noisy.shape
        TensorShape([4, 2])
    """
    size = as_schedule("augment.instance_noise", sd, "sd")

    def augment(x: tf.Tensor, seed: tf.Tensor, step: Any) -> tf.Tensor:
        _check_dtype("augment.instance_noise", x)
        return x + size(step) * rng.normal(x.shape, seed)

    return augment


def translation(share: float = 0.125) -> Augmentation:
    """Move each image by a random whole number of pixels down and right; fill with black.

    A move is a product with a shifted identity matrix, and so is its gradient.

    Args:
        share: the largest move in each direction, as a share of the image's size, from 0 to 1.

    Returns:
        The augmentation, for float32 images [B, H, W, C] in [-1, 1].

    Raises:
        ValueError: if share is out of range; when called, if x is no such batch.
    """
    checks.number("augment.translation", "share", share, 0.0, 1.0)

    def augment(x: tf.Tensor, seed: tf.Tensor, step: Any) -> tf.Tensor:
        batch, height, width, _ = _image_shape("augment.translation", x)
        down_seed, right_seed = rng.split(seed, 2)
        down = _shift_matrices(batch, height, share, down_seed)
        right = _shift_matrices(batch, width, share, right_seed)
        from_black = x + 1.0  # so that black is 0, the value of the pixels that are moved in
        moved_down = tf.einsum("bij,bjwc->biwc", down, from_black)
        return tf.einsum("bij,bhjc->bhic", right, moved_down) - 1.0

    return augment


def colour(strength: float = 1.0) -> Augmentation:
    """Change brightness, saturation and contrast by random amounts, drawn for each image.

    x + u with u in [-0.5, 0.5);
    then m + s (x - m), where m is the mean of the pixel's channels and s in [0, 2);
    then m + c (x - m), where m is the mean of the image and c in [0.5, 1.5).

    These ranges are for strength 1; u, s - 1 and c - 1 are multiplied by the strength.

    The three are computed in one pass over the pixels: a product of the channels with the matrix
    c (s I + (1 - s) / C), to which u + (1 - c) m is added. Here m is the mean of the image x, which
    a change of saturation leaves as it is.

    Args:
        strength: from 0, which changes nothing, to 2.

    Returns:
        The augmentation, for float32 images [B, H, W, C] in [-1, 1].

    Raises:
        ValueError: if strength is out of range; when called, if x is no such batch.
    """
    checks.number("augment.colour", "strength", strength, 0.0, 2.0)

    def augment(x: tf.Tensor, seed: tf.Tensor, step: Any) -> tf.Tensor:
        batch, height, width, channels = _image_shape("augment.colour", x)
        u_seed, s_seed, c_seed = rng.split(seed, 3)
        u = strength * (rng.uniform([batch, 1, 1], u_seed) - 0.5)
        s = 1.0 + strength * (2.0 * rng.uniform([batch, 1, 1], s_seed) - 1.0)
        c = 1.0 + strength * (rng.uniform([batch, 1, 1], c_seed) - 0.5)
        pixels = tf.reshape(x, [batch, height * width, channels])
        mean = tf.reduce_mean(pixels, axis=[1, 2], keepdims=True)
        mixed = tf.matmul(pixels, c * (s * tf.eye(channels) + (1.0 - s) / channels))
        return tf.reshape(mixed + u + (1.0 - c) * mean, x.shape)

    return augment


def cutout(share: float = 0.5) -> Augmentation:
    """Set a rectangle at a random place, which may extend beyond the edge, to grey (0).

    Away from the edges every pixel is equally likely to be covered; towards all four edges the
    probability falls in the same way.

    Args:
        share: the rectangle's height and width, as a share of those of the image, from 0 to 1.

    Returns:
        The augmentation, for float32 images [B, H, W, C] in [-1, 1].

    Raises:
        ValueError: if share is out of range; when called, if x is no such batch.
    """
    checks.number("augment.cutout", "share", share, 0.0, 1.0)

    def augment(x: tf.Tensor, seed: tf.Tensor, step: Any) -> tf.Tensor:
        batch, height, width, _ = _image_shape("augment.cutout", x)
        row_seed, column_seed = rng.split(seed, 2)
        rows = _inside(batch, height, share, row_seed)
        columns = _inside(batch, width, share, column_seed)
        hole = rows[:, :, tf.newaxis] & columns[:, tf.newaxis, :]
        return x * tf.cast(~hole, tf.float32)[..., tf.newaxis]

    return augment


def chain(*augmentations: Augmentation) -> Augmentation:
    """Apply several augmentations one after another, each with its own seed.

    The result is a tf.Module, so checkpoints hold what its parts remember.

    Args:
        *augmentations: functions (x, seed, step) -> x.

    Returns:
        The augmentation.

    Raises:
        ValueError: if one of them is not a function.

    Example:
        >>> both = chain(translation(), cutout())
        >>> both(tf.zeros([2, 8, 8, 3]), rng.seed(0, "augment"), 0).shape
        TensorShape([2, 8, 8, 3])
    """
    for i, one in enumerate(augmentations):
        if not callable(one):
            wanted = "a function (x, seed, step) -> x"
            checks.fail("augment.chain", f"augmentations[{i}]", wanted, repr(one))

    return _Chain(augmentations)


class _Chain(tf.Module):
    """What `chain` makes."""

    def __init__(self, augmentations: Sequence[Augmentation]) -> None:
        super().__init__(name="chain")
        self.augmentations = tuple(augmentations)

    def __call__(self, x: tf.Tensor, seed: tf.Tensor, step: Any) -> tf.Tensor:
        seeds = rng.split(seed, len(self.augmentations))
        for one, own_seed in zip(self.augmentations, seeds, strict=True):
            x = one(x, own_seed, step)
        return x


def _shift_matrices(batch: int, size: int, share: float, seed: tf.Tensor) -> tf.Tensor:
    """[B, size, size]: row i has a 1 at column i - d, or only zeros if there is no such column.

    d is drawn for each image.
    """
    most = round(share * size)
    d = tf.cast(rng.integers([batch, 1], seed, 2 * most + 1), tf.int64) - most
    return tf.one_hot(tf.range(size, dtype=tf.int64)[tf.newaxis] - d, size)


def _inside(batch: int, size: int, share: float, seed: tf.Tensor) -> tf.Tensor:
    """[B, size] bool: which pixels lie in an interval of length share size, at a random place.

    The interval's middle lies anywhere from one edge to the other: size + 1 places for an even
    length, size for an odd one. So both edges are treated alike, as in the published code.
    """
    length = round(share * size)
    places = size + 1 - length % 2
    first = tf.cast(rng.integers([batch, 1], seed, places), tf.int64) - length // 2
    pixel = tf.range(size, dtype=tf.int64)[tf.newaxis]
    return (pixel >= first) & (pixel < first + length)


def _image_shape(owner: str, x: tf.Tensor) -> tuple[int, int, int, int]:
    """The sizes [B, H, W, C] of float32 images; anything else is refused."""
    if x.shape.rank != 4:
        wanted = "images [batch, height, width, channels]"
        checks.fail(owner, "x", wanted, checks.show_shape(x.shape))
    _check_dtype(owner, x)
    return tuple(x.shape)


def _check_dtype(owner: str, x: tf.Tensor) -> None:
    if tf.as_dtype(x.dtype) != tf.float32:
        checks.fail(owner, "x", "of float32", x.dtype.name)
