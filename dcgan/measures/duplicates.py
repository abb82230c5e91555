"""Find pictures that are nearly the same: recompressed, a little brighter, moved by a pixel.

A *difference hash* has 64 bits. The picture is reduced to 9 x 8 cells of brightness, and each bit
says whether a cell is brighter than its left neighbour. Compression, size and exposure change few
bits. Two pictures whose hashes differ in few bits are then compared pixel by pixel, because hashes
of different pictures can be alike by chance: 18,000 pictures have 162 million pairs.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from dcgan.measures.distances import small
from dcgan.measures.pyramid import square_images
from gan_core import checks

BRIGHTNESS = (0.299, 0.587, 0.114)  # of red, green and blue, to the eye (ITU-R BT.601)
ROWS_AT_A_TIME = 2000


def brightness(images: np.ndarray) -> np.ndarray:
    """[..., 3] in colours, or [..., 1] in grey -> [...] float32: how bright each pixel is."""
    images = np.asarray(images, np.float32)
    if images.shape[-1] == 1:
        return images[..., 0]
    return images @ np.asarray(BRIGHTNESS, np.float32)


def hashes(images: np.ndarray) -> np.ndarray:
    """Whether a cell is brighter than its left neighbour, row by row of 8 x 8 pairs.

    Args:
        images: uint8 [N, S, S, 3], or [N, S, S, 1] of grey.

    Returns:
        bool [N, 64].

    Raises:
        ValueError: if images are no such array.
    """
    try:
        shape = np.shape(images)
    except ValueError:  # pictures of several sizes
        shape = None
    if shape is None or len(shape) != 4 or shape[0] == 0 or shape[3] not in (1, 3):
        came = "pictures of several sizes" if shape is None else checks.show_shape(shape)
        checks.fail("duplicates.hashes", "images", "[N, S, S, 3 or 1] with N at least 1", came)
    parts = []
    for first in range(0, len(images), ROWS_AT_A_TIME):
        some = tf.cast(np.asarray(images[first : first + ROWS_AT_A_TIME]), tf.float32)
        grey = some if shape[3] == 1 else tf.tensordot(some, BRIGHTNESS, 1)[..., tf.newaxis]
        cells = tf.image.resize(grey, [8, 9], "area").numpy()[..., 0]
        parts.append((cells[:, :, 1:] > cells[:, :, :-1]).reshape(-1, 64))
    return np.concatenate(parts)


def pairs(
    images: np.ndarray, others: np.ndarray | None = None, bits: int = 10, levels: float = 16.0
) -> list[tuple[int, int, float]]:
    """Pairs of pictures that are nearly the same, the most alike first.

    Measured on 18,000 different real faces, none of them is taken for another's copy. Of their
    copies all are found if they were recompressed or made 12 levels brighter, and 7 of 10 that were
    moved by a pixel.

    Args:
        images: uint8 [N, S, S, 3].
        others: uint8 [M, S, S, 3] with which they are compared; None: the pictures themselves.
        bits: hashes may differ in so many of 64.
        levels: the difference of the pictures seen at 16 x 16, sqrt(mean (a - b)^2) over pixels and
            colours, may be so many of 255 levels.

    Returns:
        (i of images, j of others, difference); i < j where there are no others.
    """
    owner = "duplicates.pairs"
    checks.integer(owner, "bits", bits, 0, 64)
    checks.number(owner, "levels", levels, 0.0, 255.0)
    images = square_images(owner, "images", images)
    signs = _signs(images)
    coarse = small(images)
    if others is None:
        other_signs = signs
        other_coarse = coarse
    else:
        others = square_images(owner, "others", others)
        other_signs = _signs(others)
        other_coarse = small(others)
    found = []
    for first in range(0, len(signs), ROWS_AT_A_TIME):
        equal_less_different = signs[first : first + ROWS_AT_A_TIME] @ other_signs.T
        for row, j in np.argwhere(equal_less_different >= 64 - 2 * bits):
            i = first + int(row)
            if others is None and i >= j:
                continue
            difference = 255.0 * np.sqrt(np.mean(np.square(coarse[i] - other_coarse[j])))
            if difference <= levels:
                found.append((i, int(j), float(difference)))
    return sorted(found, key=lambda pair: pair[2])


def _signs(images: np.ndarray) -> np.ndarray:
    """Hashes as 1 and -1: the product of two counts equal bits less different ones."""
    return np.where(hashes(images), 1.0, -1.0).astype(np.float32)
