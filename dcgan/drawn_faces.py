"""Anime faces that a program draws: any number, any size, with every factor known.

    draw(range(64), size=64)        # uint8 [64, 64, 64, 3]
    factors(range(64))              # {"hair_colour": int32 [64], ...}, indices into FACTORS

Face number i of a seed is always the same face. Ten factors are drawn independently and uniformly;
besides them every face has a pose, proportions and tints of its own, so that no two are equal. The
default data of this project, since no collection of anime faces can be given away with it, and the
only one of which is known what a perfect generator would make: every combination, equally often.

    factor        values                                            where it shows
    hair_colour   black brown blond red pink blue green silver      hair, brows
    hair_style    short bob long, twin tails, ponytail              behind and beside the face
    fringe        straight parted swept spiky                       forehead
    eye_colour    brown amber green blue purple red                 irises
    eye_shape     round narrow drooping sharp                       eyes
    skin          fair peach tan                                    face, ears, neck
    mouth         smile open small cat frown                        below the nose
    blush         none light strong                                 cheeks
    ornament      none glasses ribbon hairband flower, cat ears     head
    background    white sky rose mint dusk                          behind all
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from dcgan import face_parts, hair_parts, palette
from dcgan.drawing import Canvas
from gan_core import checks, rng

FACTORS = {
    "hair_colour": tuple(palette.HAIR), "hair_style": ("short", "bob", "long", "twin tails", "ponytail"),
    "fringe": ("straight", "parted", "swept", "spiky"), "eye_colour": tuple(palette.EYES),
    "eye_shape": ("round", "narrow", "drooping", "sharp"), "skin": tuple(palette.SKIN),
    "mouth": ("smile", "open", "small", "cat", "frown"), "blush": ("none", "light", "strong"),
    "ornament": ("none", "glasses", "ribbon", "hairband", "flower", "cat ears"),
    "background": tuple(palette.BACKGROUNDS),
}
BLOCK = 256  # faces whose numbers are drawn together
CHUNK = 16  # faces that are painted together: few enough for the cache
JITTERS = ("shift x", "shift y", "scale", "tilt", "face width", "chin", "eye distance", "eye height", "eye size",
           "gaze", "brow", "brow height", "mouth height", "volume", "phase", "parting", "sweep", "lock length", "tuft",
           "hair tint", "eye tint", "clothes hue", "accent hue", "light", "glow x", "glow y")


def factors(indices, *, seed: int = 0) -> dict[str, np.ndarray]:
    """The factors of these faces: for each of FACTORS an int32 array [N] of indices into its values."""
    draws = _draws("factors", indices, seed)[:, :len(FACTORS)]
    return {name: np.minimum(draws[:, k] * len(values), len(values) - 1).astype(np.int32)
            for k, (name, values) in enumerate(FACTORS.items())}


def draw(indices, *, seed: int = 0, size: int = 64) -> np.ndarray:
    """The faces with these numbers: uint8 [N, size, size, 3].

    indices: whole numbers from 0 up, in any order.  size: pixels each way, 16 or more. Each face depends
    on (its index, seed, size) alone.
    """
    return draw_factors(factors(indices, seed=seed), indices, seed=seed, size=size)


def draw_factors(values: dict, indices, *, seed: int = 0, size: int = 64) -> np.ndarray:
    """The same faces with other factors: pose, proportions and tints are those of the index.

    values: for each of FACTORS whole numbers [N], as `factors` gives them.
    """
    owner = "drawn_faces.draw"
    checks.integer(owner, "size", size, 16, 4096)
    jitter = _draws(owner, indices, seed)[:, len(FACTORS):]
    values = {name: _checked(owner, name, values, len(jitter)) for name in FACTORS}
    images = np.empty([len(jitter), size, size, 3], np.uint8)

    # Faces of a kind are painted together, so that what none of them wears need not be worked out.
    order = np.lexsort([values[name] for name in ("mouth", "hair_style", "ornament", "fringe")])

    def one_chunk(start):
        part = order[start:start + CHUNK]
        numbers = _numbers({name: value[part] for name, value in values.items()},
                           dict(zip(JITTERS, jitter[part].T, strict=True)))
        images[part] = _paint(numbers, size)

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # NumPy lets go of Python's lock while it works
        list(pool.map(one_chunk, range(0, len(jitter), CHUNK)))
    return images


def _draws(owner, indices, seed) -> np.ndarray:
    """Uniform numbers [N, ...] of each face's own: rows of blocks that are drawn whole."""
    indices = np.asarray(indices)
    if indices.ndim != 1 or (len(indices) and (indices.dtype.kind not in "iu" or indices.min() < 0)):
        checks.fail(owner, "indices", "whole numbers [N] from 0 up", repr(indices))
    count = len(FACTORS) + len(JITTERS)
    out = np.empty([len(indices), count], np.float32)
    blocks = indices // BLOCK
    for block in np.unique(blocks):
        here = blocks == block
        drawn = rng.uniform([BLOCK, count], rng.seed(seed, "drawn faces", int(block))).numpy()
        out[here] = drawn[indices[here] % BLOCK]
    return out


