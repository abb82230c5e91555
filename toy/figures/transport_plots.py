"""The figures of chapter 5: transport on a line, and what a critic reports of it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gan_core.app import plots

Looks = dict[str, np.ndarray]  # one entry a look: step, w1, reported [n] and fake [n, m]


def two_lines(shifts: np.ndarray, js: np.ndarray, w1: np.ndarray) -> Figure:
    """Left: two parallel segments of the plane; right: JS and W1 against the gap between them.

    Args:
        shifts: [n], the gap.
        js: [n], the Jensen-Shannon divergence.
        w1: [n], the Wasserstein-1 distance.

    Returns:
        The figure, not yet saved.
    """
    plots.use_style()
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8))
    left.plot([0.0, 0.0], [0.0, 1.0], color=plots.REAL, lw=4, label="real: x₁ = 0")
    left.plot([1.2, 1.2], [0.0, 1.0], color=plots.FAKE, lw=4, label="generated: x₁ = θ")
    for height in np.linspace(0.1, 0.9, 5):
        left.annotate(
            "", (0.06, height), (1.14, height), arrowprops={"arrowstyle": "->", "color": "0.4"}
        )
    left.set(xlim=(-0.8, 2.0), ylim=(-0.1, 1.45), xlabel="x₁", ylabel="x₂")
    left.legend(loc="upper right", fontsize="small")
    _draw_js(right, shifts, js)
    right.plot(shifts, w1, color=plots.OTHERS[1], lw=2, ls="--", label="W₁ = |θ|")
    right.set(xlabel="θ", ylabel="distance", ylim=(-0.05, 2.05))
    right.legend(loc="upper center")
    return figure


def _draw_js(axes: Axes, shifts: np.ndarray, js: np.ndarray) -> None:
    """JS as a line that is broken at 0, where it is a single point."""
    apart = np.where(shifts == 0.0, np.nan, js)
    axes.plot(shifts, apart, color=plots.OTHERS[0], lw=2, label="JS = log 2, and 0 at θ = 0")
    touching = shifts == 0.0
    axes.plot(shifts[touching], js[touching], "o", color=plots.OTHERS[0])
    axes.plot(0.0, np.log(2.0), "o", color=plots.OTHERS[0], mfc="white")


def distribution_functions(
    x: np.ndarray, real: np.ndarray, fake: np.ndarray, critic: np.ndarray
) -> Figure:
    """Left: both distribution functions and the area between; right: the best critic.

    Args:
        x: [k], ascending.
        real: [k], the share of real samples at or below x.
        fake: [k], the same for generated samples.
        critic: [k], the best critic's values.

    Returns:
        The figure, not yet saved.
    """
    plots.use_style()
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.8), sharex=True)
    left.plot(x, real, color=plots.REAL, label="F of real samples")
    left.plot(x, fake, color=plots.FAKE, label="F of generated samples")
    left.fill_between(x, real, fake, color="0.7", alpha=0.5, label="area between: W₁")
    left.set(xlabel="x", ylabel="share of samples at or below x")
    left.legend(loc="upper left", fontsize="small")
    right.plot(x, critic, color=plots.DISCRIMINATOR, label="best critic f, slope 1 or −1")
    rising = fake > real
    low = critic.min()
    high = critic.max()
    label = "F generated > F real: f rises"
    right.fill_between(x, low, high, where=rising, color=plots.FAKE, alpha=0.12, label=label)
    right.set(xlabel="x", ylabel="f(x)", ylim=(low - 0.35 * (high - low), None))
    right.legend(loc="lower center", fontsize="small")
    return figure


def reported_and_true(games: dict[str, list[Looks]]) -> Figure:
    """Minus D's loss and the exact W1 over the rounds, a column a game, a row a seed.

    Args:
        games: title -> for each seed the looks, with step, w1 and reported; at most three seeds are
            drawn.

    Returns:
        The figure, not yet saved.
    """
    plots.use_style()
    rows = min(3, min(len(seeds) for seeds in games.values()))
    figure, axes = plt.subplots(
        rows,
        len(games),
        figsize=(4.3 * len(games), 2.6 * rows + 0.6),
        sharex=True,
        squeeze=False,
    )
    for (title, seeds), column in zip(games.items(), axes.T, strict=True):
        for ax, looks in zip(column, seeds, strict=False):
            ax.plot(looks["step"], looks["w1"], color=plots.FAKE, label="exact W₁")
            reported = looks["reported"]
            ax.plot(
                looks["step"], reported, color=plots.DISCRIMINATOR, ls="--", label="−(D's loss)"
            )
            ax.axhline(0.0, color="0.4", lw=1, ls=":")
        column[0].set_title(title)
        column[-1].set_xlabel("round")
    for ax in axes[:, 0]:
        ax.set_ylabel("distance, in the unit of x")
    axes[0, -1].legend(loc="upper right", fontsize="small")
    return figure
