"""Background, body, face, eyes and mouth, as shapes of `dcgan.drawn.canvas`.

A part is a function (canvas, p): p has the numbers of `dcgan.drawn.proportions` as attributes, each
[N, 1, 1], and the colours of `dcgan.drawn.palette`, each [3, N, 1, 1]. It draws on all N faces at
once. A part that a face does not have (such as glasses) has cover 0 on that face; if none of the
N faces has it, it is not computed.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from dcgan.drawn.canvas import Canvas, below, both, either, ellipse, fade, strand

LINE = 0.013  # half the width of an outline


def background(p: SimpleNamespace, across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """A gradient from top to bottom and a soft glow: [3, N, S, S]."""
    x = across - p.glow_x
    y = down - p.glow_y
    glow = 0.45 * fade(x * x + y * y, 0.8, 0.0)
    sky = p.top + (p.bottom - p.top) * (0.5 + 0.5 * down)
    return sky + glow * (1.0 - sky)


def neck(canvas: Canvas, p: SimpleNamespace) -> None:
    """The neck, with the chin's shadow on it."""
    x = canvas.x
    y = canvas.y
    shape = both(strand(x, 0.155 + 0.5 * np.maximum(y - 0.90, 0.0)), 0.55 - y)
    inside = canvas.cover(shape)
    canvas.lay(inside, p.skin_deep)
    canvas.lay(inside * canvas.cover(p.chin + 0.13 - y - 0.35 * np.abs(x)), p.skin)
    canvas.lay(canvas.stroke(shape, LINE), p.skin_line)


def coat(canvas: Canvas, p: SimpleNamespace) -> None:
    """Shoulders, open at the neck."""
    x = canvas.x
    y = canvas.y
    shape = both(0.93 + 0.16 * np.abs(x) - y, 0.75 * (1.12 - y) - np.abs(x))
    canvas.lay(canvas.cover(shape), p.clothes)
    canvas.lay(canvas.stroke(shape, LINE), p.clothes_line)