def _checked(owner, name, values, n):
    """One factor's values, int [n]."""
    if name not in values:
        checks.fail(owner, "factors", f"all of {', '.join(FACTORS)}", f"none for {name}")
    array = np.asarray(values[name])
    if array.shape != (n,) or array.dtype.kind not in "iu" or (array < 0).any() or (array >= len(FACTORS[name])).any():
        checks.fail(owner, name, f"whole numbers [{n}] from 0 to {len(FACTORS[name]) - 1}", repr(values[name]))
    return array


# ---------------------------------------------------------------- from factors and jitter to numbers

def _numbers(values, jitter) -> dict[str, np.ndarray]:
    """All that the painter needs: numbers [N, 1, 1] and colours [3, N, 1, 1], float32."""
    u = {name: 2.0 * column - 1.0 for name, column in jitter.items()}  # from -1 to 1
    shape = values["eye_shape"]
    tilt = np.choose(shape, [0.0, 0.0, 0.22, -0.24])
    columns = {
        "shift x": 0.06 * u["shift x"], "shift y": 0.03 + 0.05 * u["shift y"], "scale": 1.08 + 0.06 * u["scale"],
        "cosine": np.cos(0.09 * u["tilt"]), "sine": np.sin(0.09 * u["tilt"]),
        "face width": 1.0 + 0.05 * u["face width"], "chin": 0.74 + 0.04 * u["chin"],
        "eye distance": 0.275 + 0.015 * u["eye distance"], "eye height": 0.16 + 0.03 * u["eye height"],
        "eye a": np.choose(shape, [0.145, 0.160, 0.150, 0.150]) * (1.0 + 0.07 * u["eye size"]),
        "eye b": np.choose(shape, [0.195, 0.125, 0.165, 0.160]) * (1.0 + 0.07 * u["eye size"]),
        "eye cosine": np.cos(tilt), "eye sine": np.sin(tilt), "gaze": 0.018 * u["gaze"],
        "brow": np.choose(shape, [0.05, 0.0, -0.15, 0.22]) + 0.08 * u["brow"], "brow height": 0.02 * u["brow height"],
        "mouth height": 0.555 + 0.02 * u["mouth height"], "volume": 1.06 + 0.05 * u["volume"],
        "phase": u["phase"], "parting": 0.10 * u["parting"], "sweep": np.where(u["sweep"] < 0, -1.0, 1.0),
        "lock length": np.choose(values["hair_style"], [0.42, 0.50, 0.80, 0.62, 0.55]) + 0.06 * u["lock length"],
        "tuft": 0.16 * u["tuft"], "has tuft": (jitter["tuft"] * 7.0 % 1.0 < 0.35).astype(float),
        "glow x": u["glow x"], "glow y": u["glow y"],
        "blush strength": np.choose(values["blush"], [0.0, 0.45, 0.75]), "blush is strong": values["blush"] == 2,
    }
    for factor in ("hair_style", "fringe", "mouth", "ornament"):
        for k, value in enumerate(FACTORS[factor]):
            columns[f"{factor} is {value}"] = values[factor] == k
    p = {name: np.broadcast_to(np.asarray(value, np.float32), shape.shape)[:, np.newaxis, np.newaxis]
         for name, value in columns.items()}
    return p | {name: np.float32(colour).T[..., np.newaxis, np.newaxis]
                for name, colour in palette.colours(values, jitter, u).items()}


def _paint(p, size) -> np.ndarray:
    """All parts, back to front. -> uint8 [N, size, size, 3]."""
    n = len(p["scale"])
    canvas = Canvas.blank(n, size, (p["shift x"], p["shift y"], p["cosine"], p["sine"], p["scale"]))
    down = ((np.arange(size, dtype=np.float32) + np.float32(0.5)) / np.float32(size))[:, np.newaxis]
    canvas.rgb += p["top"] + (p["bottom"] - p["top"]) * down
    canvas.haze(np.sqrt((canvas.x - p["glow x"]) ** 2 + (canvas.y - p["glow y"]) ** 2) - 0.3, 0.3, p["white"], 0.35)
    hair = hair_parts.colour(p, canvas.x, canvas.y)
    face_parts.cat_ears(canvas, p)
    hair_parts.back(canvas, p, hair)
    face_parts.body(canvas, p)
    face_parts.face(canvas, p)
    face_parts.mouth(canvas, p)
    near = canvas.part(-0.64, 0.64, -0.5, 0.84)  # the shadow of the hair on the face
    near.haze(hair_parts.front_shape(p, near.x + 0.02, near.y - 0.055), 0.02, p["skin shade"], 0.75,
              within=face_parts.face_shape(p, near.x, near.y))
    face_parts.eyes(canvas, p)
    hair_parts.front(canvas, p, hair)
    face_parts.ornaments(canvas, p)
    levels = np.round(np.float32(255.0) * np.clip(canvas.rgb, 0.0, 1.0)).astype(np.uint8)
    return levels.transpose(1, 2, 3, 0)
