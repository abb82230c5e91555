"""The figures of chapters 3 and 4: numbers on a line.

Each function draws one figure and saves it at `path`. What they draw are *looks* at a game while
it is trained: a dict of arrays with one entry a look, step [n], fake [n, m], d [n, k] and so on,
and once for all looks x [k], where D was asked, and real [m].
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from gan_core.app import plots

Looks = dict[str, np.ndarray]

BINS = 45  # of the histograms
STYLES = ("-", "-", "-.")


def snapshots(path: Path, games: dict[str, Looks], columns: Sequence[int]) -> Path:
    """A row a game, a column a moment: histograms, D over x, and D* where it is known.

    Args:
        path: of the PNG.
        games: title -> looks with step, fake, d, x, real and perhaps best_d.
        columns: which looks.

    Returns:
        The path.
    """
    plots.use_style()
    figure, axes = plt.subplots(
        len(games),
        len(columns),
        figsize=(3.2 * len(columns), 2.3 * len(games) + 0.9),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for row, (title, looks) in zip(axes, games.items(), strict=True):
        for ax, index in zip(row, columns, strict=True):
            _draw_snapshot(ax, looks, index)
        row[0].set_ylabel(title)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    for ax in axes[-1]:
        ax.set_xlabel("x")
    return plots.save(figure, path)


def _draw_snapshot(axes: Axes, looks: Looks, index: int) -> None:
    """One look: the samples, D, and D* where it is known."""
    x = looks["x"]
    best = looks["best_d"][index] if "best_d" in looks else None
    plots.histograms(axes, looks["real"], looks["fake"][index], BINS, (x[0], x[-1]))
    plots.discriminator(axes, x, looks["d"][index], best)
    axes.set(title=f"round {looks['step'][index]:,}", ylim=(0, 1.05), xlabel="", ylabel="")


def path_to_the_data(path: Path, games: dict[str, Looks], mean: float, sd: float) -> Path:
    """The mean and the sd of G's samples over the rounds.

    Args:
        path: of the PNG.
        games: title -> looks with step, mean and sd; at most three.
        mean: of the data.
        sd: of the data.

    Returns:
        The path.
    """
    plots.use_style()
    figure, axes = plt.subplots(1, 2, figsize=(11, 3.8))
    for ax, name, truth in zip(axes, ("mean", "sd"), (mean, sd), strict=True):
        for (title, looks), colour, style in zip(games.items(), plots.OTHERS, STYLES, strict=False):
            label = title.replace("\n", ", ")
            ax.plot(looks["step"], looks[name], color=colour, ls=style, label=label)
        ax.axhline(truth, color=plots.REAL, ls="--", label="the data's")
        ax.set(xlabel="round", ylabel=f"{name} of the generated samples")
    axes[1].set_yscale("log")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return plots.save(figure, path)


def one_half(path: Path, runs: dict[str, tuple[Looks, int]]) -> Path:
    """The average of D, the accuracy of D, and the distance of G, which neither of them shows.

    Args:
        path: of the PNG.
        runs: title -> (looks with step, d_real, d_fake, accuracy and distance, the look that
            the rule keeps).

    Returns:
        The path.
    """
    plots.use_style()
    figure, axes = plt.subplots(
        2, len(runs), figsize=(4.2 * len(runs), 5.4), sharex="col", sharey="row", squeeze=False
    )
    for (title, (looks, kept)), (top, bottom) in zip(runs.items(), axes.T, strict=True):
        step = looks["step"]
        average = 0.5 * (looks["d_real"] + looks["d_fake"])
        top.plot(step, average, color=plots.OTHERS[1], label="average of D over both sets")
        top.plot(step, looks["accuracy"], color=plots.OTHERS[0], ls="--", label="accuracy of D")
        top.axhline(0.5, color="0.4", lw=1, ls=":")
        label = "distance of G from the data"
        bottom.semilogy(step, looks["distance"], color=plots.FAKE, label=label)
        _mark_kept(top, step[kept], average[kept])
        _mark_kept(bottom, step[kept], looks["distance"][kept])
        top.set(title=title, ylim=(-0.05, 1.05))
        bottom.set_xlabel("round")
    axes[0, 0].set_ylabel("D")
    axes[1, 0].set_ylabel("Wasserstein-2")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    more_handles, more_labels = axes[1, 0].get_legend_handles_labels()
    kept_is_named = len(more_handles) - 1  # the mark stands in both panels, and once in the legend
    figure.legend(
        handles + more_handles[:kept_is_named],
        labels + more_labels[:kept_is_named],
        loc="outside lower center",
        ncols=2,
    )
    return plots.save(figure, path)


def _mark_kept(axes: Axes, step: float, value: float) -> None:
    """The look that the rule keeps."""
    axes.axvline(step, color="0.6", lw=1)
    axes.plot(step, value, "o", ms=8, color="black", label="what the lab's rule keeps")
