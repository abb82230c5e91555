"""The picture that goes with the judge's table: real faces, the best, the worst, nearest pairs."""

from __future__ import annotations

import os

import matplotlib.pyplot as plt
import numpy as np

from dcgan.figures.sheets import in_rgb, sheet
from gan_core.app import plots

COLUMNS = 16
ENLARGED = 2  # times, so that texture can be seen


def draw(path: str | os.PathLike, panels: dict[str, np.ndarray]) -> None:
    """One sheet of faces below the other, each with a line that says what it shows.

    Args:
        path: the PNG.
        panels: {line: faces uint8 [N, S, S, C]}, COLUMNS of them in a row.
    """
    plots.use_style()
    pages = [sheet(faces, columns=COLUMNS) for faces in panels.values()]
    heights = [page.shape[0] for page in pages]
    dots = 100
    width = ENLARGED * pages[0].shape[1] / dots
    height = ENLARGED * sum(heights) / dots + 0.4 * len(pages)
    figure, axes = plt.subplots(
        len(pages), 1, figsize=(width, height), height_ratios=heights, squeeze=False
    )
    for axis, title, page in zip(axes[:, 0], panels, pages, strict=True):
        axis.imshow(in_rgb(page), interpolation="nearest")
        axis.set_title(title, loc="left", fontsize=14)
        axis.set_axis_off()
    plots.save(figure, path)
