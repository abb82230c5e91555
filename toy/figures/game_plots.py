"""The figures of chapters 1 and 2. Each function draws one figure and returns it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from gan_core.app import plots
from toy.measures.quadrature import at, span
from toy.targets.distributions import Normal, Uniform

Density = Normal | Uniform

LOSS_COLOURS = {"minimax": plots.OTHERS[0], "non-saturating": plots.OTHERS[1]}
DOTS = 60  # about as many measured values are drawn


def players() -> Figure:
    """A diagram of the two players: what each of them sees, and what it learns."""
    plots.use_style()
    figure, axes = plt.subplots(figsize=(9, 3.6))
    axes.set(xlim=(0, 12), ylim=(0, 5))
    axes.axis("off")
    _draw_box(axes, 1.1, 1.2, "noise z", "0.9")
    _draw_box(axes, 3.9, 1.2, "generator G", plots.FAKE)
    _draw_box(axes, 6.7, 1.2, "generated\nsample G(z)", "0.9")
    _draw_box(axes, 6.7, 3.9, "real\nsample x", plots.REAL)
    _draw_box(axes, 10.0, 2.55, "discriminator D\nprobability that\na sample is real", "0.75")
    _draw_arrow(axes, (2.0, 1.2), (2.8, 1.2))
    _draw_arrow(axes, (5.0, 1.2), (5.7, 1.2))
    _draw_arrow(axes, (7.7, 1.4), (8.6, 2.2))
    _draw_arrow(axes, (7.7, 3.7), (8.6, 2.9))
    _draw_arrow(axes, (9.8, 1.7), (4.1, 0.5), style="--", bend=-0.18)
    axes.text(8.6, 0.15, "G learns: be called real", ha="center", color="0.25")
    _draw_arrow(axes, (9.3, 3.45), (10.8, 3.45), style="--", bend=-1.1)
    axes.text(10.0, 4.6, "D learns: be right", ha="center", color="0.25")
    return figure


def _draw_box(axes: Axes, x: float, y: float, text: str, colour: str) -> None:
    """A text in a coloured box, centred at (x, y)."""
    box = {"boxstyle": "round,pad=0.5", "facecolor": colour, "edgecolor": "0.3", "alpha": 0.45}
    axes.text(x, y, text, ha="center", va="center", bbox=box)


def _draw_arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    style: str = "-",
    bend: float = 0.0,
) -> None:
    """An arrow from start to end; a bend of 0 makes it straight."""
    arrow = {
        "arrowstyle": "-|>",
        "color": "0.25",
        "linestyle": style,
        "connectionstyle": f"arc3,rad={bend}",
    }
    axes.annotate("", end, start, arrowprops=arrow)


def best_discriminators(
    best_logit: Callable[[Density, Density, np.ndarray], tf.Tensor],
    games: dict[str, tuple[Density, Density]],
) -> Figure:
    """The two densities of each game above, the best D below.

    Args:
        best_logit: (p, q, x [n, 1]) -> a* [n].
        games: title -> (p of the data, q of the generated samples).

    Returns:
        The figure.
    """
    plots.use_style()
    figure, axes = plt.subplots(
        2, len(games), figsize=(4 * len(games), 5.4), sharex="col", squeeze=False
    )
    for (title, (p, q)), (top, bottom) in zip(games.items(), axes.T, strict=True):
        x = _places(p, q)
        _draw_density(top, x, at(p, x), plots.REAL, "p: real")
        _draw_density(top, x, at(q, x), plots.FAKE, "q: generated")
        best_d = tf.sigmoid(best_logit(p, q, x))
        bottom.plot(x, best_d, color=plots.DISCRIMINATOR, ls="--", label="D* = p / (p + q)")
        bottom.axhline(0.5, color="0.4", lw=1, ls=":", label="cannot tell")
        top.set(title=title)
        bottom.set(xlabel="x", ylim=(-0.05, 1.05))
    axes[0, 0].set_ylabel("density")
    axes[1, 0].set_ylabel("probability of real")
    axes[0, 0].legend(loc="upper left")
    axes[1, 0].legend(loc="upper left")
    return figure


def _places(p: Density, q: Density) -> np.ndarray:
    """1,201 places over the mass of both densities, with a margin: [1201, 1] float32."""
    ends = [*span(p, sds=4.0), *span(q, sds=4.0)]
    low = min(ends)
    high = max(ends)
    margin = 0.1 * (high - low)
    return np.linspace(low - margin, high + margin, 1201, dtype=np.float32)[:, np.newaxis]


def _draw_density(axes: Axes, x: np.ndarray, density: np.ndarray, colour: str, label: str) -> None:
    """A density [n] over x [n, 1], filled."""
    axes.plot(x, density, color=colour, label=label)
    axes.fill_between(x[:, 0], density, color=colour, alpha=0.2)


def value(
    shifts: np.ndarray,
    loss: np.ndarray,
    by_js: np.ndarray,
    divergences: dict[str, Sequence[float]],
) -> Figure:
    """Left: the loss of D* and log 4 - 2 JS; right: JS of several pairs of densities.

    Args:
        shifts: [n], how far q is from p.
        loss: [n], of D*.
        by_js: [n], log 4 - 2 JS.
        divergences: name of a pair -> JS [n]; at most three.

    Returns:
        The figure.
    """
    plots.use_style()
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4))
    left.plot(shifts, loss, color=plots.DISCRIMINATOR, ls="--", label="loss of D*")
    left.plot(shifts[::2], by_js[::2], "o", ms=5, color=plots.OTHERS[0], label="log 4 − 2 JS(p, q)")
    left.axhline(np.log(4.0), color="0.4", lw=1, ls=":", label="log 4: cannot tell")
    left.set(
        xlabel="mean of q − mean of p, in sd of p",
        ylabel="D's loss",
        ylim=(0, 1.45),
        title="one number, computed in two ways",
    )
    styles = ("-", "--", "-.")
    for (name, js), colour, style in zip(divergences.items(), plots.OTHERS, styles, strict=False):
        right.plot(shifts, js, ls=style, lw=2, color=colour, label=name)
    right.axhline(np.log(2.0), color="0.4", lw=1, ls=":", label="log 2: no overlap")
    right.set(
        xlabel="how far q is shifted from p",
        ylabel="JS(p, q)",
        title="JS levels off where the overlap ends",
    )
    left.legend(loc="lower left")
    right.legend(loc="lower right")
    return figure


def generator_gradients(
    b: np.ndarray,
    minimax: np.ndarray,
    non_saturating: np.ndarray,
    fake: np.ndarray,
) -> Figure:
    """Left: both gradients with respect to the logit, and the samples' logits; right: their ratio.

    Args:
        b: [n], logits of generated samples, ascending.
        minimax: [n], d loss / d b.
        non_saturating: [n], d loss / d b.
        fake: [m], the logits of the samples under D*.

    Returns:
        The figure.
    """
    plots.use_style()
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2))
    colour = LOSS_COLOURS["non-saturating"]
    left.plot(b, -minimax, color=LOSS_COLOURS["minimax"], label="minimax: σ(b)")
    left.plot(b, -non_saturating, color=colour, ls="--", label="non-saturating: 1 − σ(b)")
    left.hist(
        np.clip(fake, b[0], b[-1]),
        40,
        weights=np.full(len(fake), 1 / len(fake)),
        color=plots.FAKE,
        alpha=0.4,
        label="share of generated samples under D*\n(the bars at the ends: all beyond)",
    )
    left.set(
        xlabel="logit b of a generated sample\nD is sure it is fake  ←      →  D is fooled",
        ylabel="size of the gradient with respect to b",
        ylim=(0, 1.55),
        yticks=np.arange(0, 1.1, 0.25),
        title="how strongly each loss pulls on b",
    )
    ratio = non_saturating / minimax
    label = "non-saturating / minimax, measured"
    right.semilogy(b, ratio, color=colour, ls="--", label=label)
    right.semilogy(b[::20], np.exp(-b[::20]), "o", ms=5, color="0.3", label="exp(−b)")
    right.set(
        xlabel="logit b",
        ylabel="ratio of the gradients",
        title="the smaller b, the larger the ratio",
    )
    left.legend(loc="upper center")
    right.legend()
    return figure


def first_training(history: np.ndarray, mean: float, sd: float) -> Figure:
    """How mean and sd of G's samples change in a training, and G's density at three moments.

    Args:
        history: [rounds + 1, 2], mean and sd of G's samples.
        mean: the mean of the data.
        sd: the standard deviation of the data.

    Returns:
        The figure.
    """
    plots.use_style()
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4))
    for column, name, truth, colour in (
        (0, "mean of G's samples", mean, plots.FAKE),
        (1, "sd of G's samples", sd, plots.OTHERS[0]),
    ):
        left.plot(history[:, column], color=colour, label=name)
        left.axhline(truth, color=colour, ls="--", lw=1)
    left.set(xlabel="round", ylabel="value", title="the two numbers that describe G's samples")
    left.legend(loc="lower right")
    target = Normal(mean, sd)
    x = np.linspace(-3.0, 3.0, 601, dtype=np.float32)[:, np.newaxis]
    _draw_density(right, x, at(target, x), plots.REAL, "data")
    last = len(history) - 1
    for moment, style in ((0, ":"), (last // 50, "--"), (last, "-")):
        its_mean, its_sd = history[moment]
        density = at(Normal(float(its_mean), max(float(its_sd), 1e-6)), x)
        label = f"G, round {moment:,}"
        right.plot(x, density, color=plots.FAKE, ls=style, label=label)
    right.set(xlabel="x", ylabel="density", title="the densities")
    right.legend(loc="upper left")
    return figure


def phase_portraits(
    paths: dict[tuple[str, str], dict[str, np.ndarray]],
    flow: Callable[[str, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]],
) -> Figure:
    """The paths of the two parameters: a row for each update rule, a column for each loss.

    If there is only one loss, its update rules are side by side.

    Args:
        paths: (update, loss) -> label -> [steps + 1, 2] of (theta, psi); at most two labels.
        flow: (loss, theta [n, n], psi [n, n]) -> minus the two players' gradients, [n, n] each.

    Returns:
        The figure.
    """
    plots.use_style()
    updates = list(dict.fromkeys(update for update, _ in paths))
    losses = list(dict.fromkeys(loss for _, loss in paths))
    rows = len(updates) if len(losses) > 1 else 1
    columns = len(paths) // rows
    size = (4 * columns, 4.1 * rows + 0.5)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False)
    looks = ((plots.FAKE, "-", 8), (plots.OTHERS[3], "--", 5))
    for ax, ((update, loss), tracks) in zip(axes.flat, paths.items(), strict=True):
        start = next(iter(tracks.values()))[0]
        furthest = max(np.abs(track).max() for track in tracks.values())
        limit = 1.1 * max(furthest, np.hypot(*start))
        _draw_flow(ax, loss, flow, limit)
        _draw_circle(ax, start)
        for (label, track), (colour, style, end) in zip(tracks.items(), looks, strict=False):
            _draw_track(ax, track, colour, style, end, label)
        ax.plot(*start, "o", ms=8, color="white", mec="black", label="start", zorder=5)
        goal = "the goal: G on the data, D flat"
        ax.plot(0.0, 0.0, "*", ms=18, color=plots.REAL, mec="black", label=goal, zorder=4)
        ax.set(title=f"{loss}, {update}", aspect="equal")
        ax.set(xlim=(-limit, limit), ylim=(-limit, limit))
    for ax in axes[-1]:
        ax.set_xlabel("θ, the place of the generated sample")
    for ax in axes[:, 0]:
        ax.set_ylabel("ψ, the slope of D")
    plots.legend_below(figure, axes[0, 0], columns=4 if columns > 2 else 2)
    return figure


def _draw_flow(axes: Axes, loss: str, flow: Callable, size: float) -> None:
    """Draw grey lines: the paths of the two players for infinitely small steps."""
    ticks = np.linspace(-size, size, 25)
    theta, psi = np.meshgrid(ticks, ticks)
    theta_flow, psi_flow = flow(loss, theta, psi)
    axes.streamplot(
        ticks,
        ticks,
        theta_flow,
        psi_flow,
        color="0.8",
        linewidth=0.7,
        density=0.7,
        arrowsize=0.8,
        zorder=1,
    )


def _draw_circle(axes: Axes, start: np.ndarray) -> None:
    """The places that are as far from the goal as the start."""
    turn = np.linspace(0.0, 2.0 * np.pi, 200)
    radius = np.hypot(*start)
    x = radius * np.cos(turn)
    y = radius * np.sin(turn)
    axes.plot(x, y, color="0.4", lw=1, ls=":", label="distance of the start")


def _draw_track(
    axes: Axes, track: np.ndarray, colour: str, style: str, size_of_end: float, label: str
) -> None:
    """The path [steps + 1, 2] of (theta, psi), with a square at its end."""
    axes.plot(*track.T, color=colour, ls=style, lw=1.5, label=label, zorder=3)
    end_label = f"end, {label}"
    axes.plot(*track[-1], "s", ms=size_of_end, color=colour, mec="black", label=end_label, zorder=5)


def samples_over_time(paths: dict[str, np.ndarray]) -> Figure:
    """Where the generated sample is, round after round, and D's slope.

    Args:
        paths: title -> [steps + 1, 2] of (theta, psi).

    Returns:
        The figure.
    """
    plots.use_style()
    figure, axes = plt.subplots(
        1, len(paths), figsize=(4 * len(paths), 3.4), sharey=True, squeeze=False
    )
    for ax, (title, track) in zip(axes[0], paths.items(), strict=True):
        ax.axhline(0.0, color=plots.REAL, lw=2, label="real: the data at 0")
        ax.plot(track[:, 0], color=plots.FAKE, label="generated: θ")
        ax.plot(track[:, 1], color=plots.DISCRIMINATOR, lw=0.8, label="ψ, the slope of D")
        ax.set(xlabel="round", title=title)
    axes[0, 0].set_ylabel("x")
    plots.legend_below(figure, axes[0, 0], columns=3)
    return figure


def growths(measured: dict[str, np.ndarray], predicted: dict[str, np.ndarray]) -> Figure:
    """How fast the squared distance from the goal grows, measured and predicted.

    Args:
        measured: loss -> growth in each round, in units of h^2, [steps].
        predicted: the same by formula.

    Returns:
        The figure.
    """
    plots.use_style()
    figure, axes = plt.subplots(1, len(measured), figsize=(4 * len(measured), 3.8), squeeze=False)
    for ax, (loss, values) in zip(axes[0], measured.items(), strict=True):
        shown = range(0, len(values), max(1, len(values) // DOTS))
        ax.plot(shown, values[shown], "o", ms=6, color=plots.OTHERS[0], alpha=0.6, label="measured")
        ax.plot(predicted[loss], color="black", lw=1.2, label="predicted")
        ax.axhline(0.0, color="0.4", lw=1, ls=":", label="no growth")
        lowest = min(-0.1, 1.1 * np.min(values))
        ax.set(title=f"{loss}, simultaneous", xlabel="round", ylim=(lowest, 1.15))
    axes[0, 0].set_ylabel("(growth of θ² + ψ² − 1) / h²")
    plots.legend_below(figure, axes[0, 0], columns=3)
    return figure