def face_shape(p: SimpleNamespace, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Distance to the outline of the face, (1 - j) u^1.5 + j u^2 + t^2 = 1.

    u is |x| / width. t is the height from the face's middle, divided by 0.8 above the middle and by
    chin - 0.10 below it. The smaller j = p.jaw is, the more pointed is the chin.
    """
    x = x - 0.4 * p.turn
    u = np.abs(x) / p.face_width
    depth = 1.0 / (p.chin - 0.10)  # more than 1.25, so that the maximum takes it below the middle
    t = y - 0.10
    t = np.maximum(t * depth, t * np.float32(1.25))
    root = np.sqrt(u)
    power = u * (root + p.jaw * (u - root))
    along = (1.5 * root + p.jaw * (2.0 * u - 1.5 * root)) / p.face_width
    down = 2.0 * depth * t
    return (power + t * t - 1.0) / np.sqrt(along * along + down * down + 0.05)


def ears(canvas: Canvas, p: SimpleNamespace) -> None:
    """The ears, which are seen where no lock of hair covers them."""
    x = canvas.x
    y = canvas.y
    ear = ellipse(np.abs(x) - p.face_width, y - 0.19, 0.07, 0.13)
    canvas.lay(canvas.cover(ear), p.skin_shade)
    canvas.lay(canvas.stroke(ear, LINE), p.skin_line)


def head(canvas: Canvas, p: SimpleNamespace, shapes: SimpleNamespace) -> None:
    """The face, shaded towards its edge, and its blush."""
    x = canvas.x
    y = canvas.y
    shape = canvas.part(shapes.face)
    inside = canvas.cover(shape)
    canvas.lay(inside, p.skin)
    canvas.lay(inside * 0.75 * fade(shape + 0.10 * (y + 0.4 * x), -0.12, 0.03), p.skin_shade)
    x = x - p.turn
    u = np.abs(x) - p.eye_apart - 0.02
    v = y - p.eye_height - 0.25
    canvas.lay(inside * p.blush * fade((u * 5.0) ** 2 + (v * 8.5) ** 2, 1.1, 0.0), p.flush)
    if p.hatch.any():
        w = u + 0.4 * v
        lines = strand(w - 0.055 * np.rint(w / 0.055), 0.009)
        strokes = both(lines, strand(u, 0.10), strand(v, 0.035))
        canvas.lay(p.hatch * canvas.cover(strokes), p.blush_line)
    canvas.lay(canvas.stroke(shape, LINE), p.skin_line)


def nose_and_mouth(canvas: Canvas, p: SimpleNamespace) -> None:
    """The nose, which is a shadow and a dot, and the mouth."""
    u = canvas.x - 1.3 * p.turn
    v = canvas.y - p.nose
    canvas.lay(0.9 * canvas.cover(ellipse(u + 0.012, v, 0.024, 0.018)), p.skin_deep)
    canvas.lay(0.6 * canvas.cover(ellipse(u - 0.006, v - 0.004, 0.013, 0.010)), p.skin_line)
    _mouth(canvas, p)


def _mouth(canvas: Canvas, p: SimpleNamespace) -> None:
    """The mouth: a curved line, a line with two bows like a cat's mouth, or an open mouth.

    An open mouth lies between an upper and a lower curve over u = x / half width.
    """
    x = canvas.x - 1.1 * p.turn
    y = canvas.y - p.mouth_height
    u = x / p.mouth_width
    rest = 1.0 - u * u
    wave = 2.0 * np.abs(u) - 1.0
    upper = p.bend * rest + p.bow * (0.4 - wave * wave)
    slope = (-2.0 * u * p.bend - 4.0 * wave * np.sign(u) * p.bow) / p.mouth_width
    line = below(y, upper, slope)
    ends = (np.abs(u) - 1.0) * p.mouth_width
    lower_slope = slope - 2.0 * u * p.open / p.mouth_width
    hollow = both(-line, below(y, upper + p.open * rest, lower_slope), ends)
    opened = np.float32(p.open > 0.0)
    inside = opened * canvas.cover(hollow)
    canvas.lay(inside, p.mouth)
    canvas.lay(inside * canvas.cover(ellipse(x, y - 0.95 * p.open, 0.075, 0.065)), p.tongue)
    canvas.lay(inside * canvas.cover(y - upper - 0.026), p.white)
    canvas.lay(opened * canvas.stroke(hollow, 0.009), p.mouth_line)
    closed = both(strand(line, 0.014 - 0.006 * u * u), ends)
    canvas.lay((1.0 - opened) * canvas.cover(closed), p.mouth_line)
    lip = both(strand(x, 0.035), strand(y - 0.07 - p.open, 0.007))
    canvas.lay(0.7 * canvas.cover(lip), p.skin_deep)


def lid(u: np.ndarray, height: np.ndarray, boxy: float) -> tuple[np.ndarray, np.ndarray]:
    """The curve of a lid over u = x / half width, and its slope in u.

    The curve is height (1 - (1 - k) u^2 - k u^4) with k = boxy.
    """
    u2 = u * u
    curve = height * (1.0 - u2 * (1.0 - boxy + boxy * u2))
    slope = height * u * (-2.0 * (1.0 - boxy) - 4.0 * boxy * u2)
    return curve, slope


def eyes(canvas: Canvas, p: SimpleNamespace) -> None:
    """Both eyes, mirrored about the middle; only gaze and gleam are not mirrored."""
    x = canvas.x - p.turn
    y = canvas.y - p.eye_height
    out = np.abs(x) - p.eye_apart  # grows outwards
    down = y - p.slant * out
    narrow = 1.0 / p.eye_width
    u = out * narrow
    top, top_slope = lid(u, -p.eye_top, 0.45)
    bottom, bottom_slope = lid(u, p.eye_bottom, 0.25)
    upper = -below(down, top, top_slope * narrow)  # negative below the upper lid
    lower = below(down, bottom, bottom_slope * narrow)
    inside = canvas.cover(both(upper, lower))
    canvas.lay(inside, p.eye_white)
    _iris(canvas, p, np.sign(x) * out, y - 0.2 * p.slant * out, inside)
    canvas.lay(inside * 0.45 * fade(upper, -0.075, -0.01), p.lash)  # the lid's shadow
    wide = 1.0 / (1.20 * p.eye_width)
    over, over_slope = lid((out - 0.014) * wide, -p.eye_top - 0.062, 0.30)
    lash = both(
        -below(down, over, over_slope * wide),
        -upper - 0.008,
        down - 0.32 * p.eye_bottom,
        -0.98 * p.eye_width - out,
    )
    canvas.lay(canvas.cover(lash), p.lash)
    under = both(strand(lower, 0.008), strand(out - 0.15 * p.eye_width, 0.65 * p.eye_width), -down)
    canvas.lay(0.75 * canvas.cover(under), p.lash)
    crease, crease_slope = lid(0.95 * u, -p.eye_top - 0.095, 0.1)
    fold = both(
        strand(below(down, crease, crease_slope * narrow), 0.007),
        strand(out + 0.01, 0.7 * p.eye_width),
    )
    canvas.lay(0.6 * canvas.cover(fold), p.skin_line)


def _iris(
    canvas: Canvas, p: SimpleNamespace, x: np.ndarray, y: np.ndarray, inside: np.ndarray
) -> None:
    """The iris: dark above, bright below, with a pupil, a rim and two gleams.

    x and y are measured from the eye's middle.
    """
    wide = p.iris
    tall = 0.29 * (p.eye_top + p.eye_bottom) + 0.50 * p.iris
    x = x - p.gaze_x
    y = y - p.gaze_y - 0.5 * (p.eye_bottom - p.eye_top) - 0.01
    iris = ellipse(x, y, wide, tall)
    v = y / tall
    seen = inside * canvas.cover(iris)
    canvas.lay(seen, p.eye)
    canvas.lay(seen * fade(v, 0.05, 0.9), p.eye_light)
    canvas.lay(seen * 0.85 * fade(v, 0.15, -0.75), p.eye_deep)
    pupil = canvas.cover(ellipse(x, y + 0.05 * tall, 0.38 * wide, 0.46 * tall))
    canvas.lay(seen * np.maximum(pupil, canvas.cover(-0.020 - iris)), p.eye_dark)
    glow = ellipse(x - 0.10 * wide, y - 0.66 * tall, 0.46 * wide, 0.17 * tall)
    canvas.lay(0.9 * seen * canvas.cover(glow), p.eye_light)
    gleam = ellipse(x + 0.36 * wide, y + 0.40 * tall, 0.40 * wide, 0.34 * tall)
    spark = ellipse(x - 0.44 * wide, y - 0.26 * tall, 0.18 * wide, 0.15 * tall)
    canvas.lay(inside * canvas.cover(either(gleam, spark)), p.white)


def brows(canvas: Canvas, p: SimpleNamespace) -> None:
    """The brows, drawn over everything else, the fringe included."""
    out = np.abs(canvas.x - p.turn) - p.eye_apart - 0.01
    y = canvas.y - p.eye_height - p.brow_height + p.eye_top - 0.16
    u = out / 0.16
    line = below(y - p.brow_slant * out, -0.045 * (1.0 - u * u), 0.09 / 0.16 * u)
    brow = both(strand(line, 0.017 - 0.008 * u), strand(out, 0.16))
    canvas.lay(0.75 * canvas.cover(brow), p.brow)


def glasses(canvas: Canvas, p: SimpleNamespace) -> None:
    """Round rims, a bridge, and a gleam on the glass."""
    x = canvas.x - p.turn
    y = canvas.y - p.eye_height - 0.03
    out = np.abs(x) - p.eye_apart
    rim = ellipse(out, y, 0.255, 0.235)
    bridge = both(strand(y + 0.03 - 0.8 * x * x, 0.014), strand(x, p.eye_apart - 0.25))
    gleam = both(rim + 0.035, strand(np.sign(x) * out + 0.7 * y + 0.13, 0.03))
    canvas.lay(p.glasses * np.maximum(0.10 * canvas.cover(rim), 0.5 * canvas.cover(gleam)), p.white)
    canvas.lay(p.glasses * canvas.cover(either(strand(rim, 0.017), bridge)), p.frame)
