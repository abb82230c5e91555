"""The figures of chapter 8. Each function draws one figure and returns it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from gan_core.app import plots


def fields(
    maps: dict[str, tuple[np.ndarray, tuple[int, int]]],
    least: float = 1e-2,
) -> Figure:
    """What one unit sees, on a logarithmic scale; a gradient of exactly 0 is left white.

    Args:
        maps: title -> (|gradient| [n, n], (first, last) pixel by the formula, maybe outside).
        least: share of the largest gradient at which the colours begin.
    """
    plots.use_style()
    figure, axes = plt.subplots(1, len(maps), figsize=(3 * len(maps) + 0.9, 3.7), squeeze=False)
    for ax, (title, (values, (first, last))) in zip(axes[0], maps.items(), strict=True):
        logs = np.log10(np.maximum(values / values.max(), least))
        shown = ax.imshow(
            np.where(values > 0.0, logs, np.nan), cmap="viridis", vmin=np.log10(least), vmax=0.0
        )
        side = last - first + 1
        n = len(values)
        ax.add_patch(
            Rectangle(
                (first - 0.5, first - 0.5),
                side,
                side,
                fill=False,
                ec="black",
                lw=2,
                ls="--",
                label="field by the formula",
            )
        )
        ends = (-0.5 - 0.3 * n, 1.3 * n - 0.5)
        ax.add_patch(Rectangle((-0.5, -0.5), n, n, fill=False, ec="0.6", lw=1, label="the picture"))
        ax.set(title=title, xticks=[0, n - 1], yticks=[0, n - 1], xlim=ends, ylim=ends[::-1])
        ax.grid(False)
    figure.colorbar(shown, ax=axes[0], label="log₁₀ |gradient|,\n0: the largest", shrink=0.8)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def matrices(
    names: dict[float, str],
    panels: dict[str, tuple[np.ndarray, list[int]]],
) -> Figure:
    """Matrices side by side, with a letter for each known number.

    Args:
        names: number -> the letter to write for it.
        panels: title -> (matrix, the numbers of its rows).
    """
    plots.use_style()
    widths = [matrix.shape[1] for matrix, _ in panels.values()]
    figure, axes = plt.subplots(
        1, len(panels), figsize=(0.52 * sum(widths) + 1.6, 4.9), width_ratios=widths
    )
    for ax, (title, (matrix, rows)) in zip(axes, panels.items(), strict=True):
        ax.imshow(matrix, cmap="Purples", vmin=0.0, vmax=1.5 * matrix.max())
        for (i, j), value in np.ndenumerate(matrix):
            ax.text(j, i, names.get(float(value), "·"), ha="center", va="center", color="black")
        ax.set(
            title=title,
            xticks=range(matrix.shape[1]),
            yticks=range(len(matrix)),
            yticklabels=rows,
            xlabel="pixel that comes in",
        )
        ax.tick_params(labelsize="small")
        ax.grid(False)
    axes[0].set_ylabel("pixel that comes out")
    return figure


def checkerboards(columns: dict[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """How many input pixels reach each pixel, and below it the mean square of its values.

    Args:
        columns: title -> (counts [n, n], mean squares [m, m]).
    """
    plots.use_style()
    figure, axes = plt.subplots(
        2, len(columns), figsize=(3.3 * len(columns) + 0.9, 6.6), squeeze=False
    )
    for column, (title, images) in zip(axes.T, columns.items(), strict=True):
        column[0].set_title(title)
        shown = [
            ax.imshow(image, cmap="viridis", vmin=0.0, vmax=most)
            for ax, image, most in zip(column, images, (9.0, 2.5), strict=True)
        ]
        for (i, j), value in np.ndenumerate(images[0]):
            colour = "black" if value > 5 else "white"
            column[0].text(j, i, f"{value:.0f}", ha="center", va="center", color=colour)
    labels = "input pixels that reach it", "mean square of a pixel\n(their mean: 1)"
    for row, image, label in zip(axes, shown, labels, strict=True):
        figure.colorbar(image, ax=row, shrink=0.9)
        row[0].set_ylabel(label)
        for ax in row:
            ax.set(xticks=[], yticks=[])
    return figure


def moving_means(means: dict[str, np.ndarray], real: float, fake: float) -> Figure:
    """Moving means that are fed with two kinds of batches in turn.

    Args:
        means: label -> the moving mean after each batch [n].
        real: the mean of the real batches.
        fake: the mean of the generated ones.
    """
    plots.use_style()
    figure, ax = plt.subplots(figsize=(9, 3.8))
    ax.axhline(real, color=plots.REAL, lw=2, label="mean of the real batches")
    ax.axhline(fake, color=plots.FAKE, lw=2, label="mean of the generated batches")
    for (label, values), colour, style in zip(
        means.items(), plots.OTHERS, ("-", "--"), strict=False
    ):
        ax.plot(
            np.arange(1, len(values) + 1), values, "o", ls=style, ms=4, color=colour, label=label
        )
    ax.set(xlabel="batches seen: real, generated, real, generated, ...", ylabel="moving mean")
    figure.legend(loc="outside lower center", ncols=2)
    return figure
