"""Contact sheets (many pictures in one) as PNG, and sheets over time as GIF."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from dcgan.data.image_arrays import uint8_images
from gan_core import checks, files

FRAMES_OF_THE_PALETTE = 32
LAST_FRAME = 2000  # milliseconds


def sheet(images: np.ndarray, columns: int = 8, gap: int = 2) -> np.ndarray:
    """Pictures row by row in one, with white lines between and around them.

    Args:
        images: uint8 [N, H, W, C], N at least 1; C is 3, or 1 for grey.
        columns: pictures in a row.
        gap: width of the lines, in pixels.

    Returns:
        uint8 [height, width, C].

    Raises:
        ValueError: if images are no such array.
    """
    images = uint8_images("sheet", "images", images, square=False)
    checks.integer("sheet", "columns", columns, 1)
    checks.integer("sheet", "gap", gap, 0)
    columns = min(columns, len(images))
    rows = math.ceil(len(images) / columns)
    _, height, width, channels = images.shape
    whole = [gap + rows * (height + gap), gap + columns * (width + gap), channels]
    page = np.full(whole, 255, np.uint8)
    for i, image in enumerate(images):
        top = gap + i // columns * (height + gap)
        left = gap + i % columns * (width + gap)
        page[top : top + height, left : left + width] = image
    return page


def pictures_of(page: np.ndarray, size: int, gap: int = 2) -> np.ndarray:
    """The pictures of a sheet, row by row: what `sheet` was given, if it filled all rows.

    Args:
        page: a sheet, uint8 [height, width, C].
        size: side of a picture, in pixels.
        gap: width of the lines between them.

    Returns:
        uint8 [N, size, size, C].
    """
    pictures = []
    for top in range(gap, page.shape[0] - gap, size + gap):
        for left in range(gap, page.shape[1] - gap, size + gap):
            pictures.append(page[top : top + size, left : left + size])
    return np.stack(pictures)


def picture(image: np.ndarray) -> Image.Image:
    """An array as Pillow's picture.

    Args:
        image: uint8 [H, W, 3], in colours; [H, W, 1] or [H, W], in grey (mode L).
    """
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[:, :, 0]
    return Image.fromarray(image)


def in_rgb(image: np.ndarray) -> np.ndarray:
    """A picture for Matplotlib, which gives a single channel false colours.

    Args:
        image: uint8 [H, W, 3], or [H, W, 1] in grey.

    Returns:
        uint8 [H, W, 3].
    """
    return np.broadcast_to(image, [*image.shape[:2], 3])


def read(path: str | os.PathLike) -> np.ndarray:
    """A picture from a file, uint8 [H, W, 3]."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def save(image: np.ndarray, path: str | os.PathLike) -> Path:
    """Write a picture as PNG, completely or not at all. Folders are made; an old file is replaced.

    A command that must not replace a file calls this within `gan_core.files.claimed(path)`.

    Args:
        image: as for `picture`.
        path: the file.

    Returns:
        The path.

    Raises:
        ValueError: if it cannot be written; the message says what to do.
    """
    return _write(path, lambda file: picture(image).save(file, format="PNG"))


def save_gif(
    frames: Sequence[np.ndarray], path: str | os.PathLike, milliseconds: int = 150
) -> Path:
    """Write pictures as an endless GIF; the last one is shown for two seconds.

    All have the same palette of 256 colours, without dithering, so that still parts do not flicker.
    Grey frames keep all their values.

    In memory are one byte for each pixel of each frame, and FRAMES_OF_THE_PALETTE whole frames. So
    `frames` may be a sequence that reads a frame only when it is asked for it.

    Args:
        frames: as for `picture`, all of one size and kind.
        path: as for `save`.
        milliseconds: for which each is shown.

    Returns:
        The path.

    Raises:
        ValueError: if there is no frame, or it cannot be written.
    """
    if not len(frames):
        checks.fail("save_gif", "frames", "at least one picture", "none")
    in_palette = _converter(frames)
    pictures = (in_palette(frames[i]) for i in range(len(frames)))
    durations = [milliseconds] * len(frames)
    durations[-1] = LAST_FRAME

    def write(file: BinaryIO) -> None:
        next(pictures).save(
            file,
            format="GIF",
            save_all=True,
            append_images=pictures,
            loop=0,
            optimize=True,
            duration=durations,
        )

    return _write(path, write)


def _converter(frames: Sequence[np.ndarray]) -> Callable[[np.ndarray], Image.Image]:
    """What makes a picture of a GIF of each frame: in grey, or in the palette of all frames."""
    if picture(frames[0]).mode == "L":
        return picture
    palette = _common_palette(frames)
    return lambda frame: picture(frame).quantize(palette=palette, dither=Image.Dither.NONE)


def _common_palette(frames: Sequence[np.ndarray]) -> Image.Image:
    """256 colours for all frames, from every second pixel each way of some of them."""
    stride = math.ceil(len(frames) / FRAMES_OF_THE_PALETTE)
    chosen = [*range(0, len(frames), stride), len(frames) - 1]
    smaller = [frames[i][::2, ::2] for i in chosen]
    return Image.fromarray(np.concatenate(smaller)).quantize(256, dither=Image.Dither.NONE)


def first_free(path: str | os.PathLike) -> Path:
    """`path`, or if it exists path-2, path-3, ...: the default output of a command.

    Args:
        path: such as runs/faces.png.

    Returns:
        The first of runs/faces.png, runs/faces-2.png, ... that does not exist.
    """
    path = Path(path)
    if not os.path.lexists(path):
        return path
    names = (path.with_name(f"{path.stem}-{i}{path.suffix}") for i in itertools.count(2))
    return next(name for name in names if not os.path.lexists(name))


def _write(path: str | os.PathLike, write: Callable[[BinaryIO], object]) -> Path:
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.cannot_write(path, error) from error
    files.write_atomically(path, write)
    return path
