"""The figures of chapter 7. Each function draws one figure and saves it at `path`."""

from __future__ import annotations

import os

import matplotlib.pyplot as plt
import numpy as np

from gan_core.app import plots

CHANNELS = (("red", "#C1272D"), ("green", "#2E8B3D"), ("blue", "#2F5FB3"))


def rows_of_pictures(
    path: str | os.PathLike, rows: dict[str, np.ndarray], pixels: float = 1.05
) -> None:
    """Pictures side by side, one row below the other.

    Args:
        path: the file to write.
        rows: label -> pictures uint8 [n, S, S, 3].
        pixels: inches of a picture, each way.
    """
    plots.use_style()
    count = max(len(pictures) for pictures in rows.values())
    figure, axes = plt.subplots(
        len(rows), 1, figsize=(pixels * count + 1.7, pixels * len(rows) + 0.2), squeeze=False
    )
    for ax, (label, pictures) in zip(axes[:, 0], rows.items(), strict=True):
        ax.imshow(np.concatenate(list(pictures), axis=1), interpolation="nearest")
        ax.set(xticks=[], yticks=[], anchor="W")
        ax.set_ylabel(label, rotation=0, ha="right", va="center")
        for spine in ax.spines.values():
            spine.set_visible(False)
    plots.save(figure, path)


def mean_and_histograms(
    path: str | os.PathLike, mean: np.ndarray, spread: np.ndarray, counts: np.ndarray
) -> None:
    """The mean picture, the sd of each pixel, and how often each level comes.

    Args:
        path: the file to write.
        mean: [S, S, 3], in levels of 255.
        spread: [S, S], the sd, in the same levels.
        counts: [3, 256], of each level in red, green and blue.
    """
    plots.use_style()
    figure, axes = plt.subplots(1, 3, figsize=(13, 3.8), width_ratios=(1, 1.2, 1.9))
    axes[0].imshow(np.uint8(np.round(mean)))
    axes[0].set(title="mean of all faces", xticks=[], yticks=[])
    shown = axes[1].imshow(spread, cmap="viridis", vmin=0.0)
    axes[1].set(title="sd of each pixel", xticks=[], yticks=[])
    axes[1].grid(False)
    figure.colorbar(shown, ax=axes[1], label="levels of 255", shrink=0.85)
    for (name, colour), row, style in zip(CHANNELS, counts, ("-", "--", "-."), strict=True):
        axes[2].plot(
            np.arange(256), 100.0 * row / row.sum(), color=colour, ls=style, lw=1.4, label=name
        )
    axes[2].set(
        xlabel="level", ylabel="% of pixels (log)", title="how often each level", yscale="log"
    )
    axes[2].legend()
    plots.save(figure, path)
