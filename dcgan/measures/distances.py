"""How far generated images are from real ones: each measure detects faults that others miss.

    function                     asks                                          0 / best    unit
    sliced_wasserstein_pyramid   do patches of each size look like real ones?  the floor   sd / 1000
    patches_and_whole            and do whole images, seen small, agree?       the floor   sd / 1000
    image_mmd                    do whole images, seen small, agree?           about 0     up to 2
    diversity (by ms_ssim)       are two as unlike as two real ones are?       as real     up to 1

All take uint8 images [N, S, S, 3], or [N, S, S, 1] of grey, as NumPy arrays; where it matters the
first set is the real one. Two sets of real images are not 0 apart: compare each value with its
`floor`, the value of real against real at the same N. None of them sees memorised images: that is
`dcgan.measures.neighbours`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from dcgan.data import pixels
from dcgan.data.image_arrays import uint8_images
from dcgan.measures import pyramid
from gan_core import checks, metrics, rng

PATCH = 7
IMAGES_AT_A_TIME = 100
MS_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # finest first
WINDOW = 11


def sliced_wasserstein_pyramid(
    real: np.ndarray, fake: np.ndarray, *, seed: int, patches: int = 16, projections: int = 128
) -> dict[int | str, float]:
    """Sliced Wasserstein distance of 7 × 7 patches, for each level of the Laplacian pyramid.

    `patches` are cut at random places of each level of each image; a patch is a point in 147
    dimensions (49, if it is grey); then W1 of the two clouds along `projections` random directions
    (`gan_core.metrics.sliced_wasserstein`; Karras et al. 2018, section 5).

    One difference to the paper. It scales each set's patches, per channel, by that set's own mean
    and sd; then a generator whose colours are all off by a constant, or whose detail is too faint,
    is not detected. Here both are measured by one ruler, the mean and sd of the *real* patches (so
    real and fake cannot be exchanged).

    The same seed cuts at the same places and projects on the same directions in every call: values
    of one seed can be compared. Not 0 for two real sets: of order 1/sqrt(N), see `floor`.

    Args:
        real: uint8 [N, S, S, 3].
        fake: uint8 [M, S, S, 3].
        seed: the seed of the places and the directions.
        patches: how many of each image, at each level.
        projections: random directions.

    Returns:
        {64: float, 32: float, 16: float, "mean": float} for S = 64, in thousandths of the real
        patches' standard deviation.
    """
    owner = "sliced_wasserstein_pyramid"
    real, fake = two_sets(owner, real, fake)
    checks.integer(owner, "patches", patches, 1)
    real_cuts = Cuts(real, seed=seed, patches=patches)
    fake_cuts = Cuts(fake, seed=seed, patches=patches)
    pyramid.visit(real, real_cuts)
    pyramid.visit(fake, fake_cuts)
    found: dict[int | str, float] = {}
    for size in real_cuts.sizes:  # one level at a time: as float64 patches need much memory
        points = real_cuts.points(size)
        ruler = _Ruler.of(points)
        found[size] = 1000.0 * metrics.sliced_wasserstein(
            ruler.flat(points),
            ruler.flat(fake_cuts.points(size)),
            seed=seed,
            projections=projections,
        )
    return {**found, "mean": float(np.mean(list(found.values())))}


class Cuts:
    """Patches from random places of every level of every image: a visitor of `pyramid.visit`.

    Args:
        images: uint8 [N, S, S, C], those that will be visited.
        seed: of the places.
        patches: how many of each image, at each level.
    """

    def __init__(self, images: np.ndarray, *, seed: int, patches: int = 16) -> None:
        n, side, _, channels = images.shape
        self.sizes = pyramid.sizes(side)
        """of the levels"""
        self._places: list[np.ndarray] = []  # [N, patches · 49] in an image's row of pixels
        self._found: list[np.ndarray] = []
        for size in self.sizes:
            corner = rng.integers(
                [n, patches, 2], rng.seed(seed, f"patches at {size}"), size - PATCH + 1
            ).numpy()
            y = corner[:, :, 0, np.newaxis] + np.arange(PATCH)
            x = corner[:, :, 1, np.newaxis] + np.arange(PATCH)
            places = y[:, :, :, np.newaxis] * size + x[:, :, np.newaxis, :]
            self._places.append(places.reshape(n, -1))
            self._found.append(np.empty([n, patches * PATCH * PATCH, channels], np.float32))

    def __call__(self, first: int, levels: list[np.ndarray]) -> None:
        """Cut the patches of a block.

        Args:
            first: number of its first image.
            levels: of its pyramid.
        """
        some = slice(first, first + len(levels[0]))
        for places, found, level in zip(self._places, self._found, levels, strict=True):
            n, size, _, channels = level.shape
            colours = level.reshape(n, size * size, channels)
            found[some] = colours[np.arange(n)[:, np.newaxis], places[some]]

    def points(self, size: int) -> np.ndarray:
        """The patches of the level of this size: [N · patches, 49, C] float64."""
        found = self._found[self.sizes.index(size)]
        return found.reshape(-1, PATCH * PATCH, found.shape[2]).astype(np.float64)


class _Ruler(NamedTuple):
    """What patches are measured by: the real ones' mean and sd, per channel."""

    mean: np.ndarray
    sd: np.ndarray

    @classmethod
    def of(cls, real: np.ndarray) -> _Ruler:
        """That of real patches [n, 49, C]."""
        mean = real.mean(axis=(0, 1))
        centred = real - mean
        variance = np.einsum("npc,npc->c", centred, centred) / (real.size // real.shape[2])
        return cls(mean, np.maximum(np.sqrt(variance), 1e-3))  # grey levels; 0 without any detail

    def flat(self, points: np.ndarray) -> np.ndarray:
        """Patches [n, 49, C] in units of the ruler, as points [n, 49 C]; the array is used up."""
        points -= self.mean
        points /= self.sd
        return points.reshape(len(points), -1)


def patches_and_whole(real: np.ndarray, fake: np.ndarray, *, seed: int) -> dict[int | str, float]:
    """The number by which epochs are compared: patches, level by level, and whole images.

    A thousand times the same good face has good patches, and `sliced_wasserstein_pyramid` alone
    prefers it to as many faces that are a little soft. "whole" is the sliced Wasserstein distance
    of images seen at 16 × 16, 768 numbers each. Each of these is measured by the real images' mean
    and sd there: images that are too much alike spread too little. At 64 pixels "whole" is one of
    four numbers, and counts a quarter.

    Args:
        real: uint8 [N, S, S, 3].
        fake: uint8 [M, S, S, 3].
        seed: the seed of places and directions.

    Returns:
        {64: float, 32: float, 16: float, "whole": float, "mean": float} for S = 64, in thousandths
        of the real sd.
    """
    real, fake = two_sets("patches_and_whole", real, fake)
    cuts = Cuts(fake, seed=seed)
    pyramid.visit(fake, cuts)
    return PatchesAndWhole(real, seed=seed).measure(fake, cuts)


class PatchesAndWhole:
    """`patches_and_whole` of one real set and any number of generated ones.

    The real set is cut, projected and sorted once. What is kept of it takes about as much memory
    as its pixels as float32.

    Args:
        real: uint8 [N, S, S, 3].
        seed: of places and directions.
        cuts: the patches of `real`, with this seed, if they have been cut; they are used up.
    """

    def __init__(self, real: np.ndarray, *, seed: int, cuts: Cuts | None = None) -> None:
        if cuts is None:
            cuts = Cuts(real, seed=seed)
            pyramid.visit(real, cuts)
        self._levels = {}
        for size in cuts.sizes:
            points = cuts.points(size)
            ruler = _Ruler.of(points)
            sliced = metrics.SlicedWasserstein(ruler.flat(points), seed=seed)
            self._levels[size] = ruler, sliced
        seen_small = small(real)
        self._mean = seen_small.mean(axis=0)
        self._sd = np.maximum(seen_small.std(axis=0), 1.0 / 255.0)  # 0 where all real images agree
        self._whole = metrics.SlicedWasserstein((seen_small - self._mean) / self._sd, seed=seed)

    def measure(self, fake: np.ndarray, cuts: Cuts) -> dict[int | str, float]:
        """What `patches_and_whole` gives.

        Args:
            fake: uint8 [M, S, S, 3].
            cuts: its patches, with the seed of this measure.
        """
        found: dict[int | str, float] = {}
        for size, (ruler, distance) in self._levels.items():
            found[size] = 1000.0 * distance(ruler.flat(cuts.points(size)))
        found["whole"] = 1000.0 * self._whole((small(fake) - self._mean) / self._sd)
        return {**found, "mean": float(np.mean(list(found.values())))}


def image_mmd(real: np.ndarray, fake: np.ndarray, *, bandwidth: float | None = None) -> float:
    """The squared maximum mean discrepancy of images seen at 16 × 16, unbiased.

    E k(x,x') + E k(y,y') - 2 E k(x,y), k Gaussian, on block means in [0, 1] as points in 768
    dimensions (Gretton et al. 2012; `gan_core.metrics.mmd`). Its mean for two real sets is 0
    whatever N is, and more than half of the values are negative; the floor is their spread. It sees
    poses and colours of whole images, no detail.

    Args:
        real: uint8 [N, S, S, 3].
        fake: uint8 [M, S, S, 3].
        bandwidth: None: the median distance of real images. It is the ruler: to compare generators,
            compute it once from the real set (`mmd_bandwidth`), or pass the same `real` every time.
    """
    real, fake = two_sets("image_mmd", real, fake, at_least=2)
    bandwidth = mmd_bandwidth(real) if bandwidth is None else bandwidth
    return metrics.mmd(small(real), small(fake), bandwidth=bandwidth)


def mmd_bandwidth(real: np.ndarray) -> float:
    """The median distance of two real images [N, S, S, 3] seen at 16 × 16 (of the first 1000)."""
    return metrics.median_distance(small(real))


def small(images: np.ndarray) -> np.ndarray:
    """Means over blocks: 16 × 16 × 3 numbers an image, 16 × 16 of a grey one.

    Args:
        images: uint8 [N, S, S, 3], S a multiple of 16.

    Returns:
        [N, 768] float64 in [0, 1], or [N, 256].
    """
    means = pixels.block_means(np.asarray(images), pyramid.COARSEST)
    return means.reshape(len(means), -1) / 255.0


def ms_ssim(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How alike two images are to the eye: MS-SSIM, 1 for equal images.

    MS-SSIM = l_M^w_M · product over scales j = 1..M of cs_j^w_j, with (in an 11 × 11 Gaussian
    window of sd 1.5, averaged over windows, then over channels)
        l  = (2 m_x m_y + c_1) / (m_x² + m_y² + c_1)   alike in brightness, at the coarsest scale
        cs = (2 s_xy + c_2) / (s_x² + s_y² + c_2)      alike in contrast and structure, at each
    (Wang, Simoncelli and Bovik 2003, equation 7; c_1 = (0.01 · 255)², c_2 = (0.03 · 255)²; a
    negative cs counts as 0). Each scale halves the image. Five scales need 176 pixels: as many as
    fit are used, 3 at 64 pixels, and the weights (0.0448, 0.2856, 0.3001, ...) divided by their
    sum; so values for different S cannot be compared.

    Args:
        x: uint8 [N, S, S, 3].
        y: uint8 [N, S, S, 3].

    Returns:
        [N] float32.
    """
    x = _uint8("ms_ssim", "x", x)
    y = _uint8("ms_ssim", "y", y)
    if x.shape != y.shape:
        checks.fail("ms_ssim", "y", checks.show_shape(x.shape), checks.show_shape(y.shape))
    scales = int(np.log2(x.shape[1] / WINDOW)) + 1
    weights = np.array(MS_SSIM_WEIGHTS[:scales])
    weights = (weights / weights.sum()).tolist()
    parts = []
    for first in range(0, len(x), IMAGES_AT_A_TIME):
        some = slice(first, first + IMAGES_AT_A_TIME)
        part = tf.image.ssim_multiscale(x[some], y[some], 255, weights, WINDOW, filter_sigma=1.5)
        parts.append(part.numpy())
    return np.concatenate(parts)


def diversity(images: np.ndarray, *, seed: int, pairs: int = 1000) -> float:
    """The mean MS-SSIM of random pairs of different images: lower is more diverse.

    (Odena, Olah and Shlens 2017, section 4.2.) It means something only beside the value of real
    images: above it, modes are dropped; below it, there is more disorder than in real images (noise
    has the lowest of all).

    Args:
        images: uint8 [N, S, S, 3].
        seed: the seed of the pairs.
        pairs: how many are drawn.
    """
    images = _uint8("diversity", "images", images, at_least=2)
    checks.integer("diversity", "pairs", pairs, 1)
    n = len(images)
    first = rng.integers([pairs], rng.seed(seed, "diversity, first"), n).numpy()
    further = rng.integers([pairs], rng.seed(seed, "diversity, other"), n - 1).numpy()
    other = (first + 1 + further) % n
    return float(ms_ssim(images[first], images[other]).mean())


def halves(images: np.ndarray, n: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two disjoint random sets of n of these images each."""
    checks.integer("halves", "n", n, 1, len(images) // 2)
    order = rng.permutation(len(images), rng.seed(seed, "halves")).numpy()
    return images[order[:n]], images[order[n : 2 * n]]


def floor(distance: Callable, images: np.ndarray, n: int, *, seed: int):
    """What distance(real, real) says of two disjoint sets of n real images each.

    A perfect sampler gets as near as that.
    """
    return distance(*halves(images, n, seed=seed))


def two_sets(
    owner: str, real: np.ndarray, fake: np.ndarray, at_least: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Both sets of images, checked.

    Args:
        owner: whose arguments they are.
        real: uint8 [N, S, S, 3].
        fake: uint8 [M, S, S, 3].
        at_least: how many images are needed.

    Raises:
        ValueError: if one of them is no such array, or their images differ in shape.
    """
    real = _uint8(owner, "real", real, at_least)
    fake = _uint8(owner, "fake", fake, at_least)
    if real.shape[1:] != fake.shape[1:]:
        wanted = checks.show_shape(["M", *real.shape[1:]])
        checks.fail(owner, "fake", wanted, checks.show_shape(fake.shape))
    return real, fake


def _uint8(owner: str, name: str, images: np.ndarray, at_least: int = 1) -> np.ndarray:
    images = pyramid.square_images(owner, name, images, at_least)
    return uint8_images(owner, name, images)
