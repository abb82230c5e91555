"""Measures of texture, to which random projections of pixels hardly react.

    function             asks                                               real faces
    whitened_patches     have small patches the covariance of real ones?    the floor, near 0
    spectrum_distance    has each frequency as much power?                  the floor, near 0
    grid_pattern         does the texture depend on the place in a 4 × 4
                         grid, as transposed convolutions make it do?       their own value

A checkerboard changes a pixel by a few grey levels, less than the difference of neighbouring
pixels. So a random projection of a patch, which mixes all its directions, hardly changes. These
measures divide each direction, or each frequency, by how much real faces vary along it.

All take uint8 images [N, S, S, 3], or [N, S, S, 1] of grey, with S = 16, 32, 48, 64, ...
"""

from __future__ import annotations

import numpy as np

from dcgan.measures import pyramid
from dcgan.measures.duplicates import brightness
from gan_core import checks, rng

PATCH = 7  # pixels, each way
IMAGES_AT_A_TIME = 200
NOISE = 1.0  # grey levels: what is fainter is not seen, and does not count
PERIOD = 4  # pixels: two layers of stride 2


def whitened_patches(
    real: np.ndarray, fake: np.ndarray, *, seed: int, level: int = 0, patches: int = 4
) -> float:
    """The squared Fréchet distance of patches, in units of the real patches' own deviations.

    With m and C the mean and covariance of 7 × 7 patches (147 numbers) of one level of the
    Laplacian pyramid, W the whitening matrix of the real ones (W^T C_real W = I), and l_i the
    eigenvalues of W^T C_fake W:

        |W^T (m_fake - m_real)|² + sum over i of (sqrt(l_i) - 1)²

    It is the Fréchet distance of two Gaussians after whitening. Noise of NOISE grey levels is
    added to both covariances, so that what nobody can see does not count: pictures that were
    JPEGs have next to no fine colour, and whitening alone would ask for exactly that.

    Args:
        real: uint8 [N, S, S, 3].
        fake: uint8 [M, S, S, 3].
        seed: the seed of the places of patches.
        level: the level of the pyramid; 0 is the finest.
        patches: the number of patches from each image.

    Returns:
        The distance; 0 for equal sets, and small for two sets of real images.
    """
    checks.integer("whitened_patches", "patches", patches, 1)
    points = _patches(real, level, patches, seed)
    return Whitening(points).distance(_patches(fake, level, patches, seed))


class Whitening:
    """`whitened_patches` of one real set and any number of generated ones.

    Args:
        points: [n, d] float64, the real patches.
    """

    def __init__(self, points: np.ndarray) -> None:
        self._mean = points.mean(axis=0)
        variances, axes = np.linalg.eigh(np.cov(points.T))
        self._matrix = axes / np.sqrt(np.maximum(variances, 0.0) + NOISE**2)

    def distance(self, points: np.ndarray) -> float:
        """What `whitened_patches` gives for generated patches [m, d] float64."""
        covariance = np.cov(points.T) + NOISE**2 * np.eye(len(self._mean))
        eigenvalues = np.linalg.eigvalsh(self._matrix.T @ covariance @ self._matrix)
        shift = (points.mean(axis=0) - self._mean) @ self._matrix
        spread = np.sqrt(np.maximum(eigenvalues, 0.0)) - 1.0
        return float(np.sum(shift**2) + np.sum(spread**2))


class Cuts:
    """Patches from random places of one level of every image: a visitor of `pyramid.visit`.

    Args:
        images: uint8 [N, S, S, C], those that will be visited.
        seed: of the places.
        level: of the pyramid; 0 is the finest.
        patches: of each image.
    """

    def __init__(self, images: np.ndarray, *, seed: int, level: int = 0, patches: int = 4) -> None:
        size = pyramid.sizes(np.shape(images)[1])[level]
        self._level = level
        corners = rng.integers(
            [len(images), patches, 2], rng.seed(seed, "patches"), size - PATCH + 1
        )
        self._corners = corners.numpy()
        self._found: list[np.ndarray] = []

    def __call__(self, first: int, levels: list[np.ndarray]) -> None:
        """Cut the patches of a block.

        Args:
            first: number of its first image.
            levels: of its pyramid.
        """
        band = levels[self._level]
        windows = np.lib.stride_tricks.sliding_window_view(band, (PATCH, PATCH), axis=(1, 2))
        some = self._corners[first : first + len(band)]
        rows = np.arange(len(band))[:, np.newaxis]
        self._found.append(windows[rows, some[:, :, 0], some[:, :, 1]])

    def points(self) -> np.ndarray:
        """The patches, [N · patches, 49 C] float64."""
        found = np.concatenate(self._found)
        return found.reshape(found.shape[0] * found.shape[1], -1).astype(np.float64)


