"""Solutions of chapter 7: faces."""

from __future__ import annotations

import io

import numpy as np
import tensorflow as tf
from PIL import Image

from dcgan import ch07_faces as chapter
from dcgan.data import images
from dcgan.drawn import drawn_faces
from dcgan.measures import duplicates
from gan_core import losses, metrics, rng


def exercise_1(c: float = 100.0):
    """Sorted, y is (1, 3, 5), so W1 = (1 + 1 + 2) / 3 = 4/3. Adding c to both sets moves every
    x_(i) and y_(i) alike and changes nothing. Adding a large c to y alone makes all differences
    positive, so that W1 = mean y + c - mean x: beyond the point where the sets part, W1 grows as c.

    Args:
        c: the constant.

    Returns:
        W1; W1 with c added to both; W1 with c added to y; and mean y + c - mean x.
    """
    x = np.array([0.0, 2.0, 7.0])
    y = np.array([5.0, 1.0, 3.0])
    plain = metrics.wasserstein_1(x, y)
    both_moved = metrics.wasserstein_1(x + c, y + c)
    y_moved = metrics.wasserstein_1(x, y + c)
    return plain, both_moved, y_moved, float(y.mean() + c - x.mean())


def exercise_2() -> float:
    """The loss is a mean over 32 logits and a mean over 128. At logits of 0 every sample's softplus
    has the slope 1/2 in size, so the gradients are -1/2 / 32 and 1/2 / 128: a real logit counts
    four times as much.

    Returns:
        A real logit's gradient over a generated one's, in size.
    """
    real = tf.Variable(tf.zeros([32, 1]))
    fake = tf.Variable(tf.zeros([128, 1]))
    with tf.GradientTape() as tape:
        loss = losses.discriminator_loss(real, fake)
    of_real, of_fake = tape.gradient(loss, [real, fake])
    return float(-of_real[0, 0] / of_fake[0, 0])


def exercise_3(u: np.ndarray) -> tuple[list, list]:
    """Compare the faces with their mirror images. A pair (i, i) is a face that is its own mirror
    image; a pair (i, j) is a face that is the mirror image of another. Each of these comes twice,
    as (i, j) and (j, i), and is kept once.

    Args:
        u: uint8 [N, S, S, 3].

    Returns:
        [i] of the first kind, [(i, j)] of the second.
    """
    mirrored = u[:, :, ::-1]
    pairs = [(i, j) for i, j, _ in duplicates.pairs(u, mirrored)]
    their_own = [i for i, j in pairs if i == j]
    of_another = [(i, j) for i, j in pairs if i < j]
    return their_own, of_another


def exercise_4() -> tuple[np.ndarray, np.ndarray]:
    """The stripes have a period of 9 pixels. Every eighth pixel meets the next phase of it each
    time, so broad stripes appear that are not in the picture: an *alias*. A filter as wide as the
    reduction averages over nearly a whole period and leaves grey, which is right: 64 pixels cannot
    hold the stripes.

    Returns:
        Both small pictures, [64, 64].
    """
    row = np.uint8(255 * (np.arange(512) % 9 < 4))
    stripes = np.broadcast_to(row[:, np.newaxis], [512, 512, 3])
    file = io.BytesIO()
    Image.fromarray(stripes).save(file, "PNG")
    return stripes[::8, ::8, 0], images.decode(file.getvalue(), 64)[:, :, 0]


def exercise_5(repeats: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """W1 is at least the difference of the two means: carrying sand changes the mean by no more
    than the way that it is carried. The difference of the means of two samples has the sd
    sqrt(2 / n), so W1 cannot shrink faster than 1/sqrt(n). Averaged over 200 pairs of samples, W1
    is 0.331, 0.176, 0.093 and 0.046 for n = 25, 100, 400 and 1600. Four times as many numbers
    halve it.

    Args:
        repeats: pairs of samples over which W1 is averaged.

    Returns:
        n, and the mean W1 at each n, [4] each.
    """
    sizes = np.array([25, 100, 400, 1600])
    means = []
    for n in sizes:
        found = []
        for repeat in range(repeats):
            x, y = rng.normal([2, int(n)], rng.seed(repeat, "W1 of two samples")).numpy()
            found.append(metrics.wasserstein_1(x, y))
        means.append(np.mean(found))
    return sizes, np.array(means)


def exercise_6(seed: int = 0) -> tuple[float, float, float]:
    """Along each axis both clouds are N(0, 1), so the two axes see the floor and nothing else.
    Random directions are rarely close to an axis, and see the difference. A few directions may all
    miss it: the fewer there are, the more the distance depends on their seed.

    The axes give 0.05. The 128 random directions give 0.47, and their floor is 0.06 (seed 0; seeds
    1 to 4 give 0.04 to 0.08, 0.50 to 0.53, and 0.04 to 0.05). With 2, 8, 32 and 128 directions
    the sd of the distance over 50 seeds of the directions is 0.22, 0.07, 0.04 and 0.02.

    Args:
        seed: the seed of the clouds and of the directions.

    Returns:
        The distance by the axes; by 128 random directions; and its floor, by the same directions,
        of two clouds of the first kind.
    """
    x, y = chapter.two_clouds(seed)
    other_x, _ = chapter.two_clouds(seed + 1)
    along_axes = [metrics.wasserstein_1(x[:, axis], y[:, axis]) for axis in (0, 1)]
    by_all = metrics.sliced_wasserstein(x, y, seed=seed)
    floor = metrics.sliced_wasserstein(x, other_x, seed=seed)
    return float(np.mean(along_axes)), by_all, floor


def exercise_7(count: int = 300) -> tuple[int, int]:
    """A bar is dark from top to bottom. So take the brightest level of each of the first and last
    few columns: in a bar it is nearly 0. A clean face may be dark at one side, but hardly in
    every pixel of several columns at both sides. The check finds all 100 planted ones, and flags
    none of 300 clean drawn faces. (These bars are exactly black. Bars in a JPEG are not quite, and
    for them `level` is there.)

    Args:
        count: how many clean faces are tried.

    Returns:
        How many of 100 planted ones are found, and how many clean faces are flagged.
    """
    u = drawn_faces.draw(np.arange(count), seed=3, size=64)
    barred = u[:100].copy()
    barred[:, :, :8] = 0
    barred[:, :, -8:] = 0
    planted = int(np.count_nonzero(has_bars(barred)))
    flagged = int(np.count_nonzero(has_bars(u)))
    return planted, flagged


def has_bars(u: np.ndarray, columns: int = 4, level: int = 12) -> np.ndarray:
    """Whether the outer columns at both sides are dark everywhere: bool [N]."""
    left = u[:, :, :columns].max(axis=(1, 2, 3))
    right = u[:, :, -columns:].max(axis=(1, 2, 3))
    return (left <= level) & (right <= level)
