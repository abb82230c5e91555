"""Shapes with soft edges, for pictures that are computed pixel by pixel.

A shape is its *signed distance*: an array [N, H, W], negative inside, positive outside, in units of
half a picture (the picture goes from -1 to 1 each way, y downwards). Where the edge crosses a
pixel, the pixel is covered in part:

    cover = 1/2 - distance / pixel,  cut to [0, 1]

which is antialiasing by a formula, at any size. A `Canvas` draws shapes of one colour on top of one
another:

    picture <- picture + cover (colour - picture)

Distances need to be right only near the edge, so most functions here divide an equation of the edge
by the length of its gradient (exact to first order there). It is plain NumPy in float32, on parts
that fit the processor's cache. Nothing is compiled, and a face has the same bits whatever other
faces are drawn with it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import EllipsisType

import numpy as np


class Canvas:
    """N pictures that are being drawn, or a window of them.

    Args:
        rgb: [3, N, H, W] float32 in [0, 1], the pictures; drawing changes them in place.
        x: [N, H, W]: where each pixel is, in the frame of what is drawn (which may be shifted,
            turned and scaled).
        y: the same, downwards.
        pixel: the width of a pixel.
        place: the window's place in the whole picture, as an index.
    """

    def __init__(
        self,
        rgb: np.ndarray,
        x: np.ndarray,
        y: np.ndarray,
        pixel: float,
        place: tuple[slice, ...] | EllipsisType = ...,
    ):
        self.rgb = rgb
        self.x = x
        self.y = y
        self.pixel = pixel
        self.place = place
        self._change = np.empty_like(rgb)  # working memory of `lay`, for all its calls

    @contextlib.contextmanager
    def window(self, left: float, right: float, top: float, bottom: float) -> Iterator[Canvas]:
        """The part of a whole picture between these numbers, where drawing a small shape is faster.

        If it is narrower than the picture it is a copy, since contiguous arrays are faster, and is
        copied back at the end of the `with` block. Rows of full width are drawn on in place.
        """
        rows = _cells(top, bottom, self.x.shape[1])
        columns = _cells(left, right, self.x.shape[2])
        place = (slice(None), rows, columns)
        rgb = self.rgb[(slice(None), *place)]
        x = self.x[place]
        y = self.y[place]
        is_narrow = (left, right) != (-1.0, 1.0)
        if is_narrow:
            part = Canvas(rgb.copy(), x.copy(), y.copy(), self.pixel, place)
            yield part
            rgb[...] = part.rgb
        else:
            yield Canvas(rgb, x, y, self.pixel, place)

    def part(self, whole: np.ndarray) -> np.ndarray:
        """This window's part of an array [N, S, S]."""
        return whole[self.place]

    def cover(self, distance: np.ndarray) -> np.ndarray:
        """How much of each pixel lies inside the shape: [N, H, W] from 0 to 1."""
        cover = distance * np.float32(-1.0 / self.pixel)
        cover += np.float32(0.5)
        return np.clip(cover, 0.0, 1.0, out=cover)

    def stroke(self, distance: np.ndarray, width: float) -> np.ndarray:
        """Cover of a line along the shape's edge that extends `width` to each side.

        A line thinner than a pixel is drawn paler.
        """
        half = max(width, 0.35 * self.pixel)
        cover = np.abs(distance)
        cover *= np.float32(-1.0 / self.pixel)
        cover += np.float32(0.5 + half / self.pixel)
        np.clip(cover, 0.0, 1.0, out=cover)
        cover *= np.float32(min(width / half, 1.0))
        return cover

    def lay(self, cover: np.ndarray, colour: np.ndarray) -> None:
        """Mix in a colour [3, N, 1, 1] with the weights cover [N, H, W]."""
        np.subtract(colour, self.rgb, out=self._change)
        self._change *= cover
        self.rgb += self._change


def _cells(low: float, high: float, count: int) -> slice:
    """The pixels between the positions low and high on an axis of `count` pixels from -1 to 1."""
    first = int((low + 1.0) / 2.0 * count)
    last = int((high + 1.0) / 2.0 * count)
    return slice(max(0, first), min(count, last + 1))


def fade(value: np.ndarray, start: float, end: float) -> np.ndarray:
    """0 where value is at start, 1 at end, linear between. `end` may be the smaller one."""
    t = value * np.float32(1.0 / (end - start))
    t -= np.float32(start / (end - start))
    return np.clip(t, 0.0, 1.0, out=t)


def ellipse(
    x: np.ndarray, y: np.ndarray, a: np.ndarray | float, b: np.ndarray | float
) -> np.ndarray:
    """Distance to the ellipse of half axes a and b about 0.

    (q - 1) q / |grad| with q^2 = (x/a)^2 + (y/b)^2.
    """
    per_a = np.float32(1.0) / np.float32(a)
    per_b = np.float32(1.0) / np.float32(b)
    u = x * per_a
    v = y * per_b
    q2 = u * u + v * v + 1e-6
    u *= per_a
    v *= per_b
    return (q2 - np.sqrt(q2)) / np.sqrt(u * u + v * v + 1e-6)


def below(y: np.ndarray, height: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Distance from the curve y = height, a function of x with this slope: positive below it."""
    return (y - height) / np.sqrt(slope * slope + 1.0)


def strand(across: np.ndarray, half_width: np.ndarray | float) -> np.ndarray:
    """Distance to the strip where |across| < half_width."""
    return np.abs(across) - half_width


def both(*shapes: np.ndarray) -> np.ndarray:
    """Intersection: the part that lies inside all shapes."""
    joined = shapes[0]
    for shape in shapes[1:]:
        joined = np.maximum(joined, shape)
    return joined


def either(*shapes: np.ndarray) -> np.ndarray:
    """Union: the part that lies inside at least one of the shapes."""
    joined = shapes[0]
    for shape in shapes[1:]:
        joined = np.minimum(joined, shape)
    return joined


def zigzag(t: np.ndarray) -> np.ndarray:
    """A triangle wave of period 1: -1 at whole numbers, 1 halfway."""
    return 1.0 - 4.0 * np.abs(t - np.floor(t) - 0.5)
