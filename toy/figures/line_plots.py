"""The figures of chapter 3: numbers on a line.

Each function draws one figure and returns it. They draw *looks*: measurements at n moments of a
training. Looks are a dict of arrays with one entry for each moment, step [n], fake [n, m],
d [n, k] and so on. Two arrays hold for all moments: x [k], where D was evaluated, and real [m].
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gan_core.app import plots

Looks = dict[str, np.ndarray]

BINS = 45  # of the histograms
STYLES = ("-", "-", "-.")


def snapshots(games: dict[str, Looks], columns: Sequence[int]) -> Figure:
    """A row for each game, a column for each moment: histograms, D over x, and D* if it is known.

    Args:
        games: title -> looks with step, fake, d, x, real and perhaps best_d.
        columns: which looks.

    Returns:
        The figure.
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
    plots.legend_below(figure, axes[0, 0])
    for ax in axes[-1]:
        ax.set_xlabel("x")
    return figure


def _draw_snapshot(axes: Axes, looks: Looks, index: int) -> None:
    """One look: the samples, D, and D* where it is known."""
    x = looks["x"]
    best = looks["best_d"][index] if "best_d" in looks else None
    plots.histograms(axes, looks["real"], looks["fake"][index], BINS, (x[0], x[-1]))
    plots.discriminator(axes, x, looks["d"][index], best)
    axes.set(title=f"round {looks['step'][index]:,}", ylim=(0, 1.05), xlabel="", ylabel="")


def path_to_the_data(games: dict[str, Looks], mean: float, sd: float) -> Figure:
    """The mean and the sd of G's samples over the rounds.

    Args:
        games: title -> looks with step, mean and sd; at most three.
        mean: the mean of the data.
        sd: the standard deviation of the data.

    Returns:
        The figure.
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
    plots.legend_below(figure, axes[0])
    return figure


def curves(games: dict[str, Looks]) -> Figure:
    """A column for each game: the losses, D's mean outputs and its accuracy, the distance of G.

    Args:
        games: title -> looks with step, d_loss, g_loss, d_real, d_fake, accuracy and distance.

    Returns:
        The figure.
    """
    plots.use_style()
    size = (4.2 * len(games), 7.4)
    figure, axes = plt.subplots(
        3, len(games), figsize=size, sharex="col", sharey="row", squeeze=False
    )
    for (title, looks), (top, middle, bottom) in zip(games.items(), axes.T, strict=True):
        step = looks["step"]
        top.plot(step, looks["d_loss"], color=plots.DISCRIMINATOR, label="loss of D")
        label = "non-saturating loss of G"
        top.plot(step, looks["g_loss"], color=plots.OTHERS[2], ls="--", label=label)
        for level in (np.log(4.0), np.log(2.0)):
            top.axhline(level, color="0.4", lw=1, ls=":")
        middle.plot(step, looks["d_real"], color=plots.REAL, label="mean D(x), real")
        middle.plot(step, looks["d_fake"], color=plots.FAKE, label="mean D(G(z)), generated")
        label = "accuracy of D"
        middle.plot(step, looks["accuracy"], color=plots.OTHERS[0], ls="--", label=label)
        middle.axhline(0.5, color="0.4", lw=1, ls=":")
        label = "distance of G from the data"
        bottom.semilogy(step, looks["distance"], color=plots.OTHERS[1], label=label)
        top.set(title=title, ylim=(0.0, 4.0))
        middle.set_ylim(-0.05, 1.05)
        bottom.set_xlabel("round")
    for ax, label in zip(axes[:, 0], ("loss", "D", "Wasserstein-2"), strict=True):
        ax.set_ylabel(label)
    handles = []
    for ax in axes[:, 0]:
        handles += ax.get_legend_handles_labels()[0]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure
