"""Many pictures in one: contact sheets as PNG, and sheets over time as GIF."""

from pathlib import Path

import numpy as np
from PIL import Image

from gan_core import checks
from gan_core.runs import files


def sheet(images, columns: int = 8, gap: int = 2) -> np.ndarray:
    """uint8 [N, H, W, 3] -> one picture uint8 [.., .., 3], row by row, `gap` white pixels between and around."""
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8 or len(images) == 0:
        checks.fail(
            "sheet",
            "images",
            "[N, height, width, 3] of uint8, N at least 1",
            f"{checks.show_shape(images.shape)} of {images.dtype}",
        )
    checks.integer("sheet", "columns", columns, 1)
    checks.integer("sheet", "gap", gap, 0)
    columns = min(columns, len(images))
    rows = -(-len(images) // columns)
    _, height, width, _ = images.shape
    page = np.full([gap + rows * (height + gap), gap + columns * (width + gap), 3], 255, np.uint8)
    for i, image in enumerate(images):
        top, left = gap + i // columns * (height + gap), gap + i % columns * (width + gap)
        page[top : top + height, left : left + width] = image
    return page


def save(image, path) -> Path:
    """Write uint8 [H, W, 3] as PNG (folders are made)."""
    return _write(path, lambda file: Image.fromarray(image).save(file, format="PNG"))


def save_gif(frames, path, milliseconds: int = 150) -> Path:
    """Write pictures uint8 [H, W, 3] of one size as a GIF that runs for ever; the last stays for two seconds.

    One palette of 256 colours for all of them, without dithering: so still parts stay still.
    """
    frames = list(frames)
    if not frames:
        checks.fail("save_gif", "frames", "at least one picture", "none")
    some = [frame[::2, ::2] for frame in frames[:: -(-len(frames) // 32)]] + [frames[-1][::2, ::2]]
    palette = Image.fromarray(np.concatenate(some)).quantize(256, dither=Image.Dither.NONE)
    frames = [
        Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE)
        for frame in frames
    ]
    return _write(
        path,
        lambda file: frames[0].save(
            file,
            format="GIF",
            save_all=True,
            append_images=frames[1:],
            loop=0,
            optimize=True,
            duration=[milliseconds] * (len(frames) - 1) + [2000],
        ),
    )


def _write(path, write) -> Path:
    """The file, whole or not at all; ValueError with a way out if the disk does not take it."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.cannot_write(path, error) from error
    files.write_atomically(path, write)
    return path
