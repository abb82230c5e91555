"""The colours of drawn faces: what each value of a factor looks like, and the shades made from it.

Colours are red, green and blue from 0 to 1 (sRGB); the tables hold them as hexadecimal codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

HAIR = {
    "black": "3b3849",
    "brown": "8a5a44",
    "blond": "f2cf72",
    "red": "d2563f",
    "pink": "f39dba",
    "blue": "5c86d6",
    "green": "5fb583",
    "silver": "cdd0e0",
}
EYES = {
    "brown": "9a5a30",
    "amber": "e8a320",
    "green": "2fa866",
    "blue": "2f86e0",
    "purple": "9350d4",
    "red": "d8343f",
}
SKIN = {"fair": "fff0e6", "peach": "fedfc8", "tan": "e2b18c"}
BACKGROUNDS = {
    "white": ("ffffff", "ffffff"),
    "sky": ("8fc9f5", "e9f6ff"),
    "rose": ("f8b9cb", "fdecec"),
    "mint": ("9fdcbc", "edfaf1"),
    "dusk": ("4a4278", "b07a9c"),
}
CLOTHES = ("3d4a78", "8c3b4a", "fbfbfd", "4b4350", "d8a24a", "5a8f7b", "c9d4ea", "e79aa8")
ACCENTS = ("d8334a", "f5c542", "3f6fd0", "f07fb0", "fdfdfd", "5b3a8c", "2f9a78", "3a3440")


def rgb(codes: Iterable[str]) -> np.ndarray:
    """Hexadecimal codes as numbers: [len(codes), 3] float64 from 0 to 1."""
    levels = [list(bytes.fromhex(code)) for code in codes]
    return np.array(levels) / 255.0


def mixed(
    a: np.ndarray, b: np.ndarray | Sequence[float] | float, share: np.ndarray | float
) -> np.ndarray:
    """A mixture of colours: a where share is 0, b where it is 1."""
    return a + (b - a) * share


def colours(values: dict[str, np.ndarray], jitter: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """All colours of N faces.

    Args:
        values: the indices [N] of each face's factors.
        jitter: columns [N, 1] from -1 to 1.

    Returns:
        {name: [N, 3]}.
    """
    hair = _hair(values["hair_colour"], jitter)
    eye = rgb(EYES.values())[values["eye_colour"]]
    eye = eye * (1.0 + 0.10 * jitter["eye_tint"]) + 0.03 * jitter["hair_tint"]
    eye = np.clip(eye, 0.0, 1.0)
    skin = rgb(SKIN.values())[values["skin"]]
    skin = skin * (1.0 + 0.025 * jitter["skin_tint"] * [0.4, 1.0, 1.4])
    skin = np.clip(skin, 0.0, 1.0)
    top = rgb(above for above, _ in BACKGROUNDS.values())[values["background"]]
    bottom = rgb(below for _, below in BACKGROUNDS.values())[values["background"]]
    clothes = _picked(CLOTHES, jitter["clothes"])
    accent = _picked(ACCENTS, jitter["accent"])
    ink = np.array([0.22, 0.12, 0.16])
    return {
        "top": top,
        "bottom": bottom,
        "hair": hair,
        "hair_shade": hair * [0.74, 0.66, 0.76],
        "hair_deep": hair * [0.56, 0.47, 0.60],
        "hair_line": mixed(hair * [0.40, 0.30, 0.40], ink, 0.25),
        "hair_light": mixed(hair, 1.0, 0.30),
        "gloss": mixed(hair, 1.0, 0.72),
        "skin": skin,
        "skin_shade": skin * [0.94, 0.80, 0.79],
        "skin_deep": skin * [0.86, 0.66, 0.65],
        "skin_line": skin * [0.66, 0.42, 0.40],
        "flush": mixed(skin * [1.0, 0.62, 0.62], [1.0, 0.5, 0.52], 0.25),
        "eye_white": mixed(np.ones_like(skin), skin, 0.10),
        "eye": eye,
        "eye_deep": eye * 0.30,
        "eye_dark": eye * 0.16,
        "eye_light": np.clip(mixed(eye, 1.0, 0.50) * 1.05, 0.0, 1.0),
        "white": np.ones_like(skin),
        "lash": mixed(ink * 0.8, hair * 0.45, 0.35),
        "brow": mixed(hair * [0.46, 0.36, 0.44], ink, 0.2),
        "blush_line": mixed(skin * [0.80, 0.45, 0.44], [1.0, 0.5, 0.52], 0.3),
        "heart": np.ones_like(skin) * [1.0, 0.88, 0.42],
        "mouth_line": mixed(skin * [0.55, 0.28, 0.28], ink, 0.2),
        "mouth": np.ones_like(skin) * [0.70, 0.22, 0.26],
        "tongue": np.ones_like(skin) * [0.96, 0.55, 0.55],
        "clothes": clothes,
        "clothes_line": clothes * [0.55, 0.50, 0.60],
        "accent": accent,
        "accent_shade": accent * [0.78, 0.70, 0.80],
        "accent_line": accent * [0.50, 0.42, 0.52],
        "frame": mixed(ink, accent, 0.25),
        "ear_inside": mixed(skin * [1.0, 0.74, 0.74], [1.0, 0.7, 0.72], 0.5),
    }


def _hair(values: np.ndarray, jitter: dict[str, np.ndarray]) -> np.ndarray:
    """The hair's colour: the table's, with a random change of saturation, lightness and warmth."""
    hair = rgb(HAIR.values())[values]
    grey = hair.mean(axis=1, keepdims=True)
    hair = mixed(grey, hair, 1.0 + 0.14 * jitter["hair_strength"])
    hair = np.clip(hair * (1.0 + 0.10 * jitter["hair_light"]), 0.03, 0.97)
    return np.clip(hair + 0.025 * jitter["hair_tint"] * [1.0, -0.3, -0.7], 0.03, 0.97)


def _picked(codes: Sequence[str], u: np.ndarray) -> np.ndarray:
    """One of the codes for each number of u [N, 1] from -1 to 1: [N, 3]."""
    place = np.minimum((0.5 + 0.5 * u[:, 0]) * len(codes), len(codes) - 1)
    return rgb(codes)[place.astype(int)]
