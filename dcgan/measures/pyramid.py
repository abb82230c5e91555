"""An image as a stack of bands, from fine detail to coarse colour: the Laplacian pyramid.

    x [N, 64, 64, C]  ->  [N, 64, 64, C], [N, 32, 32, C], [N, 16, 16, C]

A level holds what is lost when the image is halved and doubled again: edges and texture of one
size. The last level is what remains, the image at 16 × 16 (24 × 24 for an image of 96 pixels).
Adding all up again gives the image, so no information is lost; but a fault of one size (no fine
detail, wrong colours) shows in one level alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from gan_core import checks

Visitor = Callable[[int, list[np.ndarray]], None]
COARSEST = 16
IMAGES_AT_A_TIME = 100
BINOMIAL = np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16.0  # a = 0.375 of Burt and Adelson


def laplacian_pyramid(images: np.ndarray) -> list[np.ndarray]:
    """The levels of images, from fine to coarse.

    g_0 = x,  g_k+1 = reduce(g_k);  level k is g_k - expand(g_k+1), the last is g itself. reduce
    blurs by the binomial filter (1 4 6 4 1)/16 both ways and keeps every other pixel; expand puts
    zeros between the pixels and blurs by twice the filter (Burt and Adelson 1983, "The Laplacian
    pyramid as a compact image code", equations 1, 2 and 4; Karras et al. 2018 for sliced
    Wasserstein distances). Beyond the border the image is its mirror image.

    Args:
        images: [N, S, S, C], uint8 or float, with C = 3 or 1 and S = 16, 32, 48, 64, 80, ...

    Returns:
        [N, s, s, C] float32 for s in sizes(S), in the unit of the images.
    """
    current = square_images("laplacian_pyramid", "images", images).astype(np.float32)
    levels = []
    while current.shape[1] >= 2 * COARSEST:
        smaller = _reduce(current)
        levels.append(current - _expand(smaller))
        current = smaller
    return [*levels, current]


def visit(images: np.ndarray, *visitors: Visitor) -> None:
    """Show the pyramid of all images to every visitor, IMAGES_AT_A_TIME images at a time.

    Levels are computed once, however many look at them, and never all in memory: of 2,000 images of
    64 pixels they would take 130 MB.

    Args:
        images: as for `laplacian_pyramid`.
        visitors: each is called with the number of the first image of a block, and the block's
            levels.
    """
    for first in range(0, len(images), IMAGES_AT_A_TIME):
        levels = laplacian_pyramid(images[first : first + IMAGES_AT_A_TIME])
        for visitor in visitors:
            visitor(first, levels)


def from_pyramid(levels: list[np.ndarray]) -> np.ndarray:
    """The images [N, S, S, C] float32 whose pyramid this is.

    Expand the last level, add the one before, and so on.
    """
    current = levels[-1]
    for level in reversed(levels[:-1]):
        current = level + _expand(current)
    return current


def sizes(size: int) -> list[int]:
    """The level sizes of images of this size: [64, 32, 16] for 64, [96, 48, 24] for 96."""
    return [size] if size < 2 * COARSEST else [size, *sizes(size // 2)]


def square_images(owner: str, name: str, images: np.ndarray, at_least: int = 1) -> np.ndarray:
    """`images` as an array [N, S, S, C] with S = 16, 32, 48, ... and N of at least `at_least`.

    C is 3, or 1 for grey. S is a multiple of 16, so that the image can be seen at 16 × 16
    (`distances.small`), and even at every level but the last.

    Raises:
        ValueError: if it is not such an array.
    """
    try:
        images = np.asarray(images)
    except ValueError:  # a list of images of several sizes
        images = np.empty(0)
    shape = images.shape
    wanted = f"[N, S, S, 3 or 1] with S = {COARSEST}, {2 * COARSEST}, {3 * COARSEST}, ..."
    is_square = images.ndim == 4 and shape[1] == shape[2] > 0 and shape[3] in (1, 3)
    if not is_square or not _fits(shape[1]):
        checks.fail(owner, name, wanted, checks.show_shape(shape))
    if shape[0] < at_least:
        checks.fail(owner, name, f"at least {at_least} images", f"{shape[0]}")
    return images


def _fits(size: int) -> bool:
    """Whether a side of so many pixels can be halved until it is below 2 * COARSEST."""
    can_be_halved = all(level % 2 == 0 for level in sizes(size)[:-1])
    return size % COARSEST == 0 and can_be_halved


def _reduce(x: np.ndarray) -> np.ndarray:
    """[N, s, s, C] -> [N, s/2, s/2, C]."""
    return _blurred(x, stride=2)


def _expand(x: np.ndarray) -> np.ndarray:
    """[N, s, s, C] -> [N, 2s, 2s, C]: zeros between the pixels, and twice the filter both ways."""
    n, size, _, channels = x.shape
    stuffed = np.zeros([n, 2 * size, 2 * size, channels], np.float32)
    stuffed[:, ::2, ::2] = x
    return 4.0 * _blurred(stuffed, stride=1)


def _blurred(x: np.ndarray, stride: int) -> np.ndarray:
    """The binomial filter both ways; channels stay apart, and images end in their mirror image."""
    one_channel = np.outer(BINOMIAL, BINOMIAL).astype(np.float32)
    filters = np.repeat(one_channel[:, :, np.newaxis, np.newaxis], x.shape[3], axis=2)
    border = [[0, 0], [2, 2], [2, 2], [0, 0]]
    with tf.device("CPU"):  # all the arithmetic of judging is the host's
        padded = tf.pad(x, border, mode="REFLECT")
        return tf.nn.depthwise_conv2d(padded, filters, [1, stride, stride, 1], "VALID").numpy()
