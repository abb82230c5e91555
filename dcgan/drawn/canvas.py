"""Shapes with soft edges, for pictures that are computed pixel by pixel.

A shape is its *signed distance*: an array [N, H, W], negative inside, positive outside, in units of half a
picture (the picture goes from -1 to 1 each way, y downwards). Where the edge crosses a pixel, the pixel is
covered in part:

    cover = 1/2 - distance / pixel,  cut to [0, 1]

which is antialiasing by formula, at any size. A `Canvas` lays shapes of one colour over each other:

    picture <- picture + cover (colour - picture)

Distances need to be right only near the edge, so most functions here divide an equation of the edge by the
length of its gradient (exact to first order there). Plain NumPy in float32, on pieces that fit the
processor's cache: nothing is compiled, and the same face has the same bits in any company.
"""

import contextlib

import numpy as np


class Canvas:
    """N pictures under the brush, or a window of them.

    rgb [3, N, H, W] float32 in [0, 1]: is drawn on in place;  x, y [N, H, W]: where each pixel is, in the
    frame of what is drawn (which may be shifted, turned and scaled);  pixel: the width of one;  place: where in
    the whole picture a window lies, as an index.
    """

    def __init__(self, rgb, x, y, pixel: float, place=...):
        self.rgb, self.x, self.y, self.pixel, self.place = rgb, x, y, pixel, place
        self._change = np.empty_like(rgb)  # of `lay`, which is called dozens of times

    @contextlib.contextmanager
    def window(self, left: float, right: float, top: float, bottom: float):
        """The part of a whole picture between these numbers, on which a small shape costs less.

        Where it is narrower than the picture it is a copy, since arrays in one piece are faster, and is put back at
        the end of the `with`; rows of full width are painted on where they are.
        """

        def cells(low, high, count):
            return slice(
                max(0, int((low + 1.0) / 2.0 * count)),
                min(count, int((high + 1.0) / 2.0 * count) + 1),
            )

        rows, columns = cells(top, bottom, self.x.shape[1]), cells(left, right, self.x.shape[2])
        place, narrow = (slice(None), rows, columns), (left, right) != (-1.0, 1.0)
        rgb, x, y = self.rgb[(slice(None), *place)], self.x[place], self.y[place]
        if narrow:
            part = Canvas(rgb.copy(), x.copy(), y.copy(), self.pixel, place)
            yield part
            rgb[...] = part.rgb
        else:
            yield Canvas(rgb, x, y, self.pixel, place)

    def part(self, whole):
        """This window's part of an array [N, S, S]."""
        return whole[self.place]

    def cover(self, distance):
        """How much of each pixel lies inside the shape: [N, H, W] from 0 to 1."""
        cover = distance * np.float32(-1.0 / self.pixel)
        cover += np.float32(0.5)
        return np.clip(cover, 0.0, 1.0, out=cover)

    def stroke(self, distance, width: float):
        """Cover of a line along the shape's edge, `width` to each side; what is too thin to be seen gets paler."""
        half = max(width, 0.35 * self.pixel)
        cover = np.abs(distance)
        cover *= np.float32(-1.0 / self.pixel)
        cover += np.float32(0.5 + half / self.pixel)
        np.clip(cover, 0.0, 1.0, out=cover)
        cover *= np.float32(min(width / half, 1.0))
        return cover

    def lay(self, cover, colour):
        """cover [N, H, W];  colour [3, N, 1, 1]."""
        np.subtract(colour, self.rgb, out=self._change)
        self._change *= cover
        self.rgb += self._change


def fade(value, start: float, end: float):
    """0 where value is at start, 1 at end (which may be the smaller one), in a straight line between."""
    t = value * np.float32(1.0 / (end - start))
    t -= np.float32(start / (end - start))
    return np.clip(t, 0.0, 1.0, out=t)


def ellipse(x, y, a, b):
    """Distance to the ellipse of half axes a and b about 0: (q - 1) q / |grad|, q^2 = (x/a)^2 + (y/b)^2."""
    a, b = np.float32(1.0) / np.float32(a), np.float32(1.0) / np.float32(b)
    u, v = x * a, y * b
    q2 = u * u + v * v + 1e-6
    u *= a
    v *= b
    return (q2 - np.sqrt(q2)) / np.sqrt(u * u + v * v + 1e-6)


def below(y, height, slope):
    """Distance from the curve y = height, a function of x with this slope: positive below it."""
    return (y - height) / np.sqrt(slope * slope + 1.0)


def strand(across, half_width):
    """Distance to what lies within half_width to each side."""
    return np.abs(across) - half_width


def both(*shapes):
    """What all shapes have in common."""
    joined = shapes[0]
    for shape in shapes[1:]:
        joined = np.maximum(joined, shape)
    return joined


def either(*shapes):
    """All shapes together."""
    joined = shapes[0]
    for shape in shapes[1:]:
        joined = np.minimum(joined, shape)
    return joined


def zigzag(t):
    """A triangle wave of period 1: -1 at whole numbers, 1 halfway."""
    return 1.0 - 4.0 * np.abs(t - np.floor(t) - 0.5)
