"""Shapes with soft edges, for pictures that are computed pixel by pixel, many at a time.

A shape is its signed distance: an array [N, h, w], negative inside, in units of half a picture (so the
picture goes from -1 to 1 each way, y downwards). A `Canvas` lays shapes of one colour over each
other, each pixel covered in proportion to how far the shape's edge reaches into it: antialiasing by
formula, at any size. All is NumPy float32 and sums, products, roots, minima and maxima alone, whose
rounding does not depend on what else is in the array: so a face is the same alone or in a crowd.
"""

import numpy as np


class Canvas:
    """N pictures under the brush: rgb [3, N, h, w] float32 in [0, 1], and where its pixels lie in each picture's
    own frame: x, y [N, h, w].

    frame: (shift_x, shift_y, cosine, sine, scale), each [N, 1, 1]: how that frame lies in the picture.
    corner: the first row and column of the picture that this canvas has.
    """

    def __init__(self, rgb, x, y, pixel: float, frame, corner=(0, 0)):
        self.rgb, self.x, self.y, self.pixel, self.frame, self.corner = rgb, x, y, pixel, frame, corner

    @classmethod
    def blank(cls, n: int, size: int, frame) -> "Canvas":
        centres = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * np.float32(2.0 / size) - np.float32(1.0)
        shift_x, shift_y, cosine, sine, scale = frame
        u, v = centres[np.newaxis, np.newaxis, :] - shift_x, centres[np.newaxis, :, np.newaxis] - shift_y
        x, y = (u * cosine + v * sine) / scale, (v * cosine - u * sine) / scale
        return cls(np.zeros([3, n, size, size], np.float32), x, y, 2.0 / size, frame)

    def part(self, left: float, right: float, top: float, bottom: float) -> "Canvas":
        """The pixels that may lie in this box of the pictures' own frames: the same pictures, less to look at."""
        shift_x, shift_y, cosine, sine, scale = self.frame
        corners = [(x * scale, y * scale) for x in (left, right) for y in (top, bottom)]
        across = np.concatenate([(x * cosine - y * sine + shift_x).ravel() for x, y in corners])
        down = np.concatenate([(y * cosine + x * sine + shift_y).ravel() for x, y in corners])
        (top, rows), (left, columns) = (self._slice(axis, values) for axis, values in ((0, down), (1, across)))
        return Canvas(self.rgb[:, :, rows, columns], self.x[:, rows, columns], self.y[:, rows, columns], self.pixel,
                      self.frame, (top, left))

    def _slice(self, axis, values):
        """The rows (or columns) from the least to the greatest of `values`: the first, and which of ours."""
        first, count = self.corner[axis], self.rgb.shape[2 + axis]
        start, stop = (int(np.floor((end + 1.0) / self.pixel)) + more - first
                       for end, more in ((values.min(), -1), (values.max(), 2)))
        start, stop = (min(max(end, 0), count) for end in (start, stop))
        return first + start, slice(start, stop)

    def cover(self, distance):
        """How much of each pixel lies inside: [N, h, w] from 0 to 1."""
        return np.clip(np.float32(0.5) - distance * np.float32(1.0 / self.pixel), 0.0, 1.0)

    def fill(self, distance, colour, opacity=1.0, within=None):
        """Lay a shape over the pictures. colour: [3, N, 1, 1] or [3, N, h, w]; within: another shape that clips it."""
        self._lay(self.cover(distance), colour, opacity, within)

    def line(self, distance, width: float, colour, opacity=1.0, within=None):
        """Draw the shape's edge, `width` to each side; what is thinner than can be seen is drawn fainter."""
        half = max(width, 0.4 * self.pixel)
        self._lay(self.cover(np.abs(distance) - np.float32(half)), colour, opacity * min(1.0, width / half), within)

    def haze(self, distance, softness: float, colour, opacity=1.0, within=None):
        """Lay a shape whose edge fades over `softness` to each side."""
        cover = np.clip(np.float32(0.5) - distance * np.float32(0.5 / softness), 0.0, 1.0)
        self._lay(cover, colour, opacity, within)

    def _lay(self, cover, colour, opacity, within):
        if within is not None:
            cover *= self.cover(within)
        cover *= opacity
        for plane, value in zip(self.rgb, colour, strict=True):
            plane += cover * (value - plane)


def ellipse(x, y, centre_x, centre_y, a, b):
    """Distance to an ellipse of half axes a and b, exact to first order at its edge: |p/r| (|p/r| - 1) / |p/r^2|."""
    u, v = (x - centre_x) / a, (y - centre_y) / b
    one = np.sqrt(u * u + v * v + 1e-9)
    return one * (one - 1.0) / np.sqrt((u / a) ** 2 + (v / b) ** 2 + 1e-9)


def taper(x, y, x0, y0, x1, y1, r0, r1):
    """Distance to a lock of hair: a line from (x0, y0) to (x1, y1) whose half width goes from r0 to r1."""
    dx, dy = x1 - x0, y1 - y0
    t = np.clip(((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy + 1e-9), 0.0, 1.0)
    return np.sqrt((x - x0 - t * dx) ** 2 + (y - y0 - t * dy) ** 2) - (r0 + (r1 - r0) * t)


def segment(x, y, x0, y0, x1, y1):
    """Distance to the line from (x0, y0) to (x1, y1); less a radius, it is a pill."""
    return taper(x, y, x0, y0, x1, y1, 0.0, 0.0)


def triangle(x, y, ax, ay, bx, by, cx, cy):
    """Distance (exact inside and along the edges) to a triangle whose corners go round clockwise on the picture."""
    def beside(px, py, qx, qy):
        return ((x - px) * (qy - py) - (y - py) * (qx - px)) * float(1.0 / np.hypot(qx - px, qy - py))
    return union(beside(ax, ay, bx, by), beside(bx, by, cx, cy), beside(cx, cy, ax, ay), how=np.maximum)


def parabola(x, y, centre_x, centre_y, half_width, sag):
    """Distance to the stroke y = centre_y + sag (1 - (x / half_width)^2) for |x - centre_x| up to half_width."""
    u = (x - centre_x) / half_width
    slope = u * (2.0 * sag / half_width)
    off = np.abs(y - centre_y - sag * (1.0 - u * u)) / np.sqrt(1.0 + slope * slope)
    return np.maximum(off, (np.abs(u) - 1.0) * half_width)


def union(*shapes, how=np.minimum):
    """What lies in any of the shapes; how=np.maximum: what lies in all."""
    joined = shapes[0]
    for shape in shapes[1:]:
        joined = how(joined, shape)
    return joined


def smooth_union(a, b, k: float):
    """Their union with a fillet of size k (Quilez's polynomial smooth minimum)."""
    h = np.clip(0.5 + (b - a) * (0.5 / k), 0.0, 1.0)
    return b + (a - b) * h - k * h * (1.0 - h)


def zigzag(t):
    """A triangle wave of period 1 from -1 to 1."""
    return 4.0 * np.abs(t - np.floor(t + 0.5)) - 1.0


def wave(t):
    """A smooth wave of period 1 from -1 to 1: a zigzag with rounded tips, z (1.5 - z^2 / 2)."""
    z = zigzag(t)
    return z * (1.5 - 0.5 * z * z)
