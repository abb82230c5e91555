"""Anime faces that a program draws: any number, any size, with every factor known.

    draw(range(64), size=64)        # uint8 [64, 64, 64, 3]
    factors(range(64))              # {"hair_colour": int32 [64], ...}, indices into FACTORS

Face number i of a seed is always the same face. Ten factors are drawn independently and uniformly.
Besides, every face has its own pose, proportions, locks and tints, so that no two are equal. They
are the default data of this project, because no collection of anime faces can be distributed with
it. For these data it is also known what a perfect generator would make: every combination, equally
often.

    factor        values                                            where it shows
    hair_colour   black brown blond red pink blue green silver      hair, brows, lashes
    hair_style    short bob long, twin tails, ponytail              behind and beside the face
    fringe        straight parted swept spiky                       forehead
    eye_colour    brown amber green blue purple red                 irises
    eye_shape     round narrow drooping sharp                       eyes, brows
    skin          fair peach tan                                    face, ears, neck
    mouth         smile open small cat frown                        below the nose
    blush         none light strong                                 cheeks
    ornament      none glasses ribbon hairband flower, cat ears     head
    background    white sky rose mint dusk                          behind all

`dcgan.drawn.proportions` and `dcgan.drawn.palette` define the values in numbers,
`dcgan.drawn.face_parts` and `dcgan.drawn.hair_parts` draw them.
"""

from __future__ import annotations

import os
import types
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from dcgan.drawn import face_parts, hair_parts, proportions
from dcgan.drawn.canvas import Canvas
from dcgan.drawn.proportions import FACTORS
from gan_core import checks, rng

BLOCK = 256  # faces whose random numbers are drawn together
# Pixels drawn together: few enough for the cache, enough to keep every thread busy.
PIXELS = 32 * 64 * 64


def factors(indices: Sequence[int] | np.ndarray, *, seed: int = 0) -> dict[str, np.ndarray]:
    """The factors of the faces with these numbers.

    Args:
        indices: whole numbers [N] from 0 up.
        seed: the seed of the collection.

    Returns:
        For each of FACTORS int32 [N] of indices into its values.
    """
    u = _uniform("drawn_faces.factors", indices, seed, "factors", len(FACTORS))
    found = {}
    for k, (name, values) in enumerate(FACTORS.items()):
        last = len(values) - 1
        found[name] = np.minimum(u[:, k] * len(values), last).astype(np.int32)
    return found


def draw(indices: Sequence[int] | np.ndarray, *, seed: int = 0, size: int = 64) -> np.ndarray:
    """The faces with these numbers.

    Each face depends on (its index, seed, size) alone.

    Args:
        indices: whole numbers [N] from 0 up, in any order.
        seed: the seed of the collection.
        size: height and width in pixels, 16 or more.

    Returns:
        uint8 [N, size, size, 3].
    """
    return draw_factors(factors(indices, seed=seed), indices, seed=seed, size=size)


