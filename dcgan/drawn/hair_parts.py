"""Hair and what is worn in it, as shapes of `dcgan.drawn.canvas`.

For the arguments (canvas, p) see `dcgan.drawn.face_parts`.

Hair grows from a crown above the picture and runs along curves  x = s sqrt(y - top): level at the
crown, then bending down as over a skull. So s says which strand a pixel lies on, and everything
that makes hair look like hair (locks, the gaps between them, gloss) is a function of s and of the
height y.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from dcgan.drawn.canvas import Canvas, below, both, either, ellipse, fade, strand, zigzag
from dcgan.drawn.face_parts import LINE, face_shape


def cap(p: SimpleNamespace, x: np.ndarray, y: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Distance to the hair over the skull; `ruffle` makes locks stick out at the sides."""
    t = y * 2.4 + p.ruffle_phase + 0.27 * side
    t -= np.floor(t)
    out = np.minimum(t * t, 6.0 * (1.0 - t))
    out *= p.ruffle * fade(y, -0.6, 0.1)
    return ellipse(x, y + 0.05, p.cap_width, -0.05 - p.cap_top) - out


def fringe(
    p: SimpleNamespace, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Locks side by side over s, whose tips are the fringe's edge.

    Returns:
        The distance to what lies above the edge; how far above it a pixel is; how far across its
        lock, from 0 to 1; the distance to the gap between two locks.
    """
    root = np.sqrt(np.maximum(y + 1.12, 0.0) + 0.01)
    steep = 1.0 / root
    s = (x - p.mirror * p.part * (1.2 - 0.35 * root)) * steep
    t = s * p.lock_count + p.phase
    t += 0.12 * np.sin(2.3 * t + 7.0 * p.phase)
    number = np.floor(t)
    across = t - number
    tip = 0.5 - p.mirror * p.lean  # tips lean away from the parting
    rising = across * (1.0 / tip)
    falling = (1.0 - across) * (1.0 / (1.0 - tip))
    g = np.minimum(rising, falling)  # 0 at the gaps, 1 at the tips
    g_slope = p.lock_count / (tip - 1.0) + p.lock_count / (tip * (1.0 - tip)) * (rising < falling)
    kind = number * 0.618034 + p.phase
    share = kind - np.floor(kind)  # no two locks are equally long
    depth = share * (0.56 * p.lock_depth) + 0.72 * p.lock_depth
    beside = x - np.clip(x, -0.46, 0.46)
    opened = np.maximum(1.0 - np.abs(s) * (1.0 / 0.68), 0.0)
    above = p.edge + p.sag * x * x - p.opening * opened * opened + 5.5 * beside * beside - y
    above += depth * (g * (1.5 - 0.5 * g) - 0.65)
    slope = depth * (1.5 - g) * g_slope
    slope += np.clip(30.0 * s, -1.0, 1.0) * opened * (p.opening * 2.0 / 0.68)
    slope *= steep
    slope += 11.0 * beside
    slope *= slope
    slope += 1.0
    gap = np.minimum(across, 1.0 - across) * (root * (1.0 / p.lock_count))
    return above / -np.sqrt(slope), above, across, gap


def side_locks(p: SimpleNamespace, x: np.ndarray, y: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Distance to two tapering locks on each side, from the temple down along the cheek."""
    t = np.clip((y + 0.40) * (1.0 / (p.lock_end + 0.40)) + p.lock_uneven * side, 0.0, 1.1)
    wide = p.lock_width * fade(t, 0.0, 0.4)
    out = np.abs(x - 0.4 * p.turn) - 0.60 - t * (0.18 + (p.lock_curl - 0.24) * t)
    inner = strand(out, wide * (1.0 - t * t) * (0.8 + 0.7 * t))
    outer = strand(out - 0.10 - 0.04 * t, wide * (1.1 - 2.0 * t * t))
    return either(inner, outer) + 0.003


def shapes(p: SimpleNamespace, x: np.ndarray, y: np.ndarray) -> SimpleNamespace:
    """The outlines that several parts use, over the whole picture."""
    side = np.clip(1e6 * x, -1.0, 1.0)
    fringe_, above, across, gap = fringe(p, x, y)
    return SimpleNamespace(
        side=side,
        cap=cap(p, x, y, side),
        fringe=fringe_,
        above=above,
        across=across,
        gap=gap,
        locks=side_locks(p, x, y, side),
        face=face_shape(p, x, y),
    )


def back_hair(canvas: Canvas, p: SimpleNamespace, shapes: SimpleNamespace) -> None:
    """The hair behind the head, which ends in tips."""
    x = canvas.x
    y = canvas.y
    side = canvas.part(shapes.side)
    out = np.abs(x)
    half = p.back_width + p.flare * y + p.wave * np.sin(9.0 * y + 6.3 * p.wave_phase)
    tips = p.tips * zigzag(3.1 * out + p.wave_phase + 0.3 * side)
    curtain = both((out - half) * 0.97, below(y, p.back_end + tips * 0.5, 6.0 * p.tips), -0.15 - y)
    hair = either(canvas.part(shapes.cap) + 0.01, curtain)
    shape = both(hair, -0.5 - y)  # what is above lies behind the fringe
    inside = canvas.cover(shape)
    canvas.lay(inside, p.hair_deep)
    strands = zigzag(x * 9.0 + 0.2 * np.sin(5.0 * y) + p.phase) * 0.37 + 0.37
    canvas.lay(inside * strands * fade(out - half, -0.4, -0.04), p.hair_shade)
    canvas.lay(canvas.stroke(shape, LINE), p.hair_line)


def tails(canvas: Canvas, p: SimpleNamespace, shapes: SimpleNamespace) -> None:
    """Bunches of hair beside the head, tied with a band."""
    x = canvas.x
    y = canvas.y
    side = canvas.part(shapes.side) * p.mirror
    has = 0.5 * (1.0 + side) * p.tail_1 + 0.5 * (1.0 - side) * p.tail_2
    t = np.clip((y - p.tail_height + 0.10) / (1.15 - p.tail_height), 0.0, 1.0)
    middle = 0.70 + 0.62 * t * (1.0 - t) + 0.05 * t + 0.02 * np.sin(8.0 * y + 6.3 * p.wave_phase)
    out = np.abs(x) - middle
    half = p.tail_width * np.sqrt(t + 0.002) * (1.0 - t * t) * 1.35
    shape = both(strand(out, half) * 0.85, p.tail_height - 0.10 - y)
    inside = has * canvas.cover(shape)
    canvas.lay(inside, p.hair)
    strands = out * 8.0 + 0.35 * zigzag(out * 7.0 + p.phase)
    canvas.lay(inside * 0.8 * fade(strands, -0.1, 0.9), p.hair_shade)
    canvas.lay(has * canvas.stroke(shape, LINE), p.hair_line)
    tie = ellipse(np.abs(x) - 0.715, y - p.tail_height, 0.065, 0.085)
    canvas.lay(has * canvas.cover(tie), p.accent)
    canvas.lay(has * canvas.stroke(tie, LINE), p.accent_line)


def shadow(canvas: Canvas, p: SimpleNamespace, shapes: SimpleNamespace) -> None:
    """The shadow of the fringe and the side locks on the face."""
    hair = either(canvas.part(shapes.fringe) - 0.05, canvas.part(shapes.locks) - 0.03)
    shaded = both(canvas.part(shapes.face), hair)
    canvas.lay(0.8 * canvas.cover(shaded), p.skin_shade)


def front_hair(canvas: Canvas, p: SimpleNamespace, shapes: SimpleNamespace) -> None:
    """The fringe, lock by lock."""
    above = canvas.part(shapes.above)
    across = canvas.part(shapes.across)
    skull = canvas.part(shapes.cap)
    shape = both(skull, canvas.part(shapes.fringe))
    inside = canvas.cover(shape)
    canvas.lay(inside, p.hair)
    canvas.lay(inside * (0.6 * fade(across, 0.42, 0.12)) * fade(above, 0.6, 0.1), p.hair_light)
    low = (0.85 * fade(across, 0.45, 0.95)) * fade(above, 0.75, 0.05)
    rim = 0.7 * fade(skull + 0.1 * canvas.x, -0.27, 0.0)
    canvas.lay(inside * np.maximum(low, rim), p.hair_shade)
    root = fade(above, 0.80, 0.15)
    root *= canvas.cover(canvas.part(shapes.gap) - LINE * root)
    canvas.lay(np.maximum(inside * root, canvas.stroke(shape, LINE)), p.hair_line)


def gloss(canvas: Canvas, p: SimpleNamespace, shapes: SimpleNamespace) -> None:
    """The band of light on the fringe, ragged where it crosses the locks."""
    inside = canvas.cover(both(canvas.part(shapes.cap), canvas.part(shapes.fringe)))
    x = canvas.x
    y = canvas.y
    ragged = 0.5 + 0.5 * zigzag(canvas.part(shapes.across))
    band = strand(y - p.gloss_height - 0.42 * x * x - 0.02 * ragged, 0.015 + 0.05 * ragged)
    gleam = inside * canvas.cover(band)
    gleam = gleam * fade(np.abs(x), 0.62, 0.30) * fade(np.abs(x - 0.10), 0.02, 0.14)
    canvas.lay((0.75 - 0.75 * p.hairband) * gleam, p.gloss)


def side_hair(canvas: Canvas, p: SimpleNamespace, shapes: SimpleNamespace) -> None:
    """The side locks; their outline fades in at the top, where they join the rest of the hair."""
    y = canvas.y
    locks = canvas.part(shapes.locks)
    inside = canvas.cover(locks) * fade(y, -0.40, -0.15)
    canvas.lay(inside, p.hair)
    edge = locks + 0.03 * canvas.part(shapes.side)
    canvas.lay(inside * 0.85 * fade(edge, -0.06, 0.0), p.hair_shade)
    canvas.lay(canvas.stroke(locks, LINE) * fade(y, -0.25, 0.05), p.hair_line)


def ornaments(canvas: Canvas, p: SimpleNamespace, shapes: SimpleNamespace) -> None:
    """A hairband, cat's ears, a ribbon, a flower: all in the upper half."""
    x = canvas.x
    y = canvas.y
    u = x * p.mirror - 0.52
    v = y + 0.52
    if p.hairband.any():
        across = y + 0.64 - 0.40 * x * x
        band = both(strand(across, 0.055), canvas.part(shapes.cap) - 0.01)
        canvas.lay(p.hairband * canvas.cover(band), p.accent)
        gleam = both(strand(across + 0.02, 0.012), band)
        canvas.lay(p.hairband * 0.5 * canvas.cover(gleam), p.white)
        canvas.lay(p.hairband * canvas.stroke(band, LINE), p.accent_line)
    if p.cat_ears.any():
        _cat_ears(canvas, p, np.abs(x), y)
    if p.ribbon.any():
        _ribbon(canvas, p, 0.94 * u + 0.34 * v, 0.94 * v - 0.34 * u)
    if p.flower.any():
        _flower(canvas, p, u - 0.02, v - 0.06)


def _cat_ears(canvas: Canvas, p: SimpleNamespace, x: np.ndarray, y: np.ndarray) -> None:
    """A cat's ears, each between an inner and an outer curve that meet at the tip.

    Their lower ends fade into the hair.
    """
    h = y + 0.99  # from the tip down
    inner = 0.57 - 0.80 * h - 0.20 * h * h
    outer = 0.57 + 0.36 * h - 0.55 * h * h
    ear = both((inner - x) * 0.85, (x - outer) * 0.95, -h)
    low = fade(y, -0.58, -0.68)
    canvas.lay(p.cat_ears * canvas.cover(ear) * low, p.hair)
    canvas.lay(p.cat_ears * canvas.cover(ear + 0.05) * low, p.ear_inside)
    canvas.lay(p.cat_ears * canvas.stroke(ear, LINE) * low, p.hair_line)


def _ribbon(canvas: Canvas, p: SimpleNamespace, u: np.ndarray, v: np.ndarray) -> None:
    """Two loops and a knot."""
    out = np.abs(u)
    half = 0.045 + 0.42 * out - 0.35 * out * out
    loop = both(strand(v, half), ellipse(out - 0.14, v, 0.15, 0.16))
    knot = ellipse(u, v, 0.05, 0.06)
    bow = either(loop, knot)
    canvas.lay(p.ribbon * canvas.cover(bow), p.accent)
    fold = both(loop, out - 0.13, strand(v, 0.3 * out))
    canvas.lay(p.ribbon * 0.8 * canvas.cover(fold), p.accent_shade)
    lines = np.maximum(canvas.stroke(bow, LINE), canvas.stroke(knot, LINE))
    canvas.lay(p.ribbon * lines, p.accent_line)


def _flower(canvas: Canvas, p: SimpleNamespace, u: np.ndarray, v: np.ndarray) -> None:
    """Five petals: r = R - a cos 5 phi, with cos 5 phi = 16 c^5 - 20 c^3 + 5 c for c = cos phi."""
    r = np.sqrt(u * u + v * v + 1e-4)
    c = v / r
    c2 = c * c
    petals = r - 0.125 + 0.035 * c * (16.0 * c2 * c2 - 20.0 * c2 + 5.0)
    canvas.lay(p.flower * canvas.cover(petals), p.accent)
    canvas.lay(p.flower * canvas.stroke(petals, LINE), p.accent_line)
    canvas.lay(p.flower * canvas.cover(r - 0.045), p.heart)
