"""The settings of a game: every choice of the page, checked, and its form in an address.

Nothing here needs TensorFlow, so that the page does not wait for its import.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import numpy as np

from gan_core import checks

PLANE = (
    "ring",
    "grid",
    "ring-of-12",
    "grid-4x4",
    "unequal-ring",
    "unequal-grid",
    "two-moons",
    "swiss-roll",
    "checkerboard",
)
LINE = ("normal", "two-normals", "unequal-normals", "uniform", "log-normal")
DRAWN_PLANE = "drawn"
DRAWN_LINE = "drawn-line"
POINTS = "points"  # of the file that the command line names
TARGETS = (*PLANE, *LINE, DRAWN_PLANE, DRAWN_LINE, POINTS)

LOSSES = (
    "minimax",
    "non-saturating",
    "least-squares",
    "hinge",
    "wasserstein",
    "relativistic",
)
PENALTIES = ("none", "R1", "R2", "R1 and R2", "gradient penalty")
UPDATES = ("alternating", "simultaneous")
OPTIMIZERS = ("Adam", "SGD")
LIVE = ("g_rate", "d_rate", "gamma", "noise")  # may change while the game is played
LINEAR = "linear"  # what the address says of a network without hidden layers

MOST_LAYERS = 4
MOST_UNITS = 256
MOST_DRAWN = 400  # points
BARS = 64  # of a drawn curve
HALF = 2.0  # a drawing goes from -HALF to HALF
BLUR = 0.05  # sd around each drawn point
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
STEPS = len(DIGITS) ** 2  # places of a drawn coordinate, which is written as two digits


@dataclasses.dataclass(frozen=True)
class Settings:
    """The settings of one game. Those in `LIVE` may change while it is played; a change of another
    one starts a new game.
    """

    target: str = "ring"
    """one of TARGETS"""
    drawing: str = ""
    """the drawing of "drawn" or "drawn-line", as `points_text` or `bars_text` writes it"""
    g_hidden: tuple[int, ...] = (128, 128, 128)
    """units of G's hidden layers; none: an affine function"""
    d_hidden: tuple[int, ...] = (128, 128, 128)
    """units of D's hidden layers; none: an affine function"""
    loss: str = "non-saturating"
    """one of LOSSES"""
    penalty: str = "none"
    """one of PENALTIES"""
    gamma: float = 0.1
    """weight of the penalty; of R1 and R2 for data of sd 1; 0 to 100"""
    d_steps: int = 1
    """steps of D in a round, 1 to 10"""
    update: str = "alternating"
    """one of UPDATES"""
    optimizer: str = "Adam"
    """one of OPTIMIZERS"""
    beta_1: float = 0.0
    """Adam's memory of gradients, at least 0, below 1"""
    g_rate: float = 1e-3
    """learning rate of G, 0 to 1"""
    d_rate: float = 1e-3
    """learning rate of D, 0 to 1"""
    noise: float = 0.0
    """sd of the noise on all that D sees, in sd of the data, 0 to 5"""
    fall: int = 0
    """rounds over which rates, penalty and noise fall as in chapter 6; 0: they stay"""
    latent_dim: int = 2
    """normal numbers in z, 1 to 16"""
    bits: int = 0
    """coin flips in z, 0 to 16"""
    start: float = 0.0
    """how far from the data G starts, in sd of the data along each axis, -20 to 20"""
    average: float = 0.0
    """decay of the moving average of G that is shown, at least 0, below 1; 0: G itself"""
    batch: int = 128
    """samples in a batch, 8 to 1024"""
    seed: int = 0
    """seed of weights, data, z and noise, 0 to 999,999"""

    def __post_init__(self) -> None:
        owner = "Settings"
        checks.one_of(owner, "target", self.target, TARGETS)
        checks.one_of(owner, "loss", self.loss, LOSSES)
        checks.one_of(owner, "penalty", self.penalty, PENALTIES)
        checks.one_of(owner, "update", self.update, UPDATES)
        checks.one_of(owner, "optimizer", self.optimizer, OPTIMIZERS)
        for name in ("g_hidden", "d_hidden"):
            _check_hidden(owner, name, getattr(self, name))
        for name, (low, high) in WHOLE.items():
            checks.integer(owner, name, getattr(self, name), low, high)
        for name, (low, high) in REAL.items():
            checks.number(owner, name, getattr(self, name), low, high)
        for name in ("beta_1", "average"):
            checks.number(owner, name, getattr(self, name), 0.0, below=1.0)
        _check_drawing(self.target, self.drawing)


WHOLE = {
    "d_steps": (1, 10),
    "fall": (0, 100_000),
    "latent_dim": (1, 16),
    "bits": (0, 16),
    "batch": (8, 1024),
    "seed": (0, 999_999),
}
REAL = {
    "gamma": (0.0, 100.0),
    "g_rate": (0.0, 1.0),
    "d_rate": (0.0, 1.0),
    "noise": (0.0, 5.0),
    "start": (-20.0, 20.0),
}


def _check_hidden(owner: str, name: str, sizes: Any) -> None:
    if not isinstance(sizes, tuple) or len(sizes) > MOST_LAYERS:
        checks.fail(owner, name, f"at most {MOST_LAYERS} sizes", checks.show(sizes))
    for i, size in enumerate(sizes):
        checks.integer(owner, f"{name}[{i}]", size, 1, MOST_UNITS)


