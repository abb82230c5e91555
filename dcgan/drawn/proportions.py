"""What the values of the factors mean in numbers, and how one face differs from the next.

A face is a list of numbers: positions, sizes, shares. Each is a middle, plus what the values of its
factors add, plus a jitter of its own; nothing else enters a drawing. Units: half a picture, y
downwards.
"""

from __future__ import annotations

import numpy as np

from dcgan.drawn import palette

MEANINGS = {  # factor: (the numbers that it adds to, {value: what it adds})
    # the hair behind, its tips, the locks beside the face, what sticks out, tails on either side
    "hair_style": (
        (
            "back_width",
            "back_end",
            "flare",
            "wave",
            "tips",
            "lock_end",
            "lock_width",
            "ruffle",
            "tail_1",
            "tail_2",
        ),
        {
            "short": (0.69, 0.42, -0.16, 0.00, 0.20, 0.34, 0.09, 0.06, 0.0, 0.0),
            "bob": (0.78, 0.66, +0.06, 0.00, 0.07, 0.62, 0.12, 0.00, 0.0, 0.0),
            "long": (0.80, 1.60, +0.11, 0.06, 0.10, 0.90, 0.10, 0.00, 0.0, 0.0),
            "twin tails": (0.65, 0.30, -0.20, 0.00, 0.10, 0.66, 0.08, 0.00, 1.0, 1.0),
            "ponytail": (0.65, 0.34, -0.20, 0.00, 0.12, 0.56, 0.08, 0.00, 1.0, 0.0),
        },
    ),
    # its edge, how that sags at the sides, height and place of the parting; number, length and
    # lean of the locks
    "fringe": (
        ("edge", "sag", "opening", "part", "lock_count", "lock_depth", "lean"),
        {
            "straight": (-0.05, +0.05, 0.00, 0.00, 4.6, 0.13, 0.00),
            "parted": (+0.14, -0.05, 0.78, 0.00, 3.6, 0.12, 0.00),
            "swept": (+0.03, +0.00, 0.50, 0.30, 3.8, 0.17, 0.28),
            "spiky": (-0.05, +0.00, 0.00, 0.00, 3.2, 0.34, 0.10),
        },
    ),
    # half width, height above and below the middle, how far the outer corner droops, the iris
    "eye_shape": (
        ("eye_width", "eye_top", "eye_bottom", "slant", "iris", "brow_slant"),
        {
            "round": (0.190, 0.195, 0.170, +0.00, 0.140, -0.04),
            "narrow": (0.200, 0.115, 0.140, -0.02, 0.122, +0.03),
            "drooping": (0.195, 0.165, 0.155, +0.26, 0.132, +0.18),
            "sharp": (0.200, 0.165, 0.145, -0.30, 0.130, -0.26),
        },
    ),
    # half width, how far the line bends down in the middle, how far it opens, a cat's double bow
    "mouth": (
        ("mouth_width", "bend", "open", "bow"),
        {
            "smile": (0.125, +0.045, 0.00, 0.000),
            "open": (0.115, +0.012, 0.15, 0.000),
            "small": (0.045, +0.004, 0.00, 0.000),
            "cat": (0.115, +0.000, 0.00, 0.045),
            "frown": (0.085, -0.035, 0.00, 0.000),
        },
    ),
    "blush": (
        ("blush", "hatch"),
        {"none": (0.0, 0.0), "light": (0.55, 0.0), "strong": (0.85, 0.8)},
    ),
    "ornament": (
        ("glasses", "ribbon", "hairband", "flower", "cat_ears"),
        {
            "none": (0, 0, 0, 0, 0),
            "glasses": (1, 0, 0, 0, 0),
            "ribbon": (0, 1, 0, 0, 0),
            "hairband": (0, 0, 1, 0, 0),
            "flower": (0, 0, 0, 1, 0),
            "cat ears": (0, 0, 0, 0, 1),
        },
    ),
}
NUMBERS = {  # name: (middle, jitter to each side)
    # pose and light
    "shift_x": (0.0, 0.05),
    "shift_y": (0.03, 0.04),
    "scale": (1.0, 0.05),
    "tilt": (0.0, 0.075),
    "turn": (0.0, 0.05),
    "light": (0.0, 0.05),
    "glow_x": (0.0, 0.9),
    "glow_y": (0.0, 0.5),
    "side": (0.0, 1.0),
    # face
    "face_width": (0.575, 0.025),
    "chin": (0.80, 0.035),
    "jaw": (0.45, 0.30),
    "nose": (0.43, 0.015),
    "mouth_height": (0.565, 0.015),
    "mouth_width": (0.0, 0.010),
    "bend": (0.0, 0.006),
    # eyes
    "eye_apart": (0.355, 0.018),
    "eye_height": (0.17, 0.025),
    "eye_size": (1.0, 0.06),
    "eye_width": (0.0, 0.006),
    "eye_top": (0.0, 0.008),
    "eye_bottom": (0.0, 0.006),
    "slant": (0.0, 0.04),
    "iris": (0.0, 0.006),
    "gaze_x": (0.0, 0.018),
    "gaze_y": (0.0, 0.010),
    "brow_slant": (0.0, 0.10),
    "brow_height": (-0.275, 0.02),
    # hair
    "cap_width": (0.83, 0.03),
    "cap_top": (-1.03, 0.05),
    "ruffle": (0.02, 0.015),
    "ruffle_phase": (0.0, 0.5),
    "back_width": (0.0, 0.03),
    "back_end": (0.0, 0.05),
    "flare": (0.0, 0.03),
    "wave_phase": (0.0, 0.5),
    "waviness": (0.5, 0.5),
    "tail_height": (-0.36, 0.14),
    "tail_width": (0.20, 0.03),
    "lock_end": (0.0, 0.10),
    "lock_uneven": (0.0, 0.06),
    "lock_width": (0.0, 0.02),
    "lock_curl": (0.0, 0.05),
    "edge": (0.0, 0.04),
    "sag": (0.0, 0.06),
    "part": (0.0, 0.06),
    "lock_count": (0.0, 0.4),
    "lock_depth": (0.0, 0.03),
    "lean": (0.0, 0.10),
    "phase": (0.0, 0.5),
    "gloss_height": (-0.56, 0.05),
    # colours: used by dcgan.drawn.palette
    "hair_tint": (0.0, 1.0),
    "hair_light": (0.0, 1.0),
    "hair_strength": (0.0, 1.0),
    "eye_tint": (0.0, 1.0),
    "skin_tint": (0.0, 1.0),
    "clothes": (0.0, 1.0),
    "accent": (0.0, 1.0),
}
FACTORS = {
    "hair_colour": tuple(palette.HAIR),
    "hair_style": (),
    "fringe": (),
    "eye_colour": tuple(palette.EYES),
    "eye_shape": (),
    "skin": tuple(palette.SKIN),
    "mouth": (),
    "blush": (),
    "ornament": (),
    "background": tuple(palette.BACKGROUNDS),
}
FACTORS |= {factor: tuple(table) for factor, (_, table) in MEANINGS.items()}


def numbers(values: dict[str, np.ndarray], jitter: np.ndarray) -> dict[str, np.ndarray]:
    """All numbers and colours of N faces.

    Args:
        values: for each factor the index of its value [N].
        jitter: [N, len(NUMBERS)] from -1 to 1.

    Returns:
        {name: [N] float32, and for colours [N, 3]}.
    """
    own = dict(zip(NUMBERS, jitter.T.astype(np.float64), strict=True))
    out = {name: middle + spread * own[name] for name, (middle, spread) in NUMBERS.items()}
    for factor, (names, table) in MEANINGS.items():
        rows = np.array(list(table.values()), float)[values[factor]]
        for name, column in zip(names, rows.T, strict=True):
            out[name] = out.get(name, 0.0) + column
    out["wave"] *= out["waviness"] ** 2
    # Parts on one side only are on the left as often as on the right.
    out["mirror"] = np.where(own["side"] < 0.0, -1.0, 1.0)
    for name in ("eye_width", "eye_top", "eye_bottom", "iris"):
        out[name] *= out["eye_size"]
    out |= palette.colours(values, {name: column[:, np.newaxis] for name, column in own.items()})
    return {name: value.astype(np.float32) for name, value in out.items()}
