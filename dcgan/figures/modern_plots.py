"""The figures of chapter 12. Each function draws one and returns it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dcgan.figures.sheets import sheet
from gan_core.app import plots

STYLES = ("-", "--", "-.")


def landscapes(places: np.ndarray, panels: dict[str, dict[str, np.ndarray]]) -> Figure:
    """The value of each game while one of two generated samples moves from mode to mode.

    Args:
        places: [n], of the sample that moves.
        panels: title -> {game: values [n]}.

    Returns:
        The figure.
    """
    plots.use_style()
    figure, axes = plt.subplots(1, len(panels), figsize=(11, 3.9), sharey=True, squeeze=False)
    for ax, (title, games) in zip(axes[0], panels.items(), strict=True):
        for (game, values), colour, style in zip(games.items(), plots.OTHERS, STYLES, strict=False):
            ax.plot(places, values, style, color=colour, lw=2, label=game)
        for mode in (-1.0, 1.0):
            ax.axvline(mode, color=plots.REAL, lw=1, ls=":")
        ax.set(title=title, xlabel="place of the second generated sample")
    axes[0, 0].set_ylabel("value of the game, which G lowers")
    plots.legend_below(figure, axes[0, 0])
    return figure


def parabolas(fake: float, panels: dict[str, dict[int, tuple[float, float]]]) -> Figure:
    """D between the real sample at 0 and the generated one, after more and more steps.

    Args:
        fake: the place of the generated sample.
        panels: title -> {training steps of D: its slopes at 0 and at the generated sample}.

    Returns:
        The figure.
    """
    plots.use_style()
    figure, axes = plt.subplots(1, len(panels), figsize=(11, 3.7), sharey=True, squeeze=False)
    x = np.linspace(-0.25 * fake, 1.15 * fake, 200)
    for ax, (title, fits) in zip(axes[0], panels.items(), strict=True):
        shades = np.linspace(0.25, 1.0, len(fits))
        for (steps, (at_real, at_fake)), shade in zip(fits.items(), shades, strict=True):
            curvature = (at_fake - at_real) / fake
            values = at_real * x + 0.5 * curvature * x**2
            ax.plot(x, values, color="k", alpha=shade, lw=1.8, label=f"{steps:,} steps")
        ax.axvline(0.0, color=plots.REAL, lw=2, label="real")
        ax.axvline(fake, color=plots.FAKE, lw=2, label="generated")
        ax.set(title=title, xlabel="x")
    axes[0, 0].set_ylabel("D(x) − D(0)")
    plots.legend_below(figure, axes[0, 0])
    return figure


def signal_through_depth(curves: dict[str, np.ndarray]) -> Figure:
    """The mean square of a signal behind each layer or block, on a logarithmic scale.

    Args:
        curves: label -> mean squares, the first of them that of the input.

    Returns:
        The figure.
    """
    plots.use_style()
    figure, ax = plt.subplots(figsize=(9, 3.9))
    colours = ["0.5", *plots.OTHERS]
    for (label, values), colour in zip(curves.items(), colours, strict=False):
        ax.plot(np.arange(len(values)), values, "o-", ms=3, color=colour, label=label)
    ax.set(xlabel="layers or blocks passed", ylabel="mean square", yscale="log")
    ax.set_xticks(range(0, max(map(len, curves.values())), 4))
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return figure


def aliasing(
    row: np.ndarray,
    kept: dict[str, np.ndarray],
    frequencies: np.ndarray,
    responses: dict[str, tuple[np.ndarray, np.ndarray]],
) -> Figure:
    """Left: a wave and what two ways of halving leave of it. Right: amplitudes by frequency.

    Args:
        row: [n], the wave.
        kept: way of halving -> what is left [n / 2].
        frequencies: [m], in periods a pixel.
        responses: way of halving -> (amplitude by the formula [m], measured [m]).

    Returns:
        The figure.
    """
    plots.use_style()
    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 4.0), width_ratios=[1.3, 1.0])
    fine = np.linspace(0, len(row) - 1, 20 * len(row))
    spline = np.interp(fine, np.arange(len(row)), row)
    left.plot(fine, spline, color="0.8", lw=1, label="the row")
    left.plot(np.arange(len(row)), row, ".", color="0.6", ms=4)
    styles = zip(kept.items(), (plots.FAKE, plots.OTHERS[0]), ("o-", "s-"), strict=False)
    for (label, values), colour, style in styles:
        places = 2.0 * np.arange(len(values))
        left.plot(places, values, style, color=colour, ms=4, lw=1.5, label=label)
    left.set(xlabel="pixel", ylabel="value", ylim=(-1.55, 1.25))
    curves = zip(
        responses.items(), (plots.FAKE, plots.OTHERS[2], plots.OTHERS[0]), STYLES, strict=False
    )
    for (label, (formula, measured)), colour, style in curves:
        right.plot(frequencies, formula, style, color=colour, lw=2, label=label)
        right.plot(frequencies[::4], measured[::4], "o", color=colour, ms=4)
    right.axvspan(0.25, 0.5, color="0.9", zorder=0)
    right.text(0.375, 1.06, "comes out as another wave", ha="center", size="small")
    right.set(xlabel="periods a pixel", ylabel="amplitude left", xlim=(0, 0.5), ylim=(-0.03, 1.15))
    left.legend(fontsize="small", loc="lower left", ncols=3)
    right.legend(fontsize="small", loc="lower left")
    return figure


def faces_of_recipes(rows: dict[str, np.ndarray], columns: int = 12) -> Figure:
    """A row of faces for each recipe.

    Args:
        rows: recipe -> faces uint8 [>= columns, S, S, 3].
        columns: faces in a row.

    Returns:
        The figure.
    """
    plots.use_style()
    figure, panels = plt.subplots(len(rows), 1, figsize=(10, 1.15 * len(rows)), squeeze=False)
    for axes, (title, faces) in zip(panels[:, 0], rows.items(), strict=True):
        axes.imshow(sheet(faces[:columns], columns=columns), interpolation="antialiased")
        axes.set_title(title, loc="left", fontsize="small", pad=2)
        axes.set(xticks=[], yticks=[], frame_on=False)
        axes.grid(False)
    return figure


def progress(
    looks: dict[str, dict[str, np.ndarray]], floors: dict[str, float], measures: tuple[str, ...]
) -> Figure:
    """Each measure against the images seen, above, and against CPU seconds, below.

    Args:
        looks: recipe -> {"images", "seconds" and each measure: [n]}.
        floors: measure -> its value for real faces.
        measures: the measures to draw, one a column.

    Returns:
        The figure.
    """
    plots.use_style()
    figure, axes = plt.subplots(
        2, len(measures), figsize=(5.6 * len(measures), 7.0), squeeze=False, sharey="col"
    )
    colours = ["0.6", *plots.OTHERS]
    axis_names = {"images": "images seen", "seconds": "CPU seconds of training"}
    for line, (against, name) in zip(axes, axis_names.items(), strict=True):
        for ax, measure in zip(line, measures, strict=True):
            for (recipe, looked), colour in zip(looks.items(), colours, strict=False):
                ax.plot(looked[against], looked[measure], "o-", ms=4, color=colour, label=recipe)
            ax.axhline(floors[measure], color=plots.REAL, lw=1.5, ls=":", label="real faces")
            ax.set(xlabel=name, ylabel=measure, yscale="log")
            _label_plainly(ax)
    plots.legend_below(figure, axes[0, 0], columns=3)
    return figure


def _label_plainly(ax: Axes) -> None:
    """Ticks of a logarithmic axis as plain numbers."""
    low, high = ax.get_ylim()
    ticks = [tick for tick in (1, 3, 10, 30, 100, 300, 1000) if low <= tick <= high]
    ax.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
    ax.minorticks_off()
