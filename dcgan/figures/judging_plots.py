"""The figures of chapter 11: who is found out by what, nearest training faces, combinations that
never come out."""

from __future__ import annotations

import os

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import to_rgba

from dcgan.figures.sheets import sheet
from dcgan.measures.neighbours import lowest_percent
from gan_core.app import plots


def verdicts(
    path: str | os.PathLike,
    shown: dict[str, np.ndarray],
    rows: dict[str, dict[str, float]],
    floor: dict[str, tuple[float, float]],
    found: dict[str, dict[str, bool]],
) -> None:
    """A line for each set of faces: some of them, and a cell for each measure, vermilion where it
    found them out.

    Args:
        path: the file to write.
        shown: {name: faces [>= 6, S, S, 3] uint8}, a line each; first the floor, in blue.
        rows: {name: {measure: value}}, of all sets but the floor.
        floor: {measure: (mean, sd)} of real sets.
        found: {name: {measure: whether it found the set out}}.
    """
    plots.use_style()
    names = list(shown)
    measures = list(floor)
    figure, axes = plt.subplots(figsize=(13, 0.86 * len(names) + 0.6))
    for line, name in enumerate(names):
        strip = sheet(shown[name][:6], columns=6)
        axes.imshow(
            strip,
            extent=(-5.3, -0.1, line + 0.45, line - 0.45),
            aspect="auto",
            interpolation="antialiased",
        )
        axes.text(-5.45, line, name, ha="right", va="center")
        for column, measure in enumerate(measures):
            mean, sd = floor[measure]
            if name in rows:
                strength = 0.75 if found[name][measure] else 0.07
                colour = to_rgba(plots.FAKE, strength)
                text = _short(rows[name][measure])
            else:
                colour = to_rgba(plots.REAL, 0.25)
                text = f"{_short(mean)}\n± {sd:.1g}"
            axes.add_patch(
                plt.Rectangle((column + 0.03, line - 0.45), 0.94, 0.9, color=colour, lw=0)
            )
            axes.text(column + 0.5, line, text, ha="center", va="center")
    axes.set(xlim=(-5.4, len(measures)), ylim=(len(names) - 0.4, -0.6), yticks=[], frame_on=False)
    axes.set_xticks(np.arange(len(measures)) + 0.5, measures)
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    axes.grid(False)
    plots.save(figure, path)


def nearest_faces(
    path: str | os.PathLike,
    samples: np.ndarray,
    neighbours: np.ndarray,
    distances: np.ndarray,
    of_fake: np.ndarray,
    of_real: np.ndarray,
) -> None:
    """Left: generated faces, each above its nearest training faces. Right: all the distances.

    Args:
        path: the file to write.
        samples: uint8 [n, S, S, 3], generated.
        neighbours: uint8 [n, k, S, S, 3], the k nearest training faces of each.
        distances: [n, k], to these.
        of_fake: [N], how far generated faces are from their nearest training face.
        of_real: [M], the same of held-out faces.
    """
    plots.use_style()
    n, k = distances.shape
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(14, 1.15 * (k + 1) + 0.5), width_ratios=[1.12 * n / (k + 1), 1.6]
    )
    for i in range(n):
        for row, image in enumerate([samples[i], *neighbours[i]]):
            colour = plots.FAKE if row == 0 else plots.REAL
            left.add_patch(
                plt.Rectangle((i + 0.02, 1.25 * row - 0.02), 0.96, 1.0, color=colour, lw=0)
            )
            left.imshow(
                image,
                extent=(i + 0.05, i + 0.95, 1.25 * row + 0.95, 1.25 * row + 0.01),
                aspect="auto",
                zorder=2,
            )
            if row:
                left.text(
                    i + 0.5,
                    1.25 * row - 0.04,
                    f"{distances[i, row - 1]:.1f}",
                    ha="center",
                    va="bottom",
                    size=9,
                )
    left.set(
        xlim=(0, n),
        ylim=(1.25 * k + 1.05, -0.05),
        xticks=[],
        yticks=[],
        frame_on=False,
        title="generated (vermilion), and the nearest training faces (blue)",
    )
    left.grid(False)
    plots.histograms(right, of_real, of_fake, bins=30)
    right.axvline(lowest_percent(of_real), color="k", lw=1, ls=":", label="1 % of real are nearer")
    right.set(xlabel="distance to the nearest training face", ylabel="density", xlim=(0, None))
    right.legend(fontsize="small")
    plots.save(figure, path)


def combinations(path: str | os.PathLike, found) -> None:
    """A panel for each value of the third factor: counts of the first two over their expected ones.

    Colours are on a scale of doublings; a cross where a combination never came out.

    Args:
        path: the file to write.
        found: `factor_coverage.Coverage` of three factors.
    """
    plots.use_style()
    rows, columns, panels = found.factors
    figure, all_axes = plt.subplots(
        1,
        len(found.factors[panels]),
        sharey=True,
        squeeze=False,
        figsize=(1.6 + 2.7 * len(found.factors[panels]), 4.2),
    )
    ratio = np.log2(np.maximum(found.counts, 0.25) / found.expected)
    for i, (axes, value) in enumerate(zip(all_axes[0], found.factors[panels], strict=True)):
        drawn = axes.imshow(ratio[:, :, i], cmap="PRGn", vmin=-3, vmax=3, aspect="auto")
        missing = np.argwhere(found.counts[:, :, i] == 0)
        axes.scatter(missing[:, 1], missing[:, 0], marker="x", color="w", s=40)
        axes.set_xticks(range(ratio.shape[1]), found.factors[columns], rotation=90)
        axes.set_yticks(range(ratio.shape[0]), found.factors[rows])
        axes.set(title=f"{panels}: {value}", xlabel=columns.replace("_", " "))
        axes.grid(False)
    all_axes[0, 0].set_ylabel(rows.replace("_", " "))
    bar = figure.colorbar(drawn, ax=list(all_axes[0]), ticks=[-3, -2, -1, 0, 1, 2, 3])
    bar.ax.set_yticklabels(["1/8", "1/4", "1/2", "as expected", "2 ×", "4 ×", "8 ×"])
    plots.save(figure, path)


def _short(value: float) -> str:
    """Three digits, and no powers of ten."""
    if abs(value) >= 100 or value == 0:
        return f"{value:,.0f}"
    if abs(value) >= 0.1:
        return f"{value:.3g}"
    return f"{value:.2f}"
