"""Anime faces that a program draws: any number, any size, with every factor known.

    draw(range(64), size=64)        # uint8 [64, 64, 64, 3]
    factors(range(64))              # {"hair_colour": int32 [64], ...}, indices into FACTORS

Face number i of a seed is always the same face. Ten factors are drawn independently and uniformly; besides
them every face has a pose, proportions, locks and tints of its own, so that no two are equal. The default data of
this project, since no collection of anime faces can be given away with it, and the only one of which is known
what a perfect generator would make: every combination, equally often.

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

What the values mean in numbers stands in `dcgan.drawn.proportions` and `dcgan.drawn.palette`, how they are drawn in
`dcgan.drawn.face_parts` and `dcgan.drawn.hair_parts`.
"""

import os
import types
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from dcgan.drawn import face_parts, hair_parts, proportions
from dcgan.drawn.canvas import Canvas
from dcgan.drawn.proportions import FACTORS
from gan_core import checks, rng

BLOCK = 256  # faces whose random numbers are drawn together
PIXELS = (
    32 * 64 * 64
)  # painted together: few enough for the cache, enough for threads not to wait for each other


def factors(indices, *, seed: int = 0) -> dict[str, np.ndarray]:
    """The factors of these faces: for each of FACTORS an int32 array [N] of indices into its values."""
    u = _uniform("drawn_faces.factors", indices, seed, "factors", len(FACTORS))
    return {
        name: np.minimum(u[:, k] * len(values), len(values) - 1).astype(np.int32)
        for k, (name, values) in enumerate(FACTORS.items())
    }


def draw(indices, *, seed: int = 0, size: int = 64) -> np.ndarray:
    """The faces with these numbers: uint8 [N, size, size, 3].

    indices: whole numbers from 0 up, in any order.  size: pixels each way, 16 or more. Each face depends on
    (its index, seed, size) alone.
    """
    return draw_factors(factors(indices, seed=seed), indices, seed=seed, size=size)


def draw_factors(values: dict, indices, *, seed: int = 0, size: int = 64) -> np.ndarray:
    """The same faces with other factors: pose, proportions, locks and tints are those of the index.

    values: for each of FACTORS whole numbers [N], as `factors` gives them.
    """
    owner = "drawn_faces.draw"
    checks.integer(owner, "size", size, 16, 2048)
    jitter = 2.0 * _uniform(owner, indices, seed, "jitter", len(proportions.NUMBERS)) - 1.0
    values = {name: _checked(owner, name, values, len(jitter)) for name in FACTORS}
    numbers = proportions.numbers(values, jitter)
    images = np.empty([len(jitter), size, size, 3], np.uint8)
    # Faces of a kind are painted together, so that what none of them wears need not be worked out.
    order, chunk = np.lexsort([values["hair_style"], values["ornament"]]), max(1, PIXELS // size**2)

    def one_chunk(start):
        part = order[start : start + chunk]
        images[part] = _painted({name: value[part] for name, value in numbers.items()}, size)

    with ThreadPoolExecutor(
        os.cpu_count()
    ) as pool:  # NumPy lets go of Python's lock while it works
        list(pool.map(one_chunk, range(0, len(order), chunk)))
    return images


def _uniform(owner, indices, seed, purpose, count) -> np.ndarray:
    """Uniform numbers on [0, 1) of each face's own, float32 [N, count]: rows of blocks that are drawn whole."""
    array = np.asarray(indices)
    if array.ndim != 1 or (len(array) and (array.dtype.kind not in "iu" or array.min() < 0)):
        checks.fail(owner, "indices", "whole numbers [N] from 0 up", repr(indices))
    out, blocks = np.empty([len(array), count], np.float32), array // BLOCK
    for block in np.unique(blocks):
        here = blocks == block
        drawn = rng.uniform(
            [BLOCK, count], rng.seed(seed, f"drawn faces: {purpose}", int(block))
        ).numpy()
        out[here] = drawn[array[here] % BLOCK]
    return out


def _checked(owner, name, values, n):
    """One factor's values, int [n]."""
    if name not in values:
        checks.fail(owner, "factors", f"all of {', '.join(FACTORS)}", f"none for {name}")
    array, last = np.asarray(values[name]), len(FACTORS[name]) - 1
    if array.shape != (n,) or (
        n and (array.dtype.kind not in "iu" or array.min() < 0 or array.max() > last)
    ):
        checks.fail(owner, name, f"whole numbers [{n}] from 0 to {last}", repr(values[name]))
    return array.astype(int)


def _painted(numbers, size) -> np.ndarray:
    """Faces from their numbers [N] and colours [N, 3]: all parts, back to front. -> uint8 [N, size, size, 3]."""
    p = types.SimpleNamespace(
        **{name: value.T[..., np.newaxis, np.newaxis] for name, value in numbers.items()}
    )
    centres = (np.arange(size, dtype=np.float32) + np.float32(0.5)) * np.float32(
        2.0 / size
    ) - np.float32(1.0)
    across, down = centres[np.newaxis], centres[:, np.newaxis]
    u, v = across - p.shift_x, down - p.shift_y - 0.3  # the head turns about its middle
    cosine, sine = np.cos(p.tilt) / p.scale, np.sin(p.tilt) / p.scale
    x, y = u * cosine + v * sine, v * cosine - u * sine + 0.3
    canvas, shapes = (
        Canvas(face_parts.background(p, across, down), x, y, 2.0 / size),
        hair_parts.shapes(p, x, y),
    )
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
    with canvas.window(-0.8, 0.8, -0.75, 1.0) as part:
        face_parts.head(part, p, shapes)
    with canvas.window(-0.8, 0.8, -0.85, 0.75) as part:
        hair_parts.shadow(part, p, shapes)
    with canvas.window(-0.3, 0.3, 0.33, 0.93) as part:
        face_parts.nose_and_mouth(part, p)
    with canvas.window(-0.82, 0.82, -0.25, 0.53) as part:
        face_parts.eyes(part, p)
    with canvas.window(-1.0, 1.0, -1.0, 0.8) as part:
        hair_parts.front_hair(part, p, shapes)
    with canvas.window(-0.8, 0.8, -0.75, -0.1) as part:
        hair_parts.gloss(part, p, shapes)
    with canvas.window(-1.0, 1.0, -0.55, 1.0) as part:
        hair_parts.side_hair(part, p, shapes)
    with canvas.window(-1.0, 1.0, -1.0, -0.08) as part:
        hair_parts.ornaments(part, p, shapes)
    if p.glasses.any():
        with canvas.window(-0.82, 0.82, -0.2, 0.6) as part:
            face_parts.glasses(part, p)
    with canvas.window(-0.78, 0.78, -0.37, 0.2) as part:
        face_parts.brows(part, p)
    canvas.rgb *= np.minimum(
        255.0 - 255.0 * p.light * (across + 0.6 * down), 255.0
    )  # a soft light from one side
    canvas.rgb += 0.5
    return canvas.rgb.astype(np.uint8).transpose(1, 2, 3, 0)
