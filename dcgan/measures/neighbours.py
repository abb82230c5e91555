"""Does a generator make new images, or copies of its training images? Compare the nearest ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

import numpy as np

from dcgan.data import mapped
from dcgan.data.image_arrays import uint8_images
from gan_core import checks

ROWS_AT_A_TIME = 500
# The sum of so many products of numbers from -128 to 127 is at most 2^24, and float32 holds all
# integers up to that.
EXACT = 1024


def nearest(samples: np.ndarray, training: np.ndarray, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """The k training images nearest to each sample, nearest first.

    The distance is sqrt(mean over pixels and channels of (a - b)²). All M are looked at, and
    nothing is rounded: |a|² + |b|² - 2 a·b of whole numbers. Memory: two blocks of 500 images and
    their table of distances.

    Args:
        samples: uint8 [N, S, S, 3].
        training: uint8 [M, S, S, 3].
        k: how many of them for each sample.

    Returns:
        Indices [N, k] into training, and distances [N, k] in grey levels, from 0 (the same image)
        to 255.
    """
    owner = "nearest"
    samples = uint8_images(owner, "samples", samples, square=False)
    training = uint8_images(owner, "training", training, square=False)
    if samples.shape[1:] != training.shape[1:]:
        wanted = checks.show_shape(["N", *training.shape[1:]])
        checks.fail(owner, "samples", wanted, checks.show_shape(samples.shape))
    checks.integer(owner, "k", k, 1, len(training))
    starts = range(0, len(training), ROWS_AT_A_TIME)
    return _nearest(samples, (training[i : i + ROWS_AT_A_TIME] for i in starts), k)


@dataclasses.dataclass(frozen=True)
class Learnt:
    """The faces that a generator learnt from, of which only a few at a time are in memory.

    They are numbered from 0 on, in the order of `rows`; where they were mirrored at random, their
    mirror images follow in the same order, because a mirror image of a face is a copy of it too.

    Example:
        >>> faces = np.arange(12, dtype=np.uint8).reshape(3, 2, 2, 1)
        >>> learnt = Learnt(faces, rows=np.array([2, 0]), mirrored=True)
        >>> learnt.at(np.array([0, 3])).reshape(2, 4)
        array([[ 8,  9, 10, 11],
               [ 1,  0,  3,  2]], dtype=uint8)
    """

    images: np.ndarray
    """uint8 [N, S, S, C], in memory or a window on a file"""
    rows: np.ndarray
    """[M], the indices of those that were learnt from"""
    mirrored: bool = False
    """whether training mirrored them at random"""

    def __len__(self) -> int:
        return len(self.rows) * (2 if self.mirrored else 1)

    def at(self, numbers: np.ndarray) -> np.ndarray:
        """The faces with these numbers, uint8 [n, S, S, C]."""
        faces = mapped.take(self.images, self.rows[numbers % len(self.rows)])
        is_mirrored = numbers >= len(self.rows)
        faces[is_mirrored] = faces[is_mirrored, :, ::-1]
        return faces

    def nearest(
        self,
        samples: np.ndarray,
        k: int = 1,
        seen_as: Callable[[np.ndarray], np.ndarray] = lambda faces: faces,
    ) -> tuple[np.ndarray, np.ndarray]:
        """What the function `nearest` gives among them.

        Args:
            samples: as for `nearest`.
            k: as for `nearest`.
            seen_as: what is made of a block of these faces before they are compared, such as
                smaller ones; of the samples it has been made already.
        """
        checks.integer("Learnt.nearest", "k", k, 1, len(self))
        starts = range(0, len(self), ROWS_AT_A_TIME)
        numbers = (np.arange(i, min(i + ROWS_AT_A_TIME, len(self))) for i in starts)
        return _nearest(samples, (seen_as(self.at(some)) for some in numbers), k)


def _nearest(
    samples: np.ndarray, blocks: Iterable[np.ndarray], k: int
) -> tuple[np.ndarray, np.ndarray]:
    """`nearest` among the images of all blocks, which are numbered one after the other."""
    indices = np.zeros([len(samples), 0], np.int64)
    squared = np.zeros([len(samples), 0])
    first = 0
    for images in blocks:
        block = _squared_to_block(samples, images)
        places = np.broadcast_to(first + np.arange(block.shape[1]), block.shape)
        first += len(images)
        indices = np.concatenate([indices, places], axis=1)
        squared = np.concatenate([squared, block], axis=1)
        best = np.argsort(squared, axis=1, kind="stable")[:, :k]  # so far, and of this block
        indices = np.take_along_axis(indices, best, axis=1)
        squared = np.take_along_axis(squared, best, axis=1)
    return indices, np.sqrt(squared / samples[0].size)


def _squared_to_block(samples: np.ndarray, block: np.ndarray) -> np.ndarray:
    """[N, n]: squared distances of all samples to n training images."""
    centred = _centred(block)
    parts = [
        _squared_distances(_centred(samples[i : i + ROWS_AT_A_TIME]), centred)
        for i in range(0, len(samples), ROWS_AT_A_TIME)
    ]
    return np.concatenate(parts)


def _centred(images: np.ndarray) -> np.ndarray:
    """uint8 [n, ...] -> float32 [n, pixels], whole numbers from -128 to 127."""
    return images.reshape(len(images), -1).astype(np.float32) - 128.0


def _squared_distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """|x|² + |y|² - 2 x·y, [n, d], [m, d] -> [n, m] float64.

    Exact: fast float32 products of EXACT numbers each.
    """
    x_squared = np.square(x).sum(axis=1, dtype=np.float64)
    y_squared = np.square(y).sum(axis=1, dtype=np.float64)
    total = x_squared[:, np.newaxis] + y_squared
    for i in range(0, x.shape[1], EXACT):
        total -= 2.0 * (x[:, i : i + EXACT] @ y[:, i : i + EXACT].T)
    return total


@dataclasses.dataclass(frozen=True)
class Memorising:
    """Distances to the nearest training image, of samples and of real images kept aside.

    Images that a generator *made up* lie as far from the training images as new real ones do.
    Copies lie nearer: then `samples` is below `held_aside` and `nearer` above 0.01. Beware of the
    converse: a blurred image is nearer to all others than a sharp one, with nothing memorised. Look
    at the nearest pairs.
    """

    samples: float
    """median distance of a sample, in grey levels of 255"""
    held_aside: float
    """median distance of a held-aside real image"""
    quantile: float
    """the distance than which 1 % of the held-aside real images are nearer"""
    nearer: float
    """the share of samples nearer than that: 0.01 for a perfect sampler, `rare(M)` for small M"""
    copies: float
    """the share of samples nearer than *every* held-aside real image is"""


def memorising(samples: np.ndarray, training: np.ndarray, held_aside: np.ndarray) -> Memorising:
    """Are samples nearer to the training images than real images that were not trained on?

    All three are uint8 [N, S, S, 3].
    """
    return compare(nearest(samples, training)[1][:, 0], nearest(held_aside, training)[1][:, 0])


def compare(of_samples: np.ndarray, of_held_aside: np.ndarray) -> Memorising:
    """The same from distances to the nearest training image that are known: [N], [M]."""
    owner = "neighbours.compare"
    of_samples = checks.array(owner, "of_samples", of_samples, ["N"])
    of_held_aside = checks.array(owner, "of_held_aside", of_held_aside, ["M"])
    quantile = lowest_percent(of_held_aside)
    return Memorising(
        samples=float(np.median(of_samples)),
        held_aside=float(np.median(of_held_aside)),
        quantile=quantile,
        nearer=float(np.mean(of_samples < quantile)),
        copies=float(np.mean(of_samples < np.min(of_held_aside))),
    )


def lowest_percent(distances: np.ndarray) -> float:
    """The distance below which a further one of the same distribution lies with small probability.

    That is `rare(M)`, from M distances. The k-th of M in ascending order has k / (M + 1) below it
    on average (David 1970), so k = 0.01 (M + 1); NumPy's own default would have 2 % below it for
    M = 100, and 6 % for 20.
    """
    return float(np.quantile(distances, 0.01, method="weibull"))


def rare(m: int) -> float:
    """0.01, or where m distances are too few for that, 1 / (m + 1): that of their least."""
    return max(0.01, 1.0 / (m + 1))