def _patches(images: np.ndarray, level: int, count: int, seed: int) -> np.ndarray:
    """[N · count, 49 C] float64 from random places of each image."""
    cuts = Cuts(images, seed=seed, level=level, patches=count)
    pyramid.visit(images, cuts)
    return cuts.points()


def spectrum_distance(real: np.ndarray, fake: np.ndarray) -> float:
    """How far the mean power spectra of brightness are apart, in factors of e.

    sqrt(mean over frequencies of (log P_fake - log P_real)²), P the mean over images of the
    squared Fourier transform under a Hann window. Convolutions with a stride leave too much or too
    little power at high frequencies (Durall et al. 2020).

    Args:
        real: uint8 [N, S, S, 3].
        fake: uint8 [M, S, S, 3].

    Returns:
        0 for equal spectra; 1 where they differ by a factor of e.
    """
    return between_spectra(spectrum(real), spectrum(fake))


def between_spectra(real: np.ndarray, fake: np.ndarray) -> float:
    """What `spectrum_distance` gives, from both spectra."""
    ratio = np.log(fake) - np.log(real)
    return float(np.sqrt(np.mean(ratio**2)))


def spectrum(images: np.ndarray) -> np.ndarray:
    """Mean power of brightness at each frequency; never 0.

    Args:
        images: uint8 [N, S, S, 3].

    Returns:
        float64 [S, S / 2 + 1].
    """
    images = pyramid.square_images("spectrum_distance", "images", images)
    size = images.shape[1]
    window = np.hanning(size + 2)[1:-1]
    total = np.zeros([size, size // 2 + 1])
    for first in range(0, len(images), IMAGES_AT_A_TIME):
        grey = brightness(images[first : first + IMAGES_AT_A_TIME])
        grey -= grey.mean(axis=(1, 2), keepdims=True)
        waves = np.fft.rfft2(grey * window[:, np.newaxis] * window)
        total += np.sum(np.abs(waves) ** 2, axis=0)
    return total / len(images) + NOISE**2


def grid_pattern(images: np.ndarray) -> float:
    """How much fine detail depends on where in a 4 × 4 grid a pixel lies.

    The standard deviation, over the 16 places of the grid, of log of the mean squared detail
    there; detail is the finest level of the Laplacian pyramid, in brightness. In pictures without
    a grid no place is special, and the value is near 0. (JPEG files have a grid of 8 pixels, so
    compare with the value of real faces.)

    Args:
        images: uint8 [N, S, S, 3].

    Returns:
        The deviation, in factors of e.
    """
    grid = Grid()
    pyramid.visit(images, grid)
    return grid.pattern()


class Grid:
    """Adds up fine detail at each place of the grid: a visitor of `pyramid.visit`."""

    def __init__(self) -> None:
        self._energy = np.zeros([PERIOD, PERIOD])

    def __call__(self, first: int, levels: list[np.ndarray]) -> None:
        """Add a block.

        Args:
            first: number of its first image.
            levels: of its pyramid.
        """
        detail = brightness(levels[0])
        cells = detail.shape[1] // PERIOD
        blocks = detail.reshape(len(detail), cells, PERIOD, cells, PERIOD)
        self._energy += np.sum(blocks**2, axis=(0, 1, 3))

    def pattern(self) -> float:
        """What `grid_pattern` gives for the images that were shown."""
        return float(np.std(np.log(self._energy + NOISE**2)))