def _check_drawing(target: str, drawing: Any) -> None:
    owner = "Settings"
    if not isinstance(drawing, str):
        checks.fail(owner, "drawing", "a text", checks.show(drawing))
    if target == DRAWN_PLANE:
        points(drawing)
    elif target == DRAWN_LINE:
        bars(drawing)
    elif drawing:
        checks.fail(owner, "drawing", f"empty for the target {target}", checks.show(drawing))


# ---------------------------------------------------------------- drawings as text


def points(text: str) -> np.ndarray:
    """Read the points of a drawing in the plane.

    Args:
        text: four letters of DIGITS a point: x, then y, from -HALF to HALF in STEPS steps.

    Returns:
        [k, 2] float64.

    Raises:
        ValueError: if the text is none, or has no points or more than MOST_DRAWN.

    Example:
        >>> points("AA__").tolist()
        [[-2.0, 2.0]]
    """
    wanted = f"1 to {MOST_DRAWN} points of four letters each"
    if len(text) % 4 or not 4 <= len(text) <= 4 * MOST_DRAWN:
        checks.fail("Settings", "drawing", wanted, f"{len(text)} letters")
    digits = np.array(_digits(text)).reshape(-1, 2, 2)
    places = digits[:, :, 0] * len(DIGITS) + digits[:, :, 1]
    return HALF * (2.0 * places / (STEPS - 1) - 1.0)


def point_text(x: float, y: float) -> str:
    """Write one point of a drawing; `points` reads it.

    Example:
        >>> point_text(-2.0, 2.0)
        'AA__'
    """
    text = ""
    for value in (x, y):
        step = round(0.5 * (value / HALF + 1.0) * (STEPS - 1))
        text += DIGITS[step // len(DIGITS)] + DIGITS[step % len(DIGITS)]
    return text


def bars(text: str) -> np.ndarray:
    """Read the heights of a curve that was drawn over the line.

    Args:
        text: BARS letters of DIGITS, a height of 0 to 63 each, not all 0.

    Returns:
        [BARS] float64.

    Raises:
        ValueError: if the text is none.

    Example:
        >>> bars("B" * 64).sum()
        np.float64(64.0)
    """
    if len(text) != BARS or set(text) == {DIGITS[0]}:
        checks.fail("Settings", "drawing", f"{BARS} heights, not all 0", f"{len(text)} letters")
    return np.array(_digits(text), np.float64)


def _digits(text: str) -> list[int]:
    strange = set(text) - set(DIGITS)
    if strange:
        wanted = "letters, digits, - and _ alone"
        checks.fail("Settings", "drawing", wanted, repr(sorted(strange)[0]))
    return [DIGITS.index(letter) for letter in text]


# ---------------------------------------------------------------- the address


def query(settings: Settings, **more: str) -> str:
    """Write what an address says of a game: every setting that is not the default.

    Args:
        settings: the game.
        more: further names and values.

    Returns:
        What stands behind the question mark.

    Example:
        >>> query(Settings(loss="hinge", g_hidden=(8, 8)))
        'g_hidden=8-8&loss=hinge'
    """
    texts = {}
    for field in dataclasses.fields(Settings):
        value = getattr(settings, field.name)
        if value != field.default:
            texts[field.name] = _text(value)
    return urlencode({**texts, **more})


def from_query(texts: Mapping[str, str], default: Settings | None = None) -> Settings:
    """Read a game from an address.

    Args:
        texts: the names and values behind the question mark; names that are no settings are left.
        default: the game that the address changes.

    Returns:
        The game.

    Raises:
        ValueError: if a value cannot be read, or is out of its range.

    Example:
        >>> from_query({"d_steps": "3"}).d_steps
        3
    """
    default = Settings() if default is None else default
    changes = {}
    for field in dataclasses.fields(Settings):
        if field.name in texts:
            changes[field.name] = _value(field.name, texts[field.name])
    return dataclasses.replace(default, **changes)


def hidden_from_text(name: str, text: str) -> tuple[int, ...]:
    """Read the sizes of hidden layers, such as 128-128-128, "128, 128" or linear.

    Args:
        name: the setting, for messages.
        text: what was typed.

    Returns:
        The sizes.

    Raises:
        ValueError: if the text is not of this form.

    Example:
        >>> hidden_from_text("g_hidden", "64, 64")
        (64, 64)
    """
    text = text.strip().lower()
    if text in ("", LINEAR, "none"):
        return ()
    parts = text[:100].replace(",", "-").replace(" ", "-").split("-")
    sizes = [part for part in parts if part]
    if not all(part.isascii() and part.isdecimal() for part in sizes):
        checks.fail("Settings", name, f"sizes such as 128-128, or {LINEAR}", checks.show(text))
    return tuple(int(part) for part in sizes)


def hidden_text(sizes: tuple[int, ...]) -> str:
    """What `hidden_from_text` reads.

    Example:
        >>> hidden_text((64, 64))
        '64-64'
    """
    return "-".join(map(str, sizes)) or LINEAR


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return hidden_text(value)
    return repr(value) if isinstance(value, float) else str(value)


def _value(name: str, text: str) -> Any:
    """A setting from its text; the ranges are checked by Settings."""
    if name in ("g_hidden", "d_hidden"):
        return hidden_from_text(name, text)
    kind = type(getattr(Settings, name))
    if kind is str:
        return text[: 4 * MOST_DRAWN + 1]
    try:
        return kind(text[:40])
    except ValueError:
        wanted = "a whole number" if kind is int else "a number"
        checks.fail("Settings", name, wanted, checks.show(text))