def draw_factors(
    values: dict[str, np.ndarray],
    indices: Sequence[int] | np.ndarray,
    *,
    seed: int = 0,
    size: int = 64,
) -> np.ndarray:
    """The faces with these numbers, but with the factors given; the rest of a face stays the same.

    The rest is pose, proportions, locks and tints, which depend on the face's index and the seed.

    Args:
        values: for each of FACTORS whole numbers [N], as `factors` gives them.
        indices: whole numbers [N] from 0 up.
        seed: the seed of the collection.
        size: height and width in pixels, 16 or more.

    Returns:
        uint8 [N, size, size, 3].
    """
    owner = "drawn_faces.draw"
    checks.integer(owner, "size", size, 16, 2048)
    u = _uniform(owner, indices, seed, "jitter", len(proportions.NUMBERS))
    jitter = 2.0 * u - 1.0
    values = {name: _checked(owner, name, values, len(jitter)) for name in FACTORS}
    numbers = proportions.numbers(values, jitter)
    images = np.empty([len(jitter), size, size, 3], np.uint8)
    # Similar faces are drawn together, so that parts which none of them has are not computed.
    order = np.lexsort([values["hair_style"], values["ornament"]])
    chunk = max(1, PIXELS // size**2)

    def one_chunk(start: int) -> None:
        part = order[start : start + chunk]
        images[part] = _painted({name: value[part] for name, value in numbers.items()}, size)

    # Threads help, because NumPy releases Python's lock while it works.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(one_chunk, range(0, len(order), chunk)))
    return images


def _uniform(
    owner: str, indices: Sequence[int] | np.ndarray, seed: int, purpose: str, count: int
) -> np.ndarray:
    """Uniform random numbers on [0, 1) for each face, float32 [N, count].

    They are always drawn in blocks of BLOCK faces, so that a face's numbers do not depend on which
    other faces are drawn.
    """
    array = np.asarray(indices)
    if array.ndim != 1 or (len(array) and (array.dtype.kind not in "iu" or array.min() < 0)):
        checks.fail(owner, "indices", "whole numbers [N] from 0 up", repr(indices))
    out = np.empty([len(array), count], np.float32)
    blocks = array // BLOCK
    for block in np.unique(blocks):
        here = blocks == block
        own_seed = rng.seed(seed, f"drawn faces: {purpose}", int(block))
        drawn = rng.uniform([BLOCK, count], own_seed).numpy()
        out[here] = drawn[array[here] % BLOCK]
    return out


def _checked(owner: str, name: str, values: dict[str, np.ndarray], n: int) -> np.ndarray:
    """One factor's values as int [n], after a check."""
    if name not in values:
        checks.fail(owner, "factors", f"all of {', '.join(FACTORS)}", f"none for {name}")
    array = np.asarray(values[name])
    last = len(FACTORS[name]) - 1
    is_whole = array.dtype.kind in "iu"
    if array.shape != (n,) or (n and (not is_whole or array.min() < 0 or array.max() > last)):
        wanted = f"whole numbers [{n}] from 0 to {last}"
        checks.fail(owner, name, wanted, repr(values[name]))
    return array.astype(int)


def _painted(numbers: dict[str, np.ndarray], size: int) -> np.ndarray:
    """Faces from their numbers [N] and colours [N, 3]: all parts, back to front.

    Returns:
        uint8 [N, size, size, 3].
    """
    p = types.SimpleNamespace(
        **{name: value.T[..., np.newaxis, np.newaxis] for name, value in numbers.items()}
    )
    pixel = np.float32(2.0 / size)
    centres = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * pixel - np.float32(1.0)
    across = centres[np.newaxis]
    down = centres[:, np.newaxis]
    x, y = _upright(p, across, down)
    canvas = Canvas(face_parts.background(p, across, down), x, y, 2.0 / size)
    shapes = hair_parts.shapes(p, x, y)
    _paint_what_is_behind(canvas, p, shapes)
    _paint_face(canvas, p, shapes)
    _paint_hair(canvas, p, shapes)
    _paint_what_is_in_front(canvas, p)
    light = 255.0 - 255.0 * p.light * (across + 0.6 * down)  # soft, from one side
    canvas.rgb *= np.minimum(light, 255.0)
    canvas.rgb += 0.5
    return canvas.rgb.astype(np.uint8).transpose(1, 2, 3, 0)


def _upright(p: types.SimpleNamespace, across: np.ndarray, down: np.ndarray) -> tuple:
    """Where each pixel lies in the frame of the head, which is shifted, turned and scaled."""
    u = across - p.shift_x
    v = down - p.shift_y - 0.3  # the head turns about its middle
    cosine = np.cos(p.tilt) / p.scale
    sine = np.sin(p.tilt) / p.scale
    return u * cosine + v * sine, v * cosine - u * sine + 0.3


def _paint_what_is_behind(
    canvas: Canvas, p: types.SimpleNamespace, shapes: types.SimpleNamespace
) -> None:
    """Tails, the hair behind the head, neck, coat and ears."""
    if p.tail_1.any():
        for left, right in ((-1.0, -0.4), (0.4, 1.0)):
            with canvas.window(left, right, -0.75, 1.0) as part:
                hair_parts.tails(part, p, shapes)
    with canvas.window(-1.0, 1.0, -0.68, 1.0) as part:
        hair_parts.back_hair(part, p, shapes)
    with canvas.window(-0.4, 0.4, 0.5, 1.0) as part:
        face_parts.neck(part, p)
    with canvas.window(-1.0, 1.0, 0.75, 1.0) as part:
        face_parts.coat(part, p)
    with canvas.window(-0.85, 0.85, -0.1, 0.5) as part:
        face_parts.ears(part, p)


def _paint_face(canvas: Canvas, p: types.SimpleNamespace, shapes: types.SimpleNamespace) -> None:
    """The head, the hair's shadow on it, nose, mouth and eyes."""
    with canvas.window(-0.8, 0.8, -0.75, 1.0) as part:
        face_parts.head(part, p, shapes)
    with canvas.window(-0.8, 0.8, -0.85, 0.75) as part:
        hair_parts.shadow(part, p, shapes)
    with canvas.window(-0.3, 0.3, 0.33, 0.93) as part:
        face_parts.nose_and_mouth(part, p)
    with canvas.window(-0.82, 0.82, -0.25, 0.53) as part:
        face_parts.eyes(part, p)


def _paint_hair(canvas: Canvas, p: types.SimpleNamespace, shapes: types.SimpleNamespace) -> None:
    """The fringe, its gloss, the side locks, and what is worn in them."""
    with canvas.window(-1.0, 1.0, -1.0, 0.8) as part:
        hair_parts.front_hair(part, p, shapes)
    with canvas.window(-0.8, 0.8, -0.75, -0.1) as part:
        hair_parts.gloss(part, p, shapes)
    with canvas.window(-1.0, 1.0, -0.55, 1.0) as part:
        hair_parts.side_hair(part, p, shapes)
    with canvas.window(-1.0, 1.0, -1.0, -0.08) as part:
        hair_parts.ornaments(part, p, shapes)


def _paint_what_is_in_front(canvas: Canvas, p: types.SimpleNamespace) -> None:
    """Glasses, and the brows, which show through the fringe."""
    if p.glasses.any():
        with canvas.window(-0.82, 0.82, -0.2, 0.6) as part:
            face_parts.glasses(part, p)
    with canvas.window(-0.78, 0.78, -0.37, 0.2) as part:
        face_parts.brows(part, p)
