"""The figures of chapters 1 and 2. Each function draws one figure and saves it at `path`."""

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

from gan_core.app import plots
from toy.measures.quadrature import at, span

LOSS_COLOURS = {"minimax": plots.OTHERS[0], "non-saturating": plots.OTHERS[1]}


def best_discriminators(path, best_logit, games):
    """games: title -> (p, q); best_logit: (p, q, x [n, 1]) -> a* [n]. The densities above, D* below."""
    plots.use_style()
    figure, axes = plt.subplots(
        2, len(games), figsize=(4 * len(games), 5.4), sharex="col", squeeze=False
    )
    for (title, (p, q)), (top, bottom) in zip(games.items(), axes.T, strict=True):
        ends = [*span(p, sds=4.0), *span(q, sds=4.0)]
        margin = 0.1 * (max(ends) - min(ends))
        x = np.linspace(min(ends) - margin, max(ends) + margin, 1201, dtype=np.float32)[:, None]
        for density, colour, label in ((p, plots.REAL, "p: real"), (q, plots.FAKE, "q: generated")):
            top.plot(x, at(density, x), color=colour, label=label)
            top.fill_between(x[:, 0], at(density, x), color=colour, alpha=0.2)
        bottom.plot(
            x,
            tf.sigmoid(best_logit(p, q, x)),
            color=plots.DISCRIMINATOR,
            ls="--",
            label="D* = p / (p + q)",
        )
        bottom.axhline(0.5, color="0.4", lw=1, ls=":", label="cannot tell")
        top.set(title=title)
        bottom.set(xlabel="x", ylim=(-0.05, 1.05))
    axes[0, 0].set_ylabel("density")
    axes[1, 0].set_ylabel("probability of real")
    axes[0, 0].legend(loc="upper left")
    axes[1, 0].legend(loc="upper left")
    plots.save(figure, path)


def value(path, shifts, loss, by_js, divergences):
    """D*'s loss and log 4 - 2 JS over shifts [n]; divergences: name -> JS [n]."""
    plots.use_style()
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4))
    left.plot(shifts, loss, color=plots.DISCRIMINATOR, ls="--", label="loss of D*")
    left.plot(shifts[::2], by_js[::2], "o", ms=5, color=plots.OTHERS[0], label="log 4 − 2 JS(p, q)")
    left.axhline(np.log(4.0), color="0.4", lw=1, ls=":", label="log 4: cannot tell")
    left.set(
        xlabel="mean of q − mean of p, in sd of p",
        ylabel="D's loss",
        ylim=(0, 1.45),
        title="one number, two ways",
    )
    for (name, js), colour, style in zip(
        divergences.items(), plots.OTHERS, ("-", "--", "-."), strict=False
    ):
        right.plot(shifts, js, ls=style, lw=2, color=colour, label=name)
    right.axhline(np.log(2.0), color="0.4", lw=1, ls=":", label="log 2: no overlap")
    right.set(
        xlabel="how far q is shifted from p",
        ylabel="JS(p, q)",
        title="JS stops looking where the overlap ends",
    )
    left.legend(loc="lower left")
    right.legend(loc="lower right")
    plots.save(figure, path)


def generator_gradients(path, b, minimax, non_saturating, fake):
    """Both gradients [n] over the logits b [n], the logits of fake samples [m], and the gradients' ratio."""
    plots.use_style()
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2))
    left.plot(b, -minimax, color=LOSS_COLOURS["minimax"], label="minimax: σ(b)")
    left.plot(
        b,
        -non_saturating,
        color=LOSS_COLOURS["non-saturating"],
        ls="--",
        label="non-saturating: 1 − σ(b)",
    )
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
        ylabel="size of the gradient over b",
        ylim=(0, 1.55),
        yticks=np.arange(0, 1.1, 0.25),
        title="the pull on G",
    )
    right.semilogy(
        b,
        non_saturating / minimax,
        color=LOSS_COLOURS["non-saturating"],
        ls="--",
        label="non-saturating / minimax, measured",
    )
    right.semilogy(b[::20], np.exp(-b[::20]), "o", ms=5, color="0.3", label="exp(−b)")
    right.set(
        xlabel="logit b",
        ylabel="ratio of the gradients",
        title="where one saturates the other does not",
    )
    left.legend(loc="upper center")
    right.legend()
    plots.save(figure, path)


