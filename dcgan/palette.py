"""The colours of drawn faces, as values of red, green and blue from 0 to 1."""

import colorsys

import numpy as np

HAIR = {"black": "2e2b3a", "brown": "7a4a32", "blond": "f0cf6e", "red": "c8402f", "pink": "f09ab8", "blue": "4a74c9",
        "green": "5aa86a", "silver": "c9ccd9"}
EYES = {"brown": "8a4f2a", "amber": "e0a020", "green": "37a45a", "blue": "2f7fd6", "purple": "8a4fc8", "red": "cf2f3a"}
SKIN = {"fair": "fdeadf", "peach": "fbd9c0", "tan": "dba983"}
BACKGROUNDS = {"white": ("ffffff", "eeeef4"), "sky": ("8ec8f4", "e6f5ff"), "rose": ("f7b5c4", "fdeaea"),
               "mint": ("9bdcb6", "ecfaf0"), "dusk": ("3b3566", "a86c8f")}


def rgb(code: str) -> np.ndarray:
    return np.array([int(code[i:i + 2], 16) for i in (0, 2, 4)], np.float32) / 255.0


def colours(values: dict, jitter: dict, u: dict) -> dict[str, np.ndarray]:
    """name -> [N, 3]. values: the factors' indices; jitter, u: each face's own numbers on [0, 1) and [-1, 1)."""
    def of(table, factor):
        return np.stack([rgb(code) for code in table.values()])[values[factor]]

    def hue(column, saturation, value):
        return np.array([colorsys.hsv_to_rgb(h, saturation, value) for h in column], np.float32).reshape(-1, 3)

    light = 1.0 + 0.05 * u["light"][:, np.newaxis]
    hair = np.clip(of(HAIR, "hair_colour") * light * (1.0 + 0.10 * u["hair tint"][:, np.newaxis]), 0.0, 1.0)
    eye = np.clip(of(EYES, "eye_colour") * (1.0 + 0.10 * u["eye tint"][:, np.newaxis]), 0.0, 1.0)
    skin = np.clip(of(SKIN, "skin") * light, 0.0, 1.0)
    top, bottom = (np.stack([rgb(pair[k]) for pair in BACKGROUNDS.values()])[values["background"]] for k in (0, 1))
    same = np.ones_like(skin)
    return {
        "hair": hair, "hair dark": hair * 0.48, "hair light": 0.35 * hair + 0.65,
        "eye": eye, "eye white": same * rgb("fbfaff"), "white": same, "lash": 0.10 + 0.16 * hair,
        "skin": skin, "skin shade": skin * [0.90, 0.76, 0.74], "skin line": skin * [0.68, 0.48, 0.46],
        "blush colour": skin * [0.99, 0.66, 0.66], "mouth line": skin * [0.66, 0.36, 0.38],
        "mouth inside": same * rgb("9c3440"), "tongue": same * rgb("ec8488"), "ear inside": same * rgb("f5b8bd"),
        "clothes": hue(jitter["clothes hue"], 0.35, 0.75), "accent": hue(jitter["accent hue"], 0.75, 0.92),
        "glasses": same * rgb("54363f"), "flower heart": same * rgb("ffe27a"), "top": top, "bottom": bottom,
    }
