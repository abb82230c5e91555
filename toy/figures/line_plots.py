"""The figures of chapters 3 and 4: numbers on a line.

Each function draws one figure. Those of chapter 3 return it, those of chapter 4 save it at `path`.
What they draw are *looks* at a game while it is trained: a dict of arrays with one entry a look,
step [n], fake [n, m], d [n, k] and so on, and once for all looks x [k], where D was asked, and
real [m].
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from gan_core.app import plots

Looks = dict[str, np.ndarray]

BINS = 45  # of the histograms
CELLS = 100  # of the densities over time
SHADES = LinearSegmentedColormap.from_list("generated", ["white", plots.FAKE, "#5A2500"])
STYLES = ("-", "-", "-.")


def snapshots(games: dict[str, Looks], columns: Sequence[int]) -> Figure:
    """A row a game, a column a moment: histograms, D over x, and D* where it is known.

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
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
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
        mean: of the data.
        sd: of the data.

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
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def curves(games: dict[str, Looks]) -> Figure:
    """A column a game: the losses, what D says and how often it is right, the distance of G.

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


def densities_over_time(
    path: Path, games: dict[str, Looks], centers: Sequence[float], head_start: int
) -> Path:
    """Above, the density of G's samples over the rounds; below, the last look, with D.

    Args:
        path: of the PNG.
        games: title -> looks with step, fake, d, x and real.
        centers: of the data's modes.
        head_start: rounds in which D alone learns; 0: none.

    Returns:
        The path.
    """
    plots.use_style()
    figure, axes = plt.subplots(
        2, len(games), figsize=(3.3 * len(games), 6.0), sharey="row", squeeze=False
    )
    for (title, looks), (top, bottom) in zip(games.items(), axes.T, strict=True):
        x = looks["x"]
        _draw_density(top, looks)
        for index, center in enumerate(centers):
            label = "a mode of the data" if index == 0 else None
            top.axhline(center, color=plots.REAL, lw=1, ls="--", label=label)
        if head_start:
            top.axvline(head_start, color="0.4", lw=1, ls=":", label="G may move from here on")
        top.set(title=title, xlabel="round")
        top.grid(False)
        plots.histograms(bottom, looks["real"], looks["fake"][-1], BINS, (x[0], x[-1]))
        plots.discriminator(bottom, x, looks["d"][-1])
        bottom.set(ylim=(0, 1.05), ylabel="")
    axes[0, 0].set_ylabel("x, with the density\nof G's samples as shade")
    axes[1, 0].set_ylabel("after the last round")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    more_handles, more_labels = axes[1, 0].get_legend_handles_labels()
    figure.legend(handles + more_handles, labels + more_labels, loc="outside lower center", ncols=6)
    return plots.save(figure, path)


def _draw_density(axes: Axes, looks: Looks) -> None:
    """The share of G's samples in each cell of x, a column a look; its root, so that few show."""
    x = looks["x"]
    edges = np.linspace(x[0], x[-1], CELLS + 1)
    counts = np.stack([np.histogram(fake, edges)[0] for fake in looks["fake"]])
    shares = counts / looks["fake"].shape[1]
    axes.imshow(
        np.sqrt(shares.T),
        origin="lower",
        aspect="auto",
        cmap=SHADES,
        vmin=0.0,
        vmax=0.5,
        extent=(0, looks["step"][-1], x[0], x[-1]),
    )


def what_is_reported(path: Path, games: dict[str, Looks], head_start: int) -> Path:
    """G's gradient, D(G(z)), G's loss and W1 over the rounds.

    Args:
        path: of the PNG.
        games: "loss, optimizer" -> looks with step, g_gradient_norm, d_fake, g_loss and distance.
        head_start: rounds in which D alone learns; 0: none.

    Returns:
        The path.
    """
    plots.use_style()
    figure, axes = plt.subplots(2, 2, figsize=(11, 6.6), sharex=True)
    shown = {
        "g_gradient_norm": "size of G's gradient",
        "d_fake": "mean D(G(z))",
        "g_loss": "G's loss",
        "distance": "Wasserstein-1 from the data",
    }
    colours = _colours_of_losses(games)
    for ax, (name, label) in zip(axes.flat, shown.items(), strict=True):
        for title, looks in games.items():
            style = "--" if title.endswith("Adam") else "-"
            ax.plot(looks["step"], looks[name], color=colours[title], ls=style, label=title)
        ax.set_ylabel(label)
        if head_start:
            ax.axvline(head_start, color="0.4", lw=1, ls=":")
        if name != "g_loss":
            ax.set_yscale("log")
    for ax in axes[1]:
        ax.set_xlabel("round")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(games))
    return plots.save(figure, path)


def _colours_of_losses(games: dict[str, Looks]) -> dict[str, str]:
    """The colour of each "loss, optimizer": the games of one loss share it."""
    losses: list[str] = []
    colours = {}
    for title in games:
        loss, _ = title.rsplit(", ", 1)
        if loss not in losses:
            losses.append(loss)
        colours[title] = plots.OTHERS[losses.index(loss) % len(plots.OTHERS)]
    return colours
