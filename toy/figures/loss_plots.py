"""The figures of chapter 4: two losses on a line.

Each function draws one figure and returns it. They draw *looks*: measurements at n moments of a
training. Looks are a dict of arrays with one entry for each moment, step [n], fake [n, m],
d [n, k] and so on. Two arrays hold for all moments: x [k], where D was evaluated, and real [m].
"""

from __future__ import annotations

from collections.abc import Sequence

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
COLOURS = {"minimax": plots.OTHERS[0], "non-saturating": plots.OTHERS[1]}


def samples_on_the_sigmoid(x: np.ndarray, d: np.ndarray, real: dict, fake: dict) -> Figure:
    """Left: D over x, and the samples; right: the same samples on sigma(b), and both gradients.

    Args:
        x: [k], places.
        d: [k], D there.
        real: "x" and "logit" of real samples, [n] each.
        fake: the same of generated samples.

    Returns:
        The figure, not yet saved.
    """
    plots.use_style()
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2))
    plots.histograms(left, real["x"], fake["x"], BINS, (x[0], x[-1]))
    plots.discriminator(left, x, d)
    left.set(title="what D says along x", ylim=(-0.05, 1.05))
    left.legend(loc="center left", fontsize="small")
    reach = 1.1 * float(np.abs(np.concatenate([real["logit"], fake["logit"]])).max())
    b = np.linspace(-reach, reach, 400)
    sigma = 1.0 / (1.0 + np.exp(-b))
    label = "σ(b), and |minimax gradient|"
    right.plot(b, sigma, color=COLOURS["minimax"], label=label)
    label = "|non-saturating gradient|"
    right.plot(b, 1.0 - sigma, color=COLOURS["non-saturating"], ls="--", label=label)
    for samples, colour, label in (
        (real["logit"], plots.REAL, "real samples"),
        (fake["logit"], plots.FAKE, "generated samples"),
    ):
        heights = 1.0 / (1.0 + np.exp(-samples))
        right.scatter(samples, heights, s=14, color=colour, alpha=0.5, label=label, zorder=3)
    right.set(title="the same samples on σ", xlabel="logit b", ylabel="σ(b) = D(x)")
    right.legend(loc="center right", fontsize="small")
    return figure


def divergences(shifts: np.ndarray, js: np.ndarray, kl: np.ndarray) -> Figure:
    """What each loss minimises under the best D, against the distance of two normals.

    Args:
        shifts: [n], distance of the means in sd.
        js: [n], 2 JS(p, q).
        kl: [n], 2 KL(m | p), m = (p + q) / 2.

    Returns:
        The figure, not yet saved.
    """
    plots.use_style()
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8))
    curves = {"minimax: 2 JS(p, q)": js, "non-saturating: 2 KL(m ‖ p)": kl}
    styles = ("-", "--")
    for (label, values), colour, style in zip(
        curves.items(), COLOURS.values(), styles, strict=True
    ):
        left.plot(shifts, values, color=colour, ls=style, lw=2, label=label)
        right.plot(shifts, np.gradient(values, shifts), color=colour, ls=style, lw=2, label=label)
    left.axhline(2.0 * np.log(2.0), color="0.4", lw=1, ls=":", label="2 log 2")
    left.set(title="value", xlabel="distance of the means, in sd", ylabel="nats", ylim=(0, 6))
    right.set(title="slope: the pull on G", xlabel="distance of the means, in sd")
    right.set_ylabel("nats per sd")
    left.legend(loc="upper left")
    return figure


def densities_over_time(games: dict[str, Looks], centers: Sequence[float], start: int) -> Figure:
    """Above, the density of G's samples over the rounds; below, the last look, with D.

    Args:
        games: title -> looks with step, fake, d, x and real.
        centers: the centres of the data's modes.
        start: rounds in which D alone learns; 0: none.

    Returns:
        The figure, not yet saved.
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
        if start:
            top.axvline(start, color="0.4", lw=1, ls=":", label="G may move from here on")
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
    return figure


def _draw_density(axes: Axes, looks: Looks) -> None:
    """The share of G's samples in each cell of x, a column for each look. Its square root is drawn,
    so that small shares can be seen.
    """
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


def what_is_reported(games: dict[str, Looks], start: int) -> Figure:
    """G's gradient, D(G(z)), G's loss and W1 over the rounds.

    Args:
        games: "loss, optimizer" -> looks with step, g_gradient_norm, d_fake, g_loss and distance.
        start: rounds in which D alone learns; 0: none.

    Returns:
        The figure, not yet saved.
    """
    plots.use_style()
    figure, axes = plt.subplots(2, 2, figsize=(11, 6.6), sharex=True)
    shown = {
        "g_gradient_norm": "norm of G's gradient",
        "d_fake": "mean D(G(z))",
        "g_loss": "G's loss",
        "distance": "W₁ from the data",
    }
    colours = _colours_of_losses(games)
    for ax, (name, label) in zip(axes.flat, shown.items(), strict=True):
        for title, looks in games.items():
            style = "--" if title.endswith("Adam") else "-"
            ax.plot(looks["step"], looks[name], color=colours[title], ls=style, label=title)
        ax.set_ylabel(label)
        if start:
            ax.axvline(start, color="0.4", lw=1, ls=":")
        if name != "g_loss":
            ax.set_yscale("log")
    for ax in axes[1]:
        ax.set_xlabel("round")
    plots.legend_below(figure, axes[0, 0], columns=len(games))
    return figure


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
