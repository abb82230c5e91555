"""Numbers about a set of pictures, for people who look before they train."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np

from dcgan.measures.duplicates import brightness

AT_A_TIME = 1000


def describe(images: np.ndarray) -> dict[str, float]:
    """What is typical of a set of pictures, in levels from 0 to 255.

    Args:
        images: uint8 [N, S, S, 3], or [N, S, S, 1] of grey.

    Returns:
        red, green, blue: means over everything.  contrast: the sd over a picture's pixels and
        colours, averaged over pictures.  exposure: the sd over pictures of their mean brightness.
        edges: the mean |difference| of horizontal neighbours.  asymmetry: the mean |difference|
        between the mean picture and its mirror image.
    """
    red, green, blue = np.broadcast_to(channel_means(images), 3).tolist()
    contrasts = []
    brightnesses = []
    edges = []
    for first in range(0, len(images), AT_A_TIME):  # as float32, all at once could be gigabytes
        some = np.asarray(images[first : first + AT_A_TIME], np.float32)
        contrasts.append(some.std(axis=(1, 2, 3)))
        brightnesses.append(brightness(some.mean(axis=(1, 2))))
        edges.append(np.abs(np.diff(some, axis=2)).mean(axis=(1, 2, 3)))
    mean = mean_picture(images)
    return {
        "red": red,
        "green": green,
        "blue": blue,
        "contrast": float(np.concatenate(contrasts).mean()),
        "exposure": float(np.concatenate(brightnesses).std()),
        "edges": float(np.concatenate(edges).mean()),
        "asymmetry": float(np.abs(mean - mean[:, ::-1]).mean()),
    }


def channel_means(images: np.ndarray) -> list[float]:
    """The mean of each channel of uint8 [N, S, S, C]: red, green and blue, or grey."""
    return [float(value) for value in mean_picture(images).mean(axis=(0, 1))]


def mean_picture(images: np.ndarray) -> np.ndarray:
    """float64 [S, S, C]: the mean over pictures of each pixel. (NumPy adds up in float64.)"""
    return np.mean(images, axis=0, dtype=np.float64)


def stretched(images: np.ndarray) -> np.ndarray:
    """Each picture from its own least to its own greatest value, over pixels and colours.

    What `(x - x.min()) / (x.max() - x.min())` does before a picture is shown. A picture of one
    value becomes black.

    Args:
        images: [N, S, S, 3] of numbers.

    Returns:
        uint8 of the same shape, from 0 to 255.
    """
    x = np.asarray(images, np.float32)
    low = np.min(x, axis=(1, 2, 3), keepdims=True)
    high = np.max(x, axis=(1, 2, 3), keepdims=True)
    return np.round(255.0 * (x - low) / np.maximum(high - low, 1.0)).astype(np.uint8)


def peak_bytes(function: Callable[[], object]) -> int:
    """The most memory that Python and NumPy held at once for function(), in bytes.

    Beyond what they held before.
    """
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
