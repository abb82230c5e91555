"""The form to which every picture is converted: a square, on a background, in colour or in grey.

Some pictures are not square, some are transparent, and some trainings need no colours. `Form` says
how they are converted. It is part of a run's config, so that pictures are converted in the same way
wherever they are read for that run: in training, judging, finding and watching.

This module imports no TensorFlow.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import os
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from PIL import ImageColor

from gan_core import checks

NotSquare = Literal["crop", "pad", "fit"]
Colours = Literal["rgb", "grey"]

DONE = {
    "crop": "cropped to the square at the centre",
    "pad": "shown whole between bars of {background}",
    "fit": "squeezed to a square",
}
"""NotSquare -> what was done to a picture, in words."""
CHANNELS = {"rgb": 3, "grey": 1}
"""Colours -> numbers of a pixel."""
LUMINANCE = np.array([19595, 38470, 7471], np.uint32)
"""65536 times .299, .587 and .114 (ITU-R BT.601), of which the sum is exactly 65536"""
AT_A_TIME = 1000  # pictures made grey together, to spare memory
FILE = "form.json"


def colour_of(owner: str, argument: str, text: Any) -> str:
    """Convert a colour's name, or any other CSS notation, to #rrggbb.

    Args:
        owner: whose argument it is, for the error.
        argument: the argument's name.
        text: such as white, #1e90ff or rgb(30, 144, 255).

    Raises:
        ValueError: if it is not a colour, or a transparent one.
    """
    wanted = "a colour such as white, '#1e90ff' or 'rgb(30, 144, 255)'"
    if not isinstance(text, str):
        checks.fail(owner, argument, wanted, repr(text))
    try:
        numbers = ImageColor.getrgb(text)
    except ValueError:
        names = difflib.get_close_matches(text.lower(), ImageColor.colormap, 3)
        way_out = f"Did you mean {' or '.join(names)}?" if names else ""
        checks.fail(owner, argument, wanted, repr(text), way_out)
    if len(numbers) > 3:
        way_out = "Nothing lies behind the background, so it cannot be transparent."
        checks.fail(owner, argument, wanted, repr(text), way_out)
    if max(numbers) > 255:
        checks.fail(owner, argument, wanted, repr(text), "Its numbers go from 0 to 255.")
    return "#{:02x}{:02x}{:02x}".format(*numbers)


@dataclasses.dataclass(frozen=True)
class Form:
    """How pictures are turned into squares of pixels.

    Raises:
        ValueError: if a field has an unknown value, or the background is not a colour.

    Example:
        >>> Form(background="white").background
        '#ffffff'
        >>> Form(colours="grey").channels
        1
    """

    not_square: NotSquare = "crop"
    """crop: the square at the centre; pad: the whole picture between bars; fit: the whole picture,
    squeezed"""
    background: str = "white"
    """the colour behind transparent pixels, and of the bars; kept as #rrggbb"""
    colours: Colours = "rgb"
    """rgb: three channels; grey: one, the luminance"""

    def __post_init__(self) -> None:
        checks.one_of("Form", "not_square", self.not_square, get_args(NotSquare))
        checks.one_of("Form", "colours", self.colours, get_args(Colours))
        object.__setattr__(self, "background", colour_of("Form", "background", self.background))

    @property
    def channels(self) -> int:
        """How many numbers a pixel has."""
        return CHANNELS[self.colours]

    @property
    def rgb(self) -> tuple[int, int, int]:
        """The background: red, green and blue from 0 to 255."""
        red, green, blue = ImageColor.getrgb(self.background)
        return red, green, blue

    @property
    def done(self) -> str:
        """What is done to a picture that is not square, in words."""
        return DONE[self.not_square].format(background=self.background)

    def to_json(self) -> str:
        """As text, for a file beside a generator."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"


USUAL = Form()
"""The default form."""


def of_fields(fields: Any) -> Form:
    """The form of a config.

    Args:
        fields: an object with the attributes not_square, background and colours.
    """
    return Form(fields.not_square, fields.background, fields.colours)


def read(folder: str | os.PathLike[str]) -> Form:
    """Read the form that is saved beside a generator.

    Args:
        folder: the generator's folder; without such a file it is the default form.

    Raises:
        ValueError: if the file is damaged.
    """
    file = Path(folder) / FILE
    try:
        return Form(**json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return USUAL
    except (OSError, ValueError, TypeError) as error:
        checks.fail("form.read", FILE, "as training wrote it", f"{file} ({error})")


def in_colours(images: np.ndarray, colours: Colours) -> np.ndarray:
    """Return pictures as they are, or their luminance.

    The luminance is (19595 R + 38470 G + 7471 B) / 65536, rounded, as in Pillow's mode L. A grey
    pixel keeps its value.

    Args:
        images: uint8 [N, S, S, 3].
        colours: rgb or grey.

    Returns:
        uint8 [N, S, S, 3], or [N, S, S, 1] for grey.
    """
    if colours == "rgb":
        return images
    grey = np.empty([*images.shape[:-1], 1], np.uint8)
    for first in range(0, len(images), AT_A_TIME):
        some = images[first : first + AT_A_TIME].astype(np.uint32)
        grey[first : first + AT_A_TIME, ..., 0] = (some @ LUMINANCE + 32768) >> 16
    return grey
