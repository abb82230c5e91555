"""The figures of chapter 11. Each function draws one and returns it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from dcgan.figures.sheets import in_rgb, sheet
from dcgan.measures.neighbours import lowest_percent
from gan_core.app import plots

SHOWN = 6  # faces of each set, beside its measures
DETECTED = 0.75  # how strong a cell's colour is where the measure detects the set
PASSED = 0.07
FRAME = 1.25  # height of a face with the number above it, in heights of a face


def rows_of_faces(rows: dict[str, np.ndarray], columns: int = 12) -> Figure:
    """A row of faces for each title.

    Args:
        rows: title -> faces uint8 [>= columns, S, S, C].
        columns: faces in a row.

    Returns:
        The figure.
    """
    plots.use_style()
    figure, panels = plt.subplots(len(rows), 1, figsize=(10, 1.1 * len(rows)), squeeze=False)
    for axes, (title, faces) in zip(panels[:, 0], rows.items(), strict=True):
        page = sheet(faces[:columns], columns=columns)
        axes.imshow(in_rgb(page), interpolation="antialiased")
        axes.set_ylabel(title, rotation=0, ha="right", va="center", weight="bold")
        axes.set(xticks=[], yticks=[], frame_on=False)
        axes.grid(False)
    return figure


def verdicts(
    shown: dict[str, np.ndarray],
    rows: dict[str, dict[str, float]],
    floor: dict[str, tuple[float, float]],
    detected: dict[str, dict[str, bool]],
) -> Figure:
    """A line for each set of faces: some faces, and a cell for each measure, which is vermilion if
    the measure detects the set.

    Args:
        shown: {name: faces [>= 6, S, S, C] uint8}, a line each; first the floor, in blue.
        rows: {name: {measure: value}}, of all sets but the floor.
        floor: {measure: (mean, sd)} of real sets.
        detected: {name: {measure: whether it detects the set}}.

    Returns:
        The figure.
    """
    plots.use_style()
    names = list(shown)
    measures = list(floor)
    figure, axes = plt.subplots(figsize=(13, 0.86 * len(names) + 0.6))
    for line, name in enumerate(names):
        _draw_set(axes, line, name, shown[name])
        for column, measure in enumerate(measures):
            if name in rows:
                strength = DETECTED if detected[name][measure] else PASSED
                colour = to_rgba(plots.FAKE, strength)
                text = _short(rows[name][measure])
            else:
                mean, sd = floor[measure]
                colour = to_rgba(plots.REAL, 0.25)
                text = f"{_short(mean)}\n± {_one_digit(sd)}"
            _draw_cell(axes, line, column, colour, text)
    axes.set(xlim=(-5.4, len(measures)), ylim=(len(names) - 0.4, -0.6), yticks=[], frame_on=False)
    axes.set_xticks(np.arange(len(measures)) + 0.5, measures)
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    axes.grid(False)
    return figure


def _draw_set(axes: Axes, line: int, name: str, faces: np.ndarray) -> None:
    """The name, and the first faces beside it."""
    axes.imshow(
        in_rgb(sheet(faces[:SHOWN], columns=SHOWN)),
        extent=(-5.3, -0.1, line + 0.45, line - 0.45),
        aspect="auto",
        interpolation="antialiased",
    )
    axes.text(-5.45, line, name, ha="right", va="center")


def _draw_cell(axes: Axes, line: int, column: int, colour: tuple, text: str) -> None:
    corner = (column + 0.03, line - 0.45)
    axes.add_patch(plt.Rectangle(corner, 0.94, 0.9, color=colour, lw=0))
    axes.text(column + 0.5, line, text, ha="center", va="center")


def nearest_faces(
    samples: np.ndarray,
    neighbours: np.ndarray,
    distances: np.ndarray,
    of_fake: np.ndarray,
    of_real: np.ndarray,
) -> Figure:
    """Left: generated faces, each above its nearest training faces. Right: all the distances.

    Args:
        samples: uint8 [n, S, S, C], generated.
        neighbours: uint8 [n, k, S, S, C], the k nearest training faces of each.
        distances: [n, k], to these.
        of_fake: [N], how far generated faces are from their nearest training face.
        of_real: [M], the same of held-out faces.

    Returns:
        The figure.
    """
    plots.use_style()
    n, k = distances.shape
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(14, 1.15 * (k + 1) + 0.5), width_ratios=[1.12 * n / (k + 1), 1.6]
    )
    for column in range(n):
        _draw_framed(left, column, 0, samples[column], plots.FAKE)
        for row in range(1, k + 1):
            _draw_framed(left, column, row, neighbours[column, row - 1], plots.REAL)
            words = f"{distances[column, row - 1]:.1f}"
            place = (column + 0.5, FRAME * row - 0.04)
            left.text(*place, words, ha="center", va="bottom", size=9)
    left.set(
        xlim=(0, n),
        ylim=(FRAME * k + 1.05, -0.05),
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
    return figure


def _draw_framed(axes: Axes, column: int, row: int, face: np.ndarray, colour: str) -> None:
    top = FRAME * row
    corner = (column + 0.02, top - 0.02)
    axes.add_patch(plt.Rectangle(corner, 0.96, 1.0, color=colour, lw=0))
    extent = (column + 0.05, column + 0.95, top + 0.95, top + 0.01)
    axes.imshow(in_rgb(face), extent=extent, aspect="auto", zorder=2)


def combinations(found) -> Figure:
    """A panel for each value of the third factor: counts of the first two over expected counts.

    Colours have a logarithmic scale; a cross marks a combination that did not occur.

    Args:
        found: `factor_coverage.Coverage` of three factors.

    Returns:
        The figure.
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
        axes.set(title=f"{panels.replace('_', ' ')}: {value}", xlabel=columns.replace("_", " "))
        axes.grid(False)
    all_axes[0, 0].set_ylabel(rows.replace("_", " "))
    bar = figure.colorbar(drawn, ax=list(all_axes[0]), ticks=[-3, -2, -1, 0, 1, 2, 3])
    bar.ax.set_yticklabels(["1/8", "1/4", "1/2", "as expected", "2 ×", "4 ×", "8 ×"])
    return figure


def _one_digit(value: float) -> str:
    """One digit that is not 0, and no powers of ten: 10, 0.7, 0.003."""
    return np.format_float_positional(float(f"{value:.1g}"), trim="-")


def _short(value: float) -> str:
    """Three digits, and no powers of ten."""
    if abs(value) >= 100 or value == 0:
        return f"{value:,.0f}"
    if abs(value) >= 0.1:
        return f"{value:.3g}"
    return f"{value:.2f}"
