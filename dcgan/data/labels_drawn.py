"""The factors of drawn faces as labels: --labels hair,eyes,glasses.

Any of `drawn_faces.FACTORS` can be a label, some also by a short name. Each ornament can be a label
by its own name, with the values no and yes. `rows` turns factors into labels: the known factors of
drawn faces, or those that a classifier reads from generated faces.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

import numpy as np

from dcgan.drawn.proportions import FACTORS
from gan_core import checks

SHORT = {"hair": "hair_colour", "style": "hair_style", "eyes": "eye_colour"}
ORNAMENTS = tuple(value for value in FACTORS["ornament"] if value != "none")
NAMES = (*SHORT, *FACTORS, *(value.replace(" ", "_") for value in ORNAMENTS))
NO_YES = ("no", "yes")
COLOURED = ("hair_colour", "eye_colour", "skin", "background")  # factors that grey faces hide


def names_of(text: str) -> tuple[str, ...]:
    """The names in "hair,eyes,glasses".

    Raises:
        ValueError: for a name that is none, with the nearest ones, or that comes twice.
    """
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in NAMES:
            close = difflib.get_close_matches(name, NAMES, 3, 0.5)
            way_out = f"Did you mean {' or '.join(close)}?" if close else ""
            wanted = f"some of {', '.join(NAMES)}, with commas between"
            checks.fail("Config", "labels", wanted, repr(name), way_out)
    factors = [SHORT.get(name, name) for name in names]
    twice = [name for i, name in enumerate(names) if factors[i] in factors[:i]]
    if twice:
        checks.fail("Config", "labels", "each factor once", f"{twice[0]} twice")
    return names


def every_factor(colours: str = "rgb") -> str:
    """All ten factors as --labels takes them, with the short names; without colours for grey."""
    short = {factor: name for name, factor in SHORT.items()}
    factors = [one for one in FACTORS if colours == "rgb" or one not in COLOURED]
    return ",".join(short.get(factor, factor) for factor in factors)


def colours_among(names: Sequence[str]) -> list[str]:
    """Those of the names whose values are colours."""
    return [name for name in names if SHORT.get(name, name) in COLOURED]


def factors_of(names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """name -> its values."""
    found = {}
    for name in names:
        factor = SHORT.get(name, name)
        found[name] = tuple(FACTORS[factor]) if factor in FACTORS else NO_YES
    return found


def rows(names: Sequence[str], values: Mapping[str, np.ndarray]) -> np.ndarray:
    """The labels of faces whose factors are known.

    Args:
        names: the names of the labels' factors.
        values: {factor of FACTORS: [n] int}, such as `drawn_faces.factors` gives.

    Returns:
        [n, f] int32.
    """
    columns = []
    for name in names:
        factor = SHORT.get(name, name)
        if factor in FACTORS:
            columns.append(values[factor])
        else:
            number = FACTORS["ornament"].index(name.replace("_", " "))
            columns.append(values["ornament"] == number)
    return np.stack(columns, axis=1).astype(np.int32)
