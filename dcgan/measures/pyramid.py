"""An image as a stack of bands, from fine detail to coarse colour: the Laplacian pyramid.

    x [N, 64, 64, 3]  ->  [N, 64, 64, 3], [N, 32, 32, 3], [N, 16, 16, 3]

A level holds what is lost when the image is halved and doubled again: edges and texture of one size.
The last level is what remains, the image at 16 × 16. Adding all up again gives the image, so no
information is lost; but a fault of one size (no fine detail, wrong colours) shows in one level alone.
"""

import functools

import numpy as np

from gan_core import checks

COARSEST = 16
BINOMIAL = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0  # a = 0.375 of Burt and Adelson


def laplacian_pyramid(images) -> list[np.ndarray]:
    """The levels of images [N, S, S, 3] (uint8 or float): [N, s, s, 3] float32 for s = S, S/2, ..., 16.

    g_0 = x,  g_k+1 = reduce(g_k);  level k is g_k - expand(g_k+1), the last is g itself. reduce blurs by the
    binomial filter (1 4 6 4 1)/16 both ways and keeps every other pixel; expand puts zeros between the pixels
    and blurs by twice the filter (Burt and Adelson 1983, "The Laplacian pyramid as a compact image code",
    equations 1, 2 and 4; Karras et al. 2018 for sliced Wasserstein distances). Beyond the border the image is
    its mirror image. In the unit of the images.
    """
    current = square_images("laplacian_pyramid", "images", images).astype(np.float32)
    levels = []
    while current.shape[1] > COARSEST:
        smaller = _reduce(current)
        levels.append(current - _expand(smaller))
        current = smaller
    return [*levels, current]


def from_pyramid(levels) -> np.ndarray:
    """The images [N, S, S, 3] float32 whose pyramid this is: expand the last, add the one before, and so on."""
    current = levels[-1]
    for level in reversed(levels[:-1]):
        current = level + _expand(current)
    return current


def sizes(size: int) -> list[int]:
    """The level sizes of images of this size: [64, 32, 16] for 64."""
    return [size] if size <= COARSEST else [size, *sizes(size // 2)]


def square_images(owner: str, name: str, images, at_least: int = 1) -> np.ndarray:
    """`images` as an array [N, S, S, 3] with S = 16, 32, 64, ... and N at least so many; ValueError if it is none."""
    images = np.asarray(images)
    shape = images.shape
    halvings = np.log2(shape[1] / COARSEST) if images.ndim == 4 and shape[1] else -1.0
    if images.ndim != 4 or shape[2:] != (shape[1], 3) or halvings < 0 or halvings % 1:
        checks.fail(
            owner,
            name,
            f"[N, S, S, 3] with S = {COARSEST}, {2 * COARSEST}, {4 * COARSEST}, ...",
            checks.show_shape(shape),
        )
    if shape[0] < at_least:
        checks.fail(owner, name, f"at least {at_least} images", f"{shape[0]}")
    return images


def _reduce(x):
    """[N, s, s, 3] -> [N, s/2, s/2, 3]."""
    return _both_ways(_reducing(x.shape[1]), x)


def _expand(x):
    """[N, s, s, 3] -> [N, 2s, 2s, 3]."""
    return _both_ways(_expanding(2 * x.shape[1]), x)


def _both_ways(matrix, x):
    """matrix [t, s] applied to rows and to columns of x [N, s, s, 3] -> [N, t, t, 3], as two matrix products."""
    n, s, t = len(x), x.shape[1], len(matrix)
    rows = matrix @ x.reshape(n, s, s * 3)
    columns = np.kron(matrix, np.eye(3, dtype=np.float32))  # the channels of a pixel stay apart
    return (rows.reshape(n * t, s * 3) @ columns.T).reshape(n, t, t, 3)


@functools.cache
def _reducing(size):
    """[size/2, size]: row i weighs the pixels 2i - 2, ..., 2i + 2."""
    matrix = np.zeros([size // 2, size], np.float32)
    for i in range(size // 2):
        for k, weight in zip(range(-2, 3), BINOMIAL, strict=True):
            matrix[i, _mirrored(2 * i + k, size)] += weight
    return matrix


@functools.cache
def _expanding(size):
    """[size, size/2]: pixel i weighs those of i - 2, ..., i + 2 that are even, j = 2 · (its column)."""
    matrix = np.zeros([size, size // 2], np.float32)
    for i in range(size):
        for k, weight in zip(range(-2, 3), BINOMIAL, strict=True):
            j = _mirrored(i + k, size)
            if j % 2 == 0:
                matrix[i, j // 2] += 2.0 * weight
    return matrix


def _mirrored(i, size):
    """The pixel that stands at i of the image continued by its mirror image: ..., 2, 1, 0, 1, 2, ..."""
    i = abs(i)
    return i if i < size else 2 * (size - 1) - i
