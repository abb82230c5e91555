"""The figures of chapter 7. Each function draws one figure and returns it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from dcgan.figures import sheets
from gan_core.app import plots

CHANNELS = (("red", "#C1272D"), ("green", "#2E8B3D"), ("blue", "#2F5FB3"))


def contact_sheet(pictures: np.ndarray, columns: int = 8, zoom: int = 2) -> Figure:
    """Pictures row by row, each pixel drawn as a square.

    Args:
        pictures: uint8 [N, S, S, C], C = 3 or 1.
        columns: pictures in a row.
        zoom: side of such a square, in pixels of the figure.
    """
    page = sheets.sheet(pictures, columns=columns)
    page = page.repeat(zoom, axis=0).repeat(zoom, axis=1)
    dots = 100
    figure = plt.figure(figsize=(page.shape[1] / dots, page.shape[0] / dots), dpi=dots)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.imshow(sheets.in_rgb(page), interpolation="nearest", aspect="auto")
    axes.set_axis_off()
    return figure


def rows_of_pictures(rows: dict[str, np.ndarray], inches: float = 1.05) -> Figure:
    """Pictures side by side, one row below the other.

    Args:
        rows: label -> pictures uint8 [n, S, S, C], C = 3 or 1.
        inches: the height and width of a picture.
    """
    plots.use_style()
    count = max(len(pictures) for pictures in rows.values())
    figure, axes = plt.subplots(
        len(rows), 1, figsize=(inches * count + 1.7, inches * len(rows) + 0.2), squeeze=False
    )
    for ax, (label, pictures) in zip(axes[:, 0], rows.items(), strict=True):
        side = pictures.shape[1]
        row = np.concatenate(list(pictures), axis=1)
        ax.imshow(sheets.in_rgb(row), interpolation="nearest")
        # A short row keeps the scale of a long one.
        ax.set(xticks=[], yticks=[], xlim=(-0.5, count * side - 0.5), anchor="W")
        ax.set_ylabel(label, rotation=0, ha="right", va="center")
        ax.grid(False)
        for spine in ax.spines.values():
            spine.set_visible(False)
    return figure


def mean_and_histograms(mean: np.ndarray, spread: np.ndarray, counts: np.ndarray) -> Figure:
    """The mean picture, the sd of each pixel, and how often each level occurs.

    Args:
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
        xlabel="level", ylabel="% of pixels (log scale)", title="levels in use", yscale="log"
    )
    axes[2].legend()
    return figure


def slices(x: np.ndarray, y: np.ndarray, directions: dict[str, np.ndarray]) -> Figure:
    """Two clouds of points in the plane, and what is seen of them along some directions.

    Args:
        x: points of one set, [n, 2].
        y: points of the other set, [m, 2].
        directions: title -> a vector of length 1.
    """
    plots.use_style()
    count = 1 + len(directions)
    figure, axes = plt.subplots(1, count, figsize=(3.9 * count, 3.6))
    axes[0].scatter(*x.T, s=6, lw=0, color=plots.REAL, label="one set")
    axes[0].scatter(*y.T, s=6, lw=0, color=plots.FAKE, label="the other")
    span = 1.1 * max(np.abs(x).max(), np.abs(y).max())
    for direction in directions.values():
        ends = span * np.stack([-direction, direction])
        axes[0].plot(*ends.T, color="0.3", lw=1.2, ls="--")
    axes[0].set(xlim=(-span, span), ylim=(-span, span), aspect="equal", xlabel="x₁", ylabel="x₂")
    axes[0].legend(loc="upper left", fontsize="small")
    edges = np.linspace(-span, span, 41)
    for ax, (title, direction) in zip(axes[1:], directions.items(), strict=True):
        ax.hist(x @ direction, edges, density=True, color=plots.REAL, alpha=0.5)
        ax.hist(y @ direction, edges, density=True, color=plots.FAKE, alpha=0.5)
        ax.set(title=title, xlabel="place along the line", ylabel="density")
    return figure


def floors(sizes: list[int], values: np.ndarray) -> Figure:
    """The floor of a distance for several sizes of the sets, and a line of slope -1/2.

    Args:
        sizes: n, pictures in each set.
        values: [len(sizes), repeats], the distance of two real sets of n pictures.
    """
    plots.use_style()
    figure, ax = plt.subplots(figsize=(6.4, 4.0))
    n = np.array(sizes, float)
    means = values.mean(axis=1)
    for column in values.T:
        ax.plot(n, column, "o", ms=5, color=plots.REAL, alpha=0.6)
    ax.plot(n, means, color=plots.REAL, lw=1.8, label="mean of the splits")
    ax.plot(
        n, means[0] * np.sqrt(n[0] / n), color="black", ls="--", lw=1.2, label="slope of 1 / √n"
    )
    ax.set(xscale="log", yscale="log", xlabel="n, pictures in each set", ylabel="distance")
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ax.set_xticks([], minor=True)
    ax.yaxis.set_major_formatter("{x:.0f}")
    ax.yaxis.set_minor_formatter("{x:.0f}")
    ax.legend()
    return figure
