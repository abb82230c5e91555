"""Images as arrays, checked where they come in. This module imports no TensorFlow."""

from __future__ import annotations

import numpy as np

from gan_core import checks


def uint8_images(
    owner: str, name: str, images: np.ndarray, *, square: bool = True, at_least: int = 1
) -> np.ndarray:
    """Check that `images` are uint8 [N, H, W, C], where C is 3, or 1 for grey.

    Args:
        owner: the class or function whose argument it is, for the error.
        name: the argument.
        images: an array, or what NumPy makes one of. A memory map stays one.
        square: whether H must be W.
        at_least: how many there must be.

    Returns:
        The array.

    Raises:
        ValueError: if they are none.

    Example:
        >>> uint8_images("sheet", "images", np.zeros([3, 8, 8, 1], np.uint8)).shape
        (3, 8, 8, 1)
    """
    try:
        images = np.asanyarray(images)
    except ValueError:  # a list of images of several sizes
        images = np.empty(0)
    sides = "S, S" if square else "height, width"
    wanted = f"[N, {sides}, 3 or 1] of uint8, N at least {at_least}"
    is_image = images.ndim == 4 and images.shape[3] in (1, 3) and 0 not in images.shape[1:3]
    if is_image and square:
        is_image = images.shape[1] == images.shape[2]
    if images.dtype != np.uint8 or not is_image or len(images) < at_least:
        came = f"{checks.show_shape(images.shape)} of {images.dtype}"
        way_out = "See dcgan.data.pixels.to_uint8." if images.dtype.kind == "f" else ""
        checks.fail(owner, name, wanted, came, way_out)
    return images
