"""Does a generator make new images, or does it hand out its training images? The nearest ones tell."""

import dataclasses

import numpy as np

from gan_core import checks

ROWS_AT_A_TIME = 500
EXACT = 1024  # products of two numbers from -128 to 127 sum up to at most 2^24: float32 has all integers up to there


def nearest(samples, training, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """The k training images nearest to each sample, nearest first: samples [N, S, S, 3], training [M, S, S, 3] uint8.

    -> (indices [N, k] into training, distances [N, k]): sqrt(mean over pixels and channels of (a - b)²), in grey
    levels from 0 (the same image) to 255. All M are looked at, and nothing is rounded: |a|² + |b|² - 2 a·b of whole
    numbers. Memory: two blocks of 500 images and their table of distances.
    """
    owner = "nearest"
    samples, training = (np.asarray(images) for images in (samples, training))
    for name, images in (("samples", samples), ("training", training)):
        if images.dtype != np.uint8 or images.ndim < 2 or not images.size:
            checks.fail(
                owner,
                name,
                "[N, S, S, 3] of uint8",
                f"{checks.show_shape(images.shape)} of {images.dtype}",
            )
    if samples.shape[1:] != training.shape[1:]:
        checks.fail(
            owner,
            "samples",
            checks.show_shape(["N", *training.shape[1:]]),
            checks.show_shape(samples.shape),
        )
    checks.integer(owner, "k", k, 1, len(training))
    pixels = samples[0].size
    indices, squared = np.zeros([len(samples), 0], np.int64), np.zeros([len(samples), 0])
    for first in range(0, len(training), ROWS_AT_A_TIME):
        some = _centred(training[first : first + ROWS_AT_A_TIME])
        found = np.concatenate(
            [
                _squared_distances(_centred(samples[i : i + ROWS_AT_A_TIME]), some)
                for i in range(0, len(samples), ROWS_AT_A_TIME)
            ]
        )
        indices = np.concatenate(
            [indices, np.broadcast_to(first + np.arange(len(some)), found.shape)], axis=1
        )
        squared = np.concatenate([squared, found], axis=1)
        order = np.argsort(squared, axis=1, kind="stable")[
            :, :k
        ]  # of the k best so far and this block
        indices, squared = (
            np.take_along_axis(table, order, axis=1) for table in (indices, squared)
        )
    return indices, np.sqrt(squared / pixels)


def _centred(images):
    """uint8 [n, ...] -> float32 [n, pixels], whole numbers from -128 to 127."""
    return images.reshape(len(images), -1).astype(np.float32) - 128.0


def _squared_distances(x, y):
    """|x|² + |y|² - 2 x·y, [n, d], [m, d] -> [n, m] float64, exact: fast float32 products of EXACT numbers each."""
    total = np.square(x).sum(axis=1, dtype=np.float64)[:, np.newaxis] + np.square(y).sum(
        axis=1, dtype=np.float64
    )
    for i in range(0, x.shape[1], EXACT):
        total -= 2.0 * (x[:, i : i + EXACT] @ y[:, i : i + EXACT].T)
    return total


@dataclasses.dataclass(frozen=True)
class Memorising:
    """Distances to the nearest training image, of samples and, to hold them against, of real images kept aside.

    Images that a generator *made up* lie as far from the training images as new real ones do. Copies lie nearer:
    then `samples` is below `held_aside` and `nearer` above 0.01. Beware of the converse: a blurred image is
    nearer to all others than a sharp one, with nothing memorised. Look at the nearest pairs.
    """

    samples: float
    """median distance of a sample, in grey levels of 255"""
    held_aside: float
    """median distance of a held-aside real image"""
    quantile: float
    """the distance than which 1 % of the held-aside real images are nearer"""
    nearer: float
    """the share of samples nearer than that: 0.01 for a perfect sampler, `rare(M)` where M held-aside images are few"""
    copies: float
    """the share of samples nearer than *every* held-aside real image is"""


def memorising(samples, training, held_aside) -> Memorising:
    """Are samples nearer to the training images than real images that were not trained on? (uint8 [N, S, S, 3])"""
    return compare(nearest(samples, training)[1][:, 0], nearest(held_aside, training)[1][:, 0])


def compare(of_samples, of_held_aside) -> Memorising:
    """The same from distances to the nearest training image that are known: [N], [M]."""
    quantile = float(lowest_percent(of_held_aside))
    return Memorising(
        float(np.median(of_samples)),
        float(np.median(of_held_aside)),
        quantile,
        float(np.mean(of_samples < quantile)),
        float(np.mean(of_samples < np.min(of_held_aside))),
    )


def lowest_percent(distances) -> float:
    """The distance below which a further one of the same distribution lies with probability `rare(M)`, from M of them.

    The k-th of M in ascending order has k / (M + 1) below it on average (David 1970), so k = 0.01 (M + 1); NumPy's own
    default would have 2 % below it for M = 100, and 6 % for 20.
    """
    return np.quantile(distances, 0.01, method="weibull")


def rare(m: int) -> float:
    """0.01, or where m distances are too few for that, 1 / (m + 1): that of their least."""
    return max(0.01, 1.0 / (m + 1))
