"""Moments of a game as an animated GIF, drawn point by point.

The picture has a palette: greys for D's field, and the colours of real and generated data. So no
colour is looked for, and a moment takes milliseconds.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

SIDE = 420  # pixels
BAND = 24  # pixels of the line above the picture
MILLISECONDS = 120
GREYS = 200
REAL = GREYS
FAKE = GREYS + 1
BLACK = GREYS + 2
WHITE = GREYS + 3
COLOURS = ((0, 114, 178), (213, 94, 0), (0, 0, 0), (255, 255, 255))  # gan_core.app.plots


def animation(opening: dict[str, Any], moments: Sequence[dict[str, Any]]) -> bytes:
    """The GIF.

    Args:
        opening: what stays the same (`Eye.opening`).
        moments: what was seen (`Eye.look`), in order, at least one.

    Returns:
        The file.
    """
    pictures = [_picture(opening, moment) for moment in moments]
    file = io.BytesIO()
    pictures[0].save(
        file,
        format="GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=MILLISECONDS,
        loop=0,
        optimize=False,
    )
    return file.getvalue()


def _picture(opening: dict[str, Any], moment: dict[str, Any]) -> Image.Image:
    picture = Image.new("P", (SIDE, SIDE + BAND), WHITE)
    picture.putpalette(_palette())
    if opening["dim"] == 2:
        _plane(picture, opening, moment)
    else:
        _line(picture, opening, moment)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, SIDE, BAND), fill=WHITE)
    pen.text((6, 6), f"round {moment['round']:,}", fill=BLACK)
    pen.text((SIDE - 110, 6), "real", fill=REAL)
    pen.text((SIDE - 70, 6), "generated", fill=FAKE)
    _name_the_ends(pen, opening)
    return picture


def _name_the_ends(pen: ImageDraw.ImageDraw, opening: dict[str, Any]) -> None:
    """The numbers at the ends of the axes, on white, so that the field does not hide them."""
    left, right, bottom, top = opening["view"]
    below = BAND + SIDE - 14
    ends = [((4, below), f"x = {left:.3g}"), ((SIDE - 60, below), f"x = {right:.3g}")]
    if opening["dim"] == 2:
        upper = f"{right:.3g}, {top:.3g}"
        ends = [((4, below), f"{left:.3g}, {bottom:.3g}"), ((SIDE - 80, BAND + 3), upper)]
    for place, words in ends:
        pen.rectangle(pen.textbbox(place, words), fill=WHITE)
        pen.text(place, words, fill=BLACK)


def _palette() -> list[int]:
    """Dark where D says "generated", light where it says "real"."""
    greys = [round(90 + 165 * i / (GREYS - 1)) for i in range(GREYS)]
    colours = [(grey, grey, grey) for grey in greys] + list(COLOURS)
    return [part for colour in colours for part in colour]


def _plane(picture: Image.Image, opening: dict[str, Any], moment: dict[str, Any]) -> None:
    side = opening["side"]
    field = np.array(moment["field"], np.float64).reshape(side, side)[::-1]
    shades = np.rint(field * (GREYS - 1) / 1000.0).astype(np.uint8)
    picture.paste(Image.fromarray(shades).resize((SIDE, SIDE), Image.Resampling.NEAREST), (0, BAND))
    pen = ImageDraw.Draw(picture)
    for name, colour, points in (
        ("real", REAL, opening["real"]),
        ("generated", FAKE, moment["samples"]),
    ):
        radius = 2 if name == "real" else 3
        for x, y in _pixels(opening["view"], np.array(points)):
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _pixels(view: Sequence[float], points: np.ndarray) -> np.ndarray:
    left, right, bottom, top = view
    x = SIDE * (points[:, 0] - left) / (right - left)
    y = BAND + SIDE * (top - points[:, 1]) / (top - bottom)
    return np.clip(np.stack([x, y], axis=1), -100.0, 2.0 * SIDE)


def _line(picture: Image.Image, opening: dict[str, Any], moment: dict[str, Any]) -> None:
    """Densities as steps, and D as a curve from 0 below to 1 above."""
    pen = ImageDraw.Draw(picture)
    highest = 1.6 * max(opening["density"])
    bottom = BAND + SIDE
    for density, colour in ((opening["density"], REAL), (moment["density"], FAKE)):
        width = SIDE / len(density)
        corners = []
        for i, height in enumerate(density):
            y = bottom - SIDE * min(1.0, height / highest)
            corners += [(i * width, y), ((i + 1) * width, y)]
        pen.line(corners, fill=colour, width=3)
    field = moment["field"]
    curve = [
        (SIDE * i / (len(field) - 1), bottom - SIDE * value / 1000.0)
        for i, value in enumerate(field)
    ]
    pen.line(curve, fill=BLACK, width=2)
