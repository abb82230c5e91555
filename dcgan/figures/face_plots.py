"""The figures of chapter 6. Each function draws one figure and saves it at `path`."""

import matplotlib.pyplot as plt
import numpy as np

from gan_core.app import plots

CHANNELS = (("red", "#C1272D"), ("green", "#2E8B3D"), ("blue", "#2F5FB3"))


def rows_of_pictures(path, rows, pixels: float = 1.05):
    """rows: label -> pictures uint8 [n, S, S, 3], side by side, one row below the other."""
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


def mean_and_histograms(path, mean, spread, counts):
    """The mean picture [S, S, 3] and the sd of each pixel [S, S], both in levels;
    counts [3, 256] of each level.
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
