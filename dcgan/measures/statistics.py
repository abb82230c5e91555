"""Numbers about a set of pictures, for people who look before they train."""

import tracemalloc

import numpy as np

from dcgan.measures.duplicates import BRIGHTNESS

AT_A_TIME = 1000


def describe(images) -> dict[str, float]:
    """uint8 [N, S, S, 3] -> what is typical of the set, in levels from 0 to 255.

    red, green, blue: means over everything.  contrast: the sd over a picture's pixels and colours, averaged over
    pictures.  exposure: the sd over pictures of their mean brightness.  edges: the mean |difference| of horizontal
    neighbours.  asymmetry: the mean |difference| between the mean picture and its mirror image.
    """
    red, green, blue = channel_means(images)
    parts = []
    for first in range(0, len(images), AT_A_TIME):  # as float32, all at once could be gigabytes
        some = np.asarray(images[first : first + AT_A_TIME], np.float32)
        parts.append(
            [
                some.std(axis=(1, 2, 3)),
                (some.mean(axis=(1, 2)) @ np.float32(BRIGHTNESS)),
                np.abs(np.diff(some, axis=2)).mean(axis=(1, 2, 3)),
            ]
        )
    contrast, brightness, edges = np.concatenate(parts, axis=1)
    mean = mean_picture(images)
    return {
        "red": red,
        "green": green,
        "blue": blue,
        "contrast": float(contrast.mean()),
        "exposure": float(brightness.std()),
        "edges": float(edges.mean()),
        "asymmetry": float(np.abs(mean - mean[:, ::-1]).mean()),
    }


def channel_means(images) -> list[float]:
    """The mean red, green and blue of uint8 [N, S, S, 3]."""
    return [float(value) for value in mean_picture(images).mean(axis=(0, 1))]


def mean_picture(images) -> np.ndarray:
    """float64 [S, S, 3]: the mean over pictures of each pixel. (NumPy adds up in float64 as it goes.)"""
    return np.mean(images, axis=0, dtype=np.float64)


def stretched(images) -> np.ndarray:
    """Each picture from its own least value to its own greatest, over pixels and colours -> 0 to 255, uint8.

    What `(x - x.min()) / (x.max() - x.min())` does before a picture is shown. A picture of one value becomes black.
    """
    x = np.asarray(images, np.float32)
    low, high = (reduce(x, axis=(1, 2, 3), keepdims=True) for reduce in (np.min, np.max))
    return np.round(255.0 * (x - low) / np.maximum(high - low, 1.0)).astype(np.uint8)


def peak_bytes(function) -> int:
    """The most memory that Python and NumPy held at once for function(), beyond what they held before, in bytes."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