def phase_portraits(path, paths, pull, start):
    """paths: (update, loss) -> (without R1, with R1), each [steps + 1, 2] of (theta, psi); pull: (loss, theta,
    psi [n, n]) -> minus the two players' gradients, [n, n] each."""
    plots.use_style()
    updates, names = (list(dict.fromkeys(key[i] for key in paths)) for i in (0, 1))
    figure, axes = plt.subplots(
        len(updates), len(names), figsize=(4 * len(names), 4.1 * len(updates) + 0.5), squeeze=False
    )
    turn, radius = np.linspace(0.0, 2.0 * np.pi, 200), np.hypot(*start)
    for (update, name), (free, damped) in paths.items():
        ax = axes[updates.index(update), names.index(name)]
        size = 1.1 * max(np.abs(free).max(), np.abs(damped).max(), radius)
        ticks = np.linspace(-size, size, 25)
        ax.streamplot(
            ticks,
            ticks,
            *pull(name, *np.meshgrid(ticks, ticks)),
            color="0.8",
            linewidth=0.7,
            density=0.7,
            arrowsize=0.8,
            zorder=1,
        )
        ax.plot(
            radius * np.cos(turn),
            radius * np.sin(turn),
            color="0.4",
            lw=1,
            ls=":",
            label="distance of the start",
        )
        for track, colour, style, size_of_end, label in (
            (free, plots.FAKE, "-", 8, "no penalty"),
            (damped, plots.OTHERS[3], "--", 5, "with R1"),
        ):
            ax.plot(*track.T, color=colour, ls=style, lw=1.5, label=label, zorder=3)
            ax.plot(
                *track[-1],
                "s",
                ms=size_of_end,
                color=colour,
                mec="black",
                label=f"its end, {label}",
                zorder=5,
            )
        ax.plot(*start, "o", ms=8, color="white", mec="black", label="start", zorder=5)
        ax.plot(
            0.0,
            0.0,
            "*",
            ms=18,
            color=plots.REAL,
            mec="black",
            label="the goal: G on the data, D flat",
            zorder=4,
        )
        ax.set(title=f"{name}, {update}", xlim=(-size, size), ylim=(-size, size), aspect="equal")
    for ax in axes[-1]:
        ax.set_xlabel("θ, where the generated sample is")
    for ax in axes[:, 0]:
        ax.set_ylabel("ψ, the slope of D")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    plots.save(figure, path)


def samples_over_time(path, paths):
    """paths: title -> [steps + 1, 2]. Where the generated sample is, round after round, and D's slope."""
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
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    plots.save(figure, path)


def growths(path, measured, predicted):
    """Both: loss -> growth of the squared distance from the goal at each round, in units of h^2, [steps]."""
    plots.use_style()
    figure, axes = plt.subplots(1, len(measured), figsize=(4 * len(measured), 3.8), squeeze=False)
    for ax, (name, values) in zip(axes[0], measured.items(), strict=True):
        shown = range(0, len(values), max(1, len(values) // 60))
        ax.plot(shown, values[shown], "o", ms=6, color=plots.OTHERS[0], alpha=0.6, label="measured")
        ax.plot(predicted[name], color="black", lw=1.2, label="predicted")
        ax.axhline(0.0, color="0.4", lw=1, ls=":", label="no growth")
        ax.set(
            title=f"{name}, simultaneous",
            xlabel="round",
            ylim=(min(-0.1, 1.1 * np.min(values)), 1.15),
        )
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    axes[0, 0].set_ylabel("(growth of θ² + ψ² − 1) / h²")
    plots.save(figure, path)
